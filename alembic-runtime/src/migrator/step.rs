//! Steps inside a transaction: all of PostgreSQL and SQLite but `Transaction: none`.

use std::time::Instant;

use alembic_core::{
    Dialect,
    plan::{RowOperation, Statement, Work},
    sql::line_and_column,
    version_table::{LogEntry, LogState},
};
use diesel::{connection::LoadConnection, result::Error as DieselError};

use super::{
    Error, Outcome, StatementError,
    engine::{Engine, Halt, Progress, after},
    error::Server,
};
use crate::database::{LogDepth, MigrationBackend, Transaction, answer, read_state, version_numbers};

/// How many steps may pass before the server is asked how many locks are left.
const STEPS_PER_LOCK_CHECK: usize = 200;

/// SQLite takes statements of a million bytes at most; a row has some three hundred.
const LOG_ROWS_PER_STATEMENT: usize = 1000;

/// When a step began and ended, as the log writes it.
type Times = (String, String);

/// The fewest locks that have to be left for another group of steps.
const LOCK_RESERVE: i64 = 1000;

impl<C> Engine<'_, C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    /// Runs steps in one transaction, or in several if the server would run out of locks; returns
    /// how many steps were run.
    pub(super) fn transactions(
        &mut self,
        unit: &[Work],
        rows: &mut Vec<String>,
        mut progress: Progress,
    ) -> Result<usize, Halt> {
        let mut rest = unit;
        let mut undone_before = self.report.steps.len();
        loop {
            self.begin(rows)?;
            let (begun, before) = (progress.number, rows.clone());
            let outcome = self.until_locks_run_out(rest, rows, &mut progress);
            let committed = outcome.and_then(|steps| {
                let done = steps.len();
                self.record(&rest[..done], &steps, &before, rows)?;
                self.verify(rows)?;
                Transaction::commit(self.conn).map_err(Error::query("commit"))?;
                Ok(done)
            });
            let done = committed.map_err(|mut error| {
                Transaction::rollback(self.conn);
                tell_outcome(&mut error, undone_before, progress.number - begun);
                self.report.steps.truncate(undone_before);
                error
            })?;
            self.report.transactions += usize::from(done > 0);
            undone_before = self.report.steps.len();
            rest = &rest[done..];
            if rest.is_empty() {
                return Ok(unit.len());
            }
            self.observer.note("committed early: the server's lock table was filling up");
        }
    }

    /// Begins a transaction and makes sure that the plan still fits.
    fn begin(&mut self, expected: &[String]) -> Result<(), Halt> {
        Transaction::begin(self.conn).map_err(|source| {
            if C::Backend::is_busy(&source) {
                Error::Locked { holder: None, waited: self.options.lock_timeout }
            } else {
                Error::Query { doing: "begin a transaction", source }
            }
        })?;
        let prepared = self.prepare_transaction(expected);
        if prepared.is_err() {
            Transaction::rollback(self.conn);
        }
        prepared
    }

    fn prepare_transaction(&mut self, expected: &[String]) -> Result<(), Halt> {
        let first = self.clock.is_none();
        if first {
            let state = read_state(self.conn, self.dialect, &self.table, LogDepth::None)
                .map_err(Error::query("read the version table"))?;
            if state.rows != sorted(expected) {
                return Err(Halt::Replan);
            }
            self.create_tables(&state)?;
            // Both are read now: waiting for the lock took its time.
            (self.clock, self.begun) = (Some(self.read_clock()?), Instant::now());
        } else {
            let found = version_numbers(self.conn, self.dialect, &self.table)
                .map_err(Error::query("read the version table"))?;
            if found != sorted(expected) {
                return Err(Halt::Replan);
            }
        }
        Ok(())
    }

    fn read_clock(&mut self) -> Result<chrono::NaiveDateTime, Error> {
        let sql = match self.dialect {
            Dialect::Postgres => {
                "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') AS answer"
            }
            _ => "SELECT strftime('%Y-%m-%d %H:%M:%f', 'now') AS answer",
        };
        let text = answer(self.conn, sql).map_err(Error::query("read the clock"))?.unwrap_or_default();
        Ok(chrono::NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S%.f").unwrap_or_default())
    }

    /// Returns the database's time as its log writes it.
    fn now(&self) -> String {
        let elapsed = chrono::TimeDelta::from_std(self.begun.elapsed()).unwrap_or_default();
        let now = self.clock.unwrap_or_default() + elapsed;
        match self.dialect {
            Dialect::Postgres => now.format("%Y-%m-%d %H:%M:%S%.6f+00").to_string(),
            _ => now.format("%Y-%m-%d %H:%M:%S%.3f").to_string(),
        }
    }

    /// Runs steps until the transaction has to be cut; returns when each began and ended.
    fn until_locks_run_out(
        &mut self,
        unit: &[Work],
        rows: &mut Vec<String>,
        progress: &mut Progress,
    ) -> Result<Vec<Times>, Error> {
        let mut times = Vec::with_capacity(unit.len());
        for (index, work) in unit.iter().enumerate() {
            if index > 0 && index % STEPS_PER_LOCK_CHECK == 0 && self.locks_are_short()? {
                return Ok(times);
            }
            let (begun, started) = (Instant::now(), self.now());
            let step = self.started(work, *progress);
            match self.dialect {
                Dialect::Postgres => self.step_in_one_message(work)?,
                _ => self.step_by_statement(work)?,
            }
            times.push((started, self.now()));
            self.finished(step, begun);
            *rows = after(std::mem::take(rows), work);
            *progress = progress.next();
        }
        Ok(times)
    }

    /// Writes what the transaction has done into the version table and the log. Once for all its
    /// steps: nobody can see a state in between.
    fn record(&mut self, done: &[Work], times: &[Times], before: &[String], after: &[String]) -> Result<(), Error> {
        let mut statements: Vec<String> =
            RowOperation::between(before, after).iter().map(|change| self.table.change(self.dialect, change)).collect();
        let entries: Vec<LogEntry<'_>> = done
            .iter()
            .zip(times)
            .map(|(work, (started, finished))| LogEntry {
                times: Some((started, finished)),
                ..work.log_entry(&self.run)
            })
            .collect();
        let chunks = entries.chunks(LOG_ROWS_PER_STATEMENT);
        statements
            .extend(chunks.map(|entries| self.table.log(self.dialect, entries, LogState::Done, &self.options.actor)));
        if statements.is_empty() {
            return Ok(());
        }
        self.conn.batch_execute(&statements.join(";\n")).map_err(Error::query("write the version table"))
    }

    fn locks_are_short(&mut self) -> Result<bool, Error> {
        let Some(query) = C::Backend::lock_budget_query() else {
            return Ok(false);
        };
        let left = answer(self.conn, query).map_err(Error::query("count locks"))?;
        Ok(left.and_then(|left| left.parse::<i64>().ok()).is_some_and(|left| left < LOCK_RESERVE))
    }

    /// There is no network between us and SQLite, and it does not say which statement failed.
    fn step_by_statement(&mut self, work: &Work) -> Result<(), Error> {
        for (index, statement) in work.statements.iter().enumerate() {
            self.conn.batch_execute(&statement.text).map_err(|error| failed(work, index, &error))?;
        }
        Ok(())
    }

    /// One round trip for the revision.
    fn step_in_one_message(&mut self, work: &Work) -> Result<(), Error> {
        const SAVEPOINT: &str = "SAVEPOINT alembic_step;\n";
        if work.statements.is_empty() {
            return Ok(());
        }
        let several = work.statements.len() > 1;
        let mut message = String::from(if several { SAVEPOINT } else { "" });
        let mut starts = Vec::with_capacity(work.statements.len());
        for statement in &work.statements {
            starts.push(message.len());
            message.push_str(&statement.text);
            // On a line of its own: the statement may end in a comment.
            message.push_str("\n;\n");
        }
        if several {
            message.push_str("RELEASE SAVEPOINT alembic_step");
        }
        let Err(error) = self.conn.batch_execute(&message) else { return Ok(()) };
        match position(&error, &message) {
            Some(at) => {
                let index = starts.partition_point(|start| *start <= at).saturating_sub(1);
                Err(failed_at(work, index, at.saturating_sub(starts[index]), &error))
            }
            None if several => Err(self.find_failing_statement(work, &error)),
            None => Err(failed(work, 0, &error)),
        }
    }

    /// The server does not tell the place of every error. The step is in a savepoint, so it can be
    /// run again, one statement at a time, before all of it is rolled back.
    fn find_failing_statement(&mut self, work: &Work, error: &DieselError) -> Error {
        let again = self.conn.batch_execute("ROLLBACK TO SAVEPOINT alembic_step").ok().and_then(|()| {
            work.statements
                .iter()
                .enumerate()
                .find_map(|(index, statement)| Some((index, self.conn.batch_execute(&statement.text).err()?)))
        });
        match again {
            Some((index, error)) => failed(work, index, &error),
            None => failed_somewhere(work, error),
        }
    }

    /// Asks the database what it is about to commit: Python's Alembic takes no lock.
    pub(super) fn verify(&mut self, rows: &[String]) -> Result<(), Error> {
        let found =
            version_numbers(self.conn, self.dialect, &self.table).map_err(Error::query("read the version table"))?;
        let expected = sorted(rows);
        if found == expected { Ok(()) } else { Err(Error::Interfered { expected, found }) }
    }
}

