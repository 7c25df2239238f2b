//! Diesel's own harness, and its table.

use alembic_runtime::{Migrations, Verdict};
use diesel_migrations::MigrationHarness;
use harness::{SqliteConn, on_every_database};
use include_dir::{Dir, include_dir};

use crate::{LINE, migrations};

static FOLDER: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/runtime/migrations");

#[test]
fn diesels_harness_runs_a_linear_history() {
    let Some(db) = harness::Database::new(harness::Kind::Sqlite) else {
        return;
    };
    let mut conn = db.connect::<SqliteConn>();
    conn.run_pending_migrations(migrations::<SqliteConn>(LINE)).unwrap();
    assert!(db.tables().ends_with("ta,tb,tc"), "{}", db.tables());
    conn.revert_last_migration(migrations::<SqliteConn>(LINE)).unwrap();
    assert!(db.tables().ends_with("ta,tb"));
}

#[test]
fn diesels_harness_is_told_that_it_cannot_branch() {
    use diesel::migration::MigrationSource;
    let branched = migrations::<SqliteConn>(&[("a", "", "", ""), ("b", "a", "", ""), ("c", "a", "", "")]);
    let Err(error) = MigrationSource::<diesel::sqlite::Sqlite>::migrations(&branched) else { panic!("no error") };
    assert!(error.to_string().contains("`a` is a branch or merge point"), "{error}");
}

#[test]
fn a_folder_can_be_embedded_without_the_macro() {
    let Some(db) = harness::Database::new(harness::Kind::Sqlite) else {
        return;
    };
    let m = Migrations::<SqliteConn>::from_dir(&FOLDER).unwrap();
    m.upgrade(&mut db.connect(), "head").unwrap();
    assert_eq!(db.tables(), "notes");
}

on_every_database! {
    fn a_database_of_diesels_harness_is_taken_over(db) {
        db.run("CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY NOT NULL)");
        db.run("INSERT INTO __diesel_schema_migrations (version) VALUES ('a'), ('b')");
        let m = migrations::<Conn>(LINE);
        let mut conn = db.connect::<Conn>();
        assert_eq!(m.migrator().stamp_from_diesel(&mut conn).unwrap().rows, ["b"]);
        assert_eq!(m.status(&mut conn).unwrap().verdict, Verdict::Pending);
        db.run("DELETE FROM __diesel_schema_migrations WHERE version = 'a'");
        let error = m.migrator().stamp_from_diesel(&mut conn).unwrap_err().to_string();
        assert!(error.contains("does not list `a`, which come before `b`"), "{error}");
        db.run("INSERT INTO __diesel_schema_migrations (version) VALUES ('zz')");
        let error = m.migrator().stamp_from_diesel(&mut conn).unwrap_err().to_string();
        assert!(error.contains("`zz`, which no revision stands for"), "{error}");
    }
}
