//! Steps inside a transaction: where DDL is transactional, all but `Transaction: none`.

use std::time::Instant;

use alembic_graph::{config::TransactionMode, plan::Work};
use chrono::{NaiveDateTime, TimeDelta};
use diesel::connection::LoadConnection;

use super::Strategy;
use crate::{
    database::MigrationBackend,
    migrator::{
        Error, Outcome,
        run::{Halt, Progress, Run},
        session::Times,
    },
};

/// How many steps may pass before the server is asked how many locks are left.
const STEPS_PER_LOCK_CHECK: usize = 200;

/// The fewest locks that have to be left for another group of steps.
const LOCK_RESERVE: i64 = 1000;

/// Steps share a transaction, and everything of it commits or rolls back together.
pub(super) struct Transactional {
    mode: TransactionMode,
    /// Read in the first transaction.
    clock: Option<Clock>,
}

impl Transactional {
    pub(super) fn new(mode: TransactionMode) -> Self {
        Self { mode, clock: None }
    }
}

impl<C> Strategy<C> for Transactional
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    fn batch(&self, rest: &[Work]) -> usize {
        let together = |step: &&Work| !step.without_transaction && !step.foreign_keys_off;
        match self.mode {
            TransactionMode::PerRun => rest.iter().take_while(together).count().max(1),
            TransactionMode::PerMigration => 1,
        }
    }

    /// Runs steps in one transaction, or in several if the server would run out of locks or has to commit the
    /// new value of an enum.
    fn run(&mut self, run: &mut Run<'_, C>, batch: &[Work], progress: &mut Progress) -> Result<(), Halt> {
        let mut rest = batch;
        while !rest.is_empty() {
            let done = run.with_retries(|run| {
                let before = progress.clone();
                let result = self.transaction(run, rest, progress);
                if result.is_err() {
                    *progress = before;
                }
                result
            })?;
            rest = &rest[done..];
        }
        Ok(())
    }
}

impl Transactional {
    /// Runs as many steps in one transaction as can share it; returns how many.
    fn transaction<C>(&mut self, run: &mut Run<'_, C>, batch: &[Work], progress: &mut Progress) -> Result<usize, Halt>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        let (committed, before) = (run.report.steps.len(), progress.number);
        run.session.forget_foreign_keys();
        let violations = run.session.switch_foreign_keys_off(batch)?;
        let result = run.begin(&progress.rows).and_then(|()| {
            let result = self.steps_and_commit(run, batch, progress, violations.as_deref());
            if result.is_err() {
                run.session.rollback();
            }
            Ok(result?)
        });
        let switched = violations.map_or(Ok(()), |_| run.session.switch_foreign_keys_on());
        let done = result.map_err(|halt| match halt {
            Halt::Replan => halt,
            Halt::Failed(error) => rolled_back(run, batch, error, committed, progress.number - before).into(),
        })?;
        switched?;
        run.report.transactions += 1;
        Ok(done)
    }

    fn steps_and_commit<C>(
        &mut self,
        run: &mut Run<'_, C>,
        batch: &[Work],
        progress: &mut Progress,
        violations: Option<&[String]>,
    ) -> Result<usize, Error>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        let before = progress.rows.clone();
        let times = self.steps(run, batch, progress)?;
        run.session.record(&batch[..times.len()], &times, &before, &progress.rows)?;
        run.session.verify(&progress.rows)?;
        if let (Some(before), Some(first)) = (violations, batch.first()) {
            run.session.compare_violations(first, before)?;
        }
        run.session.commit()?;
        Ok(times.len())
    }

    /// Runs steps until the transaction has to be cut; returns when each began and ended.
    fn steps<C>(&mut self, run: &mut Run<'_, C>, batch: &[Work], progress: &mut Progress) -> Result<Vec<Times>, Error>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        let clock = match self.clock {
            Some(clock) => clock,
            None => *self.clock.insert(Clock { then: run.session.clock()?, read: Instant::now() }),
        };
        let now = || C::Backend::log_time(clock.now());
        let mut times = Vec::with_capacity(batch.len());
        let mut adds_enum_value = false;
        for (index, work) in batch.iter().enumerate() {
            // Nothing can use a new value of an enum before the commit.
            if index > 0 && adds_enum_value {
                return Ok(times);
            }
            if index > 0 && index % STEPS_PER_LOCK_CHECK == 0 && locks_are_short(run)? {
                run.observer.note("committing early: the server's lock table is filling up");
                return Ok(times);
            }
            run.check_interrupt()?;
            let (begun, started) = (Instant::now(), now());
            let step = run.started(work, progress);
            adds_enum_value = run.step(work)?;
            times.push((started, now()));
            run.finished(step, begun);
            progress.advance(work);
        }
        Ok(times)
    }
}

fn locks_are_short<C>(run: &mut Run<'_, C>) -> Result<bool, Error>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    Ok(run.session.locks_left()?.is_some_and(|left| left < LOCK_RESERVE))
}

/// Records the failure of a transaction that was rolled back, and says what that has left; `undone` steps before the
/// failed one were in it.
fn rolled_back<C>(run: &mut Run<'_, C>, batch: &[Work], error: Error, committed: usize, undone: usize) -> Error
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    run.report.steps.truncate(committed);
    let error = run.diagnose_by_rerun(batch, error);
    let in_callers = run.session.is_in_transaction();
    if let Error::Statement(failure) = &error {
        if let Some(work) = batch.iter().find(|work| work.id == failure.revision).filter(|_| !in_callers) {
            run.session.record_failure(work, &failure.server);
        }
        // What has committed by itself was not rolled back.
        if failure.outcome == Outcome::ByHand {
            return error;
        }
    }
    error.with_outcome(match committed {
        done if done > 0 && in_callers => Outcome::InCallersTransaction { done, undone },
        committed => Outcome::RolledBack { committed, undone },
    })
}

/// The database's clock.
#[derive(Debug, Clone, Copy)]
struct Clock {
    then: NaiveDateTime,
    read: Instant,
}

impl Clock {
    fn now(self) -> NaiveDateTime {
        self.then + TimeDelta::from_std(self.read.elapsed()).unwrap_or_default()
    }
}
