//! Values that PostgreSQL lets nobody use before they are committed.

use alembic_runtime::{__private::Code, Migrations, TransactionMode, prelude::*};
use harness::{Database, Kind, PostgresConn};

use crate::{migrations, scripts::a_script_does_the_same};

const TYPE: &str = "CREATE TYPE mood AS ENUM ('glad');\nCREATE TABLE people (m mood);";

/// A type, a value for it, and its use: the way that `up` adds it.
fn three(up: &str) -> Migrations<PostgresConn> {
    migrations(&[
        ("a", "", TYPE, "DROP TABLE people;\nDROP TYPE mood;"),
        ("b", "a", up, "ALTER TYPE mood ADD VALUE 'was calm';"),
        ("c", "b", "ALTER TABLE people ALTER m SET DEFAULT 'calm';", "ALTER TABLE people ALTER m DROP DEFAULT;"),
        ("d", "c", "INSERT INTO people DEFAULT VALUES;", "DELETE FROM people;"),
    ])
}

#[test]
fn the_next_revision_may_use_a_value() {
    for up in [
        "ALTER TYPE mood ADD VALUE 'calm';",
        "SELECT 1;\nalter type public.\"mood\" add value if not exists 'calm' before 'glad';\nSELECT 2;",
        "DO $$ BEGIN ALTER TYPE mood ADD VALUE 'calm'; END $$;",
        "DO $$ BEGIN EXECUTE format('ALTER TYPE %I ADD VALUE %L', 'mood', 'calm'); END $$;",
    ] {
        let Some(db) = Database::new(Kind::Postgres) else { return };
        let (m, mut conn) = (three(up), db.connect());
        let report = m.upgrade(&mut conn, "head").unwrap();
        assert_eq!((report.steps.len(), report.transactions), (4, 2), "{up}");
        assert_eq!(db.ask("SELECT m::text AS answer FROM people"), "calm");
        a_script_does_the_same(&m, &db);
        m.downgrade(&mut conn, "base").unwrap();
        assert_eq!(db.tables(), "");
    }
}

#[test]
fn a_value_that_a_downgrade_adds_is_committed_too() {
    let Some(db) = Database::new(Kind::Postgres) else { return };
    let m = migrations(&[
        ("a", "", TYPE, ""),
        ("b", "a", "INSERT INTO people VALUES ('glad');", "INSERT INTO people VALUES ('sad');"),
        ("c", "b", "SELECT 1;", "ALTER TYPE mood ADD VALUE 'sad';"),
    ]);
    let mut conn = db.connect::<PostgresConn>();
    m.upgrade(&mut conn, "head").unwrap();
    assert_eq!(m.downgrade(&mut conn, "a").unwrap().transactions, 2);
    assert_eq!(db.ask("SELECT m::text AS answer FROM people ORDER BY m"), "glad,sad");
}

#[test]
fn a_failure_after_the_value_tells_what_is_committed() {
    let Some(db) = Database::new(Kind::Postgres) else { return };
    let m = migrations(&[
        ("a", "", TYPE, ""),
        ("b", "a", "ALTER TYPE mood ADD VALUE 'calm';", ""),
        ("c", "b", "INSERT INTO people VALUES ('calm');", ""),
        ("d", "c", "INSERT INTO absent VALUES (1);", ""),
    ]);
    let error = m.upgrade(&mut db.connect::<PostgresConn>(), "head").unwrap_err();
    assert!(
        error.to_string().ends_with("the revision rolled back with it; the 2 revisions before them committed"),
        "{error}"
    );
    assert_eq!(db.versions(), "b");
}

fn adds(op: &mut Op<'_, PostgresConn>) -> MigrationResult {
    op.execute("ALTER TYPE mood ADD VALUE 'calm'")?;
    Ok(())
}

fn uses(op: &mut Op<'_, PostgresConn>) -> MigrationResult {
    op.execute("INSERT INTO people VALUES ('calm')")?;
    Ok(())
}

