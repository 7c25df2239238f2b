//! Many programs at once.

use std::process::{Child, Stdio};

use harness::{Database, Kind, Project};

use crate::{
    history::{self, Mode, REVISIONS},
    kills::spawn,
    tally::{Ending, Row},
};

/// Waits for all; returns what those said that failed.
fn complaints(children: Vec<Child>) -> Vec<String> {
    children
        .into_iter()
        .filter_map(|child| {
            let output = child.wait_with_output().expect("our own child");
            (!output.status.success()).then(|| String::from_utf8_lossy(&output.stderr).into_owned())
        })
        .collect()
}

fn judge(db: &Database, children: Vec<Child>) -> Ending {
    let mut wrong = complaints(children);
    wrong.extend(history::mistakes(db));
    if wrong.is_empty() { Ending::Recovered } else { Ending::Wrong(wrong.join("; ")) }
}

/// Starts programs of two versions: one knows the first three revisions, the other all five.
pub(crate) fn two_versions(kind: Kind, mode: Mode, processes: usize, runs: usize) -> Row {
    let mut row = Row::new(format!("{}, {}, {processes} processes of two versions at once", kind.name(), mode.name()));
    for run in 0..runs {
        let db = Database::new(kind).expect("scripts/faults starts the servers");
        let length = |n: usize| if n.is_multiple_of(2) { 3 } else { REVISIONS };
        let children = (0..processes).map(|n| spawn(&db, mode, length(n), db.url())).collect();
        row.add(judge(&db, children), format_args!("run {run}"));
    }
    row
}

/// Starts `cargo alembic` several times behind `PgBouncer`, which gives them three sessions in turns.
pub(crate) fn behind_pgbouncer(processes: usize, runs: usize) -> Row {
    let mut row = Row::new(format!("postgres, {processes} replicas behind PgBouncer by transaction"));
    #[expect(clippy::disallowed_methods, reason = "how scripts/with-databases says where the servers are")]
    let server = std::env::var("ALEMBIC_TEST_PGBOUNCER").expect("scripts/faults starts the servers");
    let program = std::env::current_exe().expect("the program knows itself").with_file_name("cargo-alembic-under-test");
    for run in 0..runs {
        let db = Database::new(Kind::Postgres).expect("scripts/faults starts the servers");
        let url = format!("{}/{}", server.rsplit_once('/').expect("a URL").0, db.name());
        let project = Project::new(&program.to_string_lossy(), "").with("DATABASE_URL", &url);
        for (name, text) in history::files(Kind::Postgres, Mode::Transaction, REVISIONS) {
            project.write(&format!("migrations/{name}"), text);
        }
        project.ok("lock");
        let upgrade = || project.command(["upgrade", "head"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let children = (0..processes).map(|_| upgrade().expect("the program runs")).collect();
        row.add(judge(&db, children), format_args!("run {run}"));
    }
    row
}

/// Starts replicas of which one builds an index concurrently while the others wait.
pub(crate) fn concurrent_index(processes: usize, runs: usize) -> Row {
    let mut row = Row::new(format!("postgres, {processes} replicas while one builds an index concurrently"));
    for run in 0..runs {
        let db = Database::new(Kind::Postgres).expect("scripts/faults starts the servers");
        let children = (0..processes).map(|_| spawn(&db, Mode::None, REVISIONS, db.url())).collect();
        row.add(judge(&db, children), format_args!("run {run}"));
    }
    row
}
