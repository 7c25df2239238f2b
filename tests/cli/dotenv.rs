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
    hint: `cargo alembic upgrade head` makes it, if that is the database you mean
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
    hint: package `store` of the workspace has migrations: pass `-p store`
    [exit status: 2]
    ");
    assert_eq!(project.ok("-p store heads"), "a1 (head)\n");
}
