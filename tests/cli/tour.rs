//! What a newcomer does in the first five minutes.

use harness::{Database, Kind, Project};
use insta::assert_snapshot;

use crate::{PROGRAM, branched, project};

#[test]
fn up_down_and_where_it_stands() {
    let project = project();
    project.revision("a1", "<base>", "CREATE TABLE ta (x INTEGER);", "DROP TABLE ta;");
    project.revision("b1", "a1", "CREATE TABLE tb (x INTEGER);", "DROP TABLE tb;");
    assert_snapshot!(project.try_line("current"), @"
    ------- stderr -------
    warning: there is no database file `$PROJECT/shop.db`
    hint: run `cargo alembic upgrade head` to make it, if that is the database you mean
    2 behind head.
    ");
    assert_snapshot!(project.try_line("upgrade head"), @"
    ------- stderr -------
    Running upgrade  -> a1, add a1
    Running upgrade a1 -> b1, add b1
    ");
    assert_snapshot!(project.try_line("current"), @"b1 (head)");
    assert_snapshot!(project.try_line("history"), @"
    a1 -> b1 (head), add b1
    <base> -> a1, add a1
    ");
    assert_snapshot!(project.try_line("history -i -r a1:"), @"
    a1 -> b1 (head) (current), add b1
    <base> -> a1, add a1
    ");
    assert_snapshot!(project.try_line("upgrade head"), @"
    ------- stderr -------
    The database is up to date at b1.
    ");
    assert_snapshot!(project.try_line("downgrade -1"), @"
    ------- stderr -------
    Running downgrade b1 -> a1, add b1
    ");
    assert_snapshot!(project.try_line("upgrade head --dry-run"), @"Would run upgrade a1 -> b1, add b1");
    assert_snapshot!(project.try_line("current --check-heads"), @"
    a1
    ------- stderr -------
    1 behind head.
    Database is not on all head revisions.
    [exit status: 1]
    ");
    assert_snapshot!(project.try_line("show a1"), @"
    Rev: a1
    Parent: <base>
    Path: migrations/a1.sql

        add a1

        Revision ID: a1
        Revises: <base>
    ");
    assert_snapshot!(project.try_line("stamp base"), @"
    ------- stderr -------
    Running stamp_revision a1 ->
    ");
}

/// The same on every database, as far as no program has to be built; `tests/builds/first_day.rs` goes on from there.
#[test]
fn the_first_day_on_every_database() {
    for kind in Kind::ALL {
        let Some(db) = Database::new(kind) else { continue };
        let project = Project::unconfigured(PROGRAM).with("DATABASE_URL", db.url());
        project.ok("init");
        let file = project.ok("revision -m users --rev-id a1");
        let text = project.read(file.trim());
        let text = text.replace(
            "-- alembic:upgrade",
            "-- alembic:upgrade\nCREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(80) NOT NULL);",
        );
        project.write(file.trim(), text.replace("-- alembic:downgrade", "-- alembic:downgrade\nDROP TABLE users;"));
        project.ok("upgrade head");
        let models = project.ok("print-schema --complete");
        project.write(
            "src/schema.rs",
            models.replace("        email ->", "        nick -> Nullable<Text>,\n        email ->"),
        );
        project.ok("revision --autogenerate -m nick --rev-id b1");
        project.ok("revision -m login --rev-id b2 --head a1 --splice");
        project.ok("merge heads -m both --rev-id c1");
        let behind = project.try_line("current");
        assert_eq!((behind.stdout.as_str(), behind.stderr.as_str()), ("a1 (branchpoint)\n", "3 behind head.\n"));
        project.ok("upgrade head");
        let checked = project.try_line("check");
        let is_ok = |line: &str| line.contains("  ok  ");
        assert_eq!(
            (checked.status, checked.stdout.lines().filter(|line| is_ok(line)).count()),
            (0, 6),
            "{kind:?}\n{checked}"
        );
        // The merge alone, and all of it.
        for (line, at) in [
            ("downgrade -1", "b1\nb2\n"),
            ("upgrade head", "c1 (head) (mergepoint)\n"),
            ("redo a1", "c1 (head) (mergepoint)\n"),
        ] {
            project.ok(line);
            assert_eq!(project.ok("current"), at, "{kind:?} {line}");
        }
        let script = project.ok(&format!("upgrade head --sql --dialect {}", kind.name()));
        db.empty();
        db.run_script(&script).unwrap_or_else(|said| panic!("{kind:?}: {said}"));
        assert_eq!(project.try_line("check --only pending,drift").status, 0, "{kind:?}");
    }
}

#[test]
fn how_far_behind_a_database_is() {
    let project = branched();
    let told = |project: &Project| project.try_line("current").stderr;
    assert!(told(&project).ends_with("3 behind heads.\n"));
    project.ok("upgrade b1");
    project.ok("merge heads --rev-id m1");
    assert_eq!(told(&project), "2 behind head.\n");
    assert!(project.ok("current --format json").contains("\"behind\": 2"));
    project.ok("upgrade head");
    assert_eq!(project.ok("status"), project.ok("current"), "what other tools call it");
    assert_eq!(told(&project), "");
}

#[test]
fn a_merge_is_undone_and_redone() {
    let project = branched();
    project.ok("merge heads -m both --rev-id m1");
    project.ok("upgrade head");
    assert_snapshot!(project.try_line("downgrade -1"), @"
    ------- stderr -------
    Running downgrade m1 -> b1, b2, both
    ");
    assert_eq!(project.ok("current"), "b1\nb2\n");
    assert_eq!(project.try_line("downgrade -1").status, 2, "either could be meant");
    project.ok("upgrade head");
    assert_eq!(project.try_line("downgrade -2").status, 2, "either could be meant");
    assert_snapshot!(project.try_line("redo"), @"
    ------- stderr -------
    Running downgrade m1 -> b1, b2, both
    Running upgrade b1, b2 -> m1, both
    ");
    assert_snapshot!(project.try_line("redo a1"), @"
    ------- stderr -------
    Running downgrade m1 -> b1, b2, both
    Running downgrade b2 -> a1, add b2
    Running downgrade b1 -> a1, add b1
    Running upgrade a1 -> b1, add b1
    Running upgrade a1 -> b2, add b2
    Running upgrade b1, b2 -> m1, both
    ");
    assert_snapshot!(project.try_line("redo a1 --dry-run"), @"
    Would run downgrade m1 -> b1, b2, both
    Would run downgrade b2 -> a1, add b2
    Would run downgrade b1 -> a1, add b1
    Would run upgrade a1 -> b1, add b1
    Would run upgrade a1 -> b2, add b2
    Would run upgrade b1, b2 -> m1, both
    ");
    assert_eq!(project.ok("current"), "m1 (head) (mergepoint)\n");
    assert!(project.ok("redo m1:-1 --sql").contains("Running upgrade b1, b2 -> m1"));
}

#[test]
fn branches() {
    let project = branched();
    assert_snapshot!(project.try_line("heads"), @"
    b1 (head)
    b2 (shop) (head)
    ");
    assert_snapshot!(project.try_line("branches"), @"
    a1 (branchpoint)
       -> b1 (head)
       -> b2 (shop) (head)
    ");
    assert_snapshot!(project.try_line("upgrade head"), @"
    ------- stderr -------
    error: multiple head revisions are present for given argument `head`: b1, b2; specify a specific target revision, `<branchname>@head` to narrow to a specific head, or `heads` for all heads
    hint: run `cargo alembic merge heads`, or name one of them
    [exit status: 2]
    ");
    assert_snapshot!(project.try_line("upgrade heads"), @"
    ------- stderr -------
    Running upgrade  -> a1, add a1
    Running upgrade a1 -> b1, add b1
    Running upgrade a1 -> b2, add b2
    ");
    assert_snapshot!(project.try_line("downgrade shop@base"), @"
    ------- stderr -------
    error: `shop@base` would also downgrade `b1`, on other branches that share its base
    hint: downgrade to the branch point instead, or pass `--allow-siblings` to undo all of them
    [exit status: 2]
    ");
    assert_snapshot!(project.try_line("downgrade shop@-1"), @"
    ------- stderr -------
    Running downgrade b2 -> a1, add b2
    ");
    assert_snapshot!(project.try_line("downgrade base --allow-siblings"), @"
    ------- stderr -------
    Running downgrade b1 -> a1, add b1
    Running downgrade a1 -> , add a1
    ");
}

#[test]
fn asking_makes_no_file() {
    let project = project();
    project.revision("a1", "<base>", "CREATE TABLE ta (x INTEGER);", "");
    for line in
        ["current", "history -i", "check", "log", "show current", "upgrade head --sql", "upgrade head --dry-run"]
    {
        let _any = project.try_line(line);
        assert!(!project.path().join("shop.db").exists(), "{line}");
    }
}
