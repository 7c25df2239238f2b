//! Operations that are committed one by one, each with a note that it is done.
//!
//! After an interruption the function is called again. Operations that are noted are skipped, as long as
//! they say what they said; the first one that is not is looked up in the catalog.

use std::time::Instant;

use alembic_graph::{
    plan::{Statement, Work},
    version_table::{Left, LogEntry, LogState, Position},
};
use alembic_sql::{Checksum, Nature, dropped_table, leaves_in_session, nature};
use diesel::{connection::LoadConnection, result::Error as DieselError};

use super::statement;
use crate::{
    database::{LogRecord, MigrationBackend, Transaction},
    migrator::{
        Error, Finding, apply::journaled::marker, contention::Retries, quoted::BETWEEN_STATEMENTS, run::Engine,
    },
    op::{Cursor, Executor, MigrationResult, OpError, Place, Problem, Render},
};

/// On MySQL, where the transaction stood before a function went on: gone once something has committed.
const SAVEPOINT: &str = "SAVEPOINT alembic_conn";

const COMMITTED: &str =
    "a statement of the function has committed: on MySQL, statements that define tables do; use the operations";

/// Runs operations one by one.
pub(super) struct Journaled<'e, 'r, C> {
    pub(super) engine: &'e mut Engine<'r, C>,
    /// Grows by every operation.
    pub(super) work: &'e mut Work,
    /// Of the operations so far.
    pub(super) prefix: Checksum,
    /// What an earlier run left.
    pub(super) left: Option<LogRecord>,
    /// Whether something was done that the log knows nothing of; the log says so.
    pub(super) by_hand: &'e mut bool,
}

