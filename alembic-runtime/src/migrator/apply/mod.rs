//! Applies the steps of a plan, in batches that are committed and recorded together.

mod function;
mod journaled;
mod mysql;
mod step;
mod stopped;
mod storage;
mod transactional;

use alembic_graph::plan::Work;
use diesel::connection::LoadConnection;
use journaled::Journaled;
use mysql::Mysql;
use transactional::Transactional;

use super::{
    Error,
    run::{Halt, Progress, Run},
};
use crate::{
    database::{LogRecord, MigrationBackend, State},
    op::MigrationResult,
};

/// A way in which steps are committed and recorded.
trait Strategy<C> {
    /// Returns how many of the next steps run together, at least one.
    fn batch(&self, rest: &[Work]) -> usize;

    /// Runs a batch, and counts its steps as done.
    fn run(&mut self, run: &mut Run<'_, C>, batch: &[Work], progress: &mut Progress) -> Result<(), Halt>;
}

/// A way in which the operations of a function are committed one by one, each with the note that it is done.
trait Journal<C> {
    /// Returns what earlier runs have left.
    fn earlier(&self) -> &Earlier;

    /// Writes the note that a step is about to run, and makes the session ready for it.
    fn start(&self, run: &mut Run<'_, C>, work: &Work, rows: &[String], note: String) -> Result<(), Halt>;

    /// Runs the last statement of the work, and notes it.
    fn execute(&self, run: &mut Run<'_, C>, work: &Work, operation: NextOperation) -> Result<(), Error>;

    /// Runs a function in a transaction, together with a note.
    fn with_note(&self, run: &mut Run<'_, C>, note: &str, function: &mut dyn FnMut(&mut C) -> MigrationResult)
    -> Noted;

    /// Prepares for a use of the connection that the log knows nothing of.
    fn before_raw_use(&self, _run: &mut Run<'_, C>) -> Result<(), Error> {
        Ok(())
    }

    /// Rolls back what a function has left open; returns whether that was all that it did with the connection.
    fn roll_back(&self, run: &mut Run<'_, C>) -> bool;

    /// Records that a step is done. `rows` are those of the version table after it.
    fn complete(&self, run: &mut Run<'_, C>, work: &Work, rows: &[String]) -> Result<(), Error>;
}

/// An operation to run, which is the last statement of its work.
struct NextOperation {
    /// Checksum of the operations before it.
    before: alembic_sql::Checksum,
    /// And of those up to it.
    prefix: alembic_sql::Checksum,
    /// Whether the connection was used before in ways that the log knows nothing of.
    after_raw_use: bool,
}

/// What came of a function and its note.
struct Noted {
    result: MigrationResult,
    /// Whether a statement of the function has committed.
    has_committed: bool,
}

/// What earlier runs have left.
struct Earlier {
    /// The log when the run was planned.
    log: Vec<LogRecord>,
    /// How many statements of the first step are done.
    done: usize,
}

impl<C> Run<'_, C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    /// Applies the steps of a plan.
    pub(super) fn apply(&mut self, work: &[Work], state: &State) -> Result<(), Halt> {
        let journaled = work.iter().find(|step| is_journaled::<C>(step));
        if let Some(first) = journaled {
            self.require_session_lock(first)?;
        }
        let log = if journaled.is_some() { state.log.clone() } else { Vec::new() };
        let earlier = Earlier { log, done: self.resume(work, state)? };
        let mut transactional = Transactional::new(self.settings.transaction);
        let mut outside: Box<dyn Strategy<C>> = if C::Backend::CAPABILITIES.transactional_ddl {
            Box::new(Journaled::new(earlier))
        } else {
            Box::new(Mysql::new(earlier))
        };
        let mut progress = Progress { rows: state.rows.clone(), number: 0, total: work.len() };
        let mut rest = work;
        while let Some(first) = rest.first() {
            let strategy = if is_journaled::<C>(first) { outside.as_mut() } else { &mut transactional };
            let (batch, later) = rest.split_at(strategy.batch(rest));
            strategy.run(self, batch, &mut progress)?;
            rest = later;
        }
        Ok(())
    }

    /// Makes sure that a step outside a transaction can run: the lock has to be the session's.
    fn require_session_lock(&mut self, step: &Work) -> Result<(), Halt> {
        if self.session.is_in_transaction() {
            return Err(Error::InsideTransaction(self.session.dialect).into());
        }
        if self.options.pooled && self.session.has_lock() {
            return Err(Error::Pooled { revision: Some((step.id.clone(), step.path.clone())) }.into());
        }
        if !self.session.lacks_session_lock() {
            return Ok(());
        }
        self.take_lock()?;
        Err(Halt::Replan)
    }
}

/// Returns whether a step commits statement by statement.
pub(super) fn is_journaled<C>(step: &Work) -> bool
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    !C::Backend::CAPABILITIES.transactional_ddl || step.without_transaction
}
