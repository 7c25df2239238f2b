//! `check`, `lock` and `--locked`.

use insta::assert_snapshot;

use crate::{branched, project};

#[test]
fn the_lock_file_follows_the_files() {
    let project = project();
    project.revision("a1", "<base>", "CREATE TABLE ta (x INTEGER);", "");
    assert_snapshot!(project.try_line("heads --locked"), @"
    ------- stderr -------
    error: `$PROJECT/migrations/alembic.lock` is not up to date
    hint: run `cargo alembic lock`, and commit the file
    [exit status: 2]
    ");
    project.ok("heads");
    project.ok("heads --locked");
    project.revision("a1", "<base>", "CREATE TABLE edited (x INTEGER);", "");
    assert_eq!(project.try_line("lock --locked").status, 2);
    project.ok("lock");
    project.ok("lock --locked");
}

#[test]
fn an_edit_is_noticed_whatever_the_clock_says() {
    let project = project();
    project.revision("a1", "<base>", "SELECT 1;", "");
    project.ok("heads");
    let lock = project.read("migrations/alembic.lock");
    project.revision("a1", "<base>", "SELECT 2;", "");
    project.ok("heads");
    assert_ne!(project.read("migrations/alembic.lock"), lock);
}

#[test]
fn ci_sees_files_heads_and_the_database() {
    let project = branched();
    project.ok("lock");
    assert_snapshot!(project.try_line("check"), @"
    files      failed   2 heads are not merged: b1, b2
                        --> migrations/b2.sql:1
                        hint: run `cargo alembic merge heads`
    replay     ok       3 revisions on sqlite
    roundtrip  ok       3 revisions undone and applied again
    models     skipped  the package has no models
    pending    skipped  no URL is given; pass --only pending,drift to look at `shop.db`
    drift      skipped  no URL is given; pass --only pending,drift to look at `shop.db`
    [exit status: 1]
    ");
    project.ok("merge heads --rev-id m1");
    assert_snapshot!(project.try_line("check --only pending"), @"
    pending    failed   The database is at base; 4 revisions pending: a1, b1, b2, m1.
    ------- stderr -------
    warning: there is no database file `$PROJECT/shop.db`
    hint: run `cargo alembic upgrade head` to make it, if that is the database you mean
    [exit status: 1]
    ");
    project.ok("upgrade head");
    assert_snapshot!(project.try_line("check --only pending"), @"pending    ok       The database is up to date at m1");
    project.revision("b1", "a1", "CREATE TABLE other (x INTEGER);", "");
    project.ok("lock");
    assert_snapshot!(project.try_line("check --only pending"), @"
    pending    failed   The database does not agree with the migrations: revision `b1` (migrations/b1.sql) was edited after it was applied.
                        hint: restore the file, and put the change into a new revision; or run `cargo alembic accept b1` if the file is right
    [exit status: 1]
    ");
}

#[test]
fn a_conflict_in_the_lock_file_says_how_to_end_it() {
    let project = project();
    project.revision("a1", "<base>", "SELECT 1;", "");
    project.ok("heads");
    let lock =
        project.read("migrations/alembic.lock").replace("head a1", "<<<<<<< ours\nhead a1\n=======\n>>>>>>> theirs");
    project.write("migrations/alembic.lock", lock);
    assert_snapshot!(project.try_line("heads"), @"
    ------- stderr -------
    error: $PROJECT/migrations/alembic.lock:3: a merge conflict is not resolved; keep the lines of both sides
    hint: run `cargo alembic lock`: it rewrites the file from the revisions
    [exit status: 2]
    ");
    project.ok("lock");
    project.ok("heads --locked");
}

#[test]
fn an_edit_is_accepted_on_purpose() {
    let project = project();
    project.revision("a1", "<base>", "CREATE TABLE ta (x INTEGER);", "");
    project.ok("upgrade head");
    project.revision("a1", "<base>", "CREATE TABLE ta (x INTEGER, y INTEGER);", "");
    project.ok("lock");
    assert_eq!(project.try_line("upgrade head").status, 2);
    assert_eq!(project.ok("accept a1"), "Accepted a1 as it is now.\n");
    assert_eq!(project.ok("check --only pending"), "pending    ok       The database is up to date at a1\n");
    assert!(project.ok("log").contains("accept    a1  done"), "{}", project.ok("log"));
    project.revision("a1", "<base>", "-- why\nCREATE TABLE ta (x INTEGER, y INTEGER);", "");
    project.ok("lock");
    assert_snapshot!(project.try_line("check --only pending"), @"
    pending    ok       The database is up to date at a1
    ------- stderr -------
    warning: comments of revision `a1` (migrations/a1.sql) were edited after it was applied
    hint: run `cargo alembic accept a1` to record the present text
    ");
}

#[test]
fn check_waits_until_somebody_has_migrated() {
    let project = project();
    project.revision("a1", "<base>", "CREATE TABLE ta (x INTEGER);", "");
    project.ok("lock");
    let mut waiting = project
        .command(["check", "--only", "pending", "--wait", "20"])
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert!(waiting.try_wait().unwrap().is_none(), "it did not wait");
    project.ok("upgrade head");
    assert!(waiting.wait().unwrap().success());
    assert_eq!(project.try_line("check --only pending --wait 0.1").status, 0);
}

#[test]
fn a_half_done_step_is_told_and_resolved() {
    let project = project();
    project.revision("a1", "<base>\n-- Transaction: none", "CREATE TABLE ta (x INTEGER);\nBAD;", "");
    assert_eq!(project.try_line("upgrade head").status, 3);
    assert_snapshot!(project.ok("current"), @r#"unfinished: the upgrade of `a1` stopped at statement 2 of 2: near "BAD": syntax error"#);
    assert_snapshot!(project.try_line("resolve a1 --retry"), @"
    ------- stderr -------
    error: `a1` cannot be used here: its step stopped with an error, so nothing is in doubt; fix it and run the command again
    [exit status: 2]
    ");
    project.ok("resolve a1 --abort");
    assert_eq!(project.ok("current"), "");
    assert!(project.ok("log").contains("a person said: abort"));
}
