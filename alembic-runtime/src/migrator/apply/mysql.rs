//! MySQL and MariaDB: each step is one message, which notes every statement and announces the next
//! step.

use std::time::Instant;

use alembic_graph::plan::Work;
use alembic_sql::{Nature, nature};
use diesel::connection::LoadConnection;

use crate::{
    database::{MigrationBackend, between_steps_mysql},
    migrator::{
        Error,
        apply::journaled::{Stopped, marker, session_statements},
        contention::Retries,
        quoted::BETWEEN_STATEMENTS,
        run::{Engine, Progress},
    },
};

/// How many bytes are gathered before they are sent; a statement may be larger.
const MESSAGE_SIZE: usize = 1 << 20;

impl<C> Engine<'_, C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    /// Goes on where a statement stopped that had waited too long for somebody.
    pub(in crate::migrator) fn chained_with_retries(
        &mut self,
        unit: &[Work],
        done: usize,
        progress: Progress,
    ) -> Result<(), Error> {
        let mut retries = Retries::new(self.lock_retries);
        let (mut unit, mut done, mut progress) = (unit, done, progress);
        loop {
            let before = self.report.steps.len();
            let Err(stopped) = self.chained(unit, done, progress) else { return Ok(()) };
            let finished = self.report.steps.len() - before;
            let contended = stopped.error.contended_sql().filter(|_| retries.left());
            let Some(statement) = contended else { return Err(self.with_blockers(stopped.error)) };
            (unit, done) = (&unit[finished..], stopped.done);
            progress = (0..finished).fold(progress, |progress, _| progress.next());
            self.wait_for_others(&mut retries, &statement);
        }
    }

    /// One message per step, which ends by announcing the next one: one commit between two steps.
    fn chained(&mut self, unit: &[Work], done: usize, mut progress: Progress) -> Result<(), Box<Stopped>> {
        for (index, work) in unit.iter().enumerate() {
            let begun = Instant::now();
            let done = if index == 0 { done } else { 0 };
            let step = self.started(work, progress);
            let mut message = Vec::new();
            if index == 0 {
                message.push(self.table.log_takeover(self.dialect, &work.log_entry(&self.run)));
                message.push(self.announcement(work, done));
                message.push("COMMIT".to_owned());
                message.extend(session_statements(work, done).map(|statement| statement.text.clone()));
            }
            let run = self.run.clone();
            let entry = work.log_entry(&run);
            let mut prefix = work.prefix(done);
            for (n, statement) in work.statements.iter().enumerate().skip(done) {
                message.push(statement.text.clone());
                if nature(&statement.text, self.dialect) != Nature::Data {
                    message.push(format!("SET @alembic_done = {}", self.dialect.literal(&marker(&run, work, n + 1))));
                }
                prefix = statement.after(prefix, self.dialect);
                message.push(self.table.log_progress(self.dialect, &entry, n + 1, prefix));
                if n + 1 < work.statements.len() {
                    message.push("COMMIT".to_owned());
                    self.flush(work, &mut message)?;
                }
            }
            message.extend(self.completion(work));
            if let Some(next) = unit.get(index + 1) {
                if work.changes_settings() {
                    message.extend(between_steps_mysql(self.dialect, self.timeouts, self.database.as_deref()));
                }
                message.push(self.announcement(next, 0));
            }
            message.push("COMMIT".to_owned());
            self.send(work, &message)?;
            self.finished(step, begun);
            self.report.transactions += 1;
            progress = progress.next();
        }
        Ok(())
    }

    /// Sends what has gathered, if it is much: servers take messages of some megabytes only.
    fn flush(&mut self, work: &Work, message: &mut Vec<String>) -> Result<(), Box<Stopped>> {
        if message.iter().map(String::len).sum::<usize>() < MESSAGE_SIZE {
            return Ok(());
        }
        self.send(work, &std::mem::take(message))
    }

    fn send(&mut self, work: &Work, message: &[String]) -> Result<(), Box<Stopped>> {
        let begun = Instant::now();
        self.conn
            .batch_execute(&message.join(BETWEEN_STATEMENTS))
            .map_err(|error| self.stopped(work, &error, begun.elapsed()))
    }
}