impl<C> Journaled<'_, '_, C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    /// Counts an operation; returns whether an earlier run has done it.
    fn reach(&mut self, operation: Statement) -> Result<bool, Error> {
        self.prefix = operation.after(self.prefix, self.work.dialect);
        self.work.statements.push(operation);
        let Some(left) = &self.left else { return Ok(false) };
        let (reached, done) = (self.reached(), left.statements_done());
        if reached == done && left.prefix.as_ref().is_some_and(|prefix| *prefix != self.prefix.to_string()) {
            return Err(self.rewritten(done));
        }
        Ok(reached <= done)
    }

    fn reached(&self) -> usize {
        self.work.statements.len()
    }

    fn rewritten(&self, done: usize) -> Error {
        let (revision, path) = (self.work.id.clone(), self.work.path.clone());
        Error::Inconsistent(vec![Finding::Rewritten { revision, path, done }])
    }

    /// The last operation left something in a session that is gone.
    fn forgotten(&self) -> Error {
        let (line, statement) =
            self.work.statements.last().map(|last| (last.line, last.text.clone())).unwrap_or_default();
        let done = self.left.as_ref().map_or(0, LogRecord::statements_done);
        let (revision, path) = (self.work.id.clone(), self.work.path.clone());
        Error::Inconsistent(vec![Finding::Forgotten { revision, path, line, done, statement }])
    }

    fn entry(&self) -> LogEntry<'_> {
        LogEntry { left: Some(Left::default()), ..self.work.log_entry(&self.engine.run) }
    }

    /// Returns the statement that notes that the operation is done.
    fn note(&self) -> String {
        self.engine.table.log_progress(self.engine.dialect, &self.entry(), self.reached(), self.prefix)
    }

    /// Writes a note by itself.
    fn write(&mut self, note: &str) -> Result<(), Error> {
        let commit = if self.engine.dialect.is_mysql_family() { ";\nCOMMIT" } else { "" };
        let written = self.engine.conn.batch_execute(&format!("{note}{commit}"));
        written.map_err(|source| {
            if self.engine.is_overtaken(&source) { Error::Overtaken } else { Error::query("write the log")(source) }
        })
    }

    /// Notes that from now on something is done that the log knows nothing of.
    fn goes_by_hand(&mut self) -> Result<(), Error> {
        if !*self.by_hand {
            let note = self.engine.table.log_by_hand(self.engine.dialect, &self.entry(), true);
            self.write(&note)?;
            *self.by_hand = true;
        }
        Ok(())
    }

    /// Returns whether the statement took effect before an earlier run could note it.
    fn found_applied(&mut self) -> Result<bool, Error> {
        let before = self.reached() - 1;
        let Some(left) = self.left.clone().filter(|left| left.statements_done() == before) else { return Ok(false) };
        Ok(self.engine.after_looking(self.work, &left, before)? > before)
    }

    /// MySQL: the statement, the note and the commit in one message.
    fn execute_on_mysql(&mut self, sql: &str, before: Checksum) -> Result<(), Error> {
        let mut message = vec![sql.to_owned()];
        if nature(sql, self.engine.dialect) != Nature::Data {
            let done = marker(&self.engine.run, self.work, self.reached());
            message.push(format!("SET @alembic_done = {}", self.engine.dialect.literal(&done)));
        }
        message.extend([self.note(), "COMMIT".to_owned()]);
        let mut retries = Retries::new(self.engine.lock_retries);
        loop {
            let begun = Instant::now();
            let result = self.engine.conn.batch_execute(&message.join(BETWEEN_STATEMENTS));
            let Err(error) = result else { return Ok(()) };
            let stopped = self.engine.stopped(self.work, &error, begun.elapsed());
            // With what was done by hand before, it would have to be done again, too.
            let again = stopped.error.contended_sql().filter(|_| retries.left() && !*self.by_hand);
            let Some(statement) = again else { return Err(self.engine.with_blockers(stopped.error)) };
            self.engine.wait_for_others(&mut retries, &statement);
            // The entry has ended with the failure; the operation goes on in another.
            let noted = stopped.done >= self.reached();
            self.announce_again(stopped.done, if noted { self.prefix } else { before })?;
            if noted {
                return Ok(());
            }
        }
    }

    fn announce_again(&mut self, done: usize, prefix: Checksum) -> Result<(), Error> {
        let entry = LogEntry { done, statements: done.max(1), prefix: Some(prefix), ..self.entry() };
        let announced =
            self.engine.table.log(self.engine.dialect, &[entry], LogState::Running, &self.engine.options.actor);
        self.write(&announced)
    }

    /// Runs a function in a transaction, together with a note. The note comes first, where it fails for a
    /// run that was overtaken; on MySQL last, where a statement of the function might commit it.
    fn with_note(&mut self, note: &str, function: &mut dyn FnMut(&mut C) -> MigrationResult) -> MigrationResult {
        let mysql = self.engine.dialect.is_mysql_family();
        let conn = &mut *self.engine.conn;
        Transaction::begin(conn)?;
        let first = conn.batch_execute(if mysql { SAVEPOINT } else { note });
        let ran = first.map_err(Into::into).and_then(|()| function(conn));
        // Also after a failure: what committed before it cannot be rolled back.
        let whole = !mysql || conn.batch_execute("RELEASE SAVEPOINT alembic_conn").is_ok();
        let noted = if mysql && whole && ran.is_ok() { conn.batch_execute(note) } else { Ok(()) };
        let result = ran
            .and_then(|()| if whole { Ok(()) } else { Err(COMMITTED.into()) })
            .and_then(|()| Ok(noted?))
            .and_then(|()| Ok(Transaction::commit(conn)?));
        if result.is_err() {
            Transaction::rollback(conn);
        }
        if !whole {
            self.goes_by_hand().map_err(Box::new)?;
        }
        result
    }

    /// Tries again as long as others are in the way.
    fn with_note_and_retries(
        &mut self,
        place: Place,
        note: &str,
        function: &mut dyn FnMut(&mut C) -> MigrationResult,
    ) -> MigrationResult {
        let mut retries = Retries::new(self.engine.lock_retries);
        loop {
            let Err(error) = self.with_note(note, function) else { return Ok(()) };
            let source = error.downcast_ref::<DieselError>();
            if source.is_some_and(|source| self.engine.is_overtaken(source)) {
                return Err(OpError::new(place, Error::Overtaken.into()).into());
            }
            if *self.by_hand || !source.is_some_and(C::Backend::is_contention) || !retries.left() {
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
        let first = !*self.by_hand;
        self.goes_by_hand()?;
        if first && self.engine.dialect.is_mysql_family() {
            self.engine.conn.batch_execute(SAVEPOINT).map_err(Error::query("begin a transaction"))?;
        }
        Ok(self.engine.conn)
    }

    fn look(&mut self) -> Result<&mut C, Problem> {
        Ok(self.engine.conn)
    }

    fn execute(&mut self, sql: &str, place: Place) -> Result<(), Problem> {
        let before = self.prefix;
        if self.reach(statement(self.work, sql, place))? {
            // What it set in the session went with the session.
            if nature(sql, self.engine.dialect) == Nature::Session {
                self.engine.conn.batch_execute(sql).map_err(Error::query("set up the session again"))?;
            } else if leaves_in_session(sql, self.engine.dialect) {
                return Err(self.forgotten().into());
            }
            return Ok(());
        }
        self.engine.refuse_statement(self.work)?;
        if self.found_applied()? {
            let note = self.note();
            return Ok(self.write(&note)?);
        }
        if self.engine.dialect.is_mysql_family() {
            return Ok(self.execute_on_mysql(sql, before)?);
        }
        Ok(self.engine.statement_with_retries(self.work, self.reached() - 1, self.prefix)?)
    }

    fn rebuild(&mut self, what: &str, place: Place, render: Render<'_, C>) -> MigrationResult {
        let located = |problem: Problem| OpError::new(place, problem);
        if self.reach(statement(self.work, what, place)).map_err(|error| located(error.into()))? {
            return Ok(());
        }
        // How the table is, is looked at only now: an earlier run may have changed it.
        let statements = render(self.engine.conn).map_err(located)?;
        let dialect = self.engine.dialect;
        for sql in statements.iter().filter(|sql| dropped_table(sql, dialect).is_some()) {
            let step = Work { statements: vec![statement(self.work, sql, place)], ..self.work.clone() };
            self.engine.refuse_cascade(&step, 0).map_err(|error| located(error.into()))?;
        }
        let note = self.note();
        self.with_note_and_retries(place, &note, &mut |conn| Ok(conn.batch_execute(&statements.join(";\n"))?))
    }

    fn atomically(&mut self, place: Place, function: &mut dyn FnMut(&mut C) -> MigrationResult) -> MigrationResult {
        self.engine.drops_cascade = None;
        let done = self.reach(statement(self.work, "a function", place));
        if done.map_err(|error| OpError::new(place, error.into()))? {
            return Ok(());
        }
        let note = self.note();
        self.with_note_and_retries(place, &note, function)
    }

    fn progress(&mut self, done: u64, total: u64) {
        self.engine.observer.progress(done, total);
    }

    fn cursor(&mut self, what: &str, place: Place) -> Result<Cursor, Problem> {
        if self.reach(statement(self.work, what, place))? {
            return Ok(Cursor::Done);
        }
        self.engine.refuse_statement(self.work)?;
        let before = self.reached() - 1;
        let left = self.left.as_ref().filter(|left| left.statements_done() == before);
        match left.and_then(|left| left.left().position) {
            None => Ok(Cursor::Start),
            Some(Position { key, end, of }) if of == self.prefix.to_string() => Ok(Cursor::After { key, end }),
            Some(_) => Err(self.rewritten(before).into()),
        }
    }

    fn batch(
        &mut self,
        place: Place,
        (key, end): (i64, i64),
        function: &mut dyn FnMut(&mut C) -> MigrationResult,
    ) -> MigrationResult {
        let of = self.prefix.to_string();
        let position = Position { key, end, of: &of };
        let note = self.engine.table.log_position(self.engine.dialect, &self.entry(), position);
        self.with_note_and_retries(place, &note, function)
    }

    fn backfilled(&mut self) -> Result<(), Problem> {
        let note = self.note();
        Ok(self.write(&note)?)
    }
}
