//! Steps outside a transaction where DDL is transactional: `Transaction: none`.
//!
//! The log is written ahead: that the step runs is committed before its first statement, how far it got after every
//! statement. A statement that can shares a transaction with the note that it is done; one that cannot runs between two
//! notes. What is committed is never guessed but read from the log.

use std::time::{Duration, Instant};

use alembic_graph::plan::Work;
use alembic_sql::{Checksum, may_commit_inside, requires_autocommit};
use diesel::{connection::LoadConnection, result::Error as DieselError};

use super::{Earlier, Journal, NextOperation, Noted, Strategy};
use crate::{
    database::{Diagnosis, LogDepth, LogRecord, MigrationBackend},
    migrator::{
        Error, Outcome,
        contention::Retries,
        failure::{failed, is_cheap_to_rerun},
        run::{Halt, Progress, Run},
        session::sorted,
    },
    op::MigrationResult,
};

/// One step at a time, statement by statement.
pub(super) struct Journaled {
    earlier: Earlier,
}

impl Journaled {
    pub(super) fn new(earlier: Earlier) -> Self {
        Self { earlier }
    }
}

impl<C> Strategy<C> for Journaled
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    fn batch(&self, _rest: &[Work]) -> usize {
        1
    }

    fn run(&mut self, run: &mut Run<'_, C>, batch: &[Work], progress: &mut Progress) -> Result<(), Halt> {
        let done = std::mem::take(&mut self.earlier.done);
        for work in batch {
            run.create_tables(&progress.rows)?;
            let before = run.session.settings()?;
            let result = if work.is_rust {
                run.journaled_function(self, work, &progress.clone(), done)
            } else {
                self.statements(run, work, progress, done)
            };
            let restored = run.session.restore(&before);
            result.and(restored.map_err(Halt::from))?;
            progress.advance(work);
        }
        Ok(())
    }
}

impl Journaled {
    fn statements<C>(&self, run: &mut Run<'_, C>, work: &Work, progress: &Progress, done: usize) -> Result<(), Halt>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        let begun = Instant::now();
        let note = run.session.start_note(work, done);
        self.start(run, work, &progress.rows, note)?;
        let step = run.started(work, progress);
        run.session.set_up_again(work, done)?;
        let mut prefix = work.prefix(done);
        for (n, statement) in work.statements.iter().enumerate().skip(done) {
            prefix = statement.after(prefix, work.dialect);
            run.check_interrupt().map_err(|error| refused(run, work, n, error))?;
            run.session.check_cascade(work, n).map_err(|error| refused(run, work, n, error))?;
            run.statement(work, n, prefix).map_err(replan_if_overtaken)?;
        }
        self.complete(run, work, &progress.rows_after(work)).map_err(replan_if_overtaken)?;
        run.finished(step, begun);
        run.report.transactions += 1;
        Ok(())
    }

    /// Says that a step is about to run, unless somebody else has said so or done it meanwhile.
    fn record_start<C>(&self, run: &mut Run<'_, C>, work: &Work, rows: &[String], note: &str) -> Result<(), Halt>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        let session = &mut run.session;
        session.in_transaction(|session| {
            if !session.is_lock_ours()? {
                return Err(Error::Pooled { revision: Some((work.id.clone(), work.path.clone())) }.into());
            }
            let state = session.read(LogDepth::Latest)?;
            let of_this = |log: &[LogRecord]| log.iter().find(|record| record.revision == work.id).cloned();
            if state.rows != sorted(rows) || of_this(&state.log) != of_this(&self.earlier.log) {
                return Err(Halt::Replan);
            }
            session.take_lock_row_with([session.takeover_note(work), note.to_owned()])?;
            Ok(())
        })
    }
}

