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
    hint: run `cargo alembic lock` and commit the file
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
    2 heads are not merged: b1, b2.
    [exit status: 1]
    ");
    project.ok("merge heads --rev-id m1");
    assert_snapshot!(project.try_line("check"), @"
    The database is at base; 4 revisions pending: a1, b1, b2, m1.
    [exit status: 1]
    ");
    project.ok("upgrade head");
    assert_snapshot!(project.try_line("check"), @"The database is up to date at m1.");
    project.revision("b1", "a1", "CREATE TABLE other (x INTEGER);", "");
    project.ok("lock");
    assert_snapshot!(project.try_line("check"), @"
    The database does not agree with the migrations: revision `b1` (migrations/b1.sql) was edited after it was applied.
    ------- stderr -------
    hint: restore the file, and put the change into a new revision
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
    hint: `cargo alembic lock` writes it anew from the files
    [exit status: 2]
    ");
    project.ok("lock");
    project.ok("heads --locked");
}
