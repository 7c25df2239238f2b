use alembic_runtime::{Error, Outcome};
use harness::{Kind, on_every_database};

use crate::migrations;

const FAILING: &[(&str, &str, &str, &str)] = &[
    ("a", "", "CREATE TABLE ta (x INTEGER PRIMARY KEY);", "DROP TABLE ta;"),
    (
        "b",
        "a",
        "CREATE TABLE tb (x INTEGER);\n\nINSERT INTO ta (x) VALUES (1);\n  INSERT INTO ta (x) VALUES (1);\nCREATE TABLE never (x INTEGER);",
        "DROP TABLE tb;",
    ),
];

on_every_database! {
    fn the_failing_statement_is_named_with_its_line(db) {
        let m = migrations::<Conn>(FAILING);
        let mut conn = db.connect::<Conn>();
        let Error::Statement(error) = m.upgrade(&mut conn, "head").unwrap_err() else { panic!("another error") };
        assert_eq!((error.revision.as_str(), error.number, error.statements), ("b", Some(3), 4));
        assert_eq!((error.path.as_str(), error.line, error.column), ("b.sql", 9, 3));
        assert_eq!(error.statement, "INSERT INTO ta (x) VALUES (1)");
        let text = error.to_string();
        if KIND.is_mysql_family() {
            assert_eq!(error.outcome, Outcome::Partial { done: 2 });
            assert_eq!((db.versions().as_str(), db.tables().as_str()), ("a", "ta,tb"));
        } else {
            assert_eq!(error.outcome, Outcome::RolledBack { committed: 0, undone: 1 });
            assert_eq!(db.tables(), "");
            assert!(text.contains("nothing was changed"), "{text}");
        }
    }

    fn a_syntax_error_is_found_where_it_is(db) {
        let m = migrations::<Conn>(&[("a", "", "CREATE TABLE ta (x INTEGER);\nCREATE TABLE tb\n  (y INTEGRR FOO BAR,);", "")]);
        let Error::Statement(error) = m.upgrade(&mut db.connect::<Conn>(), "head").unwrap_err() else { panic!("another error") };
        assert_eq!(error.number, Some(2));
        assert_eq!(error.line, if KIND == Kind::Postgres { 8 } else { 7 });
    }

    fn a_statement_that_breaks_off_is_quoted_without_ours(db) {
        let headers = if KIND.is_mysql_family() { &[""][..] } else { &["", "\n-- Transaction: none"] };
        let around = [("", ""), ("", " -- why"), ("", "\n;\nSELECT 2"), ("SELECT 1;\n", ""), ("SELECT 1;\n", "\n;\nSELECT 2")];
        for (header, (before, after)) in headers.iter().flat_map(|header| around.map(|around| (header, around))) {
            let text: &'static str = format!("{before}SELECT\n  (1{after}\n;").leak();
            let m = migrations::<Conn>(&[("a", header, text, "")]);
            let error = m.upgrade(&mut db.connect::<Conn>(), "head").unwrap_err();
            let Error::Statement(error) = error else { panic!("{error}") };
            let number = if before.is_empty() { 1 } else { 2 };
            assert_eq!(error.number, Some(number), "{error}");
            let shown = error.to_string();
            assert!(!shown.contains("alembic_") && !shown.contains("RELEASE"), "{shown}");
            if KIND.is_mysql_family() {
                assert!(error.server.ends_with("near '' at line 2"), "{shown}");
                let reason = db.ask("SELECT error AS answer FROM alembic_version_log WHERE state = 'failed'");
                assert!(reason.ends_with("near '' at line 2"), "{reason}");
            }
            let place = if KIND == Kind::Postgres { (6 + number, Some(5)) } else { (5 + number, None) };
            assert_eq!((error.line, error.caret), place, "{shown}");
        }
    }

    fn a_mistake_is_quoted_up_to_the_end_of_its_statement(db) {
        let long = "x".repeat(90);
        for (statement, quoted) in [
            ("SELECT 1 FROM t WHERE WHERE x = 'it''s'", "WHERE x = 'it''s'"),
            ("SELECT 1 FROM t\nORDER ORDER -- why", "ORDER"),
            (&*format!("SELECT 1 FROM t WHERE WHERE x = '{long}'"), &*format!("WHERE x = '{}", &long[..60])),
        ] {
            let m = migrations::<Conn>(&[("a", "", format!("{statement}\n;\nSELECT 2;").leak(), "")]);
            let error = m.upgrade(&mut db.connect::<Conn>(), "head").unwrap_err().to_string();
            assert!(!error.contains("alembic_"), "{error}");
            if KIND.is_mysql_family() {
                let said = error.split_once(&format!("near '{quoted}")).map(|(_, rest)| rest.trim_start_matches(['x', '.']));
                assert!(said.is_some_and(|rest| rest.starts_with("' at line ")), "{error}");
            }
        }
    }

    fn what_was_committed_before_is_told(db) {
        let m = migrations::<Conn>(FAILING);
        let mut conn = db.connect::<Conn>();
        let failed = m.migrator().transaction(alembic_runtime::TransactionMode::PerMigration).upgrade(&mut conn, "head");
        let Error::Statement(error) = failed.unwrap_err() else { panic!("another error") };
        if !KIND.is_mysql_family() {
            assert_eq!(error.outcome, Outcome::RolledBack { committed: 1, undone: 0 });
            assert_eq!((db.versions().as_str(), db.tables().as_str()), ("a", "ta"));
        }
        assert_eq!(m.current(&mut conn).unwrap(), ["a"]);
    }

    fn irreversible_revisions_are_found_before_anything_is_undone(db) {
        let text = "-- a\n-- Revision ID: a\n-- Revises: <base>\n-- alembic:upgrade\nCREATE TABLE ta (x INTEGER);\n-- alembic:irreversible: money\n";
        let b = "-- b\n-- Revision ID: b\n-- Revises: a\n-- alembic:upgrade\nCREATE TABLE tb (x INTEGER);\n-- alembic:downgrade\nDROP TABLE tb;\n";
        let files = [("a.sql".to_owned(), text.to_owned()), ("b.sql".to_owned(), b.to_owned())];
        let m = alembic_runtime::Migrations::<Conn>::from_files(files).unwrap();
        let mut conn = db.connect::<Conn>();
        m.upgrade(&mut conn, "head").unwrap();
        let error = m.downgrade(&mut conn, "base").unwrap_err();
        assert_eq!(error.to_string(), "revision `a` (a.sql) is irreversible: money");
        assert_eq!(db.versions(), "b");
    }

    fn a_revision_cannot_end_the_transaction_it_runs_in(db) {
        let m = migrations::<Conn>(&[("a", "", "CREATE TABLE ta (x INTEGER);\nCOMMIT;", "")]);
        let result = m.upgrade(&mut db.connect::<Conn>(), "head");
        if !KIND.is_mysql_family() {
            let error = result.unwrap_err().to_string();
            assert!(error.starts_with("a.sql:7: `COMMIT` would break the transaction of revision `a`"), "{error}");
            assert_eq!(db.tables(), "");
        }
    }

    fn the_record_is_not_for_revisions_to_change(db) {
        for sql in ["DELETE FROM alembic_version_log;", "DROP TABLE alembic_version;", "UPDATE alembic_lock SET run = 'x';"] {
            for header in ["", "\n-- Transaction: none"] {
                let up: &'static str = Box::leak(format!("CREATE TABLE ta (x INTEGER);\n{sql}").into_boxed_str());
                let m = migrations::<Conn>(&[("a", header, up, "")]);
                let error = m.upgrade(&mut db.connect::<Conn>(), "head").unwrap_err();
                assert!(error.to_string().contains("changes what is recorded of the revisions"), "{error}");
                assert_eq!(db.tables(), "");
            }
        }
    }

    fn what_wants_no_transaction_is_refused_in_one(db) {
        let sql = match KIND {
            Kind::Sqlite => "VACUUM;",
            Kind::Postgres => "CREATE INDEX CONCURRENTLY i ON ta (x);",
            Kind::Mysql | Kind::Mariadb => return,
        };
        let up: &'static str = Box::leak(format!("CREATE TABLE ta (x INTEGER);\n{sql}").into_boxed_str());
        let error = migrations::<Conn>(&[("a", "", up, "")]).upgrade(&mut db.connect::<Conn>(), "head").unwrap_err();
        assert!(error.hint().unwrap().to_string().contains("`Transaction: none`"), "{error}");
    }

    fn what_would_hide_the_log_is_refused(db) {
        if !KIND.is_mysql_family() {
            return;
        }
        for sql in ["LOCK TABLES ta WRITE;", "SET autocommit = 1;", "ROLLBACK;", "START TRANSACTION;"] {
            let up: &'static str = Box::leak(format!("CREATE TABLE ta (x INTEGER);\n{sql}").into_boxed_str());
            let error = migrations::<Conn>(&[("a", "", up, "")]).upgrade(&mut db.connect::<Conn>(), "head").unwrap_err();
            assert!(error.to_string().starts_with("a.sql:7: `"), "{error}");
            assert_eq!(db.tables(), "");
        }
    }

    fn the_connection_is_usable_after_a_failure(db) {
        let m = migrations::<Conn>(FAILING);
        let mut conn = db.connect::<Conn>();
        m.upgrade(&mut conn, "head").unwrap_err();
        diesel::connection::SimpleConnection::batch_execute(&mut conn, "CREATE TABLE mine (x INTEGER)").unwrap();
        assert!(db.tables().contains("mine"));
        // The lock is free again: another connection gets to the same failure at once.
        m.upgrade(&mut db.connect::<Conn>(), "head").unwrap_err();
    }
}
