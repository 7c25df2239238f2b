//! PostgreSQL and SQLite: each statement of a step outside a transaction is a transaction of its own, or
//! stands alone between two notes.

use std::time::Instant;

use alembic_graph::{plan::Work, version_table::LogState};
use alembic_sql::{Checksum, may_commit_inside, requires_autocommit};
use diesel::{connection::LoadConnection, result::Error as DieselError};

use crate::{
    database::{
        Diagnosis, LogDepth, LogRecord, MigrationBackend, Reading, Scope, Transaction, application_name, read_state,
        reading, snapshot,
    },
    migrator::{
        Error, Outcome,
        apply::{journaled::session_statements, transactional::sorted},
        contention::Retries,
        failure::failed,
        run::{Engine, Halt, Progress, after},
    },
};

impl<C> Engine<'_, C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    /// PostgreSQL and SQLite: some statements want to be alone in their message.
    pub(in crate::migrator) fn statement_by_statement(
        &mut self,
        work: &Work,
        rows: &mut Vec<String>,
        done: usize,
        progress: Progress,
    ) -> Result<(), Halt> {
        let begun = Instant::now();
        self.announce(work, rows, done)?;
        self.begin_session()?;
        self.let_policies_hide_rows(work)?;
        self.drops_cascade = None;
        let step = self.started(work, progress);
        for statement in session_statements(work, done) {
            self.conn.batch_execute(&statement.text).map_err(Error::query("set up the session again"))?;
        }
        let mut prefix = work.prefix(done);
        for (n, statement) in work.statements.iter().enumerate().skip(done) {
            prefix = statement.after(prefix, self.dialect);
            self.refuse_cascade(work, n).map_err(|error| self.refused(work, n, error))?;
            self.statement_with_retries(work, n, prefix).map_err(replan_if_overtaken)?;
        }
        *rows = after(std::mem::take(rows), work);
        self.complete(work, rows).map_err(replan_if_overtaken)?;
        self.finished(step, begun);
        self.report.transactions += 1;
        Ok(())
    }

    /// Notes that a step stopped before its next statement was run.
    fn refused(&mut self, work: &Work, done: usize, error: Error) -> Error {
        let reason = error.to_string();
        let reason = reason.lines().next();
        let note = self.table.log_end(self.dialect, &work.log_entry(&self.run), LogState::Failed, reason);
        // Should this fail too, the step stays under way.
        self.conn.batch_execute(&note).ok();
        error.with_outcome(Outcome::Partial { done })
    }

    /// Runs a statement and notes it, and tries again as long as others are in the way.
    pub(in crate::migrator) fn statement_with_retries(
        &mut self,
        work: &Work,
        n: usize,
        prefix: Checksum,
    ) -> Result<(), Error> {
        let mut retries = Retries::new(self.lock_retries);
        let text = &work.statements[n].text;
        loop {
            let begun = Instant::now();
            let Err(Unfinished { error, ran }) = self.one_statement(work, n, prefix) else { return Ok(()) };
            if ran {
                // It stays under way, and the next run asks the catalog.
                return Err(failed(work, n, &error, &Diagnosis::default()).with_outcome(Outcome::Unknown));
            }
            if !C::Backend::is_contention(&error) || !retries.left() || requires_autocommit(text, self.dialect) {
                let error = self.stopped(work, &error, begun.elapsed()).error;
                return Err(self.with_blockers(error));
            }
            self.wait_for_others(&mut retries, text);
        }
    }

    pub(in crate::migrator) fn begin_session(&mut self) -> Result<(), Error> {
        let name = application_name(&self.options.actor);
        snapshot(self.conn, |conn| C::Backend::begin_run(conn, Scope::Session, self.timeouts, &name))
            .map_err(Error::query("prepare the session"))
    }

    /// Runs a statement together with the note that it is done, if it can; else between two notes.
    fn one_statement(&mut self, work: &Work, n: usize, prefix: Checksum) -> Result<(), Unfinished> {
        let text = &work.statements[n].text;
        let entry = work.log_entry(&self.run);
        let note = self.table.log_progress(self.dialect, &entry, n + 1, prefix);
        let intent = self.table.log_intent(self.dialect, &entry, n + 1);
        if !requires_autocommit(text, self.dialect) {
            match self.in_one_transaction(text, &note) {
                Err(error) if C::Backend::wants_no_transaction(&error) => {}
                result => return Ok(result?),
            }
        }
        self.conn.batch_execute(&intent)?;
        let around = C::Backend::without_timeout(text, self.timeouts);
        if let Some([before, _]) = &around {
            self.conn.batch_execute(before)?;
        }
        // What runs others may have committed some of them.
        let ran = may_commit_inside(text, self.dialect);
        self.conn.batch_execute(text).map_err(|error| Unfinished { error, ran })?;
        let restored = around.map_or(Ok(()), |[_, after]| self.conn.batch_execute(&after));
        restored.and_then(|()| self.conn.batch_execute(&note)).map_err(|error| Unfinished { error, ran: true })
    }

    /// The note comes first: it fails for a run that was overtaken, whose statement might fail for
    /// being run twice.
    fn in_one_transaction(&mut self, text: &str, note: &str) -> Result<(), DieselError> {
        Transaction::begin(self.conn)?;
        let result = self.conn.batch_execute(note).and_then(|()| self.conn.batch_execute(text));
        match result.and_then(|()| Transaction::commit(self.conn)) {
            Ok(()) => Ok(()),
            Err(error) => {
                Transaction::rollback(self.conn);
                Err(error)
            }
        }
    }

    pub(in crate::migrator) fn complete(&mut self, work: &Work, rows: &[String]) -> Result<(), Error> {
        match self.with_retries(|engine| Ok(engine.complete_once(work, rows)?)) {
            Ok(()) => Ok(()),
            Err(Halt::Replan) => Err(Error::Overtaken),
            Err(Halt::Failed(error)) => Err(error),
        }
    }

    fn complete_once(&mut self, work: &Work, rows: &[String]) -> Result<(), Error> {
        Transaction::begin(self.conn).map_err(Error::query("begin a transaction"))?;
        let entry = work.log_entry(&self.run);
        let total = work.statements.len();
        let fence = self.table.log_progress(self.dialect, &entry, total, work.prefix(total));
        let statements = [vec![fence], self.completion(work)].concat();
        let written = self.conn.batch_execute(&statements.join(";\n"));
        if let Err(source) = written {
            Transaction::rollback(self.conn);
            let overtaken = self.is_overtaken(&source);
            return Err(if overtaken {
                Error::Overtaken
            } else {
                Error::Query { doing: "write the version table", source }
            });
        }
        let verified = self.verify(rows);
        let committed = verified.and_then(|()| Transaction::commit(self.conn).map_err(Error::query("commit")));
        if committed.is_err() {
            Transaction::rollback(self.conn);
        }
        committed
    }

    /// Says that a step is about to run, unless somebody else has said so or done it meanwhile.
    pub(in crate::migrator) fn announce(&mut self, work: &Work, rows: &[String], done: usize) -> Result<(), Halt> {
        self.with_retries(|engine| engine.announce_once(work, rows, done))
    }

    fn announce_once(&mut self, work: &Work, rows: &[String], done: usize) -> Result<(), Halt> {
        Transaction::begin(self.conn).map_err(Error::query("begin a transaction"))?;
        let announced = self.announce_in_transaction(work, rows, done);
        if announced.is_err() {
            Transaction::rollback(self.conn);
        }
        announced
    }

    fn announce_in_transaction(&mut self, work: &Work, rows: &[String], done: usize) -> Result<(), Halt> {
        if let Some(lock) = &self.lock
            && !lock.is_ours(self.conn).map_err(Error::query("look at the migration lock"))?
        {
            return Err(Error::Pooled { revision: Some((work.id.clone(), work.path.clone())) }.into());
        }
        let read = |conn: &mut C| read_state(conn, self.dialect, &self.table, LogDepth::Latest);
        let state = reading(self.conn, Reading::Own, read).map_err(Error::query("read the version table"))?;
        let of_this = |log: &[LogRecord]| log.iter().find(|record| record.revision == work.id).cloned();
        if state.rows != sorted(rows) || of_this(&state.log) != of_this(&self.seen) {
            return Err(Halt::Replan);
        }
        let take = self.table.take_lock(self.dialect, &self.run, &self.options.actor);
        let takeover = self.table.log_takeover(self.dialect, &work.log_entry(&self.run));
        let statements = [take, takeover, self.announcement(work, done)];
        self.conn.batch_execute(&statements.join(";\n")).map_err(Error::query("write the log"))?;
        Transaction::commit(self.conn).map_err(Error::query("commit"))?;
        Ok(())
    }
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
pub(in crate::migrator) fn replan_if_overtaken(error: Error) -> Halt {
    if matches!(error, Error::Overtaken) { Halt::Replan } else { error.into() }
}
