//! Steps on MySQL and MariaDB, where a statement that defines something commits by itself.
//!
//! Each step is one message, which notes every statement and starts the next step: one commit between two steps. After a
//! failure the log tells how far the message came.

use std::time::Instant;

use alembic_graph::plan::Work;
use alembic_sql::{Nature, may_commit_inside, nature};
use diesel::{connection::LoadConnection, result::Error as DieselError};

use super::{
    Earlier, Journal, NextOperation, Noted, Strategy,
    stopped::{Stopped, marker},
};
use crate::{
    database::{LogDepth, MigrationBackend},
    migrator::{
        Error,
        contention::Retries,
        quoted::BETWEEN_STATEMENTS,
        run::{Halt, Progress, Run},
        session::session_statements,
    },
    op::MigrationResult,
};

/// How many bytes are gathered before they are sent; a statement may be larger.
const MESSAGE_SIZE: usize = 1 << 20;

/// Where the transaction stood before a function went on: gone once something has committed.
const FUNCTION: &str = "alembic_conn";

const COMMITTED: &str =
    "a statement of the function has committed: on MySQL, statements that define tables do; use the operations";

/// All steps that are SQL in one go, functions one at a time.
pub(super) struct Mysql {
    earlier: Earlier,
    /// Whether the engines of our own tables are known to do.
    storage_checked: bool,
}

impl Mysql {
    pub(super) fn new(earlier: Earlier) -> Self {
        Self { earlier, storage_checked: false }
    }
}

impl<C> Strategy<C> for Mysql
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    fn batch(&self, rest: &[Work]) -> usize {
        rest.iter().take_while(|step| !step.is_rust).count().max(1)
    }

    fn run(&mut self, run: &mut Run<'_, C>, batch: &[Work], progress: &mut Progress) -> Result<(), Halt> {
        let done = std::mem::take(&mut self.earlier.done);
        let state = run.session.read(LogDepth::None)?;
        run.session.create_absent(&state)?;
        if !self.storage_checked {
            self.storage_checked = true;
            run.check_storage()?;
        }
        run.note_tables(batch)?;
        let result = run.session.begin_on_mysql().map_err(Halt::from).and_then(|()| match batch {
            [work] if work.is_rust => run.journaled_function(self, work, progress, done),
            _ => Ok(run.chained_with_retries(batch, progress.clone(), done)?),
        });
        let restored = run.session.restore_on_mysql();
        result.and(restored.map_err(Halt::from))?;
        batch.iter().for_each(|work| progress.advance(work));
        Ok(run.session.verify(&progress.rows)?)
    }
}

impl<C> Run<'_, C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    /// Goes on where a statement stopped that had waited too long for somebody.
    fn chained_with_retries(&mut self, batch: &[Work], mut progress: Progress, done: usize) -> Result<(), Error> {
        let mut retries = Retries::new(self.settings.lock_retries);
        let (mut rest, mut done) = (batch, done);
        loop {
            let before = progress.number;
            let Err(stopped) = self.chained(rest, &mut progress, done) else { return Ok(()) };
            let contended = stopped.error.contended_sql().filter(|_| retries.left());
            let Some(statement) = contended else { return Err(self.with_blockers(stopped.error)) };
            (rest, done) = (&rest[progress.number - before..], stopped.done);
            self.wait_for_others(&mut retries, &statement);
        }
    }

    /// Sends one message per step, which ends by starting the next one.
    fn chained(&mut self, batch: &[Work], progress: &mut Progress, done: usize) -> Result<(), Box<Stopped>> {
        for (index, work) in batch.iter().enumerate() {
            let begun = Instant::now();
            let step = self.started(work, progress);
            let mut message = Vec::new();
            let mut prefix = work.prefix(if index == 0 { done } else { 0 });
            if index == 0 {
                message.extend([self.session.takeover_note(work), self.session.start_note(work, done)]);
                message.push("COMMIT".to_owned());
                message.extend(session_statements(work, done).map(|statement| statement.text.clone()));
            }
            for (n, statement) in work.statements.iter().enumerate().skip(if index == 0 { done } else { 0 }) {
                message.extend(self.marked(work, n));
                prefix = statement.after(prefix, work.dialect);
                message.push(self.session.progress_note(work, n + 1, prefix));
                if n + 1 < work.statements.len() {
                    message.push("COMMIT".to_owned());
                    self.flush(work, &mut message)?;
                }
            }
            message.extend(self.session.end_notes(work));
            if let Some(next) = batch.get(index + 1) {
                if work.changes_settings() {
                    message.extend(self.session.between_steps_on_mysql());
                }
                message.push(self.session.start_note(next, 0));
            }
            message.push("COMMIT".to_owned());
            self.send(work, &message)?;
            self.finished(step, begun);
            self.report.transactions += 1;
            progress.advance(work);
        }
        Ok(())
    }

    /// Returns a statement, and what lets the session remember it if it commits by itself.
    fn marked(&self, work: &Work, n: usize) -> Vec<String> {
        let text = &work.statements[n].text;
        let mark = || {
            let marker = marker(self.session.run(), work, n + 1);
            format!("SET @alembic_done = {}", work.dialect.literal(&marker))
        };
        let commits = nature(text, work.dialect) != Nature::Data;
        [text.clone()].into_iter().chain(commits.then(mark)).collect()
    }

    /// Sends what has gathered, if it is much: servers take messages of some megabytes only.
    fn flush(&mut self, work: &Work, message: &mut Vec<String>) -> Result<(), Box<Stopped>> {
        if message.iter().map(String::len).sum::<usize>() < MESSAGE_SIZE {
            return Ok(());
        }
        self.send(work, &std::mem::take(message))
    }

    fn send(&mut self, work: &Work, message: &[String]) -> Result<(), Box<Stopped>> {
        let sent = self.session.execute(&message.join(BETWEEN_STATEMENTS));
        sent.map_err(|error| self.stopped_message(work, &error))
    }

    /// Finds out how far a message came.
    ///
    /// Where the server knows of no error, it came from somewhere in between, and the statement may have been run. Or it
    /// ran others, and some of them may have been.
    fn stopped_message(&mut self, work: &Work, error: &DieselError) -> Box<Stopped> {
        let diagnosis = self.session.diagnose_last_statement();
        let unknown = diagnosis.code.is_none();
        self.stopped(work, error, &diagnosis, |statement| {
            unknown || statement.is_some_and(|statement| may_commit_inside(&statement.text, work.dialect))
        })
    }

    /// Records that an operation is about to run again; its entry has ended with the failure.
    fn restart(&mut self, work: &Work, done: usize, prefix: alembic_sql::Checksum) -> Result<(), Error> {
        let note = self.session.operation_start_note(work, done, prefix);
        self.session.write_note(note)
    }
}

