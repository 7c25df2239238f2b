//! One database per `.env`, wherever a command is run.

use std::fs;

use harness::{Output, Project};
use insta::assert_snapshot;

use crate::{PROGRAM, project};

/// A workspace whose member `store` has the migrations, and this `.env`.
fn workspace(env: &str) -> Project {
    let project = Project::unconfigured(PROGRAM);
    project.write(
        "Cargo.toml",
        "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\nmembers = [\"crates/store\"]\n",
    );
    project.write(
        "crates/store/Cargo.toml",
        "[package]\nname = \"store\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[package.metadata.alembic]\nmigrations = \"migrations\"\n",
    );
    project.write("crates/store/src/lib.rs", "");
    project
        .write("crates/store/migrations/a1.sql", "-- a\n-- Revision ID: a1\n-- Revises: <base>\n-- alembic:upgrade\n");
    project.write("crates/store/.env", env);
    fs::create_dir_all(project.path().join("elsewhere")).unwrap();
    project
}

/// Runs a command line in a folder of the project.
fn run_in(project: &Project, folder: &str, line: &str) -> Output {
    let mut command = project.command(line.split(' '));
    let output = command.current_dir(project.path().join(folder)).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Output { stdout: text(output.stdout), stderr: text(output.stderr), status: output.status.code().unwrap_or(-1) }
}

#[test]
fn a_relative_path_of_a_dotenv_is_meant_from_its_folder() {
    for env in ["DATABASE_URL=dev.db\n", "DATABASE_URL=sqlite:dev.db\r\n", "DATABASE_URL=\"file:./dev.db?mode=rwc\"\n"]
    {
        let project = workspace(env);
        assert_eq!(run_in(&project, "crates/store", "upgrade head").status, 0);
        assert!(project.path().join("crates/store/dev.db").exists(), "{env}");
        for (folder, line) in [
            ("crates/store", "current"),
            ("crates/store/src", "current"),
            (".", "-p store current"),
            ("elsewhere", "--manifest-path ../crates/store/Cargo.toml current"),
        ] {
            let output = run_in(&project, folder, line);
            assert_eq!(output.stdout, "a1 (head)\n", "{env} in {folder}\n{output}");
        }
        assert!(!project.path().join("dev.db").exists() && !project.path().join("elsewhere/dev.db").exists(), "{env}");
    }
}

#[test]
fn what_is_said_on_the_command_line_or_by_the_process_is_meant_from_here() {
    let project = workspace("DATABASE_URL=dev.db\n");
    assert_eq!(
        run_in(&project, "elsewhere", "--manifest-path ../crates/store/Cargo.toml --database-url here.db upgrade head")
            .status,
        0
    );
    assert!(project.path().join("elsewhere/here.db").exists());
    let project = project.with("DATABASE_URL", "process.db");
    assert_eq!(run_in(&project, "crates/store/src", "upgrade head").status, 0);
    assert!(project.path().join("crates/store/src/process.db").exists());
}

#[test]
fn a_dotenv_above_the_package_has_its_own_folder() {
    let project = workspace("OTHER=1\n");
    fs::remove_file(project.path().join("crates/store/.env")).unwrap();
    project.write(".env", "DATABASE_URL=data/dev.db\n");
    fs::create_dir(project.path().join("data")).unwrap();
    assert_eq!(run_in(&project, "crates/store/src", "upgrade head").status, 0);
    assert!(project.path().join("data/dev.db").exists());
}

