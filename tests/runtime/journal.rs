//! Steps outside a transaction: they resume where they stopped.

use alembic_runtime::{Error, Finding, Outcome, Resolution, Verdict};
use harness::{Kind, on_every_database, on_mysql_and_mariadb};

use crate::{migrations, scripts::a_script_does_the_same};

fn spec(second: &'static str, third: &'static str) -> Vec<(&'static str, &'static str, &'static str, &'static str)> {
    let up: &'static str = Box::leak(format!("CREATE TABLE ta (x INTEGER);\n{second};\n{third};").into_boxed_str());
    vec![("a", "\n-- Transaction: none", up, "DROP TABLE ta;")]
}

on_every_database! {
    fn a_step_without_transaction_runs_statement_by_statement(db) {
        let third = match KIND {
            Kind::Sqlite => "VACUUM",
            Kind::Postgres => "CREATE INDEX CONCURRENTLY i ON ta (x)",
            Kind::Mysql | Kind::Mariadb => "CREATE INDEX i ON ta (x)",
        };
        let m = migrations::<Conn>(&spec("INSERT INTO ta VALUES (1)", third));
        let mut conn = db.connect::<Conn>();
        m.upgrade(&mut conn, "head").unwrap();
        assert_eq!(db.versions(), "a");
        a_script_does_the_same(&m, &db);
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
        assert!(matches!(&findings[..], [Finding::Rewritten { revision, done: 2, .. }] if revision == "a"));
        assert!(edited.migrator().dry_run().upgrade(&mut conn, "head").is_err(), "a dry run says the same");
        assert!(matches!(&edited.status(&mut conn).unwrap().findings[..], [Finding::Rewritten { .. }]));
    }

    fn a_step_that_was_undone_by_hand_can_be_aborted(db) {
        let mut conn = db.connect::<Conn>();
        let broken = migrations::<Conn>(&spec("INSERT INTO ta VALUES (1)", "INSERT INTO nowhere VALUES (1)"));
        broken.upgrade(&mut conn, "head").unwrap_err();
        db.run("DROP TABLE ta");
        let rewritten = migrations::<Conn>(&spec("INSERT INTO ta VALUES (2)", "INSERT INTO ta VALUES (3)"));
        rewritten.upgrade(&mut conn, "head").unwrap_err();
        rewritten.migrator().resolve(&mut conn, "a", None, Resolution::Abort).unwrap();
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

    fn what_was_done_before_the_comments_changed_is_still_the_same(db) {
        let mut conn = db.connect::<Conn>();
        let broken = migrations::<Conn>(&spec("INSERT INTO ta VALUES (1)", "INSERT INTO nowhere VALUES (1)"));
        broken.upgrade(&mut conn, "head").unwrap_err();
        let mended = migrations::<Conn>(&spec("INSERT INTO ta -- one\n VALUES (1)", "INSERT INTO ta VALUES (3)"));
        mended.upgrade(&mut conn, "head").unwrap();
        assert_eq!(db.ask("SELECT CAST(x AS CHAR(9)) AS answer FROM ta ORDER BY x").replace(' ', ""), "1,3");
    }
}

on_mysql_and_mariadb! {
    fn autocommit_stays_as_it_was(db) {
        let mut conn = db.connect::<Conn>();
        migrations(crate::LINE).upgrade(&mut conn, "head").unwrap();
        diesel::connection::SimpleConnection::batch_execute(&mut conn, "INSERT INTO ta VALUES (7)").unwrap();
        drop(conn);
        assert_eq!(db.ask("SELECT CAST(x AS CHAR) AS answer FROM ta WHERE x = 7"), "7");
    }
}
