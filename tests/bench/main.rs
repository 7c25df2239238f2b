//! How long fifty tests wait for a migrated database of their own. Run by `scripts/bench`.

#![expect(clippy::print_stdout, reason = "a program of its own")]

use std::time::{Duration, Instant};

use alembic_runtime::{MigrationBackend, Migrations, testing::Fresh};
use diesel::connection::LoadConnection;
use harness::{Database, Kind, MariadbConn, MysqlConn, PostgresConn, SqliteConn};

const TESTS: u32 = 50;
const REVISIONS: usize = 200;

fn main() {
    report::<SqliteConn>(Kind::Sqlite);
    report::<PostgresConn>(Kind::Postgres);
    report::<MysqlConn>(Kind::Mysql);
    report::<MariadbConn>(Kind::Mariadb);
}

fn migrations<C>() -> Migrations<C> {
    let file = |n: usize| {
        let parent = if n == 0 { "<base>".to_owned() } else { format!("r{}", n - 1) };
        let text = format!(
            "-- add table {n}\n-- Revision ID: r{n}\n-- Revises: {parent}\n-- alembic:upgrade\n\
             CREATE TABLE t{n} (id INTEGER PRIMARY KEY, name VARCHAR(80) NOT NULL);\n"
        );
        (format!("r{n}.sql"), text)
    };
    Migrations::from_files((0..REVISIONS).map(file)).expect("the history is well formed")
}

/// Prints the mean of fifty copies beside that of fifty migrations from base.
fn report<C>(kind: Kind)
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let server = Database::new(kind).expect("scripts/bench starts the servers");
    let m = migrations::<C>();
    let copied = mean(|| Fresh::migrated(&m, server.url()).map(drop).expect("a fresh database"));
    let replayed = mean(|| {
        let mut fresh = Fresh::empty(&m, server.url()).expect("a fresh database");
        m.upgrade(&mut fresh, "head").expect("the revisions run");
    });
    let rolled_back = mean(|| Fresh::rolled_back(&m, server.url()).map(drop).expect("a fresh database"));
    let (copied, replayed) = (copied.as_secs_f64() * 1e3, replayed.as_secs_f64() * 1e3);
    let what = format!("fresh database, {REVISIONS} revisions, {}", kind.name());
    println!("{what:<52} {copied:>10.1} {replayed:>10.1} {:>6.2}", copied / replayed);
    let (what, rolled_back) = (format!("the same, rolled back, {}", kind.name()), rolled_back.as_secs_f64() * 1e3);
    println!("{what:<52} {rolled_back:>10.1} {replayed:>10.1} {:>6.2}", rolled_back / replayed);
}

fn mean(mut work: impl FnMut()) -> Duration {
    let begun = Instant::now();
    (0..TESTS).for_each(|_| work());
    begun.elapsed() / TESTS
}
