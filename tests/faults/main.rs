//! Breaks migrations in every way we know, and counts what comes of it.
//!
//! Run it with `scripts/faults`. It ends with status 1 if anything was wrong.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::panic,
    reason = "a program of its own, which breaks things"
)]

mod backfill;
mod crowd;
mod faulty;
mod history;
mod kills;
mod matrix;
mod tally;

use std::{process::ExitCode, sync::mpsc, thread};

use alembic_runtime::MigrationBackend;
use diesel::connection::{Connection, LoadConnection};
use faulty::{Fault, Faulty, Trap};
use harness::{Kind, MysqlConn, PostgresConn, SqliteConn};
use history::{Mode, REVISIONS};
use kills::Victim;
use tally::Row;

/// How much of everything.
#[derive(Debug, Clone, Copy)]
struct Effort {
    /// Every how many-th point of the matrix, where there are hundreds and each takes long. Odd, so
    /// that it meets points before effects and after them.
    stride: usize,
    kills: usize,
    restarts: usize,
    crowds: usize,
}

const SHORT: Effort = Effort { stride: 3, kills: 200, restarts: 6, crowds: 3 };
const LONG: Effort = Effort { stride: 1, kills: 2000, restarts: 50, crowds: 20 };

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        [] => report(SHORT),
        ["--long"] => report(LONG),
        [task, kind, mode, url, number] => child(task, kind, Mode::of(mode), url, number.parse().unwrap_or(0)),
        _ => {
            eprintln!("usage: scripts/faults [--long]");
            ExitCode::from(2)
        }
    }
}

/// Runs everything, the databases side by side, and prints rows as they are ready.
fn report(effort: Effort) -> ExitCode {
    // The panics are ours.
    std::panic::set_hook(Box::new(|info| {
        if info.payload().downcast_ref::<&str>().is_none_or(|text| *text != faulty::INJECTED) {
            eprintln!("{info}");
        }
    }));
    println!("{}", tally::HEADING);
    let (sender, receiver) = mpsc::channel();
    let workers = [sqlite as fn(Effort, &mpsc::Sender<Row>), postgres, mysql, mariadb].map(|work| {
        let sender = sender.clone();
        thread::spawn(move || work(effort, &sender))
    });
    drop(sender);
    let mut wrong = Vec::new();
    let mut asked = false;
    let mut count = |row: Row| {
        println!("{row}");
        asked |= row.asked > 0;
        wrong.extend(row.wrong.iter().map(|why| format!("{}: {why}", row.scenario)));
    };
    receiver.into_iter().for_each(&mut count);
    let finished = workers.into_iter().all(|worker| worker.join().is_ok());
    restarts(effort).into_iter().for_each(&mut count);
    for why in &wrong {
        eprintln!("wrong: {why}");
    }
    // Nothing in this history needs a person.
    if wrong.is_empty() && finished && !asked { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn sqlite(effort: Effort, rows: &mpsc::Sender<Row>) {
    common::<SqliteConn>(Kind::Sqlite, &[Mode::Transaction, Mode::None], effort, rows);
}

fn postgres(effort: Effort, rows: &mpsc::Sender<Row>) {
    common::<PostgresConn>(Kind::Postgres, &[Mode::Transaction, Mode::None], effort, rows);
    rows.send(kills::long_statement::<PostgresConn>(Kind::Postgres, effort.crowds)).ok();
    rows.send(crowd::behind_pgbouncer(8, effort.crowds)).ok();
    rows.send(crowd::concurrent_index(8, effort.crowds)).ok();
}

fn mysql(effort: Effort, rows: &mpsc::Sender<Row>) {
    without_modes(Kind::Mysql, effort, rows);
}

fn mariadb(effort: Effort, rows: &mpsc::Sender<Row>) {
    without_modes(Kind::Mariadb, effort, rows);
}

/// MySQL and MariaDB have one way to run steps, whatever the revision says.
fn without_modes(kind: Kind, effort: Effort, rows: &mpsc::Sender<Row>) {
    common::<MysqlConn>(kind, &[Mode::None], effort, rows);
    rows.send(kills::long_statement::<MysqlConn>(kind, effort.crowds)).ok();
}

fn common<C>(kind: Kind, modes: &[Mode], effort: Effort, rows: &mpsc::Sender<Row>)
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
    Faulty<C>: LoadConnection<Backend = C::Backend>,
{
    for &mode in modes {
        let stride = if kind == Kind::Postgres && mode == Mode::None { effort.stride } else { 1 };
        for fault in Fault::ALL {
            rows.send(matrix::row::<C>(kind, mode, fault, stride)).ok();
        }
        let kills = effort.kills / modes.len();
        rows.send(kills::row::<C>(kind, mode, Victim::Process, kills)).ok();
        if kind != Kind::Sqlite {
            rows.send(kills::row::<C>(kind, mode, Victim::Session, kills / 4)).ok();
        }
        rows.send(crowd::two_versions(kind, mode, 32, effort.crowds)).ok();
    }
    rows.send(backfill::row::<C>(kind, 2 * effort.crowds)).ok();
}

/// Restarts disturb everybody, so they come last.
fn restarts(effort: Effort) -> Vec<Row> {
    vec![
        kills::row::<PostgresConn>(Kind::Postgres, Mode::Transaction, Victim::Server, effort.restarts),
        kills::row::<PostgresConn>(Kind::Postgres, Mode::None, Victim::Server, effort.restarts),
        kills::row::<MysqlConn>(Kind::Mysql, Mode::None, Victim::Server, effort.restarts),
        kills::row::<MysqlConn>(Kind::Mariadb, Mode::None, Victim::Server, effort.restarts),
    ]
}

/// What a process does that is made to be disturbed.
fn child(task: &str, kind: &str, mode: Mode, url: &str, number: usize) -> ExitCode {
    match kind {
        "sqlite" => child_on::<SqliteConn>(task, Kind::Sqlite, mode, url, number),
        "postgres" => child_on::<PostgresConn>(task, Kind::Postgres, mode, url, number),
        "mysql" => child_on::<MysqlConn>(task, Kind::Mysql, mode, url, number),
        _ => child_on::<MysqlConn>(task, Kind::Mariadb, mode, url, number),
    }
}

fn child_on<C>(task: &str, kind: Kind, mode: Mode, url: &str, number: usize) -> ExitCode
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
    Faulty<C>: LoadConnection<Backend = C::Backend>,
{
    let result = match task {
        "abort" => {
            faulty::set(Trap::new(number, Fault::Abort));
            let Ok(mut conn) = Faulty::<C>::establish(url) else { return ExitCode::from(2) };
            history::history::<Faulty<C>>(kind, mode, REVISIONS).upgrade(&mut conn, "head")
        }
        task => {
            let mut conn = match C::establish(url) {
                Ok(conn) => conn,
                Err(error) => {
                    eprintln!("{error}");
                    return ExitCode::from(2);
                }
            };
            let migrations = match task {
                "slow" => history::slow::<C>(kind),
                "backfill" => backfill::migrations::<C>(),
                _ => history::history::<C>(kind, mode, number),
            };
            migrations.migrator().allow_ahead().upgrade(&mut conn, "head")
        }
    };
    if let Err(error) = result {
        eprintln!("{error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
