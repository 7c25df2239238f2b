//! `check`: a gate that is named runs, or the command says that it did not.

use harness::{Project, bash};
use insta::assert_snapshot;

use crate::{PROGRAM, project};

/// A project that names no database.
fn without_database() -> Project {
    let project = Project::new(PROGRAM, "");
    project.revision("a1", "<base>", "CREATE TABLE ta (x INTEGER);", "DROP TABLE ta;");
    project.ok("lock");
    project
}

#[test]
fn a_gate_that_is_named_and_cannot_run_is_not_ok() {
    let project = without_database();
    assert_snapshot!(project.try_line("check --only pending,files"), @"
    files      ok       1 revision, one head
    pending    not run  no database is named: set DATABASE_URL
    [exit status: 2]
    ");
    for line in
        ["--only replay", "--only roundtrip,models", "--only drift", "--wait 5", "--allow-ahead", "--since HEAD"]
    {
        let output = project.try_line(&format!("check {line}"));
        assert_eq!(output.status, 2, "{line}\n{output}");
        assert!(output.stdout.contains("not run  no database is named"), "{line}\n{output}");
    }
    // Nobody has asked for the others by name.
    assert_eq!(project.try_line("check").status, 0);
    let github = project.try_line("check --only pending --format github");
    assert_eq!(
        (github.status, github.stdout.starts_with("::error title=cargo alembic check: pending::not run")),
        (2, true)
    );
    let json = project.try_line("check --only pending --format json");
    assert!(json.stdout.contains("\"state\": \"not-run\""), "{json}");
    // The other gates of the line do not hide it, and it does not hide them.
    project.revision("b1", "<base>", "", "");
    let output = project.try_line("check --only files,replay");
    assert!(output.stdout.contains("files      failed") && output.stdout.contains("replay     not run"), "{output}");
    assert_eq!(output.status, 2);
}

#[test]
fn models_that_are_not_there_are_no_success() {
    let project = project();
    assert_snapshot!(project.try_line("check --only models"), @"
    models     not run  the package has no models
    [exit status: 2]
    ");
}

#[test]
fn nothing_to_check_is_not_ok() {
    let project = project();
    project.ok("lock");
    assert_snapshot!(project.try_line("check --only files,replay,roundtrip"), @"
    files      nothing  there are no revisions
    replay     nothing  there are no revisions
    roundtrip  nothing  there are no revisions
    ");
    project.write("migrations/a1.sql", "-- a\n-- Revision ID: a1\n-- Revises: <base>\n-- alembic:upgrade\nSELECT 1;\n");
    assert_snapshot!(project.try_line("check --only roundtrip"), @"roundtrip  nothing  1 revision, none with a downgrade");
    assert_snapshot!(without_database().try_line("check --skip files"), @"
    replay     skipped  no database is named: set DATABASE_URL, or pass --scratch-url
    roundtrip  skipped  no database is named: set DATABASE_URL, or pass --scratch-url
    models     skipped  no database is named: set DATABASE_URL, or pass --scratch-url
    pending    skipped  no database is named: set DATABASE_URL
    drift      skipped  no database is named: set DATABASE_URL
    nothing was checked
    [exit status: 2]
    ");
}

#[test]
fn an_option_for_a_gate_that_is_left_out_is_refused() {
    assert_snapshot!(project().try_line("check --only files --wait 5"), @"
    ------- stderr -------
    error: --wait is for `pending`, which --only or --skip leaves out
    hint: leave out `--wait`, or pass `--only` with one of `pending`
    [exit status: 2]
    ");
    for line in ["--skip roundtrip --since HEAD", "--skip pending --allow-ahead", "--only files --scratch-url x.db"] {
        assert_eq!(project().try_line(&format!("check {line}")).status, 2, "{line}");
    }
}

#[test]
fn since_names_one_commit() {
    let project = project();
    let git = |line: &str| bash(project.path(), &format!("git -c user.name=x -c user.email=x@example.com {line}"));
    project.write("README", "");
    let _output = git("init -q -b main && git add README");
    let _output = git("commit -qm empty");
    project.revision("a1", "<base>", "CREATE TABLE ta (x INTEGER);", "DROP TABLE ta;");
    project.ok("lock");
    let _output = git("add -A");
    let _output = git("commit -qm one");
    let since = |revision: &str| project.alembic(["check", "--only", "roundtrip", "--since", revision]);
    for nothing in ["", " ", "HEAD^{/no such message}", "^HEAD", "HEAD~1..HEAD", ":0", "HEAD:README", "--output=x"] {
        let output = since(nothing);
        assert_eq!(output.status, 2, "{nothing}\n{output}");
        assert!(!output.stdout.contains("ok"), "{nothing}\n{output}");
    }
    assert!(!project.path().join("x:./migrations/alembic.lock").exists());
    assert_snapshot!(since("HEAD~1"), @"roundtrip  ok       1 revision undone and applied again");
    assert_snapshot!(since("main"), @"roundtrip  nothing  no revision is new");
    assert_snapshot!(since(""), @"
    ------- stderr -------
    error: --since `` names no revision of git
    hint: pass a branch, a tag or a commit, as in `--since origin/main`
    [exit status: 2]
    ");
}
