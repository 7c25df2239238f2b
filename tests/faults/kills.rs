//! Processes, sessions and servers that end at random moments.

use std::{
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use alembic_runtime::MigrationBackend;
use diesel::connection::LoadConnection;
use harness::{Database, Kind};

use crate::{
    history::{self, Mode, REVISIONS},
    tally::{Ending, Row},
};

/// Who ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Victim {
    /// The migrating process, by `kill -9`.
    Process,
    /// Its session, by an administrator.
    Session,
    /// The server, without a checkpoint.
    Server,
}

impl Victim {
    fn name(self, kind: Kind) -> &'static str {
        match (self, kind) {
            (Self::Process, _) => "kill -9 of the migrator",
            (Self::Session, Kind::Postgres) => "pg_terminate_backend",
            (Self::Session, _) => "KILL of the session",
            (Self::Server, Kind::Postgres) => "server restart, -m immediate",
            (Self::Server, _) => "server killed and restarted",
        }
    }
}

/// Starts a process that runs the whole history.
pub(crate) fn spawn(db: &Database, mode: Mode, length: usize, url: &str) -> Child {
    let program = std::env::current_exe().expect("the program knows itself");
    Command::new(program)
        .args(["upgrade", db.kind().name(), mode.name(), url, &length.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs")
}

/// Disturbs `runs` migrations, each at another moment of the time that one takes; those that were over
/// by then do not count.
pub(crate) fn row<C>(kind: Kind, mode: Mode, victim: Victim, runs: usize) -> Row
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let mut row = Row::new(format!("{}, {}, {}", kind.name(), mode.name(), victim.name(kind)));
    let db = Database::new(kind).expect("scripts/faults starts the servers");
    let plain = history::history::<C>(kind, mode, REVISIONS);
    let begun = Instant::now();
    assert!(spawn(&db, mode, REVISIONS, db.url()).wait().expect("a child").success());
    let whole = begun.elapsed();
    for attempt in 0.. {
        if row.runs == runs {
            break;
        }
        assert!(attempt < 30 * runs, "nearly every migration was over before it could be disturbed");
        db.empty();
        let moment = whole.mul_f64(fraction(attempt));
        let mut child = spawn(&db, mode, REVISIONS, db.url());
        sleep(moment);
        if !end(&db, victim, &mut child) {
            continue;
        }
        let ending = match history::lies(&db, mode) {
            Some(lie) => Ending::Wrong(lie),
            None => Ending::judge(history::run(&db, &plain), || history::mistakes(&db)),
        };
        row.add(ending, format_args!("after {moment:?}"));
    }
    row
}

/// Spreads the moments evenly, in an order that visits all parts early.
pub(crate) fn fraction(run: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a few hundred runs")]
    let golden = run as f64 * 0.618_033_988_749_895;
    golden.fract()
}

/// Returns whether the migration was still going on.
fn end(db: &Database, victim: Victim, child: &mut Child) -> bool {
    match victim {
        Victim::Process => child.kill().expect("our own child"),
        Victim::Session => db.end_sessions(),
        Victim::Server => {
            let server = db.kind().name();
            let script = harness::workspace().join("scripts/with-databases");
            let restarted = Command::new(script).args(["--restart", server]).stderr(Stdio::null()).status();
            assert!(restarted.expect("the script runs").success(), "{server} does not start again");
        }
    }
    !child.wait().expect("our own child").success()
}

/// Kills a migrator in the middle of a statement that takes long, and goes on at once.
pub(crate) fn long_statement<C>(kind: Kind, runs: usize) -> Row
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let mut row = Row::new(format!("{}, kill -9 inside a statement of 2 s, next run at once", kind.name()));
    for run in 0..runs {
        let db = Database::new(kind).expect("scripts/faults starts the servers");
        let plain = history::slow::<C>(kind);
        let program = std::env::current_exe().expect("the program knows itself");
        let mut child =
            Command::new(program).args(["slow", kind.name(), "none", db.url(), "0"]).spawn().expect("the program runs");
        sleep(Duration::from_millis(600 + 50 * run as u64));
        child.kill().expect("our own child");
        child.wait().expect("our own child");
        row.add(Ending::judge(history::run(&db, &plain), || history::mistakes_of_slow(&db)), format_args!("run {run}"));
    }
    row
}
