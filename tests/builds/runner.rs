//! `cargo alembic` builds and runs the project's own program for revisions in Rust.

use harness::Project;
use insta::assert_snapshot;

use crate::{embed::package, target};

/// A package whose commands build below the workspace's target folder, without asking the network.
fn project() -> Project {
    let project = package();
    let target = target("embed").display().to_string();
    let manifest =
        project.read("Cargo.toml").replacen("features = [\"sqlite\"]", "features = [\"cli\", \"sqlite\"]", 1);
    project.write("Cargo.toml", manifest);
    project.with("CARGO_TARGET_DIR", &target).with("CARGO_NET_OFFLINE", "true").with("CARGO_TERM_QUIET", "true")
}

#[test]
fn a_plan_with_rust_in_it_runs() {
    let project = project();
    project.ok("revision -m tables --rev-id a1");
    project.ok("revision --rust -m seed --rev-id b1");
    let file = "migrations/b1.rs";
    let path = project.ok("history -r b1:b1 --verbose");
    let path = path.lines().find_map(|line| line.strip_prefix("Path: ")).expect("a path").to_owned();
    let text = project.read(&path);
    assert!(text.contains("pub fn upgrade(_op: &mut Op<'_, SqliteConnection>) -> MigrationResult"), "{text}");
    std::fs::remove_file(project.path().join(&path)).unwrap();
    project.write(
        file,
        text.replacen("_op", "op", 1).replacen(
            "    Ok(())",
            "    let name = op.argument(\"name\").unwrap_or(\"nobody\").to_owned();\n    \
             let place = op.environment().to_owned();\n    \
             op.create_table(Table::new(\"t\").column(Column::new(\"name\", Type::Text)))?;\n    \
             op.bulk_insert(\"t\", rows![{ name: format!(\"{name} in {place}\") }])?;\n    Ok(())",
            1,
        ),
    );
    project.ok("lock");
    project.ok("upgrade a1");

    let missing = project.try_line("upgrade head");
    assert_eq!(missing.status, 2);
    assert_snapshot!(missing.stderr, @"
    error: revision `b1` is written in Rust, and package `shop` has no program `migrate` to run it
    hint: run `cargo alembic init --runner` to have one written, or name yours as `runner` in [package.metadata.alembic] of Cargo.toml
    ");

    project.write("src/bin/migrate.rs", "fn main() {}\n");
    let idle = project.try_line("check --only replay");
    assert_eq!(idle.status, 1, "{idle}");
    assert!(
        idle.stdout.contains("ended well, and the scratch database says that revision `b1` is not applied"),
        "{idle}"
    );
    std::fs::remove_file(project.path().join("src/bin/migrate.rs")).unwrap();

    project.ok("init --runner sqlite");
    let output = project.try_line("upgrade head --quiet -x name=Ada --tag x");
    assert_eq!((output.status, output.stdout.as_str(), output.stderr.as_str()), (0, "", ""), "{output}");
    assert!(project.ok("log --format json").contains("\"tag\": \"x\""));
    let rows = harness::bash(project.path(), "sqlite3 shop.db 'SELECT name FROM t'");
    assert_eq!(rows, "Ada in development\n");
    let script = project.ok("upgrade a1:head --sql");
    let ours = script.split("-- Running upgrade a1 -> b1").nth(1).and_then(|rest| rest.split("UPDATE").next());
    assert_snapshot!(ours.unwrap(), @r#"
    CREATE TABLE "t" (
        "name" TEXT
    );

    INSERT INTO "t" ("name") VALUES ('nobody in development');
    "#);

    // What the program says is passed on.
    let output = project.try_line("downgrade nowhere --quiet");
    assert_eq!(output.status, 2, "{output}");
    let output = project.try_line("downgrade a1");
    assert_snapshot!(format!("{}{}", output.status, output.stderr), @"0Running downgrade b1 -> a1, seed");

    // A mistake is the compiler's to explain, at the line of the file.
    project.write(file, project.read(file).replacen("Type::Text", "Type::Test", 1));
    let output = project.try_line("upgrade head");
    assert_eq!(output.status, 2);
    assert!(output.stderr.contains("no variant") && output.stderr.contains("b1.rs:"), "{output}");
    assert!(output.stderr.contains("hint: fix what the compiler says above; nothing was changed"), "{output}");
}

#[test]
fn check_undoes_merges_and_branches_with_the_program() {
    let project = project();
    // Tests share a folder for what is built: a name of its own keeps the other's program.
    let manifest = project.read("Cargo.toml").replacen("sqlite-path", "runner = \"undoing\"\nsqlite-path", 1);
    project.write("Cargo.toml", manifest);
    project.ok("init --runner sqlite");
    for line in [
        "revision -m a --rev-id a1",
        "revision -m b --rev-id b1",
        "revision -m c --rev-id b2 --head a1 --splice",
        "merge heads -m both --rev-id c1",
        "revision --rust -m d --rev-id d1",
        "revision --rust -m e --rev-id e1 --head a1 --splice",
        "merge heads -m all --rev-id f1",
    ] {
        project.ok(line);
    }
    assert_snapshot!(project.try_line("check --only replay,roundtrip"), @"
    replay     ok       7 revisions on sqlite
    roundtrip  ok       7 revisions undone and applied again
    ");
}
