//! A step whose operations are committed one by one.

use std::time::Instant;

use alembic_graph::{
    plan::Work,
    version_table::{LogEntry, LogState},
};
use diesel::connection::LoadConnection;

use super::{into_error, operations::Journaled};
use crate::{
    database::{LogRecord, MigrationBackend, Transaction, progress_of},
    migrator::{
        Error, Finding, Outcome,
        apply::single::replan_if_overtaken,
        consistency::unfinished,
        run::{Engine, Halt, Progress, after},
    },
};

impl<C> Engine<'_, C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    /// Runs a function whose operations are committed one by one; an earlier run has done the first `done`.
    pub(in crate::migrator) fn function_by_operation(
        &mut self,
        work: &Work,
        rows: &[String],
        done: usize,
        progress: Progress,
    ) -> Result<(), Halt> {
        let begun = Instant::now();
        let function = self.migrations.function(work)?;
        let left = self.left_of(&work.id).cloned();
        if left.as_ref().is_some_and(LogRecord::is_by_hand) {
            let (revision, path, line) = (work.id.clone(), work.path.clone(), work.line);
            return Err(Error::Inconsistent(vec![Finding::ByHand { revision, path, line, done }]).into());
        }
        if self.dialect.is_mysql_family() {
            let takeover = self.table.log_takeover(self.dialect, &work.log_entry(&self.run));
            let announced = [takeover, self.announcement(work, done), "COMMIT".to_owned()].join(";\n");
            self.conn.batch_execute(&announced).map_err(Error::query("write the log"))?;
        } else {
            self.announce(work, rows, done)?;
            self.begin_session()?;
            self.let_policies_hide_rows(work)?;
        }
        self.drops_cascade = None;
        let step = self.started(work, progress);
        let (mut grown, mut by_hand) = (work.clone(), false);
        let result = self.call(function, (&work.id, &work.path), |engine| Journaled {
            engine,
            work: &mut grown,
            prefix: work.prefix(0),
            left,
            by_hand: &mut by_hand,
        });
        let result = result.map_err(|error| into_error::<C>(&grown, error)).and_then(|()| {
            let rewritten = || Finding::Rewritten { revision: work.id.clone(), path: work.path.clone(), done };
            if grown.statements.len() < done { Err(Error::Inconsistent(vec![rewritten()])) } else { Ok(()) }
        });
        result.map_err(|error| replan_if_overtaken(self.function_stopped(&grown, by_hand, error)))?;
        self.complete_function(&grown, rows).map_err(replan_if_overtaken)?;
        self.finished(step, begun);
        self.report.transactions += 1;
        Ok(())
    }

    /// Returns what an earlier run left of a revision.
    fn left_of(&self, revision: &str) -> Option<&LogRecord> {
        self.seen.iter().find(|record| record.revision == revision && unfinished(record).is_some())
    }

    /// Says that a function is about to run. What an earlier run left is still in doubt then.
    pub(in crate::migrator) fn function_announcement(&self, work: &Work, done: usize) -> String {
        let left = self.left_of(&work.id);
        let prefix = left.and_then(|left| left.prefix.as_deref()?.parse().ok());
        let left = left.map(LogRecord::left);
        let entry = LogEntry { done, statements: done.max(1), prefix, left, ..work.log_entry(&self.run) };
        self.table.log(self.dialect, &[entry], LogState::Running, &self.options.actor)
    }

    fn complete_function(&mut self, work: &Work, rows: &[String]) -> Result<(), Error> {
        if !self.dialect.is_mysql_family() {
            return self.complete(work, &after(rows.to_vec(), work));
        }
        let mut statements = self.completion(work);
        statements.push("COMMIT".to_owned());
        self.conn.batch_execute(&statements.join(";\n")).map_err(Error::query("write the version table"))
    }

    /// Notes why a function came to no end, unless that is noted already or still to be found out.
    fn function_stopped(&mut self, work: &Work, by_hand: bool, error: Error) -> Error {
        let reason = match &error {
            Error::Statement(failure) if matches!(failure.outcome, Outcome::RolledBack { .. }) => {
                failure.server.clone()
            }
            Error::Statement(_) | Error::Overtaken | Error::Inconsistent(_) => return error,
            other => other.to_string(),
        };
        let mut nothing_left = !by_hand;
        if Transaction::is_open(self.conn) {
            Transaction::rollback(self.conn);
        } else if self.dialect.is_mysql_family() {
            nothing_left |= self.conn.batch_execute("ROLLBACK TO SAVEPOINT alembic_conn").is_ok();
            self.conn.batch_execute("ROLLBACK").ok();
        }
        let done = progress_of(self.conn, self.dialect, &self.table, &self.run, &work.id).ok().flatten();
        let entry = work.log_entry(&self.run);
        let mut notes = vec![self.table.log_end(self.dialect, &entry, LogState::Failed, Some(&reason))];
        if by_hand && nothing_left {
            notes.push(self.table.log_by_hand(self.dialect, &entry, false));
        }
        if self.dialect.is_mysql_family() {
            notes.push("COMMIT".to_owned());
        }
        // Should this fail too, the step stays under way.
        self.conn.batch_execute(&notes.join(";\n")).ok();
        let outcome = match done {
            _ if !nothing_left => Outcome::ByHand,
            Some(done) => Outcome::Partial { done },
            None => Outcome::Unknown,
        };
        error.with_outcome(outcome)
    }
}
