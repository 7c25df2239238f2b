//! Operations that are committed one by one, each with a note that it is done.
//!
//! After an interruption the function is called again. Operations that are noted are skipped, as long as
//! they say what they said; the first one that is not is looked up in the catalog.

use alembic_graph::{
    plan::{Statement, Work},
    version_table::Position,
};
use alembic_sql::{Checksum, Nature, dropped_table, leaves_in_session, nature};
use diesel::{connection::LoadConnection, result::Error as DieselError};

use super::statement;
use crate::{
    database::{LogRecord, MigrationBackend},
    migrator::{
        Error, Finding,
        apply::{Journal, NextOperation, Noted},
        contention::Retries,
        run::Run,
    },
    op::{Cursor, Executor, MigrationResult, OpError, Place, Problem, Render},
};

/// Runs operations one by one.
pub(super) struct Operations<'e, 'r, C> {
    pub(super) run: &'e mut Run<'r, C>,
    pub(super) journal: &'e dyn Journal<C>,
    /// Grows by every operation.
    pub(super) work: &'e mut Work,
    /// Of the operations so far.
    pub(super) prefix: Checksum,
    /// What an earlier run left.
    pub(super) earlier: Option<LogRecord>,
    /// Whether something was done that the log knows nothing of; the log says so.
    pub(super) raw_use: &'e mut bool,
}

impl<C> Operations<'_, '_, C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    /// Counts an operation; returns whether an earlier run has done it.
    fn reach(&mut self, operation: Statement) -> Result<bool, Error> {
        self.prefix = operation.after(self.prefix, self.work.dialect);
        self.work.statements.push(operation);
        let Some(earlier) = &self.earlier else { return Ok(false) };
        let (reached, done) = (self.reached(), earlier.statements_done());
        if reached == done && earlier.prefix.as_ref().is_some_and(|prefix| *prefix != self.prefix.to_string()) {
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
        let done = self.earlier.as_ref().map_or(0, LogRecord::statements_done);
        let (revision, path) = (self.work.id.clone(), self.work.path.clone());
        Error::Inconsistent(vec![Finding::Forgotten { revision, path, line, done, statement }])
    }

    /// Returns the statement that notes that the operation is done.
    fn note(&self) -> String {
        self.run.session.operation_note(self.work, self.reached(), self.prefix)
    }

    /// Notes that from now on something is done that the log knows nothing of.
    fn note_raw_use(&mut self) -> Result<(), Error> {
        if !*self.raw_use {
            let note = self.run.session.raw_use_note(self.work, true);
            self.run.session.write_note(note)?;
            *self.raw_use = true;
        }
        Ok(())
    }

    /// Returns whether the statement took effect before an earlier run could note it.
    fn found_applied(&mut self) -> Result<bool, Error> {
        let before = self.reached() - 1;
        let at = |record: &&LogRecord| record.statements_done() == before;
        let Some(record) = self.earlier.as_ref().filter(at) else { return Ok(false) };
        Ok(self.run.resolve_in_doubt(self.work, record, before)? > before)
    }

    /// Runs a function in a transaction together with a note, and tries again as long as others are in the way.
    fn with_note(
        &mut self,
        place: Place,
        note: &str,
        function: &mut dyn FnMut(&mut C) -> MigrationResult,
    ) -> MigrationResult {
        let mut retries = Retries::new(self.run.settings.lock_retries);
        loop {
            let Noted { result, has_committed } = self.journal.with_note(self.run, note, function);
            if has_committed {
                self.note_raw_use().map_err(Box::new)?;
            }
            let Err(error) = result else { return Ok(()) };
            let source = error.downcast_ref::<DieselError>();
            if source.is_some_and(|source| self.run.session.is_overtaken(source)) {
                return Err(OpError::new(place, Error::Overtaken.into()).into());
            }
            if *self.raw_use || !source.is_some_and(C::Backend::is_contention) || !retries.left() {
                return Err(error);
            }
            self.run.wait_for_others(&mut retries, "");
        }
    }
}

impl<C> Executor<C> for Operations<'_, '_, C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    fn connection(&mut self) -> Result<&mut C, Problem> {
        let first = !*self.raw_use;
        self.note_raw_use()?;
        if first {
            self.journal.before_raw_use(self.run)?;
        }
        Ok(self.run.session.lend())
    }

    fn look(&mut self) -> Result<&mut C, Problem> {
        Ok(self.run.session.lend_to_read())
    }

    fn execute(&mut self, sql: &str, place: Place) -> Result<(), Problem> {
        let before = self.prefix;
        if self.reach(statement(self.work, sql, place))? {
            // What it set in the session went with the session.
            if nature(sql, self.work.dialect) == Nature::Session {
                self.run.session.execute(sql).map_err(Error::query("set up the session again"))?;
            } else if leaves_in_session(sql, self.work.dialect) {
                return Err(self.forgotten().into());
            }
            return Ok(());
        }
        self.run.check_last_statement(self.work)?;
        if self.found_applied()? {
            let note = self.note();
            return Ok(self.run.session.write_note(note)?);
        }
        let operation = NextOperation { before, prefix: self.prefix, after_raw_use: *self.raw_use };
        Ok(self.journal.execute(self.run, self.work, operation)?)
    }

    fn rebuild(&mut self, what: &str, place: Place, render: Render<'_, C>) -> MigrationResult {
        let located = |problem: Problem| OpError::new(place, problem);
        if self.reach(statement(self.work, what, place)).map_err(|error| located(error.into()))? {
            return Ok(());
        }
        // How the table is, is looked at only now: an earlier run may have changed it.
        let statements = render(self.run.session.lend_to_read()).map_err(located)?;
        let dialect = self.work.dialect;
        for sql in statements.iter().filter(|sql| dropped_table(sql, dialect).is_some()) {
            let step = Work { statements: vec![statement(self.work, sql, place)], ..self.work.clone() };
            self.run.session.check_cascade(&step, 0).map_err(|error| located(error.into()))?;
        }
        let note = self.note();
        self.with_note(place, &note, &mut |conn| Ok(conn.batch_execute(&statements.join(";\n"))?))
    }

    fn atomically(&mut self, place: Place, function: &mut dyn FnMut(&mut C) -> MigrationResult) -> MigrationResult {
        self.run.session.forget_foreign_keys();
        let done = self.reach(statement(self.work, "a function", place));
        if done.map_err(|error| OpError::new(place, error.into()))? {
            return Ok(());
        }
        let note = self.note();
        self.with_note(place, &note, function)
    }

    fn progress(&mut self, done: u64, total: u64) {
        self.run.observer.progress(done, total);
    }

    fn cursor(&mut self, what: &str, place: Place) -> Result<Cursor, Problem> {
        if self.reach(statement(self.work, what, place))? {
            return Ok(Cursor::Done);
        }
        self.run.check_last_statement(self.work)?;
        let before = self.reached() - 1;
        let record = self.earlier.as_ref().filter(|record| record.statements_done() == before);
        match record.and_then(|record| record.in_flight().position) {
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
        let note = self.run.session.position_note(self.work, position);
        self.with_note(place, &note, function)
    }

    fn backfilled(&mut self) -> Result<(), Problem> {
        let note = self.note();
        Ok(self.run.session.write_note(note)?)
    }
}
