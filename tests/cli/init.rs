use harness::Project;
use insta::assert_snapshot;

use crate::{PROGRAM, project};

#[test]
fn a_package_gets_a_folder_and_settings() {
    let project = Project::unconfigured(PROGRAM);
    assert_snapshot!(project.try_line("init"), @"
    ------- stderr -------
    Creating directory $PROJECT/migrations ...  done
    Adding [package.metadata.alembic] to $PROJECT/Cargo.toml ...  done
    For revisions in Rust, `cargo alembic init --runner` writes the program that runs them.
    Set DATABASE_URL before proceeding.
    ");
    assert_snapshot!(project.read("Cargo.toml"), @r#"
    [package]
    name = "shop"
    version = "0.1.0"
    edition = "2024"

    [package.metadata.alembic]
    migrations = "migrations"
    # database-url-env = "DATABASE_URL"
    # file-template = "{year}_{month}_{day}_{hour}{minute}-{rev}_{slug}"
    # timezone = "UTC"
    # transaction = "per-run"
    # version-table = "alembic_version"
    # lock-timeout = 3
    # statement-timeout = 0
    "#);
    assert!(project.path().join("migrations/alembic.lock").exists());
    assert_snapshot!(project.try_line("init"), @"
    ------- stderr -------
    error: could not edit `$PROJECT/Cargo.toml`
      caused by: it already has [package.metadata.alembic]
    [exit status: 2]
    ");
}

#[test]
fn an_sqlite_file_can_be_the_default() {
    let project = Project::unconfigured(PROGRAM);
    project.ok("init db/migrations --sqlite-path shop.db");
    project.ok("revision -m first");
    project.ok("upgrade head");
    assert!(project.path().join("shop.db").exists());
}

#[test]
fn two_databases_have_a_history_each() {
    let project =
        Project::unconfigured(PROGRAM).with("DATABASE_URL", "one.db").with("ANALYTICS_DATABASE_URL", "two.db");
    project.ok("init -t multidb");
    project.ok("revision -m main --rev-id m1");
    project.ok("-n analytics revision -m analytics --rev-id a1");
    project.ok("upgrade head");
    project.ok("-n analytics upgrade head");
    assert_eq!(project.ok("current"), "m1 (head)\n");
    assert_eq!(project.ok("-n analytics current"), "a1 (head)\n");
    assert_snapshot!(project.try_line("-n analitics current"), @"
    ------- stderr -------
    error: Cargo.toml has no database `analitics`; did you mean `analytics`?
    [exit status: 2]
    ");
}

#[test]
fn templates_are_listed() {
    assert_snapshot!(project().try_line("list-templates"), @"
    Available templates:

    generic - One folder of migrations; the URL comes from the environment.
    multidb - Two databases, each with a folder and a URL of its own; say -n analytics for the second.
    sqlite - One folder of migrations for an SQLite file beside Cargo.toml.

    Templates are used via the 'init' command, e.g.:

      cargo alembic init --template generic
    ");
    assert_snapshot!(Project::unconfigured(PROGRAM).try_line("init -t postgres"), @"
    ------- stderr -------
    error: no such template `postgres`
    hint: there are `generic`, `multidb`, `sqlite`
    [exit status: 2]
    ");
}
