//! SQLite in memory, shared by the connections of one process: locks on tables, which no busy timeout waits for.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::Duration,
};

use alembic_runtime::Error;
use diesel::{Connection, connection::SimpleConnection};
use harness::SqliteConn;

use crate::{LINE, migrations};

/// Returns the URL of a database in memory that no other test has, and a connection that keeps it alive.
fn shared() -> (String, SqliteConn) {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let url = format!("file:shared{}?mode=memory&cache=shared", NEXT.fetch_add(1, Ordering::Relaxed));
    let keeper = connect(&url);
    (url, keeper)
}

fn connect(url: &str) -> SqliteConn {
    SqliteConn::establish(url).unwrap()
}

#[test]
fn reading_waits_for_a_migration_too() {
    let (url, mut writer) = shared();
    let m = migrations::<SqliteConn>(LINE);
    m.upgrade(&mut writer, "b").unwrap();
    writer.batch_execute("BEGIN IMMEDIATE; CREATE TABLE other (x INTEGER)").unwrap();
    thread::scope(|scope| {
        let status = scope.spawn(|| migrations::<SqliteConn>(LINE).status(&mut connect(&url)).unwrap().to_string());
        let current = scope.spawn(|| migrations::<SqliteConn>(LINE).current(&mut connect(&url)).unwrap());
        let upgraded = scope.spawn(|| migrations(LINE).upgrade(&mut connect(&url), "head").unwrap().steps.len());
        thread::sleep(Duration::from_millis(300));
        assert!(!status.is_finished() && !current.is_finished() && !upgraded.is_finished(), "it did not wait");
        writer.batch_execute("COMMIT").unwrap();
        let _told = status.join().unwrap();
        let current = current.join().unwrap();
        assert!(current == ["b"] || current == ["c"], "{current:?}");
        assert_eq!(upgraded.join().unwrap(), 1);
    });
}

#[test]
fn a_reader_of_a_table_is_waited_for() {
    let (url, mut reader) = shared();
    reader.batch_execute("CREATE TABLE ta (x INTEGER); INSERT INTO ta VALUES (1)").unwrap();
    let spec = [("a", "", "UPDATE ta SET x = 2;", "")];
    reader.batch_execute("BEGIN; SELECT x FROM ta").unwrap();
    thread::scope(|scope| {
        let upgraded = scope.spawn(|| migrations(&spec).upgrade(&mut connect(&url), "head").unwrap());
        thread::sleep(Duration::from_millis(200));
        assert!(!upgraded.is_finished(), "it did not wait");
        reader.batch_execute("COMMIT").unwrap();
        assert_eq!(upgraded.join().unwrap().steps.len(), 1);
    });
}

#[test]
fn who_waits_too_long_for_a_writer_is_told_what_is_in_the_way() {
    let (url, mut writer) = shared();
    writer.batch_execute("BEGIN IMMEDIATE; CREATE TABLE other (x INTEGER)").unwrap();
    let m = migrations::<SqliteConn>(LINE);
    let failed = m.migrator().wait(Duration::from_millis(200)).upgrade(&mut connect(&url), "head").unwrap_err();
    assert!(failed.to_string().contains("schema is locked") || matches!(failed, Error::Busy { .. }), "{failed}");
}

/// More work for the schema's lock than a revision of one statement makes.
const BUSY: &[(&str, &str, &str, &str)] = &[
    ("a", "", "CREATE TABLE ta (x INTEGER);\nINSERT INTO ta VALUES (1);", "DROP TABLE ta;"),
    ("b", "a", "ALTER TABLE ta ADD COLUMN y INTEGER;\nCREATE INDEX by_x ON ta (x);", "DROP INDEX by_x;"),
    ("c", "b\n-- Transaction: none", "CREATE TABLE tc (x INTEGER);\nUPDATE ta SET x = x + 1;", "DROP TABLE tc;"),
    ("d", "c", "CREATE VIEW v AS SELECT x FROM ta;\nUPDATE ta SET x = x + 1;", "DROP VIEW v;"),
];

/// Many threads migrate one database, up and down, and each of them succeeds. Other tests are load beside them.
#[test]
fn all_threads_that_migrate_at_once_succeed() {
    for _round in 0..5 {
        let (url, mut keeper) = shared();
        let upgrade = || {
            let mut conn = connect(&url);
            let report = migrations(BUSY).upgrade(&mut conn, "head");
            // The connection is as good as it was.
            conn.transaction::<_, diesel::result::Error, _>(|_| Ok(())).unwrap();
            report.map(|report| report.steps.len())
        };
        thread::scope(|scope| {
            let threads: Vec<_> = (0..12).map(|_| scope.spawn(upgrade)).collect();
            let steps: Vec<usize> = threads.into_iter().map(|thread| thread.join().unwrap().unwrap()).collect();
            assert_eq!(steps.iter().sum::<usize>(), BUSY.len(), "{steps:?}");
        });
        assert_eq!(migrations::<SqliteConn>(BUSY).current(&mut keeper).unwrap(), ["d"]);
        keeper
            .batch_execute("CREATE TEMP TABLE expected (x CHECK (x = 3)); INSERT INTO expected SELECT x FROM ta")
            .unwrap();
    }
}
