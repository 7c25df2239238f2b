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
    Set DATABASE_URL before proceeding.
    For revisions in Rust, `cargo alembic init --runner` writes the program that runs them.
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
    # scratch-url-env = "SCRATCH_URL"
    # roles = ["app"]
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
fn what_a_program_needs_is_added() {
    let project = Project::unconfigured(PROGRAM);
    project.write(".gitignore", "/target\n");
    assert_snapshot!(project.try_line("init --sqlite-path shop.db --runner"), @"
    ------- stderr -------
    Creating directory $PROJECT/migrations ...  done
    Adding [package.metadata.alembic] to $PROJECT/Cargo.toml ...  done
    Adding shop.db to .gitignore ...  done
    Adding `alembic-runtime`, `diesel`, `libsqlite3-sys` to $PROJECT/Cargo.toml ...  done
    Generating $PROJECT/src/bin/migrate.rs ...  done
    `cargo run --bin migrate -- upgrade head` migrates.
    ");
    let beside = harness::workspace().join("alembic-runtime").display().to_string();
    assert_snapshot!(project.read("Cargo.toml").replace(&beside, "RUNTIME"), @r#"
    [package]
    name = "shop"
    version = "0.1.0"
    edition = "2024"
    default-run = "shop"

    [package.metadata.alembic]
    migrations = "migrations"
    sqlite-path = "shop.db"
    # file-template = "{year}_{month}_{day}_{hour}{minute}-{rev}_{slug}"
    # timezone = "UTC"
    # transaction = "per-run"
    # version-table = "alembic_version"
    # scratch-url-env = "SCRATCH_URL"
    # roles = ["app"]
    # lock-timeout = 3
    # statement-timeout = 0

    [dependencies]
    alembic-runtime = { path = "RUNTIME", features = ["sqlite", "cli"] }
    diesel = { version = "2.3", features = ["sqlite"] }
    libsqlite3-sys = { version = "0.38", features = ["bundled"] }
    "#);
    assert_snapshot!(project.read("src/bin/migrate.rs"), @"
    //! Migrates the database: `cargo run --bin migrate -- upgrade head`.

    use alembic_runtime::{Migrations, embed_migrations};
    use diesel::SqliteConnection;

    static MIGRATIONS: Migrations<SqliteConnection> = embed_migrations!();

    fn main() -> std::process::ExitCode {
        alembic_runtime::cli::main(&MIGRATIONS)
    }
    ");
    assert_eq!(project.read(".gitignore"), "/target\n/shop.db\n/shop.db-*\n");
    assert_eq!(project.try_line("init --runner").status, 2, "it is there");
    assert_eq!(project.ok("heads"), "");
}

#[test]
fn servers_are_spoken_to_without_a_c_library() {
    for (url, feature, connection) in
        [("postgres://h/shop", "pure-postgres", "PgConnection"), ("mysql://h/shop", "pure-mysql", "MysqlConnection")]
    {
        let project = Project::unconfigured(PROGRAM).with("DATABASE_URL", url);
        project.ok("init");
        project.ok("init --runner");
        let manifest = project.read("Cargo.toml");
        assert!(manifest.contains(feature) && !manifest.contains("features = [\"postgres\"]"), "{manifest}");
        assert!(project.read("src/bin/migrate.rs").contains(&format!("pure::{connection}}}")));
        let file = project.ok("revision --rust -m seed");
        assert!(project.read(file.trim()).contains(&format!("Op<'_, pure::{connection}>")));
    }
    // Whoever has chosen the C library keeps it.
    let project = Project::unconfigured(PROGRAM).with("DATABASE_URL", "postgres://h/shop");
    let manifest = project.read("Cargo.toml");
    project.write(
        "Cargo.toml",
        manifest + "\n[dependencies]\ndiesel = { version = \"2.3\", features = [\"postgres\"] }\n",
    );
    project.ok("init --runner");
    assert!(project.read("src/bin/migrate.rs").contains("use diesel::PgConnection;"));
    let file = project.ok("revision --rust -m seed");
    assert!(project.read(file.trim()).contains("Op<'_, PgConnection>"));
}

#[test]
fn a_program_without_a_database_is_told_how_to_name_one() {
    let project = Project::unconfigured(PROGRAM);
    assert_snapshot!(project.try_line("init --runner"), @r#"

    ------- stderr -------
    Creating directory $PROJECT/migrations ...  done
    Adding [package.metadata.alembic] to $PROJECT/Cargo.toml ...  done
    error: no database URL
    hint: set DATABASE_URL in the environment or in .env, or pass `--database-url <URL>`; for SQLite, `sqlite-path = "app.db"` in [package.metadata.alembic] of Cargo.toml is enough
    hint: or name it: `cargo alembic init --runner postgres`
    [exit status: 2]
    "#);
    project.ok("init --runner postgres");
    assert_eq!(project.try_line("init --runner oracle").status, 2);
}

#[test]
fn programs_of_a_workspace_have_names_of_their_own() {
    let project = Project::unconfigured(PROGRAM);
    project.write("Cargo.toml", "[workspace]\nmembers = [\"shop\", \"books\"]\nresolver = \"3\"\n");
    for name in ["shop", "books"] {
        project.write(&format!("{name}/src/lib.rs"), "");
        project.write(&format!("{name}/Cargo.toml"), format!("[package]\nname = \"{name}\"\nedition = \"2024\"\n"));
    }
    for name in ["shop", "books"] {
        project.ok(&format!("-p {name} init --sqlite-path {name}.db --runner"));
        assert!(project.path().join(format!("{name}/src/bin/{name}-migrate.rs")).exists());
        let manifest = project.read(&format!("{name}/Cargo.toml"));
        assert!(manifest.contains(&format!("runner = \"{name}-migrate\"")), "{manifest}");
        assert!(!manifest.contains("default-run"), "`cargo run` could mean one program only: {manifest}");
    }
}

#[test]
fn nothing_is_written_for_a_url_that_is_not_understood_nor_ignored() {
    let project = Project::unconfigured(PROGRAM).with("DATABASE_URL", "oracle://h/shop");
    let before = project.read("Cargo.toml");
    for line in ["init", "init --runner", "init --adopt"] {
        assert_eq!(project.try_line(line).status, 2, "{line}");
        assert_eq!(project.read("Cargo.toml"), before, "{line}");
    }
    let project = project.with("DATABASE_URL", "postgres://h/shop");
    project.ok("init");
    assert_snapshot!(project.try_line("init --runner --sqlite-path shop.db"), @"
    ------- stderr -------
    error: the package has its settings already
    hint: leave out template, folder and `--sqlite-path`, and edit [package.metadata.alembic] in Cargo.toml
    [exit status: 2]
    ");
    assert_eq!(project.try_line("init --adopt -t sqlite").status, 2);
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
    multidb - Two databases, each with a folder and a URL of its own; pass `-n analytics` for the second.
    sqlite - One folder of migrations for an SQLite file beside Cargo.toml.

    Templates are used via the 'init' command, e.g.:

      cargo alembic init --template generic
    ");
    assert_snapshot!(Project::unconfigured(PROGRAM).try_line("init -t postgres"), @"
    ------- stderr -------
    error: no such template `postgres`
    hint: pass `--template` with one of `generic`, `multidb`, `sqlite`
    [exit status: 2]
    ");
}
