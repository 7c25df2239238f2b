//! A step whose operations are committed one by one.

use std::time::Instant;

use alembic_graph::plan::Work;
use diesel::connection::LoadConnection;

use super::operations::Operations;
use crate::{
    database::{LogRecord, MigrationBackend},
    migrator::{
        Error, Finding, Outcome,
        apply::{Earlier, Journal, journaled::replan_if_overtaken},
        consistency::unfinished,
        run::{Halt, Progress, Run},
    },
};

impl Earlier {
    /// Returns what an earlier run left of a revision.
    fn of(&self, revision: &str) -> Option<&LogRecord> {
        self.log.iter().find(|record| record.revision == revision && unfinished(record).is_some())
    }
}

impl<C> Run<'_, C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    /// Runs a function whose operations are committed one by one; an earlier run has done the first `done`.
    pub(in crate::migrator::apply) fn journaled_function(
        &mut self,
        journal: &dyn Journal<C>,
        work: &Work,
        progress: &Progress,
        done: usize,
    ) -> Result<(), Halt> {
        let begun = Instant::now();
        let function = self.migrations.function(work)?;
        let earlier = journal.earlier().of(&work.id).cloned();
        if earlier.as_ref().is_some_and(LogRecord::is_by_hand) {
            let (revision, path, line) = (work.id.clone(), work.path.clone(), work.line);
            return Err(Error::Inconsistent(vec![Finding::ByHand { revision, path, line, done }]).into());
        }
        let note = self.session.function_start_note(work, done, earlier.as_ref());
        journal.start(self, work, &progress.rows, note)?;
        self.session.forget_foreign_keys();
        let step = self.started(work, progress);
        let (mut grown, mut raw_use) = (work.clone(), false);
        let (executed, used) = (&mut grown, &mut raw_use);
        let result = self.call(function, work, |run| Operations {
            run,
            journal,
            work: executed,
            prefix: work.prefix(0),
            earlier,
            raw_use: used,
        });
        self.session.take_back();
        let result = result.map_err(|error| self.function_failed(&grown, error)).and_then(|()| {
            let rewritten = || Finding::Rewritten { revision: work.id.clone(), path: work.path.clone(), done };
            if grown.statements.len() < done { Err(Error::Inconsistent(vec![rewritten()])) } else { Ok(()) }
        });
        let completed = match result {
            Ok(()) => journal.complete(self, &grown, &progress.rows_after(work)),
            Err(error) => Err(self.function_stopped(journal, &grown, raw_use, error)),
        };
        completed.map_err(replan_if_overtaken)?;
        self.finished(step, begun);
        self.report.transactions += 1;
        Ok(())
    }

    /// Notes why a function came to no end, unless that is noted already or still to be found out.
    fn function_stopped(&mut self, journal: &dyn Journal<C>, work: &Work, raw_use: bool, error: Error) -> Error {
        let reason = match &error {
            Error::Statement(failure) if matches!(failure.outcome, Outcome::RolledBack { .. }) => {
                failure.server.clone()
            }
            Error::Statement(_) | Error::Overtaken | Error::Inconsistent(_) => return error,
            other => other.to_string(),
        };
        let nothing_left = journal.roll_back(self) || !raw_use;
        let done = self.session.progress_of(&work.id);
        let mut notes = vec![self.session.failure_note(work, Some(&reason))];
        if raw_use && nothing_left {
            notes.push(self.session.raw_use_note(work, false));
        }
        self.session.try_write(&notes);
        error.with_outcome(match done {
            _ if !nothing_left => Outcome::ByHand,
            Some(done) => Outcome::Partial { done },
            None => Outcome::Unknown,
        })
    }
}
