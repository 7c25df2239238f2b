//! Where the version table is found, and where it would be made.

use std::sync::Arc;

use alembic_graph::{Collection, config::Settings, version_table::VersionTable};
use alembic_runtime::{__private::Code, Error, MigrationResult, Migrations, Op, Purge};
use diesel::connection::SimpleConnection;
use harness::{Database, Kind, PostgresConn, SqliteConn};

use crate::migrations;

const FIRST: (&str, &str, &str, &str) = ("aa11", "", "CREATE TABLE users (id INTEGER PRIMARY KEY)", "DROP TABLE users");
const SECOND: (&str, &str, &str, &str) = (
    "bb22",
    "aa11",
    "ALTER TABLE users ADD mail text; UPDATE users SET mail = 'x'",
    "ALTER TABLE users DROP COLUMN mail",
);

/// Connects with a search path.
fn with_path(db: &Database, path: &str) -> PostgresConn {
    let mut conn = db.connect::<PostgresConn>();
    conn.batch_execute(&format!("SET search_path = {path}")).unwrap();
    conn
}

/// A database whose `public` was migrated for one tenant, and that has an empty schema for another.
fn tenants() -> Option<Database> {
    let db = Database::new(Kind::Postgres)?;
    migrations(&[FIRST]).upgrade(&mut db.connect::<PostgresConn>(), "head").unwrap();
    db.run("INSERT INTO users VALUES (1); CREATE SCHEMA t1");
    Some(db)
}

/// Expects a question that names both schemas and the setting that decides.
fn asks<T: std::fmt::Debug>(result: Result<T, Error>) {
    let error = result.unwrap_err();
    let Error::WhichSchema { found, first, .. } = &error else { panic!("{error}") };
    assert_eq!((found.as_str(), first.as_str()), ("public", "t1"));
    assert!(error.hint().unwrap().to_string().contains("version-table = \"t1.alembic_version\""), "{error}");
}

#[test]
fn a_version_table_of_another_schema_is_a_question() {
    let Some(db) = tenants() else { return };
    let (at_head, behind) = (|| migrations(&[FIRST]), || migrations(&[FIRST, SECOND]));
    let record = "SELECT version_num || (SELECT count(*) FROM alembic_version_log) AS answer FROM alembic_version";
    let before = db.ask(record);
    for path in ["t1, public", "nowhere, t1, public", "\"t1\", pg_catalog, public"] {
        let mut conn = with_path(&db, path);
        asks(at_head().upgrade(&mut conn, "head"));
        asks(behind().upgrade(&mut conn, "head"));
        asks(behind().migrator().dry_run().upgrade(&mut conn, "head"));
        asks(at_head().downgrade(&mut conn, "base"));
        asks(at_head().stamp(&mut conn, "base"));
        asks(at_head().migrator().stamp(&mut conn, &["aa11"], Purge::Yes));
        asks(at_head().migrator().ensure_version(&mut conn));
        asks(at_head().current(&mut conn));
        asks(at_head().status(&mut conn));
        asks(behind().check(&mut conn));
        asks(at_head().log(&mut conn, 9));
    }
    let columns = "SELECT count(*)::text AS answer FROM information_schema.columns WHERE table_name = 'users'";
    assert_eq!((db.ask(record), db.ask(columns)), (before, "1".to_owned()));
}

#[test]
fn the_setting_decides_which_schema_is_meant() {
    let Some(db) = tenants() else { return };
    let of = |table: &str| {
        let text = |(id, parents, up, down): (&str, &str, &str, &str)| {
            let header = format!(
                "-- {id}\n-- Revision ID: {id}\n-- Revises: {}\n",
                if parents.is_empty() { "<base>" } else { parents }
            );
            (format!("{id}.sql"), format!("{header}\n-- alembic:upgrade\n{up};\n-- alembic:downgrade\n{down};\n"))
        };
        let files = [text(FIRST), text(SECOND)];
        let collection = Collection::read(files.iter().map(|(path, text)| (path.as_str(), text.as_bytes()))).unwrap();
        let settings = Settings { version_table: VersionTable::new(table), ..Settings::default() };
        let graph = Arc::new(collection.graph.clone());
        Migrations::<PostgresConn>::from_graph(graph, settings, move |graph, node| {
            Ok(collection.script(graph.revision(node)).unwrap().clone())
        })
    };
    let mut conn = with_path(&db, "t1, public");
    of("t1.alembic_version").upgrade(&mut conn, "head").unwrap();
    assert_eq!(
        db.ask("SELECT mail AS answer FROM t1.users UNION ALL SELECT version_num FROM public.alembic_version"),
        "aa11"
    );
    // It has a version table of its own now, which is found without being named.
    assert_eq!(migrations(&[FIRST, SECOND]).current(&mut conn).unwrap(), ["bb22"]);
    assert_eq!(migrations(&[FIRST]).current(&mut with_path(&db, "public, t1")).unwrap(), ["aa11"]);
    assert_eq!(of("public.alembic_version").current(&mut conn).unwrap(), ["aa11"]);
}

