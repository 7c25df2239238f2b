//! Operations that are committed one by one, each with a note that it is done.
//!
//! After an interruption the function is called again. Operations that are noted are skipped, as long as
//! they say what they said; the first one that is not is looked up in the catalog.

use std::time::Instant;

use alembic_core::{
    Checksum,
    plan::{Statement, Work},
    sql::{Nature, leaves_in_session, nature},
    version_table::{LogEntry, LogState},
};
use diesel::{connection::LoadConnection, result::Error as DieselError};

use super::{into_error, statement};
use crate::{
    database::{LogRecord, MigrationBackend, Transaction, progress_of},
    migrator::{
        Error, Finding, Outcome,
        consistency::unfinished,
        contention::Retries,
        engine::{Engine, Halt, Progress, after},
        failure::with_outcome,
        journal::marker,
        single::replan_if_overtaken,
    },
    op::{Cursor, Executor, MigrationResult, OpError, Place, Problem},
};

/// On MySQL, where the transaction stood before it was used by hand: gone once something has committed.
const SAVEPOINT: &str = "SAVEPOINT alembic_conn";

/// Runs operations one by one.
struct Journaled<'e, 'r, C> {
    engine: &'e mut Engine<'r, C>,
    /// Grows by every operation.
    work: &'e mut Work,
    /// Of the operations so far.
    prefix: Checksum,
    /// What an earlier run left.
    left: Option<LogRecord>,
    /// Whether the connection was handed out; the log says so.
    by_hand: &'e mut bool,
}

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
        if left.as_ref().is_some_and(LogRecord::by_hand) {
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
        }
        self.drops_cascade = None;
        let step = self.started(work, progress);
        let (mut grown, mut by_hand) = (work.clone(), false);
        let result = self.call(function, &work.id, |engine| Journaled {
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
        let entry = LogEntry { done, statements: done.max(1), prefix, ..work.log_entry(&self.run) };
        let announced = self.table.log(self.dialect, &[entry], LogState::Running, &self.options.actor);
        let carried = left.map(|left| {
            self.table.log_carry_over(self.dialect, &entry, left.intent.as_deref(), left.position.as_deref())
        });
        [Some(announced), carried].into_iter().flatten().collect::<Vec<_>>().join(";\n")
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
        with_outcome(error, done.map_or(Outcome::Unknown, |done| Outcome::Partial { done }))
    }
}

impl<C> Journaled<'_, '_, C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    /// Counts an operation; returns whether an earlier run has done it.
    fn reach(&mut self, statement: Statement) -> Result<bool, Error> {
        self.prefix = statement.after(self.prefix, self.work.dialect);
        self.work.statements.push(statement);
        let Some(left) = &self.left else { return Ok(false) };
        let (reached, done) = (self.work.statements.len(), left.statements_done());
        if reached == done && left.prefix.as_ref().is_some_and(|prefix| *prefix != self.prefix.to_string()) {
            let (revision, path) = (self.work.id.clone(), self.work.path.clone());
            return Err(Error::Inconsistent(vec![Finding::Rewritten { revision, path, done }]));
        }
        Ok(reached <= done)
    }

    /// The last operation left something in a session that is gone.
    fn forgotten(&self) -> Finding {
        let (line, statement) =
            self.work.statements.last().map(|last| (last.line, last.text.clone())).unwrap_or_default();
        let done = self.left.as_ref().map_or(0, LogRecord::statements_done);
        Finding::Forgotten { revision: self.work.id.clone(), path: self.work.path.clone(), line, done, statement }
    }

    fn reached(&self) -> usize {
        self.work.statements.len()
    }

    /// Returns the statement that notes that the operation is done.
    fn note(&self) -> String {
        let entry = self.work.log_entry(&self.engine.run);
        self.engine.table.log_progress(self.engine.dialect, &entry, self.reached(), self.prefix)
    }

    /// Returns whether the statement took effect before an earlier run could note it.
    fn found_applied(&mut self) -> Result<bool, Error> {
        let before = self.reached() - 1;
        let Some(left) = self.left.clone().filter(|left| left.statements_done() == before) else { return Ok(false) };
        Ok(self.engine.after_looking(self.work, &left, before)? > before)
    }

    fn commit_note(&mut self, note: &str) -> Result<(), Error> {
        let commit = if self.engine.dialect.is_mysql_family() { ";\nCOMMIT" } else { "" };
        self.engine.conn.batch_execute(&format!("{note}{commit}")).map_err(Error::query("write the log"))
    }

    /// MySQL: the statement, the note and the commit in one message.
    fn execute_on_mysql(&mut self, sql: &str) -> Result<(), Error> {
        let mut message = vec![sql.to_owned()];
        if nature(sql, self.engine.dialect) != Nature::Data {
            let done = marker(&self.engine.run, self.work, self.reached());
            message.push(format!("SET @alembic_done = {}", self.engine.dialect.literal(&done)));
        }
        message.extend([self.note(), "COMMIT".to_owned()]);
        let mut retries = Retries::new(self.engine.lock_retries);
        loop {
            let begun = Instant::now();
            let result = self.engine.conn.batch_execute(&message.join("\n;\n"));
            let Err(error) = result else { return Ok(()) };
            let stopped = self.engine.stopped(self.work, &error, begun.elapsed());
            // With what was done by hand before, it would have to be done again, too.
            let again = stopped.error.contended_sql().filter(|_| retries.left() && !*self.by_hand);
            let Some(statement) = again else { return Err(self.engine.with_blockers(stopped.error)) };
            self.engine.wait_for_others(&mut retries, &statement);
        }
    }

    /// Runs a function in a transaction, together with a note. The note comes first, where it fails for a
    /// run that was overtaken; on MySQL last, where a statement of the function might commit it.
    fn with_note(&mut self, note: &str, work: &mut dyn FnMut(&mut C) -> MigrationResult) -> MigrationResult {
        let mysql = self.engine.dialect.is_mysql_family();
        let conn = &mut *self.engine.conn;
        Transaction::begin(conn)?;
        let first = conn.batch_execute(if mysql { SAVEPOINT } else { note });
        let result = first.map_err(Into::into).and_then(|()| work(conn)).and_then(|()| {
            if !mysql {
                return Ok(());
            }
            conn.batch_execute("RELEASE SAVEPOINT alembic_conn").map_err(|_| {
                "a statement of the function has committed: on MySQL, statements that define tables do; use the operations"
            })?;
            Ok(conn.batch_execute(note)?)
        });
        let result = result.and_then(|()| Ok(Transaction::commit(conn)?));
        if result.is_err() {
            Transaction::rollback(conn);
        }
        result
    }

    /// Tries again as long as others are in the way.
    fn with_note_and_retries(
        &mut self,
        note: &str,
        work: &mut dyn FnMut(&mut C) -> MigrationResult,
    ) -> MigrationResult {
        let mut retries = Retries::new(self.engine.lock_retries);
        loop {
            let Err(error) = self.with_note(note, work) else { return Ok(()) };
            let source = error.downcast_ref::<DieselError>();
            if source.is_some_and(|source| self.engine.is_overtaken(source)) {
                return Err(OpError::new(std::panic::Location::caller(), Error::Overtaken.into()).into());
            }
            if !source.is_some_and(C::Backend::is_contention) || !retries.left() {
                return Err(error);
            }
            self.engine.wait_for_others(&mut retries, "");
        }
    }
}