#[test]
fn a_value_that_code_adds_is_committed_too() {
    let Some(db) = Database::new(Kind::Postgres) else { return };
    let sql = format!("-- a\n-- Revision ID: a\n-- Revises: <base>\n-- alembic:upgrade\n{TYPE}\n");
    let rust = |id, parent| format!("//! {id}\n//! Revision ID: {id}\n//! Revises: {parent}\npub fn upgrade() {{}}\n");
    let files = [("a.sql", sql), ("b.rs", rust("b", "a")), ("c.rs", rust("c", "b"))];
    let m = Migrations::<PostgresConn>::from_files(files.map(|(name, text)| (name.to_owned(), text))).unwrap();
    let m = m.with_code(|id| Some(Code { upgrade: if id == "b" { adds } else { uses }, downgrade: None }));
    assert_eq!(m.upgrade(&mut db.connect(), "head").unwrap().transactions, 2);
    assert_eq!(db.ask("SELECT m::text AS answer FROM people"), "calm");
    a_script_does_the_same(&m, &db);
}

/// Every way out that the hint names leads out.
#[test]
fn within_one_revision_the_hint_leads_out() {
    let both = "ALTER TYPE mood ADD VALUE 'calm';\nINSERT INTO people VALUES ('calm');";
    let Some(db) = Database::new(Kind::Postgres) else { return };
    let mut conn = db.connect::<PostgresConn>();
    let error = migrations(&[("a", "", TYPE, ""), ("b", "a", both, "")]).upgrade(&mut conn, "head").unwrap_err();
    let hint = error.hint().unwrap().to_string();
    assert!(hint.contains("a revision of its own") && hint.contains("`Transaction: none`"), "{error}: {hint}");
    assert_eq!(db.tables(), "");
    let m = migrations(&[("a", "", TYPE, ""), ("b", "a\n-- Transaction: none", both, "")]);
    m.upgrade(&mut conn, "head").unwrap();
    assert_eq!(db.ask("SELECT m::text AS answer FROM people"), "calm");
    a_script_does_the_same(&m, &db);
}

#[test]
fn a_value_that_a_called_function_adds_takes_a_transaction_per_migration() {
    let Some(db) = Database::new(Kind::Postgres) else { return };
    let function = "CREATE FUNCTION add() RETURNS void LANGUAGE plpgsql AS \
                    $$ BEGIN ALTER TYPE mood ADD VALUE 'calm'; END $$;";
    let first = format!("{TYPE}\n{function}");
    let m = migrations(&[
        ("a", "", &first, ""),
        ("b", "a", "SELECT add();", ""),
        ("c", "b", "INSERT INTO people VALUES ('calm');", ""),
    ]);
    let mut conn = db.connect::<PostgresConn>();
    let error = m.upgrade(&mut conn, "head").unwrap_err();
    assert!(
        error.hint().unwrap().to_string().contains("`transaction = \"per-migration\"`"),
        "{error}: {:?}",
        error.hint()
    );
    m.migrator().transaction(TransactionMode::PerMigration).upgrade(&mut conn, "head").unwrap();
    assert_eq!(db.versions(), "c");
}

#[test]
fn a_transaction_of_the_caller_is_told_to_be_in_the_way() {
    use diesel::Connection;
    let Some(db) = Database::new(Kind::Postgres) else { return };
    let mut conn = db.connect::<PostgresConn>();
    let m = three("ALTER TYPE mood ADD VALUE 'calm';");
    let refused = conn.transaction::<_, diesel::result::Error, _>(|conn| Ok(m.upgrade(conn, "head").unwrap_err()));
    let hint = refused.unwrap().hint().unwrap().to_string();
    assert!(hint.contains("before the transaction is begun"), "{hint}");
    m.upgrade(&mut conn, "head").unwrap();
}