impl<C> Journal<C> for Mysql
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    fn earlier(&self) -> &Earlier {
        &self.earlier
    }

    fn start(&self, run: &mut Run<'_, C>, work: &Work, _rows: &[String], note: String) -> Result<(), Halt> {
        let notes = [run.session.takeover_note(work), note];
        Ok(run.session.write(&notes).map_err(Error::query("write the log"))?)
    }

    /// The statement, the note and the commit are one message.
    fn execute(&self, run: &mut Run<'_, C>, work: &Work, operation: NextOperation) -> Result<(), Error> {
        let NextOperation { before, prefix, after_raw_use } = operation;
        let reached = work.statements.len();
        let mut message = run.marked(work, reached - 1);
        message.extend([run.session.operation_note(work, reached, prefix), "COMMIT".to_owned()]);
        let mut retries = Retries::new(run.settings.lock_retries);
        loop {
            let Err(stopped) = run.send(work, &message) else { return Ok(()) };
            // With what was done with the connection before, it would have to be done again, too.
            let again = stopped.error.contended_sql().filter(|_| retries.left() && !after_raw_use);
            let Some(statement) = again else { return Err(run.with_blockers(stopped.error)) };
            run.wait_for_others(&mut retries, &statement);
            let noted = stopped.done >= reached;
            run.restart(work, stopped.done, if noted { prefix } else { before })?;
            if noted {
                return Ok(());
            }
        }
    }

    /// The note comes last, where a statement of the function might commit it.
    fn with_note(
        &self,
        run: &mut Run<'_, C>,
        note: &str,
        function: &mut dyn FnMut(&mut C) -> MigrationResult,
    ) -> Noted {
        let mut has_committed = false;
        let result = run.session.atomically(|session| {
            let began = session.savepoint(FUNCTION);
            let ran = began.map_err(Into::into).and_then(|()| function(session.lend_to_read()));
            // Also after a failure: what committed before it cannot be rolled back.
            has_committed = session.release_savepoint(FUNCTION).is_err();
            ran?;
            if has_committed {
                return Err(COMMITTED.into());
            }
            Ok(session.execute(note)?)
        });
        Noted { result, has_committed }
    }

    fn before_raw_use(&self, run: &mut Run<'_, C>) -> Result<(), Error> {
        run.session.savepoint(FUNCTION).map_err(Error::query("begin a transaction"))
    }

    fn roll_back(&self, run: &mut Run<'_, C>) -> bool {
        if run.session.is_in_transaction() {
            run.session.rollback();
            return false;
        }
        let undone = run.session.roll_back_to(FUNCTION).is_ok();
        run.session.execute("ROLLBACK").ok();
        undone
    }

    fn complete(&self, run: &mut Run<'_, C>, work: &Work, _rows: &[String]) -> Result<(), Error> {
        let notes = run.session.end_notes(work);
        run.session.write(&notes).map_err(Error::query("write the version table"))
    }
}