impl<C> Executor<C> for Journaled<'_, '_, C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    fn connection(&mut self) -> Result<&mut C, Problem> {
        self.engine.drops_cascade = None;
        if !*self.by_hand {
            let entry = self.work.log_entry(&self.engine.run);
            let note = self.engine.table.log_by_hand(self.engine.dialect, &entry, true);
            self.commit_note(&note)?;
            *self.by_hand = true;
            if self.engine.dialect.is_mysql_family() {
                self.engine.conn.batch_execute(SAVEPOINT).map_err(Error::query("begin a transaction"))?;
            }
        }
        Ok(self.engine.conn)
    }

    fn look(&mut self) -> Result<&mut C, Problem> {
        Ok(self.engine.conn)
    }

    fn execute(&mut self, sql: &str, place: Place) -> Result<(), Problem> {
        if self.reach(statement(self.work, sql, place))? {
            // What it set in the session went with the session.
            if nature(sql, self.engine.dialect) == Nature::Session {
                self.engine.conn.batch_execute(sql).map_err(Error::query("set up the session again"))?;
            } else if leaves_in_session(sql, self.engine.dialect) {
                return Err(Error::Inconsistent(vec![self.forgotten()]).into());
            }
            return Ok(());
        }
        self.engine.refuse_statement(self.work)?;
        if self.found_applied()? {
            let note = self.note();
            return Ok(self.commit_note(&note)?);
        }
        if self.engine.dialect.is_mysql_family() {
            return Ok(self.execute_on_mysql(sql)?);
        }
        Ok(self.engine.statement_with_retries(self.work, self.reached() - 1, self.prefix)?)
    }

    fn atomically(&mut self, place: Place, work: &mut dyn FnMut(&mut C) -> MigrationResult) -> MigrationResult {
        self.engine.drops_cascade = None;
        let done = self.reach(statement(self.work, "a function", place));
        if done.map_err(|error| OpError::new(place, error.into()))? {
            return Ok(());
        }
        let note = self.note();
        self.with_note_and_retries(&note, work)
    }

    fn progress(&mut self, done: u64, total: u64) {
        self.engine.observer.progress(done, total);
    }

    fn cursor(&mut self, what: &str, place: Place) -> Result<Cursor, Problem> {
        if self.reach(statement(self.work, what, place))? {
            return Ok(Cursor::Done);
        }
        let before = self.reached() - 1;
        let left = self.left.as_ref().filter(|left| left.statements_done() == before);
        let position = left.and_then(|left| left.position.as_ref()?.parse().ok());
        Ok(position.map_or(Cursor::Start, Cursor::After))
    }

    fn batch(&mut self, cursor: i64, work: &mut dyn FnMut(&mut C) -> MigrationResult) -> MigrationResult {
        let entry = self.work.log_entry(&self.engine.run);
        let note = self.engine.table.log_position(self.engine.dialect, &entry, Some(cursor));
        self.with_note_and_retries(&note, work)
    }

    fn backfilled(&mut self) -> Result<(), Problem> {
        let entry = self.work.log_entry(&self.engine.run);
        let no_position = self.engine.table.log_position(self.engine.dialect, &entry, None);
        // The first commits the second with it, or is repeated.
        let note = format!("{};\n{no_position}", self.note());
        Ok(self.commit_note(&note)?)
    }
}