/// Upgrades, upgrades again, and downgrades, with a path that begins with a schema of the first revision.
fn goes_on(m: impl Fn() -> Migrations<PostgresConn>) {
    let Some(db) = Database::new(Kind::Postgres) else { return };
    let conn = || with_path(&db, "data, public");
    assert_eq!(m().upgrade(&mut conn(), "aa11").unwrap().steps.len(), 1);
    assert_eq!(m().current(&mut conn()).unwrap(), ["aa11"]);
    assert_eq!(m().upgrade(&mut conn(), "head").unwrap().steps.len(), 1);
    assert_eq!(m().upgrade(&mut conn(), "head").unwrap().steps.len(), 0);
    assert_eq!(m().check(&mut conn()).unwrap().rows, ["bb22"]);
    assert_eq!(m().log(&mut conn(), 9).unwrap().len(), 2);
    assert_eq!(db.ask("SELECT schemaname || '.' || tablename AS answer FROM pg_tables WHERE tablename ~ '^(alembic|users)' ORDER BY 1"),
        "data.users,public.alembic_lock,public.alembic_version,public.alembic_version_log");
    assert_eq!(m().downgrade(&mut conn(), "base").unwrap().steps.len(), 2);
    assert_eq!(m().upgrade(&mut conn(), "head").unwrap().steps.len(), 2);
}

#[test]
fn a_schema_that_a_revision_makes_may_come_first() {
    let users = ("bb22", "aa11", "CREATE TABLE users (id INTEGER)", "DROP TABLE users");
    goes_on(|| migrations(&[("aa11", "", "CREATE SCHEMA data", "DROP SCHEMA data"), users]));
    let block = "DO $$ BEGIN CREATE SCHEMA IF NOT EXISTS data; END $$";
    goes_on(|| migrations(&[("aa11", "\n-- Transaction: none", block, "DROP SCHEMA data"), users]));
    goes_on(|| migrations(&[("aa11", "", "CREATE SCHEMA IF NOT EXISTS data", ""), users]));
}

fn makes_data(op: &mut Op<'_, PostgresConn>) -> MigrationResult {
    op.execute("CREATE SCHEMA data")?;
    Ok(())
}

fn drops_data(op: &mut Op<'_, PostgresConn>) -> MigrationResult {
    op.execute("DROP SCHEMA data")?;
    Ok(())
}

#[test]
fn a_schema_that_a_function_makes_may_come_first() {
    goes_on(|| {
        let text = "//! aa11\n//! Revision ID: aa11\n//! Revises: <base>\npub fn upgrade() { \"CREATE SCHEMA data\" }\npub fn downgrade() {}\n";
        let users = "-- bb22\n-- Revision ID: bb22\n-- Revises: aa11\n\n-- alembic:upgrade\nCREATE TABLE users (id INTEGER);\n-- alembic:downgrade\nDROP TABLE users;\n";
        let files = [("aa11.rs", text), ("bb22.sql", users)].map(|(name, text)| (name.to_owned(), text.to_owned()));
        let code =
            |id: &str| (id == "aa11").then_some(Code { upgrade: makes_data as _, downgrade: Some(drops_data as _) });
        Migrations::from_files(files).unwrap().with_code(code)
    });
}

#[test]
fn a_path_that_leads_nowhere_is_said() {
    let Some(db) = tenants() else { return };
    for path in ["''", "nowhere"] {
        let mut conn = with_path(&db, path);
        let error = migrations(&[FIRST]).current(&mut conn).unwrap_err();
        assert!(matches!(error, Error::NoSchema { .. }), "{error}");
        assert!(error.to_string().contains("search path"), "{error}");
        assert!(matches!(migrations(&[FIRST]).upgrade(&mut conn, "head"), Err(Error::NoSchema { .. })));
    }
}

#[test]
fn diesels_table_of_another_schema_is_not_taken_over() {
    let Some(db) = Database::new(Kind::Postgres) else { return };
    db.run("CREATE TABLE __diesel_schema_migrations (version TEXT); CREATE SCHEMA t1");
    db.run("INSERT INTO __diesel_schema_migrations VALUES ('aa11')");
    let mut conn = with_path(&db, "t1, public");
    let error = migrations(&[FIRST]).migrator().stamp_from_diesel(&mut conn).unwrap_err().to_string();
    assert!(error.contains("`public`") && error.contains("`t1`"), "{error}");
    assert!(!db.has_table("alembic_version"));
}

#[test]
fn a_table_of_that_name_elsewhere_in_sqlite_is_another() {
    let db = Database::new(Kind::Sqlite).unwrap();
    let m = migrations(&[FIRST]);
    let mut conn = db.connect::<SqliteConn>();
    for elsewhere in ["ATTACH ':memory:' AS other; CREATE TABLE other", "CREATE TEMPORARY TABLE temp"] {
        let tables = format!(
            "{elsewhere}.alembic_version (version_num TEXT); {}.alembic_version_log (id INTEGER, revision TEXT, \
            state TEXT, node TEXT, statement INTEGER, intent INTEGER, position INTEGER, by_hand INTEGER)",
            elsewhere.rsplit(';').next().unwrap()
        );
        conn.batch_execute(&tables).unwrap();
        conn.batch_execute("INSERT INTO alembic_version VALUES ('aa11')").unwrap();
        assert_eq!(m.current(&mut conn).unwrap(), [""; 0]);
        assert_eq!(m.upgrade(&mut conn, "head").unwrap().steps.len(), 1);
        m.downgrade(&mut conn, "base").unwrap();
        conn.batch_execute(
            "DROP TABLE main.alembic_version; DROP TABLE main.alembic_version_log; DROP TABLE main.alembic_lock",
        )
        .unwrap();
    }
}
