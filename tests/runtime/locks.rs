//! Many migrators at once.

use std::{thread, time::Duration};

use alembic_runtime::Error;
use diesel::connection::SimpleConnection;
use harness::{Kind, on_every_database};

use crate::{LINE, migrations};

on_every_database! {
    fn many_at_once_apply_each_revision_once(db) {
        thread::scope(|scope| {
            for _ in 0..12 {
                scope.spawn(|| migrations::<Conn>(LINE).upgrade(&mut db.connect::<Conn>(), "head").unwrap());
            }
        });
        assert_eq!(db.versions(), "c");
        assert_eq!(db.ask("SELECT revision AS answer FROM alembic_version_log ORDER BY id"), "a,b,c");
    }

    fn whoever_waits_too_long_is_told_who_holds_the_lock(db) {
        let mut holder = db.connect::<Conn>();
        let taken_by_hand = match KIND {
            Kind::Sqlite => "BEGIN IMMEDIATE".to_owned(),
            Kind::Postgres => "SELECT pg_advisory_lock(hashtextextended('alembic public alembic_version', 0))".to_owned(),
            // No MD5() there.
            Kind::Mysql => format!("DO GET_LOCK('{}', 0)", db.mysql_lock()),
            Kind::Mariadb => "DO GET_LOCK(CONCAT('alembic:', MD5(CONCAT(DATABASE(), '.alembic_version'))), 0)".to_owned(),
        };
        holder.batch_execute(&taken_by_hand).unwrap();
        let m = migrations::<Conn>(LINE);
        let failed = m.migrator().wait(Duration::from_millis(300)).upgrade(&mut db.connect::<Conn>(), "head");
        match failed.unwrap_err() {
            // It may be the application that writes.
            Error::Busy { .. } => assert_eq!(KIND, Kind::Sqlite),
            Error::Locked { holder: name, .. } => assert!(KIND != Kind::Sqlite && name.is_some()),
            other => panic!("{other}"),
        }
        drop(holder);
        m.upgrade(&mut db.connect::<Conn>(), "head").unwrap();
    }
}

#[test]
fn the_callers_transaction_decides_on_sqlite_and_postgres() {
    use diesel::Connection;
    use harness::{Database, PostgresConn, SqliteConn};

    let Some(db) = Database::new(Kind::Sqlite) else {
        return;
    };
    let mut conn = db.connect::<SqliteConn>();
    conn.begin_test_transaction().unwrap();
    migrations(LINE).upgrade(&mut conn, "head").unwrap();
    drop(conn);
    assert_eq!(db.tables(), "");

    let Some(db) = Database::new(Kind::Postgres) else {
        return;
    };
    let mut conn = db.connect::<PostgresConn>();
    conn.begin_test_transaction().unwrap();
    migrations(LINE).upgrade(&mut conn, "head").unwrap();
    drop(conn);
    assert_eq!(db.tables(), "");
}

#[test]
fn mysql_and_mariadb_refuse_inside_the_callers_transaction() {
    use diesel::connection::TransactionManager;

    for kind in [Kind::Mysql, Kind::Mariadb] {
        let Some(db) = harness::Database::new(kind) else { continue };
        let mut conn = db.connect::<harness::MysqlConn>();
        <harness::MysqlConn as diesel::Connection>::TransactionManager::begin_transaction(&mut conn).unwrap();
        assert!(matches!(migrations(LINE).upgrade(&mut conn, "head"), Err(Error::InsideTransaction(_))));
    }
}

#[test]
fn five_thousand_tables_do_not_exhaust_the_lock_table_of_postgres() {
    let Some(db) = harness::Database::new(Kind::Postgres) else {
        return;
    };
    let files = (0..3000).map(|n| {
        let parent = if n == 0 { "<base>".to_owned() } else { format!("r{}", n - 1) };
        let text = format!(
            "-- {n}\n-- Revision ID: r{n}\n-- Revises: {parent}\n-- alembic:upgrade\nCREATE TABLE t{n} (id INTEGER PRIMARY KEY);\n"
        );
        (format!("r{n}.sql"), text)
    });
    let m = alembic_runtime::Migrations::<harness::PostgresConn>::from_files(files).unwrap();
    let report = m.upgrade(&mut db.connect(), "head").unwrap();
    assert_eq!(report.steps.len(), 3000);
    assert!(report.transactions > 1, "{}", report.transactions);
}

#[test]
fn a_pooled_connection_gets_back_clean() {
    use diesel::r2d2::{ConnectionManager, Pool, PooledConnection};
    use harness::SqliteConn;

    type Pooled = PooledConnection<ConnectionManager<SqliteConn>>;
    let Some(db) = harness::Database::new(Kind::Sqlite) else {
        return;
    };
    let pool = Pool::builder().max_size(1).build(ConnectionManager::<SqliteConn>::new(db.url())).unwrap();
    migrations::<Pooled>(LINE).upgrade(&mut pool.get().unwrap(), "head").unwrap();
    assert_eq!(migrations::<Pooled>(LINE).current(&mut pool.get().unwrap()).unwrap(), ["c"]);
}
