//! Every fault at every point between two effects.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    process::Command,
};

use alembic_runtime::MigrationBackend;
use diesel::connection::{Connection, LoadConnection};
use harness::{Database, Kind};

use crate::{
    faulty::{self, Fault, Faulty, Trap},
    history::{self, Mode, REVISIONS},
    tally::{Ending, Row},
};

/// Tries every `stride`-th point of one history with one kind of fault.
pub(crate) fn row<C>(kind: Kind, mode: Mode, fault: Fault, stride: usize) -> Row
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
    Faulty<C>: LoadConnection<Backend = C::Backend>,
{
    let which = if stride == 1 { "every point".to_owned() } else { format!("every {stride}rd point") };
    let mut row = Row::new(format!("{}, {}, {} at {which}", kind.name(), mode.name(), fault.name()));
    let db = Database::new(kind).expect("scripts/faults starts the servers");
    let plain = history::history::<C>(kind, mode, REVISIONS);
    let counter = Trap::new(usize::MAX, fault);
    faulty::set(counter.clone());
    disturb::<C>(&db, mode);
    let points = counter.points();
    assert!(points > 20, "{points} effects are too few to be true");
    for point in (0..points).step_by(stride) {
        db.empty();
        if fault == Fault::Abort {
            abort(&db, mode, point);
        } else {
            faulty::set(Trap::new(point, fault));
            disturb::<C>(&db, mode);
        }
        let ending = match history::lies(&db, mode) {
            Some(lie) => Ending::Wrong(lie),
            None => Ending::judge(history::run(&db, &plain), || history::mistakes(&db)),
        };
        row.add(ending, format_args!("point {point} of {points}"));
    }
    row
}

/// Runs the history on the connection that has the trap.
pub(crate) fn disturb<C>(db: &Database, mode: Mode)
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
    Faulty<C>: LoadConnection<Backend = C::Backend>,
{
    let migrations = history::history::<Faulty<C>>(db.kind(), mode, REVISIONS);
    let mut conn = Faulty::<C>::establish(db.url()).expect("the server answers");
    catch_unwind(AssertUnwindSafe(|| migrations.upgrade(&mut conn, "head").ok())).ok();
}

/// A process of its own has to die.
fn abort(db: &Database, mode: Mode, point: usize) {
    let program = std::env::current_exe().expect("the program knows itself");
    let status = Command::new(program)
        .args(["abort", db.kind().name(), mode.name(), db.url(), &point.to_string()])
        .stderr(std::process::Stdio::null())
        .status()
        .expect("the program runs");
    assert!(status.code() != Some(2), "the child did not understand");
}