#[test]
fn reading_a_file_that_is_not_there_says_so_and_makes_none() {
    let project = project();
    project.revision("a1", "<base>", "", "");
    assert_snapshot!(project.try_line("current"), @"
    ------- stderr -------
    warning: there is no database file `$PROJECT/shop.db`
    hint: run `cargo alembic upgrade head` to make it, if that is the database you mean
    1 behind head.
    ");
    for line in ["log", "history --indicate-current", "print-schema", "upgrade head --dry-run", "check --only pending"]
    {
        let output = project.try_line(line);
        assert!(output.stderr.contains("there is no database file"), "{line}\n{output}");
    }
    let project = project.with("DATABASE_URL", "file:other.db?mode=rwc");
    assert!(project.try_line("current").stderr.contains("there is no database file `file:other.db?mode=rwc`"));
    assert!(!project.path().join("shop.db").exists() && !project.path().join("other.db").exists());
    project.ok("upgrade head");
    assert_eq!(project.try_line("current").stderr, "");
}

#[test]
fn migrations_in_a_member_are_found_by_name() {
    let project = workspace("");
    assert_snapshot!(project.try_line("heads"), @"
    ------- stderr -------
    error: package `shop` has no [package.metadata.alembic]
    hint: package `store` of the workspace has migrations: pass `--package store`
    [exit status: 2]
    ");
    assert_eq!(project.ok("-p store heads"), "a1 (head)\n");
}

/// A project with a revision, whose `.env` is the only place for its URL.
fn with_dotenv(env: impl AsRef<[u8]>) -> Project {
    let project = Project::new(PROGRAM, "");
    project.revision("a1", "<base>", "", "");
    fs::write(project.path().join(".env"), env).unwrap();
    project
}

const MALFORMED: &str = "SMTP_FROM=My App <secret@example.com>";

#[test]
fn a_malformed_line_of_a_dotenv_is_not_in_the_way_of_others() {
    for env in [
        format!("{MALFORMED}\nDATABASE_URL=shop.db\n"),
        format!("DATABASE_URL=shop.db\r\n{MALFORMED}\r\n"),
        format!("KEY=\"a\nDATABASE_URL=no.db\n\"\n{MALFORMED}\nDATABASE_URL=shop.db"),
    ] {
        let project = with_dotenv(&env);
        project.ok("upgrade head");
        assert_eq!(project.ok("current"), "a1 (head)\n", "{env}");
        assert!(project.path().join("shop.db").exists() && !project.path().join("no.db").exists(), "{env}");
    }
    for env in [MALFORMED.as_bytes(), b"DATABASE_URL=a secret", b"DATABASE_URL='secret", b"\xff\xfe\0secret"] {
        let project = with_dotenv(env);
        assert_eq!(project.ok("heads"), "a1 (head)\n");
        project.ok("--database-url shop.db upgrade head");
        project.ok("--database-url shop.db check");
        let script = project.ok("--database-url postgres://h/d upgrade head --sql");
        assert!(script.contains("alembic_version"), "{script}");
        assert_eq!(project.with("DATABASE_URL", "shop.db").ok("current"), "a1 (head)\n");
    }
}

#[test]
fn a_malformed_line_of_a_dotenv_is_named_where_it_matters() {
    assert_snapshot!(with_dotenv(format!("A=1\n{MALFORMED}\n")).try_line("current"), @r#"
    ------- stderr -------
    error: no database URL
      caused by: in `$PROJECT/.env` line 2 is malformed
    hint: quote the value in that line
    hint: set DATABASE_URL in the environment or in .env, or pass `--database-url <URL>`; for SQLite, `sqlite-path = "app.db"` in [package.metadata.alembic] of Cargo.toml is enough
    [exit status: 2]
    "#);
    assert_snapshot!(with_dotenv("A=1\n\nDATABASE_URL=a secret\nDATABASE_URL=b.db").try_line("upgrade head"), @"
    ------- stderr -------
    error: could not find out DATABASE_URL
      caused by: in `$PROJECT/.env` line 3 is malformed
    hint: quote the value in that line, or pass `--database-url`
    [exit status: 2]
    ");
    assert_snapshot!(with_dotenv("NAME=O'Secret\nDATABASE_URL=a.db\n").try_line("current"), @"
    ------- stderr -------
    error: could not find out DATABASE_URL
      caused by: in `$PROJECT/.env` lines 1 to 2 are malformed: a quote opens in line 1
    hint: quote the value in that line, or pass `--database-url`
    [exit status: 2]
    ");
    assert_snapshot!(with_dotenv("HOST=a secret\nDATABASE_URL=postgres://$HOST/d\n").try_line("current"), @"
    ------- stderr -------
    error: could not find out DATABASE_URL
      caused by: in `$PROJECT/.env` line 1 is malformed
    hint: quote the value in that line, or pass `--database-url`
    [exit status: 2]
    ");
    let project = with_dotenv("PGPASSWORD=a secret\n");
    assert_snapshot!(project.try_line("--database-url postgres://127.0.0.1:1/d current"), @"
    ------- stderr -------
    error: could not find out PGPASSWORD
      caused by: in `$PROJECT/.env` line 1 is malformed
    hint: quote the value in that line, or set it in the environment
    [exit status: 2]
    ");
    let output = project.try_line("--database-url postgres://me:word@127.0.0.1:1/d current");
    assert!(output.stderr.starts_with("error: could not connect to"), "{output}");
    let output = project.with("PGPASSWORD", "word").try_line("--database-url postgres://127.0.0.1:1/d current");
    assert!(output.stderr.starts_with("error: could not connect to"), "{output}");
    // Following the hint leads out.
    let project = with_dotenv("NAME=\"O'Secret\"\nDATABASE_URL=\"a b.db\"\n");
    project.ok("upgrade head");
    assert!(project.path().join("a b.db").exists());
}

#[test]
fn a_malformed_line_for_the_scratch_server_is_named() {
    let project = with_dotenv("SCRATCH_URL=a secret\n");
    let manifest = project.read("Cargo.toml");
    project.write("Cargo.toml", format!("{manifest}scratch-url-env = \"SCRATCH_URL\"\n"));
    project.ok("--database-url shop.db upgrade head");
    assert_snapshot!(project.try_line("--database-url shop.db snapshot"), @"
    ------- stderr -------
    error: could not find out SCRATCH_URL
      caused by: in `$PROJECT/.env` line 1 is malformed
    hint: quote the value in that line, or pass `--scratch-url`
    [exit status: 2]
    ");
    project.write(".env", format!("{MALFORMED}\n"));
    project.ok("--database-url shop.db snapshot");
}

#[test]
#[cfg(unix)]
fn a_dotenv_that_is_no_readable_file_matters_where_it_is_asked() {
    use std::os::unix::fs::PermissionsExt;

    let project = with_dotenv("DATABASE_URL=shop.db\n");
    let env = project.path().join(".env");
    fs::set_permissions(&env, fs::Permissions::from_mode(0o000)).unwrap();
    // Whoever may do anything reads it all the same.
    if fs::read(&env).is_err() {
        let output = project.try_line("current");
        assert!(output.stderr.starts_with("error: could not find out DATABASE_URL\n"), "{output}");
        assert!(output.stderr.contains(".env`: ") && output.stderr.contains("or pass `--database-url`"), "{output}");
    }
    project.ok("--database-url shop.db upgrade head");
    assert_eq!(project.ok("heads"), "a1 (head)\n");
    fs::set_permissions(&env, fs::Permissions::from_mode(0o644)).unwrap();
    fs::remove_file(&env).unwrap();
    fs::create_dir(&env).unwrap();
    assert_eq!(project.ok("--database-url shop.db current"), "a1 (head)\n");
    assert!(project.try_line("current").stderr.starts_with("error: no database URL\nhint: set DATABASE_URL"));
}