impl<C> Journal<C> for Journaled
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    fn earlier(&self) -> &Earlier {
        &self.earlier
    }

    fn start(&self, run: &mut Run<'_, C>, work: &Work, rows: &[String], note: String) -> Result<(), Halt> {
        run.with_retries(|run| self.record_start(run, work, rows, &note))?;
        run.session.set_up()?;
        run.session.let_policies_hide_rows(work)?;
        run.session.forget_foreign_keys();
        Ok(())
    }

    fn execute(&self, run: &mut Run<'_, C>, work: &Work, operation: NextOperation) -> Result<(), Error> {
        run.statement(work, work.statements.len() - 1, operation.prefix)
    }

    /// The note comes first, where it fails for a run that was overtaken.
    fn with_note(
        &self,
        run: &mut Run<'_, C>,
        note: &str,
        function: &mut dyn FnMut(&mut C) -> MigrationResult,
    ) -> Noted {
        let result = run.session.atomically(|session| {
            session.execute(note)?;
            function(session.lend())
        });
        Noted { result, has_committed: false }
    }

    fn roll_back(&self, run: &mut Run<'_, C>) -> bool {
        if run.session.is_in_transaction() {
            run.session.rollback();
        }
        false
    }

    fn complete(&self, run: &mut Run<'_, C>, work: &Work, rows: &[String]) -> Result<(), Error> {
        let total = work.statements.len();
        let fence = run.session.progress_note(work, total, work.prefix(total));
        let notes = [vec![fence], run.session.end_notes(work)].concat();
        let result = run.with_retries(|run| {
            let completed = run.session.in_transaction(|session| {
                session.write(&notes).map_err(Error::query("write the version table"))?;
                session.verify(rows)
            });
            match completed {
                Err(Error::Query { source, .. }) if run.session.is_overtaken(&source) => Err(Error::Overtaken.into()),
                completed => Ok(completed?),
            }
        });
        result.map_err(|halt| match halt {
            Halt::Replan => Error::Overtaken,
            Halt::Failed(error) => error,
        })
    }
}

impl<C> Run<'_, C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    /// Runs a statement and notes it, and tries again as long as others are in the way.
    fn statement(&mut self, work: &Work, n: usize, prefix: Checksum) -> Result<(), Error> {
        let mut retries = Retries::new(self.settings.lock_retries);
        let text = &work.statements[n].text;
        loop {
            let begun = Instant::now();
            let Err(Unfinished { error, ran }) = self.statement_once(work, n, prefix) else { return Ok(()) };
            if ran {
                // It stays under way, and the next run asks the catalog.
                return Err(failed(work, n, &error, &Diagnosis::default()).with_outcome(Outcome::Unknown));
            }
            if !C::Backend::is_contention(&error) || !retries.left() || requires_autocommit(text, work.dialect) {
                let diagnosis = self.diagnose(work, &error, begun.elapsed());
                let stopped = self.stopped(work, &error, &diagnosis, |_| false);
                return Err(self.with_blockers(stopped.error));
            }
            self.wait_for_others(&mut retries, text);
        }
    }

    /// Runs a statement together with the note that it is done, if it can; else between two notes.
    fn statement_once(&mut self, work: &Work, n: usize, prefix: Checksum) -> Result<(), Unfinished> {
        let text = &work.statements[n].text;
        let note = self.session.progress_note(work, n + 1, prefix);
        if !requires_autocommit(text, work.dialect) {
            // The note comes first: it fails for a run that was overtaken, whose statement might fail for being run
            // twice.
            let result = self.session.atomically(|session| {
                session.execute(&note)?;
                session.execute(text)
            });
            match result {
                Err(error) if C::Backend::wants_no_transaction(&error) => {}
                result => return Ok(result?),
            }
        }
        let intent = self.session.intent_note(work, n + 1);
        self.session.execute(&intent)?;
        self.session.lift_timeout(text)?;
        // What runs others may have committed some of them.
        let ran = may_commit_inside(text, work.dialect);
        self.session.execute(text).map_err(|error| Unfinished { error, ran })?;
        self.session
            .restore_timeout(text)
            .and_then(|()| self.session.execute(&note))
            .map_err(|error| Unfinished { error, ran: true })
    }

    /// Finds out the code of an error.
    fn diagnose(&mut self, work: &Work, error: &DieselError, took: Duration) -> Diagnosis {
        let statement = self.session.progress_of(&work.id).and_then(|done| work.statements.get(done));
        let capable = C::Backend::CAPABILITIES.explains_reruns && is_cheap_to_rerun(error, took);
        match statement.filter(|statement| capable && !requires_autocommit(&statement.text, work.dialect)) {
            Some(statement) => self.session.fail_again_alone(&statement.text, error),
            None => Diagnosis::default(),
        }
    }
}

/// Notes that a step stopped before its next statement was run.
fn refused<C>(run: &mut Run<'_, C>, work: &Work, done: usize, error: Error) -> Error
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let note = run.session.failure_note(work, error.to_string().lines().next());
    run.session.try_write(&[note]);
    error.with_outcome(Outcome::Partial { done })
}

/// A statement that is not noted as done.
struct Unfinished {
    error: DieselError,
    /// Whether it, or a part of it, may have taken effect all the same.
    ran: bool,
}

impl From<DieselError> for Unfinished {
    fn from(error: DieselError) -> Self {
        Self { error, ran: false }
    }
}

/// Another run goes on with the step; it is waited for like any other.
pub(super) fn replan_if_overtaken(error: Error) -> Halt {
    if matches!(error, Error::Overtaken) { Halt::Replan } else { error.into() }
}
