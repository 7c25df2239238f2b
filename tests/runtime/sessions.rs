//! What a run does to its session, and to others.

use std::{
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use alembic_runtime::{Error, Observer};
use diesel::connection::{LoadConnection, SimpleConnection};
use harness::{Database, Kind, MysqlConn, PostgresConn, SqliteConn, on_every_database, on_mysql_and_mariadb};

use crate::{LINE, migrations, scripts::a_script_does_the_same};

/// Keeps what it hears of blockers.
#[derive(Clone, Default)]
struct Blockers(Arc<Mutex<Vec<String>>>);

impl Observer for Blockers {
    fn blocked(&mut self, by: &[String], _pause: Duration, _left: u32) {
        self.0.lock().unwrap().extend(by.iter().cloned());
    }
}

/// A reader keeps its lock for a while; the migration lets others pass, and gets through in the end.
fn gets_through<C>(kind: Kind)
where
    C: LoadConnection,
    C::Backend: alembic_runtime::MigrationBackend,
{
    let Some(db) = Database::new(kind) else { return };
    db.run("CREATE TABLE busy (x INTEGER)");
    let mut reader = db.connect::<C>();
    reader.batch_execute("BEGIN; SELECT * FROM busy").unwrap();
    let heard = Blockers::default();
    let (listener, db) = (heard.clone(), &db);
    thread::scope(|scope| {
        let migrator = scope.spawn(move || {
            let m = migrations::<C>(&[(
                "a",
                "",
                "CREATE TABLE mine (x INTEGER);\nALTER TABLE busy ADD COLUMN y INTEGER;",
                "",
            )]);
            m.migrator().lock_timeout(Duration::from_secs(1)).observer(listener).upgrade(&mut db.connect::<C>(), "head")
        });
        thread::sleep(Duration::from_millis(300));
        let begun = Instant::now();
        db.run("INSERT INTO busy (x) VALUES (1)");
        assert!(begun.elapsed() < Duration::from_millis(2500), "others waited {:?}", begun.elapsed());
        thread::sleep(Duration::from_secs(2));
        reader.batch_execute("COMMIT").unwrap();
        migrator.join().unwrap().unwrap();
    });
    assert_eq!(db.versions(), "a");
    let heard = heard.0.lock().unwrap();
    assert!(!heard.is_empty(), "nobody was told who is in the way");
    // MariaDB shows locks of metadata only where that is configured.
    let own = if kind == Kind::Mariadb { "transaction" } else { "holds a lock on busy" };
    assert!(heard[0].contains(own), "{heard:?}");
}

#[test]
fn a_reader_in_the_way_of_postgres_is_named_and_waited_for() {
    gets_through::<PostgresConn>(Kind::Postgres);
}

#[test]
fn a_reader_in_the_way_of_mysql_is_named_and_waited_for() {
    gets_through::<MysqlConn>(Kind::Mysql);
}

#[test]
fn a_reader_in_the_way_of_mariadb_is_named_and_waited_for() {
    gets_through::<MysqlConn>(Kind::Mariadb);
}

#[test]
fn whoever_gives_up_says_what_to_do() {
    let Some(db) = Database::new(Kind::Postgres) else { return };
    db.run("CREATE TABLE busy (x INTEGER)");
    let mut reader = db.connect::<PostgresConn>();
    reader.batch_execute("BEGIN; SELECT * FROM busy").unwrap();
    let m = migrations::<PostgresConn>(&[("a", "", "DROP TABLE busy;", "")]);
    let migrator = m.migrator().lock_timeout(Duration::from_millis(100)).lock_retries(1);
    let error = migrator.upgrade(&mut db.connect(), "head").unwrap_err();
    assert!(error.to_string().contains("blocked by: process "), "{error}");
    assert!(error.hint().unwrap().to_string().contains("--lock-timeout"), "{error}\n{:?}", error.hint());
}

on_every_database! {
    fn settings_do_not_reach_the_next_revision(db) {
        let (set, check) = match KIND {
            Kind::Sqlite => return,
            Kind::Postgres => (
                "SELECT pg_catalog.set_config('search_path', '', false);\nSET lock_timeout = '7s';\nSET ROLE pg_monitor;",
                "INSERT INTO seen SELECT current_setting('search_path') || ' ' || current_role;",
            ),
            Kind::Mysql | Kind::Mariadb => (
                "SET sql_mode = '', foreign_key_checks = 0, time_zone = '+05:00';",
                "INSERT INTO seen SELECT CONCAT_WS(' ', @@sql_mode <> '', @@foreign_key_checks + 0, @@time_zone);",
            ),
        };
        let mut conn = db.connect::<Conn>();
        let own = if KIND == Kind::Postgres { "\"$user\", public postgres" } else { "1 1 +00:00" };
        // Outside a transaction the notes in the log are written by whatever role is set.
        let without_role: &'static str = Box::leak(set.replace("SET ROLE pg_monitor;", "").into_boxed_str());
        for parents in ["a", "a\n-- Transaction: none"] {
            let spec = [("a", "", "CREATE TABLE seen (x VARCHAR(99));", "DROP TABLE seen;"), ("b", parents, if parents == "a" { set } else { without_role }, ""), ("c", "b", check, "")];
            let m = migrations::<Conn>(&spec);
            m.upgrade(&mut conn, "head").unwrap();
            assert_eq!(db.ask("SELECT x AS answer FROM seen"), own, "{parents}");
            if KIND == Kind::Postgres {
                // Written by a client whose time zone is its own, MySQL's would differ.
                a_script_does_the_same(&m, &db);
            }
            if parents == "a" {
                m.downgrade(&mut conn, "base").unwrap();
            }
        }
        let after = match KIND {
            Kind::Postgres => "INSERT INTO seen SELECT concat_ws(' ', current_setting('lock_timeout'), \
                current_setting('statement_timeout'), left(current_setting('application_name'), 7), current_role, \
                current_setting('client_connection_check_interval'))",
            _ => "INSERT INTO seen SELECT CONCAT_WS(' ', @@autocommit + 0, @@lock_wait_timeout = @@global.lock_wait_timeout, @@time_zone)",
        };
        db.run("DELETE FROM seen");
        conn.batch_execute(after).unwrap();
        let own = if KIND == Kind::Postgres { "0 0 postgres 0" } else { "1 1 +00:00" };
        assert_eq!(db.ask("SELECT x AS answer FROM seen").replace("  ", " "), own);
    }
}

#[test]
fn another_database_is_in_use_for_one_revision_only() {
    for kind in [Kind::Mysql, Kind::Mariadb] {
        let (Some(db), Some(other)) = (Database::new(kind), Database::new(kind)) else { continue };
        let elsewhere: &'static str =
            Box::leak(format!("USE {};\nCREATE TABLE there (x INTEGER);", other.name()).into_boxed_str());
        let spec =
            [("a", "", elsewhere, ""), ("b", "a", "CREATE TABLE here (x INTEGER);", ""), ("c", "b", elsewhere, "")];
        let mut conn = db.connect::<MysqlConn>();
        let m = migrations(&spec[..2]);
        m.upgrade(&mut conn, "head").unwrap();
        other.run("DROP TABLE there");
        a_script_does_the_same(&m, &db);
        other.run("DROP TABLE there");
        migrations(&spec).upgrade(&mut conn, "head").unwrap();
        conn.batch_execute("INSERT INTO here VALUES (1)").unwrap();
        assert_eq!((db.tables().as_str(), other.tables().as_str(), db.versions().as_str()), ("here", "there", "c"));
    }
}

#[test]
fn a_step_outside_a_transaction_is_refused_behind_a_pooler() {
    let Some(db) = Database::new(Kind::Postgres) else { return };
    let m = migrations::<PostgresConn>(&[("a", "\n-- Transaction: none", "VACUUM;", "")]);
    let migrator = m.migrator().behind_transaction_pooler(true);
    let error = migrator.upgrade(&mut db.connect(), "head").unwrap_err();
    assert!(matches!(&error, Error::Pooled { revision: Some((id, _)) } if id == "a"), "{error}");
    assert!(error.hint().unwrap().to_string().contains("database-url-env"));
    migrations::<PostgresConn>(LINE)
        .migrator()
        .behind_transaction_pooler(true)
        .upgrade(&mut db.connect(), "head")
        .unwrap();
}

#[test]
fn a_step_under_way_is_not_touched_through_a_pooler() {
    let Some(db) = Database::new(Kind::Postgres) else { return };
    let m = migrations::<PostgresConn>(&[("a", "\n-- Transaction: none", "CREATE TABLE t (x INTEGER);\nBAD;", "")]);
    m.upgrade(&mut db.connect(), "head").unwrap_err();
    db.run("UPDATE alembic_version_log SET state = 'running'");
    let pooled = || m.migrator().behind_transaction_pooler(true);
    assert!(matches!(pooled().upgrade(&mut db.connect(), "head"), Err(Error::Pooled { .. })));
    let resolved = pooled().resolve(&mut db.connect(), "a", None, alembic_runtime::Resolution::Abort);
    assert!(matches!(resolved, Err(Error::Pooled { .. })));
}

#[test]
fn what_was_cancelled_is_not_run_again_to_learn_why() {
    let Some(db) = Database::new(Kind::Postgres) else { return };
    let m = migrations::<PostgresConn>(&[("a", "", "CREATE TABLE t (x INTEGER);\nSELECT pg_sleep(3);", "")]);
    let begun = Instant::now();
    let migrator = m.migrator().statement_timeout(Duration::from_millis(500));
    migrator.upgrade(&mut db.connect(), "head").unwrap_err();
    assert!(begun.elapsed() < Duration::from_millis(2500), "{:?}", begun.elapsed());
}

#[test]
fn a_session_that_somebody_else_has_marked_is_shared() {
    let Some(db) = Database::new(Kind::Postgres) else { return };
    let m = migrations::<PostgresConn>(&[("a", "\n-- Transaction: none", "VACUUM;", "")]);
    let mut conn = db.connect::<PostgresConn>();
    conn.batch_execute("SET alembic.run = 'another'").unwrap();
    assert!(matches!(m.upgrade(&mut conn, "head"), Err(Error::Pooled { .. })));
}

on_mysql_and_mariadb! {
    /// Files are split and literals written as if a backslash escapes, whatever the server's `sql_mode` says.
    fn a_backslash_escapes_while_a_revision_runs(db) {
        let mut conn = db.connect::<Conn>();
        conn.batch_execute("SET sql_mode = CONCAT(@@sql_mode, ',NO_BACKSLASH_ESCAPES')").unwrap();
        let insert = "INSERT INTO t VALUES ('C:\\\\tmp; it\\'s');";
        let forgets = "SET sql_mode = 'NO_BACKSLASH_ESCAPES';";
        let m = migrations::<Conn>(&[
            ("a", "", "CREATE TABLE t (x VARCHAR(99));", ""),
            ("b", "a", insert, ""),
            ("c", "b", forgets, ""),
            ("d", "c", insert, ""),
        ]);
        m.upgrade(&mut conn, "head").unwrap();
        assert_eq!(db.ask("SELECT x AS answer FROM t"), "C:\\tmp; it's,C:\\tmp; it's");
        a_script_does_the_same(&m, &db);
        conn.batch_execute("INSERT INTO t SELECT 'as before' WHERE @@sql_mode LIKE '%NO_BACKSLASH_ESCAPES%'").unwrap();
        assert!(db.ask("SELECT x AS answer FROM t").ends_with("as before"), "the application's mode is put back");
    }

    /// A server may tell sessions to begin without autocommit: they go on to see what they saw when they first looked.
    fn a_session_without_autocommit_sees_what_others_have_done(db) {
        let m = migrations::<Conn>(&[
            ("a", "", "CREATE TABLE t (x INTEGER);", ""),
            ("b", "a", "INSERT INTO t VALUES (1);", ""),
        ]);
        m.upgrade(&mut db.connect::<Conn>(), "a").unwrap();
        let mut conn = db.connect::<Conn>();
        conn.batch_execute("SET autocommit = 0").unwrap();
        assert_eq!(m.status(&mut conn).unwrap().pending, ["b"]);
        m.upgrade(&mut db.connect::<Conn>(), "head").unwrap();
        assert_eq!(m.upgrade(&mut conn, "head").unwrap().steps.len(), 0);
        assert_eq!(db.ask("SELECT CAST(x AS CHAR) AS answer FROM t"), "1");
    }
}

/// Each pragma that belongs to a connection, with a value that it does not have by default.
const PRAGMAS: [(&str, &str); 16] = [
    ("automatic_index", "0"),
    ("cache_size", "77"),
    ("case_sensitive_like", "1"),
    ("cell_size_check", "1"),
    ("full_column_names", "1"),
    ("ignore_check_constraints", "1"),
    ("journal_size_limit", "4096"),
    ("legacy_alter_table", "1"),
    ("max_page_count", "5000"),
    ("read_uncommitted", "1"),
    ("recursive_triggers", "1"),
    ("reverse_unordered_selects", "1"),
    ("secure_delete", "FAST"),
    ("short_column_names", "0"),
    ("trusted_schema", "0"),
    ("writable_schema", "1"),
];

#[test]
fn a_pragma_of_one_revision_is_not_that_of_the_next() {
    let Some(db) = Database::new(Kind::Sqlite) else { return };
    let set: String = PRAGMAS.iter().map(|(name, value)| format!("PRAGMA {name} = {value};\n")).collect();
    let readable: Vec<&str> =
        PRAGMAS.iter().map(|(name, _)| *name).filter(|name| *name != "case_sensitive_like").collect();
    let values: Vec<String> = readable.iter().map(|name| format!("{name} || ' '")).collect();
    let tables: Vec<String> = readable.iter().map(|name| format!("pragma_{name}")).collect();
    let seen = format!("SELECT {} || ('a' LIKE 'A') FROM {}", values.join(" || "), tables.join(", "));
    let note = format!("INSERT INTO seen {seen};");
    let (set, note): (&'static str, &'static str) = (set.leak(), note.leak());
    for parents in ["a", "a\n-- Transaction: none"] {
        db.empty();
        let spec = [("a", "", "CREATE TABLE seen (x TEXT);", ""), ("b", parents, set, ""), ("c", "b", note, "")];
        let mut conn = db.connect::<SqliteConn>();
        conn.batch_execute("PRAGMA recursive_triggers = 1; PRAGMA secure_delete = FAST").unwrap();
        conn.batch_execute(&format!("CREATE TEMPORARY TABLE mine AS {seen}")).unwrap();
        migrations::<SqliteConn>(&spec).upgrade(&mut conn, "head").unwrap();
        let differs = format!("INSERT INTO seen SELECT * FROM mine UNION ALL {seen}");
        conn.batch_execute(&differs).unwrap();
        let found = db.ask("SELECT DISTINCT x AS answer FROM seen");
        assert!(!found.is_empty() && !found.contains(','), "{parents}: {found}");
    }
}
