//! `import diesel`, and `stamp --from-diesel`.

use std::path::{Path, PathBuf};

use harness::{Database, Kind, Project, bash, workspace};
use insta::assert_snapshot;

use crate::{PROGRAM, project};

/// A folder of Diesel migrations.
fn with_diesel_migrations() -> Project {
    let project = project();
    let write = |name: &str, text: &str| project.write(&format!("diesel/{name}"), text);
    write("2024-01-02-100000_create_users/up.sql", "CREATE TABLE users (id INTEGER);\n");
    write("2024-01-02-100000_create_users/down.sql", "DROP TABLE users;\n");
    write("2024-01-01-100000_create_posts/up.sql", "CREATE TABLE posts (id INTEGER);\r\n-- kept\r\n");
    write("2024-01-03-100000_vacuum/up.sql", "VACUUM;");
    write("2024-01-03-100000_vacuum/metadata.toml", "run_in_transaction = false\n");
    project
}

#[test]
fn a_folder_becomes_a_chain() {
    let project = with_diesel_migrations();
    project.ok("import diesel diesel");
    assert_snapshot!(project.ok("history"), @"
    20240102100000 -> 20240103100000 (head), vacuum
    20240101100000 -> 20240102100000, create users
    <base> -> 20240101100000, create posts
    ");
    let files = bash(project.path(), "cat migrations/*posts.sql migrations/*vacuum.sql | grep -v 'Create Date'");
    assert!(files.contains("CREATE TABLE posts (id INTEGER);\r\n-- kept\r\n"), "byte for byte: {files:?}");
    assert!(files.contains("-- Transaction: none\n"));
    assert!(files.contains("-- alembic:irreversible\n"));
    project.ok("upgrade head");
    assert_snapshot!(project.try_line("downgrade base"), @r#"
    ------- stderr -------
    error: revision `20240103100000` (migrations/DATE-20240103100000_vacuum.sql) is irreversible
    hint: nothing was changed; restore a backup, or write a revision that repairs forward with `cargo alembic revision -m "…"`
    [exit status: 2]
    "#);
    assert_snapshot!(project.try_line("import diesel nowhere"), @"
    ------- stderr -------
    error: could not read the Diesel migrations in `$PROJECT/nowhere`
      caused by: No such file or directory (os error 2)
    [exit status: 2]
    ");
}

#[test]
fn what_will_not_run_is_named_and_transactions_are_those_of_diesel() {
    let project = project().with("DATABASE_URL", "postgres://nobody@localhost/nothing");
    let write = |name: &str, text: &str| project.write(&format!("diesel/{name}"), text);
    write("2024-01-01-100000_fine/up.sql", "\u{feff}CREATE TABLE fine (id INTEGER);\n");
    write("2024-01-01-100000_fine/down.sql", "\u{feff}DROP TABLE fine;\n");
    write("2024-01-02-100000_index/up.sql", "CREATE INDEX CONCURRENTLY i ON fine (id);\n");
    write("2024-01-02-100000_index/metadata.toml", "run_in_transaction = false\n");
    write("2024-01-03-100000_back/up.sql", "SELECT 1;\n");
    write("2024-01-03-100000_back/down.sql", "DROP INDEX CONCURRENTLY i;\nSELECT 'open;\n");
    write("2024-01-04-100000_down/up.sql", "SELECT 1;\n");
    write("2024-01-04-100000_down/down.sql", "DROP INDEX CONCURRENTLY i;\n");
    assert_snapshot!(project.try_line("import diesel diesel"), @r#"
    ------- stderr -------
    Importing 4 migrations from $PROJECT/diesel.
    Set `transaction = "per-migration"` in $PROJECT/Cargo.toml.
    warning: the downgrade will be refused: migrations/DATE-20240103100000_back.sql:12:8: this string does not end
    warning: the downgrade will be refused: migrations/DATE-20240104100000_down.sql:11: `DROP INDEX CONCURRENTLY i` cannot run in the transaction of revision `20240104100000`
    hint: write `Transaction: none` into the header; nothing was changed
    "#);
    assert!(!bash(project.path(), "cat migrations/*.sql").contains('\u{feff}'));
    assert!(project.read("Cargo.toml").contains("transaction = \"per-migration\"\n"));
}

#[test]
fn diesel_toml_names_the_folder() {
    let project = project();
    project.write(
        "diesel.toml",
        "[print_schema]\nfile = \"src/schema.rs\"\n\n[migrations_directory]\ndir = \"database/changes\"\n",
    );
    project.write("database/changes/2024-01-01-100000_a/up.sql", "SELECT 1;\n");
    let said = project.try_line("import diesel").stderr;
    let expected = "Importing 1 migration from $PROJECT/database/changes, which $PROJECT/diesel.toml names.\n";
    assert!(said.starts_with(expected), "{said}");
    assert_eq!(project.ok("heads"), "20240101100000 (head)\n");
}

#[test]
fn what_the_configuration_says_of_transactions_stays() {
    let project = Project::new(PROGRAM, "transaction = \"per-run\"\n");
    project.write("diesel/2024-01-01-100000_a/up.sql", "SELECT 1;\n");
    project.ok("import diesel diesel");
    let manifest = project.read("Cargo.toml");
    assert!(manifest.contains("per-run") && !manifest.contains("per-migration"), "{manifest}");
}

#[test]
fn an_import_is_all_or_nothing() {
    let project = Project::new(PROGRAM, "file-template = \"{rev}\"\n");
    project.write("diesel/2024-01-01-100000_posts/up.sql", "SELECT 1;\n");
    project.write("diesel/2024-01-03-100000_vacuum/up.sql", "VACUUM;\n");
    project.write("diesel/2024-01-03-100000_vacuum/metadata.toml", "run_in_transaction = \n");
    project.ok("lock");
    let state = || (bash(project.path(), "find migrations -type f"), project.read("Cargo.toml"));
    let before = state();
    let refused = project.try_line("import diesel diesel");
    assert!(refused.stderr.contains("2024-01-03-100000_vacuum/metadata.toml`\n"), "{refused}");
    assert!(refused.stderr.contains("TOML parse error at line 1, column 22"), "{refused}");
    assert_eq!(refused.status, 2);
    assert_eq!(state(), before);

    // The last of the files cannot be written: another revision has its name.
    project.write("diesel/2024-01-03-100000_vacuum/metadata.toml", "");
    project.revision("a1", "<base>", "", "");
    let _output = bash(project.path(), "mv migrations/a1.sql migrations/20240103100000.sql");
    project.ok("lock");
    let before = state();
    let refused = project.try_line("import diesel diesel");
    assert!(refused.status == 2 && refused.stderr.contains("could not write"), "{refused}");
    assert_eq!(state(), before);
}

#[test]
fn a_live_database_is_taken_over() {
    let project = with_diesel_migrations();
    project.ok("import diesel diesel");
    let sql = "CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY); \
        INSERT INTO __diesel_schema_migrations VALUES ('20240101100000'), ('20240102100000');";
    let _output = bash(project.path(), &format!("sqlite3 shop.db \"{sql}\""));
    project.ok("stamp --from-diesel");
    assert_eq!(project.ok("current"), "20240102100000\n");
}

/// Returns the folder of migrations that the crate fang ships for a database.
fn fang(kind: Kind) -> PathBuf {
    // Packages of other platforms may not have been downloaded.
    let host = "$(rustc -vV | sed -n 's/^host: //p')";
    let metadata = bash(&workspace(), &format!("cargo metadata --format-version 1 --offline --filter-platform {host}"));
    let metadata: serde_json::Value = serde_json::from_str(&metadata).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let fang = packages.iter().find(|package| package["name"] == "fang").expect("a development dependency");
    let folder = match kind {
        Kind::Sqlite => "sqlite_migrations",
        Kind::Postgres => "postgres_migrations",
        Kind::Mysql | Kind::Mariadb => "mysql_migrations",
    };
    Path::new(fang["manifest_path"].as_str().unwrap()).parent().unwrap().join(folder).join("migrations")
}

/// Imports a real project's migrations and runs them up, down, and up again.
fn up_down_up(kind: Kind) -> Option<Database> {
    let db = Database::new(kind)?;
    let project = project().with("DATABASE_URL", db.url());
    project.ok(&format!("import diesel {}", fang(kind).display()));
    project.ok("upgrade head");
    let tables = db.tables();
    assert!(tables.contains("fang_tasks"), "{tables}");
    project.ok("downgrade base");
    assert_eq!((db.tables().as_str(), db.versions().as_str()), ("", ""));
    if kind == Kind::Postgres {
        // fang's down.sql leaves the type of its table behind, with Diesel's tool as with ours.
        db.run("DROP TYPE fang_task_state");
    }
    project.ok("upgrade head");
    assert_eq!(db.tables(), tables);
    Some(db)
}

#[test]
fn fangs_migrations_run_on_sqlite() {
    up_down_up(Kind::Sqlite).unwrap();
}

#[test]
fn fangs_migrations_run_on_mysql_and_mariadb() {
    up_down_up(Kind::Mysql);
    up_down_up(Kind::Mariadb);
}

#[test]
fn fangs_migrations_make_the_schema_that_psql_makes_of_them() {
    let (Some(ours), Some(theirs)) = (up_down_up(Kind::Postgres), Database::new(Kind::Postgres)) else {
        return;
    };
    let folder = fang(Kind::Postgres);
    let _output = bash(
        &folder,
        &format!("cat $(ls -d */ | sort | sed 's|$|up.sql|') | psql -q -v ON_ERROR_STOP=1 '{}'", theirs.url()),
    );
    let dump = |db: &Database| {
        let command = format!("pg_dump -s -T 'alembic_*' '{}' | grep -v '^.restrict\\|^.unrestrict\\|^--'", db.url());
        bash(&workspace(), &command)
    };
    let schema = dump(&theirs);
    assert!(schema.contains("CREATE TABLE public.fang_tasks"));
    assert_eq!(dump(&ours), schema);
}
