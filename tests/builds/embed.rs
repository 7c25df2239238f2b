//! A package that embeds its migrations, built again and again.

use std::path::Path;

use harness::{Output, Project, bash, workspace};

use crate::{PROGRAM, cargo, target};

/// A program that prints how many revisions are applied to a new database.
pub(crate) fn package() -> Project {
    let project = Project::new(PROGRAM, "sqlite-path = \"shop.db\"\n");
    let root = workspace().display().to_string();
    let manifest = project.read("Cargo.toml");
    let dependencies = format!(
        "\n[dependencies]\nalembic-runtime = {{ path = \"{root}/alembic-runtime\", default-features = false, features = [\"sqlite\"] }}\n\
         diesel = {{ version = \"2.2\", default-features = false, features = [\"sqlite\"] }}\n\
         libsqlite3-sys = {{ version = \"0.38\", features = [\"bundled\"] }}\n\n[profile.dev]\ndebug = false\n\n[workspace]\n"
    );
    project.write("Cargo.toml", manifest + &dependencies);
    project.write("Cargo.lock", std::fs::read(workspace().join("Cargo.lock")).unwrap());
    project.write(
        "src/main.rs",
        "use alembic_runtime::{Migrations, embed_migrations};\n\
         use diesel::{Connection, SqliteConnection};\n\
         static MIGRATIONS: Migrations<SqliteConnection> = embed_migrations!();\n\
         fn main() {\n    let mut conn = SqliteConnection::establish(\":memory:\").unwrap();\n    \
         println!(\"{}\", MIGRATIONS.upgrade(&mut conn, \"head\").unwrap().steps.len());\n}\n",
    );
    project
}

fn run(folder: &Path) -> Output {
    cargo(folder, &target("embed"), "run --quiet --offline")
}

#[test]
fn a_team_adds_edits_conflicts_and_merges() {
    let project = package();
    let folder = project.path().to_path_buf();
    let git = |line: &str| bash(&folder, &format!("git -c user.name=x -c user.email=x@example.com {line}"));
    let fill = |id: &str, sql: &str| {
        let _output = bash(&folder, &format!("sed -i 's/^-- alembic:upgrade$/&\\n{sql}/' migrations/*-{id}_*.sql"));
    };
    let answer = |expected: &str| assert_eq!(run(&folder).stdout, expected, "{}", run(&folder));

    project.ok("revision -m first --rev-id a1");
    fill("a1", "CREATE TABLE ta (x INTEGER);");
    answer("1\n");

    // A new revision is noticed, and so is an edit, without build.rs.
    project.ok("revision -m second --rev-id b1");
    answer("2\n");
    fill("b1", "CREATE TABLE ta (x INTEGER);");
    let failed = run(&folder);
    assert!(failed.stderr.contains("table ta already exists"), "{failed}");
    let _output = bash(&folder, "sed -i 's/TABLE ta/TABLE tb/' migrations/*-b1_*.sql");
    answer("2\n");

    // Two branches that both add a revision conflict in the lock file, and nowhere else.
    let _output = git("init -q -b main && printf 'target\\n*.db\\n' > .gitignore");
    let _output =
        git("add -A && git -c user.name=x -c user.email=x@example.com commit -qm base && git checkout -qb shop");
    project.ok("revision -m shop --rev-id c1");
    let _output =
        git("add -A && git -c user.name=x -c user.email=x@example.com commit -qm shop && git checkout -q main");
    project.ok("revision -m users --rev-id c2");
    let _output = git("add -A && git -c user.name=x -c user.email=x@example.com commit -qm users");
    let merged = git("merge shop || true");
    assert!(merged.contains("CONFLICT (content): Merge conflict in migrations/alembic.lock"), "{merged}");
    assert_eq!(git("diff --name-only --diff-filter=U"), "migrations/alembic.lock\n");

    // Taking both sides leaves two heads, which do not compile until they are merged.
    let _output = bash(&folder, "sed -i '/^<<<<<<<\\|^=======\\|^>>>>>>>/d' migrations/alembic.lock");
    let refused = run(&folder);
    assert_ne!(refused.status, 0);
    assert!(refused.stderr.contains("the migrations have 2 heads: `c1 (migrations/"), "{refused}");
    assert!(refused.stderr.contains("`c2 (migrations/"), "{refused}");
    assert!(refused.stderr.contains("--> src/main.rs:3:"), "{refused}");
    project.ok("merge heads -m both --rev-id m1");
    answer("5\n");

    // Files that no command has seen do not slip in, and all of them are told, with nothing else.
    project.revision("x1", "m1", "", "");
    project.revision("x2", "x1", "", "");
    let _output = bash(&folder, "touch src/main.rs");
    let refused = run(&folder);
    for id in ["x1", "x2"] {
        let message = format!("migrations/{id}.sql: revision `{id}` is not in alembic.lock");
        assert!(refused.stderr.contains(&message), "{refused}");
    }
    assert!(!refused.stderr.contains("E0223") && !refused.stderr.contains("angle brackets"), "{refused}");
    project.ok("lock");
    answer("7\n");
}

#[test]
fn a_revision_in_rust_passes_the_strictest_clippy() {
    let project = package();
    let models = "diesel::table! {\n    users (id) {\n        id -> Integer,\n        mail -> Text,\n    }\n}\n";
    project.write("src/schema.rs", models);
    // A message with what looks like code, a body with operations, and one with none.
    project.ok("revision --autogenerate --rust -m add_users_to_the_shop --rev-id a1");
    project.ok("revision --rust -m seed_asset_types --rev-id b1");
    let manifest = project.read("Cargo.toml");
    let lints = "\n[lints.rust]\nunreachable_pub = \"deny\"\nrust_2018_idioms = { level = \"deny\", priority = -1 }\n\n\
        [lints.clippy]\nall = { level = \"deny\", priority = -1 }\npedantic = { level = \"deny\", priority = -1 }\n\
        nursery = { level = \"deny\", priority = -1 }\n";
    project.write("Cargo.toml", manifest + lints);
    let clippy = || cargo(project.path(), &target("embed"), "clippy --quiet --offline");
    let output = clippy();
    assert_eq!(output.status, 0, "{output}");
    // The lints hold for what the application has written, in a revision, too.
    let seed = std::fs::read_dir(project.path().join("migrations")).unwrap().map(|entry| entry.unwrap().path());
    let seed = seed.into_iter().find(|path| path.display().to_string().contains("b1")).unwrap();
    let text = std::fs::read_to_string(&seed).unwrap();
    std::fs::write(&seed, text.replacen("    Ok(())", "    let x = 1_u64 as u8;\n    drop(x);\n    Ok(())", 1))
        .unwrap();
    project.ok("lock");
    let output = clippy();
    assert!(output.status != 0 && output.stderr.contains("truncate"), "{output}");
}
