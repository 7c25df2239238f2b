//! `import diesel`, and `stamp --from-diesel`.

use std::path::{Path, PathBuf};

use harness::{Database, Kind, Project, bash, workspace};
use insta::assert_snapshot;

use crate::project;

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
    assert_snapshot!(project.try_line("downgrade base"), @"
    ------- stderr -------
    error: revision `20240103100000` (migrations/DATE-20240103100000_vacuum.sql) is irreversible
    hint: nothing was changed; restore a backup, or write a revision that repairs forward
    [exit status: 2]
    ");
    assert_snapshot!(project.try_line("import diesel nowhere"), @"
    ------- stderr -------
    error: could not read the Diesel migrations in `$PROJECT/nowhere`
      caused by: No such file or directory (os error 2)
    [exit status: 2]
    ");
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
