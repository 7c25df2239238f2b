//! Bad input: a clear error, and nothing changed.

use harness::Project;
use insta::assert_snapshot;

use crate::{PROGRAM, project};

const GOOD: &str = "-- a\n-- Revision ID: a1\n-- Revises: <base>\n-- alembic:upgrade\nCREATE TABLE ta (x INTEGER);\n";

/// Runs `heads` in a project with these files.
fn heads(files: &[(&str, &str)]) -> harness::Output {
    let project = project();
    for (name, text) in files {
        project.write(&format!("migrations/{name}"), text);
    }
    project.try_line("heads")
}

#[test]
fn no_project() {
    let project = Project::unconfigured(PROGRAM);
    assert_snapshot!(project.try_line("heads"), @"
    ------- stderr -------
    error: package `shop` has no [package.metadata.alembic]
    hint: run `cargo alembic init`
    [exit status: 2]
    ");
    std::fs::remove_file(project.path().join("Cargo.toml")).unwrap();
    let output = project.try_line("heads");
    assert!(output.stderr.starts_with("error: there is no package here\n"), "{output}");
    assert_eq!(output.status, 2);
}

#[test]
fn configuration() {
    let message = |settings| Project::new(PROGRAM, settings).try_line("heads");
    assert_snapshot!(message("migratons = \"m\"\n"), @"
    ------- stderr -------
    error: $PROJECT/Cargo.toml:7:1: unknown key `migratons`; did you mean `migrations`?
    [exit status: 2]
    ");
    assert_snapshot!(message("migrations = \"missing\"\n"), @"
    ------- stderr -------
    error: could not read the migrations folder `$PROJECT/missing`
      caused by: No such file or directory (os error 2)
    hint: make the folder with `mkdir -p $PROJECT/missing`, or write the name of another one as `migrations` into [package.metadata.alembic] of Cargo.toml
    [exit status: 2]
    ");
    assert_snapshot!(message("migrations = \"../outside\"\n"), @"
    ------- stderr -------
    error: $PROJECT/Cargo.toml:7:14: it has to be inside the package
    [exit status: 2]
    ");
}

#[test]
fn files() {
    assert_snapshot!(heads(&[("a.sql", &GOOD.replace("-- Revision ID: a1\n", ""))]), @"
    ------- stderr -------
    error: a revision file is not usable
      caused by: migrations/a.sql:1:1: the header has no `Revision ID:` line
    [exit status: 2]
    ");
    assert_snapshot!(heads(&[("a.sql", GOOD), ("b.sql", GOOD)]), @"
    ------- stderr -------
    error: a revision file is not usable
      caused by: migrations/b.sql:2: revision `a1` is defined twice, in `migrations/a.sql`, `migrations/b.sql`
    hint: give one of the files another `Revision ID`, or remove it
    [exit status: 2]
    ");
    assert_snapshot!(heads(&[("a.sql", &GOOD.replace("<base>", "zz"))]), @"
    ------- stderr -------
    error: a revision file is not usable
      caused by: migrations/a.sql:3: revision `a1` (migrations/a.sql) follows `zz`, which does not exist
    hint: restore the file of `zz` if it was deleted or not committed, or name another revision in `Revises`
    [exit status: 2]
    ");
    assert_snapshot!(heads(&[
        ("a.sql", &GOOD.replace("<base>", "b1")),
        ("b.sql", &GOOD.replace("a1", "b1").replace("<base>", "a1")),
        ("c.sql", &GOOD.replace("a1", "c1").replace("<base>", "b1")),
    ]), @"
    ------- stderr -------
    error: a revision file is not usable
      caused by: migrations/b.sql:3: cycle is detected in revisions (a1, b1), in `migrations/a.sql`, `migrations/b.sql`
    hint: edit `Revises` or `Depends On` of one of them to follow an earlier revision
    [exit status: 2]
    ");
}

#[test]
fn encodings() {
    let project = project();
    project.write("migrations/a.sql", b"-- a\n-- caf\xe9\n");
    assert_snapshot!(project.try_line("heads"), @"
    ------- stderr -------
    error: a revision file is not usable
      caused by: migrations/a.sql:2: the file is not UTF-8
    hint: save the file in UTF-8
    [exit status: 2]
    ");
    project.write("migrations/a.sql", format!("\u{feff}{}", GOOD.replace('\n', "\r\n")));
    assert_eq!(project.ok("heads"), "a1 (head)\n");
    project.ok("upgrade head");
    project.write("migrations/a.sql", GOOD);
    assert_eq!(
        project.try_line("check --quiet --only pending").stdout,
        "pending    ok       The database is up to date at a1\n"
    );
}

#[test]
fn targets() {
    let project = project();
    project.revision("abc1", "<base>", "", "");
    project.revision("abc2", "abc1", "", "");
    assert_snapshot!(project.try_line("upgrade zz"), @"
    ------- stderr -------
    error: can't locate revision identified by `zz`
    hint: run `cargo alembic history` for a list of the revisions
    [exit status: 2]
    ");
    assert_snapshot!(project.try_line("upgrade abc"), @"
    ------- stderr -------
    error: `abc` is ambiguous: it could be `abc1`, `abc2`
    hint: type more of the id
    [exit status: 2]
    ");
    assert_snapshot!(project.try_line("upgrade +5"), @"
    ------- stderr -------
    error: relative revision `+5` didn't produce 5 migrations: only 2 could be walked
    [exit status: 2]
    ");
    assert_snapshot!(project.try_line("upgrade +1+1"), @"
    ------- stderr -------
    error: `+1+1` is not a revision identifier: expected one `+` or `-` with a number greater than zero at the end
    [exit status: 2]
    ");
    assert_snapshot!(project.try_line("downgrade -1"), @"
    ------- stderr -------
    error: relative revision `-1` didn't produce 1 migration: only 0 could be walked
    [exit status: 2]
    ");
    assert!(!project.path().join("shop.db").exists() || project.ok("current").is_empty());
}

#[test]
fn urls() {
    let message = |url: &str| project().with("DATABASE_URL", url).try_line("current");
    assert_snapshot!(message("postgress://me:secret@localhost/shop"), @"
    ------- stderr -------
    error: `postgress://***` is not a database URL
      caused by: `postgress://` is none of postgres, mysql, mariadb, sqlite; did you mean `postgres`?
    [exit status: 2]
    ");
    assert_snapshot!(message("postgres://me:secret@localhost/shop?sslcrl=x"), @"
    ------- stderr -------
    error: `postgres://me:***@localhost/shop?sslcrl=x` is not a database URL
      caused by: the parameter `sslcrl` is not supported; no list of revoked certificates is read: leave it out, or connect through a proxy that does
    [exit status: 2]
    ");
    assert_snapshot!(message("mysql://me:secret@localhost"), @"
    ------- stderr -------
    error: `mysql://me:***@localhost` is not a database URL
      caused by: the URL names no database; write it after the host, as in `mysql://host/shop`
    [exit status: 2]
    ");
    let output = message("postgres://me:secret@127.0.0.1:1/shop");
    assert!(output.stderr.starts_with("error: could not connect to postgres://me:***@127.0.0.1:1/shop\n"), "{output}");
    assert_eq!(output.status, 3);
    let output = message("mysql://me:secret@127.0.0.1:1/shop");
    assert!(output.stderr.starts_with("error: could not connect to mysql://me:***@127.0.0.1:1/shop\n"), "{output}");
    assert!(!output.stderr.contains("secret"));
    assert_snapshot!(Project::new(PROGRAM, "").try_line("current"), @r#"
    ------- stderr -------
    error: no database URL
    hint: set DATABASE_URL in the environment or in .env, or pass `--database-url <URL>`; for SQLite, `sqlite-path = "app.db"` in [package.metadata.alembic] of Cargo.toml is enough
    [exit status: 2]
    "#);
}

#[test]
fn a_malformed_dotenv_does_not_show_its_secrets() {
    let project = project();
    project.write(".env", "DATABASE_URL='postgres://me:secret@h/d\n");
    let output = project.try_line("current");
    assert_eq!(output.status, 2);
    assert!(output.stderr.contains(".env") && !output.stderr.contains("secret"), "{output}");
}

#[test]
#[cfg(unix)]
fn links_that_lead_out_are_refused() {
    use std::os::unix::fs::symlink;

    let elsewhere = tempfile::tempdir().unwrap();
    let project = project();
    project.revision("a1", "<base>", "SELECT 1;", "");
    std::fs::rename(project.path().join("migrations/a1.sql"), elsewhere.path().join("a1.sql")).unwrap();
    symlink(elsewhere.path().join("a1.sql"), project.path().join("migrations/a1.sql")).unwrap();
    let output = project.try_line("heads");
    assert!(output.stderr.contains("migrations/a1.sql` is a link that leads out of its folder"), "{output}");
    assert_eq!(output.status, 2);
    // Nothing else is followed: a folder that is called like a revision, a device.
    let manifest = project.read("Cargo.toml");
    project.write("Cargo.toml", format!("{manifest}follow-links = true\n"));
    assert_eq!(project.ok("heads"), "a1 (head)\n");
    project.ok("upgrade head");
    for other in [elsewhere.path(), std::path::Path::new("/dev/zero")] {
        let link = project.path().join("migrations/b1.sql");
        symlink(other, &link).unwrap();
        let output = project.try_line("heads");
        assert!(
            output.stderr.contains("hint: put a file there: `follow-links` is for links to regular files"),
            "{output}"
        );
        assert_eq!(output.status, 2);
        std::fs::remove_file(link).unwrap();
    }
    project.write("seeds/README.md", "");
    std::fs::write(elsewhere.path().join("s.sql"), "SELECT 1;").unwrap();
    symlink(elsewhere.path().join("s.sql"), project.path().join("seeds/s.sql")).unwrap();
    project.ok("seed");
    project.write("Cargo.toml", manifest);
    std::fs::remove_file(project.path().join("migrations/a1.sql")).unwrap();
    assert!(project.try_line("seed").stderr.contains("seeds/s.sql` is a link that leads out"));
    std::fs::remove_dir_all(project.path().join("migrations")).unwrap();
    symlink(elsewhere.path(), project.path().join("migrations")).unwrap();
    let output = project.try_line("heads");
    assert!(output.stderr.contains("the migrations folder `migrations` leads out of the package"), "{output}");
    project.write("Cargo.toml", format!("{}follow-links = true\n", project.read("Cargo.toml")));
    std::fs::remove_file(elsewhere.path().join("s.sql")).unwrap();
    project.ok("revision -m b --rev-id b1");
    assert!(project.ok("upgrade head --sql").contains("b1"));
    // What is passed over is named, wherever a link leads to.
    std::fs::create_dir(elsewhere.path().join("old")).unwrap();
    std::fs::copy(elsewhere.path().join("a1.sql"), elsewhere.path().join("old/a2")).unwrap();
    symlink(elsewhere.path().join("old/a2"), elsewhere.path().join("old/a1.sql")).unwrap();
    let output = project.try_line("heads");
    assert!(output.stderr.contains("old/a1.sql: it begins as a revision does"), "{output}");
}

/// As Bazel and Nix have it.
#[test]
fn a_tree_of_links_is_a_package_of_its_own() {
    let store = project();
    store.write("Cargo.toml", format!("{}follow-links = true\n", store.read("Cargo.toml")));
    store.revision("a1", "<base>", "CREATE TABLE t (x INTEGER PRIMARY KEY);", "DROP TABLE t;");
    store.write("seeds/s.sql", "INSERT INTO t VALUES (1);");
    store.write("src/schema.rs", "diesel::table! { t (x) { x -> Integer, } }");
    store.ok("lock");
    let tree = Project::unconfigured(PROGRAM);
    let link = format!(
        "rm -r Cargo.toml src; (cd {0} && find . -type d) | xargs mkdir -p; (cd {0} && find . -type f) | \
         while read -r file; do ln -s \"{0}/$file\" \"$file\"; done",
        store.path().display()
    );
    let _output = harness::bash(tree.path(), &link);
    tree.ok("upgrade head");
    tree.ok("seed");
    let checked = tree.try_line("check --locked --only files,replay,roundtrip,models,pending");
    assert_eq!(checked.status, 0, "{checked}");
    // What is written is written here, and not where the links lead to.
    tree.ok("revision -m b --rev-id b1");
    assert_eq!(tree.ok("heads"), "b1 (head)\n");
    assert_eq!(store.ok("heads"), "a1 (head)\n");
    assert!(tree.path().join("shop.db").exists() && !store.path().join("shop.db").exists());
}

#[test]
fn a_lock_file_that_leads_out_is_refused() {
    let project = project();
    project.revision("a1", "<base>", "SELECT 1;", "");
    project.ok("heads");
    let lock = project.read("migrations/alembic.lock").replace("migrations/a1.sql", "../../etc/a1.sql");
    project.write("migrations/alembic.lock", lock);
    let output = project.try_line("heads");
    assert!(output.stderr.contains("alembic.lock:4: the path of a revision leads out of the package"), "{output}");
}

#[test]
fn names_reach_neither_sql_nor_a_shell() {
    let project = project();
    let message = "'; DROP TABLE alembic_version; -- $(touch owned) `touch owned`";
    project.write(
        "Cargo.toml",
        format!(
            "{}\n[[package.metadata.alembic.post-write-hooks]]\nname = \"cat\"\ncommand = \"cat {{file}}\"\n",
            project.read("Cargo.toml")
        ),
    );
    assert_eq!(project.alembic(["revision", "-m", message, "--rev-id", "a1"]).status, 0);
    assert_eq!(project.alembic(["revision", "-m", "x", "--rev-id", "a'b"]).status, 2);
    assert_eq!(project.alembic(["upgrade", "head", "--tag", "it's; DROP TABLE x"]).status, 0);
    assert_eq!(project.ok("current"), "a1 (head)\n");
    assert!(!project.path().join("owned").exists());
}