#[test]
fn checks_that_wait_for_the_commit_are_made_when_the_hint_is_followed() {
    let tables = "CREATE TABLE p (id INTEGER PRIMARY KEY);\n\
                  CREATE TABLE c (p INTEGER REFERENCES p DEFERRABLE INITIALLY DEFERRED);";
    let Some(db) = Database::new(Kind::Postgres) else { return };
    let mut conn = db.connect::<PostgresConn>();
    let spec = |last| {
        migrations(&[
            ("a", "", tables, ""),
            ("b", "a", "INSERT INTO p VALUES (1);\nINSERT INTO c VALUES (1);", ""),
            ("c", "b", last, ""),
        ])
    };
    let error = spec("ALTER TABLE c ADD x INTEGER;").upgrade(&mut conn, "head").unwrap_err();
    assert!(
        error.hint().unwrap().to_string().contains("`SET CONSTRAINTS ALL IMMEDIATE;`"),
        "{error}: {:?}",
        error.hint()
    );
    spec("SET CONSTRAINTS ALL IMMEDIATE;\nALTER TABLE c ADD x INTEGER;").upgrade(&mut conn, "head").unwrap();
}

#[test]
fn what_is_done_in_a_transaction_of_the_caller_is_not_called_committed() {
    use diesel::Connection;
    let Some(db) = Database::new(Kind::Postgres) else { return };
    let m = migrations(&[
        ("a", "", TYPE, ""),
        ("b", "a", "ALTER TYPE mood ADD VALUE 'calm';", ""),
        ("c", "b", "SELECT 1;", ""),
        ("d", "c", "INSERT INTO absent VALUES (1);", ""),
    ]);
    let mut conn = db.connect::<PostgresConn>();
    let told =
        conn.transaction::<_, diesel::result::Error, _>(|conn| Ok(m.upgrade(conn, "head").unwrap_err())).unwrap();
    let expected =
        "the revision rolled back with it; the 2 revisions before it: done in your transaction, not committed";
    assert!(told.to_string().ends_with(expected), "{told}");
    // The caller has committed, and so they are there.
    assert_eq!(db.versions(), "b");
    let rolled_back = Database::new(Kind::Postgres).unwrap();
    let mut conn = rolled_back.connect::<PostgresConn>();
    conn.begin_test_transaction().unwrap();
    let told = m.upgrade(&mut conn, "head").unwrap_err();
    assert!(told.to_string().ends_with(expected), "{told}");
    drop(conn);
    assert_eq!(rolled_back.tables(), "");
}

#[test]
fn several_values_are_used_after_their_revision_in_every_mode() {
    let several = "ALTER TYPE mood ADD VALUE IF NOT EXISTS 'calm';\nALTER TYPE mood ADD VALUE 'sad' BEFORE 'glad';\n\
                   CREATE FUNCTION add() RETURNS void LANGUAGE plpgsql AS $$ BEGIN ALTER TYPE mood ADD VALUE 'x'; END $$;";
    for mode in [TransactionMode::PerRun, TransactionMode::PerMigration] {
        let Some(db) = Database::new(Kind::Postgres) else { return };
        let mut conn = db.connect::<PostgresConn>();
        let m = three(several);
        m.migrator().transaction(mode).upgrade(&mut conn, "head").unwrap();
        assert_eq!(db.ask("SELECT m::text AS answer FROM people"), "calm");
    }
}

#[test]
fn a_script_commits_a_value_before_its_use() {
    for up in ["ALTER TYPE mood ADD VALUE 'calm';", "DO $$ BEGIN ALTER TYPE mood ADD VALUE 'calm'; END $$;"] {
        let Some(db) = Database::new(Kind::Postgres) else { return };
        let m = three(up);
        db.run_script(&crate::scripts::script(&m, "upgrade head", &db)).unwrap();
        assert_eq!((db.versions().as_str(), db.ask("SELECT m::text AS answer FROM people").as_str()), ("d", "calm"));
    }
}