pub(super) fn sorted(rows: &[String]) -> Vec<String> {
    let mut rows = rows.to_vec();
    rows.sort_unstable();
    rows
}

/// Returns the byte at which the server saw the error; it counts characters from 1.
fn position(error: &DieselError, message: &str) -> Option<usize> {
    let DieselError::DatabaseError(_, info) = error else {
        return None;
    };
    let characters = usize::try_from(info.statement_position()?).ok()?.checked_sub(1)?;
    message.char_indices().nth(characters).map(|(byte, _)| byte)
}

pub(super) fn failed(work: &Work, index: usize, error: &DieselError) -> Error {
    failed_at(work, index, 0, error)
}

fn failed_at(work: &Work, index: usize, offset: usize, error: &DieselError) -> Error {
    let Some(statement) = work.statements.get(index) else {
        return failed_somewhere(work, error);
    };
    let (line, column) = place(statement, offset);
    Error::Statement(Box::new(StatementError {
        revision: work.id.clone(),
        path: work.path.clone(),
        line,
        column,
        number: Some(index + 1),
        statements: work.statements.len(),
        statement: statement.text.lines().skip(line - statement.line).collect::<Vec<_>>().join("\n"),
        server: Server(error).to_string(),
        outcome: Outcome::RolledBack { committed: 0, undone: 0 },
    }))
}

fn failed_somewhere(work: &Work, error: &DieselError) -> Error {
    Error::Statement(Box::new(StatementError {
        revision: work.id.clone(),
        path: work.path.clone(),
        line: work.line,
        column: 1,
        number: None,
        statements: work.statements.len(),
        statement: String::new(),
        server: Server(error).to_string(),
        outcome: Outcome::RolledBack { committed: 0, undone: 0 },
    }))
}

/// Returns line and column in the file of a byte of a statement.
fn place(statement: &Statement, offset: usize) -> (usize, usize) {
    let (line, column) = line_and_column(&statement.text, offset);
    (statement.line + line - 1, if line == 1 { statement.column + column - 1 } else { column })
}

fn tell_outcome(error: &mut Error, committed: usize, undone: usize) {
    if let Error::Statement(statement) = error {
        statement.outcome = Outcome::RolledBack { committed, undone };
    }
}
