use alembic_runtime::{Purge, TransactionMode, Verdict};
use harness::{
    on_every_database,
    specs::{BRANCHES, SEARCH_PATH, SECTIONS},
};

use crate::{LINE, migrations};

on_every_database! {
    fn up_and_down(db) {
        let m = migrations::<Conn>(LINE);
        let mut conn = db.connect::<Conn>();
        let report = m.upgrade(&mut conn, "head").unwrap();
        assert_eq!(report.steps.len(), 3);
        assert_eq!(report.to_string().lines().next().unwrap(), "Running upgrade  -> a, add a");
        assert_eq!((db.tables().as_str(), db.versions().as_str()), ("ta,tb,tc", "c"));
        let report = m.downgrade(&mut conn, "-2").unwrap();
        assert_eq!(report.rows, ["a"]);
        assert_eq!(db.tables(), "ta");
        m.downgrade(&mut conn, "base").unwrap();
        assert_eq!((db.tables().as_str(), db.versions().as_str()), ("", ""));
        assert_eq!(m.upgrade(&mut conn, "+1").unwrap().rows, ["a"]);
    }

    fn redo_is_down_and_up(db) {
        let m = migrations::<Conn>(LINE);
        let mut conn = db.connect::<Conn>();
        m.upgrade(&mut conn, "head").unwrap();
        let report = m.migrator().redo(&mut conn, "-2").unwrap();
        let steps: Vec<_> = report.steps.iter().map(|step| format!("{} {}", step.direction, step.revision)).collect();
        assert_eq!(steps, ["downgrade c", "downgrade b", "upgrade b", "upgrade c"]);
        assert_eq!((db.tables().as_str(), db.versions().as_str()), ("ta,tb,tc", "c"));
        assert_eq!(m.check(&mut conn).unwrap().rows, ["c"]);
    }

    fn a_redo_that_fails_says_where_it_stands(db) {
        let mut spec = LINE.to_vec();
        spec[2] = ("c", "b", "CREATE TABLE tc (x INTEGER);\nINSERT INTO tb VALUES (1);", "DROP TABLE tc;");
        spec[1].2 = "CREATE TABLE tb (x INTEGER PRIMARY KEY);";
        let m = migrations::<Conn>(&spec);
        let mut conn = db.connect::<Conn>();
        m.upgrade(&mut conn, "head").unwrap();
        assert!(m.migrator().redo(&mut conn, "-1").is_err(), "its row is there already");
        if db.kind().is_mysql_family() {
            assert_eq!(db.versions(), "b");
            db.run("DELETE FROM tb");
            m.upgrade(&mut conn, "head").unwrap();
        }
        assert_eq!((db.tables().as_str(), db.versions().as_str()), ("ta,tb,tc", "c"));
    }

    fn nothing_to_do_is_said_and_not_done(db) {
        let m = migrations::<Conn>(LINE);
        let mut conn = db.connect::<Conn>();
        m.upgrade(&mut conn, "head").unwrap();
        let again = m.upgrade(&mut conn, "head").unwrap();
        assert_eq!(again.to_string(), "The database is up to date at c.");
        assert_eq!(m.upgrade(&mut conn, "a").unwrap().steps.len(), 0);
        assert_eq!(db.ask("SELECT CAST(COUNT(*) AS CHAR(9)) AS answer FROM alembic_version_log").trim(), "3");
    }

    fn one_transaction_per_migration(db) {
        let m = migrations::<Conn>(LINE);
        let mut conn = db.connect::<Conn>();
        let report = m.migrator().transaction(TransactionMode::PerMigration).upgrade(&mut conn, "head").unwrap();
        assert_eq!(report.transactions, 3);
        assert_eq!(db.tables(), "ta,tb,tc");
    }

    fn branches_merge(db) {
        let m = migrations::<Conn>(BRANCHES);
        let mut conn = db.connect::<Conn>();
        m.upgrade(&mut conn, "b2").unwrap();
        assert_eq!(db.versions(), "b2");
        m.upgrade(&mut conn, "head").unwrap();
        assert_eq!((db.versions().as_str(), db.tables().as_str()), ("m", "ta,tb1,tb2"));
        m.downgrade(&mut conn, "b1").unwrap();
        assert_eq!(db.versions(), "b1,b2");
        m.downgrade(&mut conn, "b1@a").unwrap();
        assert_eq!((db.versions().as_str(), db.tables().as_str()), ("b2", "ta,tb2"));
    }

    fn a_dialects_own_section_is_run(db) {
        let m = migrations::<Conn>(SECTIONS);
        m.upgrade(&mut db.connect::<Conn>(), "head").unwrap();
        assert_eq!(db.tables(), if KIND == harness::Kind::Sqlite { "general" } else { KIND.name() });
    }

    fn stamps_run_nothing(db) {
        let m = migrations::<Conn>(LINE);
        let mut conn = db.connect::<Conn>();
        m.stamp(&mut conn, "b").unwrap();
        assert_eq!((db.versions().as_str(), db.tables().as_str()), ("b", ""));
        m.stamp(&mut conn, "base").unwrap();
        assert_eq!(db.versions(), "");
        db.run("INSERT INTO alembic_version VALUES ('gone')");
        assert!(m.stamp(&mut conn, "a").unwrap_err().to_string().contains("gone"));
        m.migrator().stamp(&mut conn, &["a"], Purge::Yes).unwrap();
        assert_eq!(db.versions(), "a");
        m.migrator().stamp(&mut conn, &["base"], Purge::Yes).unwrap();
        assert_eq!(db.versions(), "");
    }

    fn asking_changes_nothing(db) {
        let m = migrations::<Conn>(LINE);
        let mut conn = db.connect::<Conn>();
        assert_eq!(m.current(&mut conn).unwrap(), [""; 0]);
        let status = m.status(&mut conn).unwrap();
        assert_eq!((status.verdict, status.pending.len()), (Verdict::Pending, 3));
        assert_eq!(m.log(&mut conn, 10).unwrap().len(), 0);
        assert_eq!(m.migrator().dry_run().upgrade(&mut conn, "head").unwrap().steps.len(), 3);
        assert_eq!(db.tables(), "");
        assert!(!m.current(&mut conn).unwrap().iter().any(|_| true));
    }

    fn the_table_of_python_alembic_is_taken_over(db) {
        db.run("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))");
        db.run("INSERT INTO alembic_version VALUES ('a')");
        db.run("CREATE TABLE ta (x INTEGER)");
        let m = migrations::<Conn>(LINE);
        let mut conn = db.connect::<Conn>();
        assert_eq!(m.status(&mut conn).unwrap().pending, ["b", "c"]);
        assert_eq!(m.upgrade(&mut conn, "head").unwrap().steps.len(), 2);
        assert_eq!(db.versions(), "c");
        assert_eq!(m.status(&mut conn).unwrap().verdict, Verdict::UpToDate);
    }

    fn the_log_says_who_and_what(db) {
        let m = migrations::<Conn>(LINE);
        let mut conn = db.connect::<Conn>();
        m.migrator().application("shop", "1.2").tag("deploy 7").upgrade(&mut conn, "head").unwrap();
        m.downgrade(&mut conn, "-1").unwrap();
        let log = m.log(&mut conn, 2).unwrap();
        assert_eq!((log[0].direction.as_str(), log[0].revision.as_str(), log[0].state.as_str()), ("downgrade", "c", "done"));
        assert_eq!((log[1].direction.as_str(), log[1].revision.as_str()), ("upgrade", "c"));
        assert_eq!((log[1].application.as_deref(), log[1].app_version.as_deref()), (Some("shop"), Some("1.2")));
        assert_eq!(log[1].tag.as_deref(), Some("deploy 7"));
        assert!(log[1].finished_at.is_some() && log[1].checksum.is_some() && log[1].node.is_some());
        assert!(log[1].started_at.starts_with("20"), "{}", log[1].started_at);
    }

    fn ensure_version_makes_the_tables_and_no_more(db) {
        let m = migrations::<Conn>(LINE);
        let mut conn = db.connect::<Conn>();
        m.migrator().ensure_version(&mut conn).unwrap();
        assert_eq!((db.versions().as_str(), db.tables().as_str()), ("", ""));
        m.migrator().ensure_version(&mut conn).unwrap();
    }
}

#[test]
fn a_revision_may_change_the_search_path() {
    let Some(db) = harness::Database::new(harness::Kind::Postgres) else { return };
    let m = migrations::<harness::PostgresConn>(SEARCH_PATH);
    m.upgrade(&mut db.connect(), "head").unwrap();
    assert_eq!((db.versions().as_str(), db.tables().as_str()), ("b", "ta,tb"));
}
