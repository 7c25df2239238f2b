//! Revisions in Rust, killed in the middle of a backfill of 100,000 rows.

use std::{process::Command, thread::sleep, time::Instant};

use alembic_runtime::{__private::Code, Migrations, prelude::*};
use harness::{Database, Kind};

use crate::{
    history,
    kills::fraction,
    tally::{Ending, Row},
};

const ROWS: usize = 100_000;

fn upgrade<C: LoadConnection<Backend: MigrationBackend>>(op: &mut Op<'_, C>) -> MigrationResult {
    op.create_table(Table::new("ledger").column(Column::new("token", Type::Integer)))?;
    op.atomically(|conn| Ok(conn.batch_execute("INSERT INTO ledger VALUES (1)")?))?;
    op.backfill(
        Backfill::new("numbers", "id").batch(2000),
        "UPDATE numbers SET n = n + 1 WHERE id > :from AND id <= :to",
    )?;
    op.bulk_insert("ledger", rows![{ token: 2 }])?;
    Ok(())
}

/// One revision with a backfill.
pub(crate) fn migrations<C: LoadConnection<Backend: MigrationBackend>>() -> Migrations<C> {
    let text = "//! fill\n//! Revision ID: r1\n//! Revises: <base>\n//! Transaction: none\npub fn upgrade() {}\n";
    Migrations::from_files([("r1.rs".to_owned(), text.to_owned())])
        .expect("the history is well formed")
        .with_code(|_| Some(Code { upgrade, downgrade: None }))
}

/// Returns a database with the rows that are to be changed.
fn filled(kind: Kind) -> Database {
    let db = Database::new(kind).expect("scripts/faults starts the servers");
    let source = match kind {
        Kind::Sqlite => format!(
            "WITH RECURSIVE s (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < {ROWS}) \
             INSERT INTO numbers SELECT i * 3, 0 FROM s"
        ),
        Kind::Postgres => format!("INSERT INTO numbers SELECT i * 3, 0 FROM generate_series(1, {ROWS}) i"),
        Kind::Mysql => format!(
            "SET cte_max_recursion_depth = {ROWS}; INSERT INTO numbers WITH RECURSIVE s (i) AS \
             (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < {ROWS}) SELECT i * 3, 0 FROM s"
        ),
        Kind::Mariadb => format!("INSERT INTO numbers SELECT seq * 3, 0 FROM seq_1_to_{ROWS}"),
    };
    db.run("CREATE TABLE numbers (id INTEGER NOT NULL PRIMARY KEY, n INTEGER NOT NULL)");
    db.run(&source);
    db
}

/// Kills a migrator at several moments of its work, and goes on.
pub(crate) fn row<C>(kind: Kind, runs: usize) -> Row
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let mut row = Row::new(format!("{}, kill -9 in a backfill of {ROWS} rows", kind.name()));
    let start = |db: &Database| {
        let program = std::env::current_exe().expect("the program knows itself");
        let mut command = Command::new(program);
        command.args(["backfill", kind.name(), "none", db.url(), "0"]).spawn().expect("the program runs")
    };
    let begun = Instant::now();
    assert!(start(&filled(kind)).wait().expect("a child").success());
    let whole = begun.elapsed();
    for attempt in 0..10 * runs {
        if row.runs == runs {
            break;
        }
        let db = filled(kind);
        let mut child = start(&db);
        let moment = whole.mul_f64(fraction(attempt));
        sleep(moment);
        child.kill().expect("our own child");
        if child.wait().expect("our own child").success() {
            continue;
        }
        let result = history::run(&db, &migrations::<C>());
        row.add(Ending::judge(result, || mistakes(&db)), format_args!("after {moment:?}"));
    }
    row
}

/// Returns what is wrong after the revision has run: every row has been changed exactly once.
fn mistakes(db: &Database) -> Vec<String> {
    let text = if db.kind().is_mysql_family() { "CHAR" } else { "TEXT" };
    let expected = [
        ("rows", "SELECT version_num AS answer FROM alembic_version".to_owned(), "r1"),
        ("ledger", format!("SELECT CAST(token AS {text}) AS answer FROM ledger ORDER BY token"), "1,2"),
        ("numbers", format!("SELECT CAST(n AS {text}) AS answer FROM numbers GROUP BY n"), "1"),
        ("open", "SELECT run AS answer FROM alembic_version_log WHERE state = 'running'".to_owned(), ""),
    ];
    history::compare(db, &expected)
}
