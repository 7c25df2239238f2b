//! Steps inside a transaction: all of PostgreSQL and SQLite but `Transaction: none`.

use std::time::Instant;

use alembic_graph::{
    plan::Work,
    version_table::{LogEntry, LogState, RowOperation},
};
use diesel::connection::LoadConnection;

use crate::{
    database::{
        LogDepth, MigrationBackend, Patience, Scope, Transaction, Try, answer, application_name, is_table_locked,
        read_state, version_numbers,
    },
    migrator::{
        Error, Outcome,
        contention::Retries,
        run::{Engine, Halt, Progress, after},
    },
};

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
    /// Runs steps in one transaction, or in several if the server would run out of locks or has to commit the
    /// new value of an enum; returns how many steps were run.
    pub(in crate::migrator) fn transactions(
        &mut self,
        unit: &[Work],
        rows: &mut Vec<String>,
        mut progress: Progress,
    ) -> Result<usize, Halt> {
        let mut rest = unit;
        let mut retries = Retries::new(self.lock_retries);
        loop {
            let before = (rows.clone(), progress);
            match self.transaction(rest, rows, &mut progress) {
                Ok(done) => rest = &rest[done..],
                Err(halt) => {
                    let Halt::Failed(error) = halt else { return Err(halt) };
                    // In a transaction of the caller, the locks that it holds would be kept meanwhile.
                    let may_retry = retries.left() && !Transaction::is_open(self.conn);
                    let Some(statement) = error.contended_sql().filter(|_| may_retry) else {
                        return Err(self.with_blockers(error).into());
                    };
                    (*rows, progress) = before;
                    self.wait_for_others(&mut retries, &statement);
                    continue;
                }
            }
            if rest.is_empty() {
                return Ok(unit.len());
            }
        }
    }

    /// Runs as many steps in one transaction as can share it.
    fn transaction(&mut self, unit: &[Work], rows: &mut Vec<String>, progress: &mut Progress) -> Result<usize, Halt> {
        let committed_before = self.report.steps.len();
        let (begun, before) = (progress.number, rows.clone());
        self.drops_cascade = None;
        let violations = self.switch_foreign_keys_off(unit)?;
        let result = self.begin(rows).and_then(|()| {
            let result = self.steps_and_commit(unit, rows, &before, progress, violations.as_deref());
            if result.is_err() {
                Transaction::rollback(self.conn);
            }
            Ok(result?)
        });
        let switched = self.switch_foreign_keys_on(violations.is_some());
        let done = result.map_err(|halt| {
            let undone = progress.number - begun;
            self.report.steps.truncate(committed_before);
            match halt {
                Halt::Replan => halt,
                Halt::Failed(error) => {
                    let error = self.diagnose_afterwards(unit, error);
                    self.record_failure(unit, &error);
                    // What has committed by itself was not rolled back.
                    if matches!(&error, Error::Statement(failure) if failure.outcome == Outcome::ByHand) {
                        return error.into();
                    }
                    let outcome = match committed_before {
                        done if done > 0 && Transaction::is_open(self.conn) => {
                            Outcome::InCallersTransaction { done, undone }
                        }
                        committed => Outcome::RolledBack { committed, undone },
                    };
                    error.with_outcome(outcome).into()
                }
            }
        })?;
        switched?;
        self.tables_exist = true;
        self.report.transactions += usize::from(done > 0);
        Ok(done)
    }

    fn steps_and_commit(
        &mut self,
        unit: &[Work],
        rows: &mut Vec<String>,
        before: &[String],
        progress: &mut Progress,
        violations: Option<&[String]>,
    ) -> Result<usize, Error> {
        let steps = self.steps_until_commit(unit, rows, progress)?;
        self.record(&unit[..steps.len()], &steps, before, rows)?;
        self.verify(rows)?;
        self.compare_violations(unit, violations)?;
        Transaction::commit(self.conn).map_err(Error::query("commit"))?;
        Ok(steps.len())
    }

    /// Enters a failure in the log, where there is one, after everything else was rolled back.
    fn record_failure(&mut self, unit: &[Work], error: &Error) {
        let Error::Statement(failure) = error else { return };
        let Some(work) = unit.iter().find(|work| work.id == failure.revision) else { return };
        if Transaction::is_open(self.conn) {
            return;
        }
        let run = self.run.clone();
        let entry = LogEntry { error: Some(&failure.server), ..work.log_entry(&run) };
        let sql = self.table.log(self.dialect, &[entry], LogState::Failed, &self.options.actor);
        // Best effort: the log may not be there, and the error is told anyhow.
        self.conn.batch_execute(&sql).ok();
    }

    /// Begins a transaction that holds the lock, and makes sure that the plan still fits.
    fn begin(&mut self, expected: &[String]) -> Result<(), Halt> {
        self.begin_alone()?;
        let prepared = self.prepare_transaction(expected);
        if prepared.is_err() {
            Transaction::rollback(self.conn);
        }
        prepared
    }

    fn begin_alone(&mut self) -> Result<(), Error> {
        let mut patience = Patience::new(self.options.wait);
        loop {
            match Transaction::begin(self.conn) {
                Ok(()) => {}
                Err(source) if is_table_locked(&source) && patience.pause() => continue,
                Err(source) if C::Backend::is_busy(&source) => return Err(Error::Busy { waited: self.options.wait }),
                Err(source) => return Err(Error::Query { doing: "begin a transaction", source }),
            }
            let Some(lock) = &self.lock else { return Ok(()) };
            let tried = lock.try_in_transaction(self.conn);
            if let Ok(Try::Taken) = tried {
                let name = application_name(&self.options.actor);
                let set = C::Backend::begin_run(self.conn, Scope::Transaction, self.timeouts, &name);
                return set.map_err(|source| {
                    Transaction::rollback(self.conn);
                    Error::Query { doing: "prepare the transaction", source }
                });
            }
            Transaction::rollback(self.conn);
            tried.map_err(Error::query("take the migration lock"))?;
            let holder = lock.holder(self.conn);
            self.observer.waiting(holder.as_deref(), patience.waited());
            if !patience.pause() {
                return Err(Error::Locked { holder, waited: self.options.wait });
            }
        }
    }

    fn prepare_transaction(&mut self, expected: &[String]) -> Result<(), Halt> {
        let reading = || Error::query("read the version table");
        // Whoever comes this way waits here for the row, whatever became of the lock.
        let take = self.table.take_lock(self.dialect, &self.run, &self.options.actor);
        let taking = || Error::query("take the migration lock");
        if self.tables_exist {
            self.conn.batch_execute(&take).map_err(taking())?;
            let found = version_numbers(self.conn, self.dialect, &self.table).map_err(reading())?;
            return if found == sorted(expected) { Ok(()) } else { Err(Halt::Replan) };
        }
        let state = read_state(self.conn, self.dialect, &self.table, LogDepth::None).map_err(reading())?;
        self.create_tables(&state)?;
        self.conn.batch_execute(&take).map_err(taking())?;
        let found = version_numbers(self.conn, self.dialect, &self.table).map_err(reading())?;
        if found != sorted(expected) {
            return Err(Halt::Replan);
        }
        // Both are read now: waiting for the lock took its time.
        (self.clock, self.begun) = (self.read_clock()?, Instant::now());
        Ok(())
    }

    /// Reads the database's clock, so that all times in its log are its own.
    fn read_clock(&mut self) -> Result<chrono::NaiveDateTime, Error> {
        let Some(sql) = C::Backend::clock_query() else { return Ok(chrono::NaiveDateTime::default()) };
        let text = answer(self.conn, sql).map_err(Error::query("read the clock"))?.unwrap_or_default();
        Ok(chrono::NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S%.f").unwrap_or_default())
    }

    /// Returns the database's time as its log writes it.
    fn now(&self) -> String {
        let elapsed = chrono::TimeDelta::from_std(self.begun.elapsed()).unwrap_or_default();
        C::Backend::log_time(self.clock + elapsed)
    }

    /// Runs steps until the transaction has to be cut; returns when each began and ended.
    fn steps_until_commit(
        &mut self,
        unit: &[Work],
        rows: &mut Vec<String>,
        progress: &mut Progress,
    ) -> Result<Vec<Times>, Error> {
        let mut times = Vec::with_capacity(unit.len());
        for (index, work) in unit.iter().enumerate() {
            if index > 0 && self.enum_value_added {
                return Ok(times);
            }
            if index > 0 && index % STEPS_PER_LOCK_CHECK == 0 && self.locks_are_short()? {
                self.observer.note("committing early: the server's lock table is filling up");
                return Ok(times);
            }
            let (begun, started) = (Instant::now(), self.now());
            let step = self.started(work, *progress);
            self.step(work)?;
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
                ..work.log_entry_after(&self.run, work.statements.len())
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

    /// Asks the database what it is about to commit: Python's Alembic takes no lock.
    pub(in crate::migrator) fn verify(&mut self, rows: &[String]) -> Result<(), Error> {
        let found =
            version_numbers(self.conn, self.dialect, &self.table).map_err(Error::query("read the version table"))?;
        let expected = sorted(rows);
        if found == expected { Ok(()) } else { Err(Error::Interfered { expected, found }) }
    }
}

pub(in crate::migrator) fn sorted(rows: &[String]) -> Vec<String> {
    let mut rows = rows.to_vec();
    rows.sort_unstable();
    rows
}
