//! What a message says is in the database is there, and what its hint says leads out.

use alembic_runtime::{Error, Outcome, Resolution};
use diesel::connection::SimpleConnection;
use harness::{Database, Kind, SqliteConn, on_every_database};

use crate::migrations;

const TABLES: &str = "CREATE TABLE p (id INTEGER PRIMARY KEY);\n\
    CREATE TABLE c (p INTEGER NOT NULL REFERENCES p (id) ON DELETE CASCADE);\n\
    INSERT INTO p VALUES (1), (2);\nINSERT INTO c VALUES (1), (2);";

/// `before` stands in front of the statement that is refused.
fn rebuild(before: &str) -> String {
    format!(
        "CREATE TABLE new (id INTEGER PRIMARY KEY);\nINSERT INTO new SELECT id FROM p;\n{before}DROP TABLE p;\n\
         ALTER TABLE new RENAME TO p;"
    )
}

#[test]
fn a_refused_drop_tells_what_is_there_and_goes_on_where_it_stopped() {
    for (way_out, rows) in [("PRAGMA foreign_keys = OFF;\n", "2"), ("DELETE FROM c;\n", "0")] {
        let db = Database::new(Kind::Sqlite).unwrap();
        let mut conn = db.connect::<SqliteConn>();
        conn.batch_execute("PRAGMA foreign_keys = ON").unwrap();
        let spec = |sql: &str| migrations(&[("a", "", TABLES, ""), ("b", "a\n-- Transaction: none", sql, "")]);
        let error = spec(&rebuild("")).upgrade(&mut conn, "head").unwrap_err();
        let Error::Cascade { outcome, .. } = &error else { panic!("{error}") };
        assert_eq!(*outcome, Outcome::Partial { done: 2 });
        assert!(error.to_string().ends_with("2 statements of it are committed"), "{error}");
        assert!(error.hint().unwrap().to_string().contains("`PRAGMA foreign_keys = OFF;`"), "{:?}", error.hint());
        assert!(db.has_table("new"));
        assert_eq!(db.ask("SELECT state AS answer FROM alembic_version_log ORDER BY id DESC LIMIT 1"), "failed");
        spec(&rebuild(way_out)).upgrade(&mut conn, "head").unwrap();
        assert_eq!(db.ask("SELECT CAST(COUNT(*) AS TEXT) AS answer FROM c"), rows);
    }
}

#[test]
fn a_refused_drop_in_a_transaction_leaves_nothing() {
    let db = Database::new(Kind::Sqlite).unwrap();
    let mut conn = db.connect::<SqliteConn>();
    conn.batch_execute("PRAGMA foreign_keys = ON").unwrap();
    migrations(&[("a", "", TABLES, "")]).upgrade(&mut conn, "head").unwrap();
    let sql = rebuild("");
    let error = migrations(&[("a", "", TABLES, ""), ("b", "a", &sql, "")]).upgrade(&mut conn, "head").unwrap_err();
    assert!(error.to_string().ends_with("nothing was changed"), "{error}");
    assert!(!db.has_table("new"));
    let off = migrations(&[("a", "", TABLES, ""), ("b", "a\n-- Foreign Keys: off", &sql, "")]);
    off.upgrade(&mut conn, "head").unwrap();
}

/// Leaves the log as a process does that is killed after the first of two statements.
fn killed(db: &Database) {
    db.run("UPDATE alembic_version_log SET state = 'running', finished_at = NULL, error = NULL, session = NULL WHERE state = 'failed'");
}

const UP: &str = "CREATE TABLE tb (x INTEGER);\nCREATE TABLE tc (x INTEGER);";
const DOWN: &str = "DROP TABLE tc;\nDROP TABLE tb;";

on_every_database! {
    fn a_killed_step_is_run_again_or_given_up(db) {
        let none = "a\n-- Transaction: none";
        let spec = |up: &str, down: &str| migrations::<Conn>(&[("a", "", "CREATE TABLE ta (x INTEGER);", "DROP TABLE ta;"), ("b", none, up, down)]);
        let (good, mut conn) = (spec(UP, DOWN), db.connect::<Conn>());
        let bad_down = spec(UP, "DROP TABLE tc;\nBAD;");
        let bad_up = spec("CREATE TABLE tb (x INTEGER);\nBAD;", DOWN);

        // Upgrade: run again.
        bad_up.upgrade(&mut conn, "head").unwrap_err();
        killed(&db);
        let error = good.downgrade(&mut conn, "base").unwrap_err();
        let hint = error.hint().unwrap().to_string();
        assert!(hint.contains("run the upgrade of `b` again") && hint.contains("`b` counts as not applied"), "{hint}");
        good.upgrade(&mut conn, "head").unwrap();
        assert_eq!((db.versions().as_str(), db.tables().as_str()), ("b", "ta,tb,tc"));

        // Downgrade: run again.
        bad_down.downgrade(&mut conn, "a").unwrap_err();
        killed(&db);
        let error = good.upgrade(&mut conn, "head").unwrap_err();
        let hint = error.hint().unwrap().to_string();
        assert!(hint.contains("run the downgrade of `b` again") && hint.contains("`b` counts as applied"), "{hint}");
        assert!(hint.contains("run `cargo alembic resolve b --abort`"), "{hint}");
        good.downgrade(&mut conn, "a").unwrap();
        assert_eq!((db.versions().as_str(), db.tables().as_str()), ("a", "ta"));

        // Upgrade: given up.
        bad_up.upgrade(&mut conn, "head").unwrap_err();
        killed(&db);
        db.run("DROP TABLE tb");
        good.migrator().resolve(&mut conn, "b", None, Resolution::Abort).unwrap();
        assert_eq!(good.upgrade(&mut conn, "a").unwrap().steps.len(), 0);
        good.upgrade(&mut conn, "head").unwrap();

        // Downgrade: given up.
        bad_down.downgrade(&mut conn, "a").unwrap_err();
        killed(&db);
        db.run("CREATE TABLE tc (x INTEGER)");
        good.migrator().resolve(&mut conn, "b", None, Resolution::Abort).unwrap();
        assert_eq!(good.upgrade(&mut conn, "head").unwrap().steps.len(), 0);
        assert_eq!((db.versions().as_str(), db.tables().as_str()), ("b", "ta,tb,tc"));
        good.downgrade(&mut conn, "base").unwrap();
    }

    fn head_names_none_of_several_also_when_all_are_applied(db) {
        let m = migrations::<Conn>(&[
            ("a", "", "CREATE TABLE ta (x INTEGER);", ""),
            ("b", "a", "CREATE TABLE tb (x INTEGER);", ""),
            ("c", "a", "CREATE TABLE tc (x INTEGER);", ""),
        ]);
        let mut conn = db.connect::<Conn>();
        let behind = m.upgrade(&mut conn, "head").unwrap_err().to_string();
        m.upgrade(&mut conn, "heads").unwrap();
        assert_eq!(m.upgrade(&mut conn, "head").unwrap_err().to_string(), behind);
        assert_eq!(m.upgrade(&mut conn, "heads").unwrap().steps.len(), 0);
    }
}
