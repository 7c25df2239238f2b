//! Steps outside a transaction: all of MySQL and MariaDB, and `Transaction: none`.
//!
//! The log is written ahead: that the step runs is committed before its first statement, how far it
//! got after every statement. A data statement shares its transaction with the note that it is
//! done. What is committed is never guessed but read from the log.

use std::{slice, time::Instant};

use alembic_core::{plan::Work, version_table::LogState};
use diesel::{connection::LoadConnection, result::Error as DieselError};

use super::{
    Error, Finding, Outcome,
    engine::{Engine, Halt, Progress, after},
    step::{failed, sorted},
};
use crate::database::{LogDepth, LogRecord, MigrationBackend, State, Transaction, answer, read_state};

/// How many bytes are gathered before they are sent; a statement may be larger.
const MESSAGE_SIZE: usize = 1 << 20;

impl<C> Engine<'_, C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    /// Runs steps one by one, each with its own commits, the first from statement `done` on.
    pub(super) fn journaled(
        &mut self,
        unit: &[Work],
        rows: &mut Vec<String>,
        state: &State,
        done: usize,
        progress: Progress,
    ) -> Result<(), Halt> {
        if self.dialect.is_mysql_family() {
            self.create_tables(state)?;
            // DDL commits by itself; without autocommit, a data statement waits for the COMMIT that
            // follows the note that it is done.
            self.conn
                .batch_execute("SET @alembic_autocommit = @@autocommit, autocommit = 0")
                .map_err(Error::query("switch autocommit off"))?;
            let result = self.chained(unit, done, progress);
            let restored = self
                .conn
                .batch_execute("ROLLBACK; SET autocommit = @alembic_autocommit")
                .map_err(Error::query("switch autocommit on"));
            result.and(restored)?;
            *rows = unit.iter().fold(std::mem::take(rows), after);
            return Ok(self.verify(rows)?);
        }
        // The transaction in which the tables are created also makes sure that the plan still fits.
        self.transactions(&[], rows, progress)?;
        self.statement_by_statement(&unit[0], rows, done, progress)
    }

    /// Returns how many statements of the first step an earlier run has done, after making sure
    /// that they are still the same.
    pub(super) fn resumed_at(&self, unit: &[Work], state: &State) -> Result<usize, Error> {
        let Some(first) = unit.first() else {
            return Ok(0);
        };
        let left = |record: &&LogRecord| record.revision == first.id && super::status::unfinished(record).is_some();
        let Some(record) = state.log.iter().find(left) else { return Ok(0) };
        let done = record.statements_done();
        let same = record.prefix.as_ref().is_none_or(|prefix| *prefix == first.prefix(done).to_string());
        if done == 0 || same && done <= first.statements.len() {
            return Ok(done);
        }
        Err(Error::Inconsistent(vec![Finding::Edited { revision: first.id.clone(), path: first.path.clone() }]))
    }

    /// One message per step, which ends by announcing the next one: one commit between two steps.
    fn chained(&mut self, unit: &[Work], done: usize, mut progress: Progress) -> Result<(), Error> {
        for (index, work) in unit.iter().enumerate() {
            let begun = Instant::now();
            let done = if index == 0 { done } else { 0 };
            let step = self.started(work, progress);
            let mut message = Vec::new();
            if index == 0 {
                message.extend(self.announcement(work, done));
                message.push("COMMIT".to_owned());
            }
            let run = self.run.clone();
            let entry = work.log_entry(&run);
            let mut prefix = work.prefix(done);
            for (n, statement) in work.statements.iter().enumerate().skip(done) {
                message.push(statement.text.clone());
                prefix = statement.after(prefix);
                message.push(self.table.log_progress(self.dialect, &entry, n + 1, prefix));
                if n + 1 < work.statements.len() {
                    message.push("COMMIT".to_owned());
                    self.flush(work, &mut message)?;
                }
            }
            message.extend(self.completion(work));
            if let Some(next) = unit.get(index + 1) {
                message.extend(self.announcement(next, 0));
            }
            message.push("COMMIT".to_owned());
            self.conn.batch_execute(&message.join("\n;\n")).map_err(|error| self.stopped(work, &error))?;
            self.finished(step, begun);
            self.report.transactions += 1;
            progress = progress.next();
        }
        Ok(())
    }

    /// Sends what has gathered, if it is much: servers take messages of some megabytes only.
    fn flush(&mut self, work: &Work, message: &mut Vec<String>) -> Result<(), Error> {
        if message.iter().map(String::len).sum::<usize>() < MESSAGE_SIZE {
            return Ok(());
        }
        let sent = std::mem::take(message).join("\n;\n");
        self.conn.batch_execute(&sent).map_err(|error| self.stopped(work, &error))
    }

    /// PostgreSQL and SQLite: some statements want to be alone in their message.
    fn statement_by_statement(
        &mut self,
        work: &Work,
        rows: &mut Vec<String>,
        done: usize,
        progress: Progress,
    ) -> Result<(), Halt> {
        let begun = Instant::now();
        self.announce(work, rows, done)?;
        let step = self.started(work, progress);
        let mut prefix = work.prefix(done);
        for (n, statement) in work.statements.iter().enumerate().skip(done) {
            self.conn.batch_execute(&statement.text).map_err(|error| self.stopped(work, &error))?;
            prefix = statement.after(prefix);
            let note = self.table.log_progress(self.dialect, &work.log_entry(&self.run), n + 1, prefix);
            self.conn.batch_execute(&note).map_err(Error::query("write the log"))?;
        }
        *rows = after(std::mem::take(rows), work);
        Transaction::begin(self.conn).map_err(Error::query("begin a transaction"))?;
        let written = self.conn.batch_execute(&self.completion(work).join(";\n"));
        let written = written.map_err(Error::query("write the version table"));
        let written = written.and_then(|()| self.verify(rows));
        match written.and_then(|()| Transaction::commit(self.conn).map_err(Error::query("commit"))) {
            Ok(()) => {
                self.finished(step, begun);
                self.report.transactions += 1;
                Ok(())
            }
            Err(error) => {
                Transaction::rollback(self.conn);
                Err(error.into())
            }
        }
    }

    /// Says that a step is about to run, unless somebody else has said so or done it meanwhile.
    fn announce(&mut self, work: &Work, rows: &[String], done: usize) -> Result<(), Halt> {
        Transaction::begin(self.conn).map_err(Error::query("begin a transaction"))?;
        let announced = self.announce_in_transaction(work, rows, done);
        if announced.is_err() {
            Transaction::rollback(self.conn);
        }
        announced
    }

    fn announce_in_transaction(&mut self, work: &Work, rows: &[String], done: usize) -> Result<(), Halt> {
        let state = read_state(self.conn, self.dialect, &self.table, LogDepth::Latest)
            .map_err(Error::query("read the version table"))?;
        let running = |record: &LogRecord| {
            record.state == LogState::Running.name() && record.statements_done() < record.statements_total()
        };
        if state.rows != sorted(rows) || state.log.iter().any(running) {
            return Err(Halt::Replan);
        }
        self.conn.batch_execute(&self.announcement(work, done).join(";\n")).map_err(Error::query("write the log"))?;
        Transaction::commit(self.conn).map_err(Error::query("commit"))?;
        Ok(())
    }

    /// Returns the statements that say a step is about to run from statement `done` on.
    fn announcement(&self, work: &Work, done: usize) -> Vec<String> {
        let entry = work.log_entry(&self.run);
        let mut statements =
            vec![self.table.log(self.dialect, slice::from_ref(&entry), LogState::Running, &self.options.actor)];
        if done > 0 {
            statements.push(self.table.log_progress(self.dialect, &entry, done, work.prefix(done)));
        }
        statements
    }

    fn completion(&self, work: &Work) -> Vec<String> {
        let rows = work.step.rows.iter().map(|operation| self.table.change(self.dialect, operation));
        let end = self.table.log_end(self.dialect, &work.log_entry(&self.run), LogState::Done, None);
        rows.chain([end]).collect()
    }

    /// Reads from the log where a step stopped, and notes there why.
    fn stopped(&mut self, work: &Work, error: &DieselError) -> Error {
        if self.dialect.is_mysql_family() {
            self.conn.batch_execute("ROLLBACK").ok();
        }
        let text = if self.dialect.is_mysql_family() { "CHAR" } else { "TEXT" };
        let question = format!(
            "SELECT CAST(statement AS {text}) AS answer FROM {} WHERE run = {} AND revision = {} ORDER BY id DESC",
            self.table.qualified_log(self.dialect),
            self.dialect.literal(&self.run),
            self.dialect.literal(&work.id),
        );
        let done = answer(self.conn, &question).ok().flatten().and_then(|n| n.parse::<usize>().ok());
        let Some(done) = done else {
            return with_outcome(failed(work, usize::MAX, error), Outcome::Unknown);
        };
        let reason = super::error::Server(error).to_string();
        let note = self.table.log_end(self.dialect, &work.log_entry(&self.run), LogState::Failed, Some(&reason));
        let commit = if self.dialect.is_mysql_family() { ";\nCOMMIT" } else { "" };
        self.conn.batch_execute(&format!("{note}{commit}")).ok();
        with_outcome(failed(work, done, error), Outcome::Partial { done })
    }
}

fn with_outcome(mut error: Error, outcome: Outcome) -> Error {
    if let Error::Statement(statement) = &mut error {
        statement.outcome = outcome;
    }
    error
}
