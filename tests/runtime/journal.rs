//! Steps outside a transaction: they resume where they stopped.

use alembic_runtime::{Error, Finding, Outcome, Resolution, Verdict};
use harness::{Kind, on_every_database};

use crate::migrations;

fn spec(second: &'static str, third: &'static str) -> Vec<(&'static str, &'static str, &'static str, &'static str)> {
    let up: &'static str = Box::leak(format!("CREATE TABLE ta (x INTEGER);\n{second};\n{third};").into_boxed_str());
    vec![("a", "\n-- Transaction: none", up, "DROP TABLE ta;")]
}

on_every_database! {
    fn a_step_without_transaction_runs_statement_by_statement(db) {
        let third = match KIND {
            Kind::Sqlite => "VACUUM",
            Kind::Postgres => "CREATE INDEX CONCURRENTLY i ON ta (x)",
            Kind::Mariadb => "CREATE INDEX i ON ta (x)",
        };
        let m = migrations::<Conn>(&spec("INSERT INTO ta VALUES (1)", third));
        let mut conn = db.connect::<Conn>();
        m.upgrade(&mut conn, "head").unwrap();
        assert_eq!(db.versions(), "a");
        m.downgrade(&mut conn, "base").unwrap();
        assert_eq!(db.tables(), "");
    }

    fn after_a_failure_the_next_run_goes_on(db) {
        let mut conn = db.connect::<Conn>();
        let broken = migrations::<Conn>(&spec("INSERT INTO ta VALUES (1)", "INSERT INTO nowhere VALUES (1)"));
        let Error::Statement(error) = broken.upgrade(&mut conn, "head").unwrap_err() else { panic!("another error") };
        assert_eq!((error.number, error.outcome), (Some(3), Outcome::Partial { done: 2 }));
        assert_eq!(db.versions(), "");
        assert_eq!(broken.status(&mut conn).unwrap().verdict, Verdict::Partial);
        let mended = migrations::<Conn>(&spec("INSERT INTO ta VALUES (1)", "INSERT INTO ta VALUES (3)"));
        mended.upgrade(&mut conn, "head").unwrap();
        assert_eq!(db.ask("SELECT CAST(x AS CHAR(9)) AS answer FROM ta ORDER BY x").replace(' ', ""), "1,3");
        assert_eq!(mended.status(&mut conn).unwrap().verdict, Verdict::UpToDate);
    }

    fn statements_that_were_run_must_not_be_edited(db) {
        let mut conn = db.connect::<Conn>();
        let broken = migrations::<Conn>(&spec("INSERT INTO ta VALUES (1)", "INSERT INTO nowhere VALUES (1)"));
        broken.upgrade(&mut conn, "head").unwrap_err();
        let edited = migrations::<Conn>(&spec("INSERT INTO ta VALUES (2)", "INSERT INTO ta VALUES (3)"));
        let Error::Inconsistent(findings) = edited.upgrade(&mut conn, "head").unwrap_err() else { panic!("another error") };
        assert!(matches!(&findings[..], [Finding::Edited { revision, .. }] if revision == "a"));
    }

    fn a_step_that_was_undone_by_hand_can_be_abandoned(db) {
        let mut conn = db.connect::<Conn>();
        let broken = migrations::<Conn>(&spec("INSERT INTO ta VALUES (1)", "INSERT INTO nowhere VALUES (1)"));
        broken.upgrade(&mut conn, "head").unwrap_err();
        db.run("DROP TABLE ta");
        let rewritten = migrations::<Conn>(&spec("INSERT INTO ta VALUES (2)", "INSERT INTO ta VALUES (3)"));
        rewritten.upgrade(&mut conn, "head").unwrap_err();
        rewritten.migrator().resolve(&mut conn, "a", Resolution::Abandon).unwrap();
        rewritten.upgrade(&mut conn, "head").unwrap();
        assert_eq!(db.ask("SELECT CAST(x AS CHAR(9)) AS answer FROM ta ORDER BY x").replace(' ', ""), "2,3");
    }

    fn a_step_that_failed_at_once_leaves_nothing_open(db) {
        let mut conn = db.connect::<Conn>();
        let broken = migrations::<Conn>(&[("a", "\n-- Transaction: none", "BAD;", "")]);
        broken.upgrade(&mut conn, "head").unwrap_err();
        assert_eq!(broken.status(&mut conn).unwrap().verdict, Verdict::Pending);
        migrations::<Conn>(&[("b", "", "CREATE TABLE tb (x INTEGER);", "")]).upgrade(&mut conn, "head").unwrap();
        assert_eq!(db.versions(), "b");
    }

    fn an_interrupted_statement_is_for_a_person_to_decide(db) {
        let mut conn = db.connect::<Conn>();
        let m = migrations::<Conn>(&spec("INSERT INTO ta VALUES (1)", "INSERT INTO ta VALUES (3)"));
        let broken = migrations::<Conn>(&spec("INSERT INTO ta VALUES (1)", "INSERT INTO nowhere VALUES (1)"));
        broken.upgrade(&mut conn, "head").unwrap_err();
        // What a process that is killed during the third statement leaves behind.
        db.run("UPDATE alembic_version_log SET state = 'running', finished_at = NULL");
        let short = std::time::Duration::from_millis(100);
        let error = m.migrator().lock_timeout(short).upgrade(&mut conn, "head").unwrap_err();
        assert!(error.to_string().contains("is running, or was interrupted, after 2 of 3 statements"), "{error}");
        m.migrator().resolve(&mut conn, "a", Resolution::Retry).unwrap();
        m.upgrade(&mut conn, "head").unwrap();
        assert_eq!(db.ask("SELECT CAST(x AS CHAR(9)) AS answer FROM ta ORDER BY x").replace(' ', ""), "1,3");
    }
}

#[test]
fn mariadb_keeps_autocommit_as_it_was() {
    let Some(db) = harness::Database::new(Kind::Mariadb) else {
        return;
    };
    let mut conn = db.connect::<harness::MariadbConn>();
    migrations(crate::LINE).upgrade(&mut conn, "head").unwrap();
    diesel::connection::SimpleConnection::batch_execute(&mut conn, "INSERT INTO ta VALUES (7)").unwrap();
    drop(conn);
    assert_eq!(db.ask("SELECT CAST(x AS CHAR) AS answer FROM ta WHERE x = 7"), "7");
}
