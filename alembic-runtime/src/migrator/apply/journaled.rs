//! Steps outside a transaction: all of MySQL and MariaDB, and `Transaction: none`.
//!
//! The log is written ahead: that the step runs is committed before its first statement, how far it
//! got after every statement. A statement that can shares a transaction with the note that it is
//! done; one that cannot is announced by itself. What is committed is never guessed but read from
//! the log.

use std::time::Duration;

use alembic_graph::{
    plan::{Statement, Work},
    version_table::LogState,
};
use alembic_sql::{Nature, may_commit_inside, nature, requires_autocommit};
use diesel::{
    connection::LoadConnection,
    result::{DatabaseErrorKind, Error as DieselError},
};

use crate::{
    database::{
        Diagnosis, LogDepth, MigrationBackend, Reading, Settings, Transaction, begin_mysql, by_failing_again,
        lock_holder, of_last_statement, progress_of, read_state, reading, restore_mysql, snapshot,
    },
    migrator::{
        Error, Outcome,
        failure::{contended, failed, message, said_of, worth_repeating},
        run::{Engine, Halt, Progress, after},
    },
};

impl<C> Engine<'_, C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    /// Makes sure that a step outside a transaction can run: the lock has to be the session's.
    pub(in crate::migrator) fn prepare_for_journal(&mut self, step: &Work) -> Result<(), Halt> {
        if Transaction::is_open(self.conn) {
            return Err(Error::InsideTransaction(self.dialect).into());
        }
        if self.options.pooled && self.lock.is_some() {
            return Err(Error::Pooled { revision: Some((step.id.clone(), step.path.clone())) }.into());
        }
        if self.lock.is_none() || self.holds_lock {
            return Ok(());
        }
        self.take_for_session()?;
        Err(Halt::Replan)
    }

    /// Runs steps one by one, each with its own commits, the first from statement `done` on.
    pub(in crate::migrator) fn journaled(
        &mut self,
        unit: &[Work],
        rows: &mut Vec<String>,
        done: usize,
        progress: Progress,
    ) -> Result<(), Halt> {
        if !self.dialect.is_mysql_family() {
            // The transaction in which the tables are created also makes sure that the plan still fits.
            self.transactions(&[], rows, progress)?;
            let before = Settings::read(self.conn).map_err(Error::query("read the settings"))?;
            let result = if unit[0].is_rust {
                let result = self.function_by_operation(&unit[0], rows, done, progress);
                result.map(|()| *rows = after(std::mem::take(rows), &unit[0]))
            } else {
                self.statement_by_statement(&unit[0], rows, done, progress)
            };
            let restored = before.restore(self.conn).map_err(Error::query("restore the settings"));
            return result.and(restored.map_err(Halt::from));
        }
        let state =
            reading(self.conn, Reading::Own, |conn| read_state(conn, self.dialect, &self.table, LogDepth::None))
                .map_err(Error::query("read the version table"))?;
        self.create_tables(&state)?;
        self.note_storage(unit)?;
        let timeouts = self.timeouts;
        let begin = format!(
            "{};\n{};\nCOMMIT",
            begin_mysql(self.dialect, timeouts),
            self.table.take_lock(self.dialect, &self.run, &self.options.actor)
        );
        let begun = self.conn.batch_execute(&begin).map_err(Error::query("prepare the session"));
        let result = begun.map_err(Halt::from).and_then(|()| match unit {
            [work] if work.is_rust => self.function_by_operation(work, rows, done, progress),
            _ => Ok(self.chained_with_retries(unit, done, progress)?),
        });
        let restored = self
            .conn
            .batch_execute(&restore_mysql(self.dialect, timeouts, self.database.as_deref()))
            .map_err(Error::query("restore the settings"));
        result.and(restored.map_err(Halt::from))?;
        *rows = unit.iter().fold(std::mem::take(rows), after);
        Ok(self.verify(rows)?)
    }

    /// Returns the statements that say a step is about to run from statement `done` on.
    pub(in crate::migrator) fn announcement(&self, work: &Work, done: usize) -> String {
        if work.is_rust {
            return self.function_announcement(work, done);
        }
        let entry = work.log_entry_after(&self.run, done);
        self.table.log(self.dialect, &[entry], LogState::Running, &self.options.actor)
    }

    pub(in crate::migrator) fn completion(&self, work: &Work) -> Vec<String> {
        let rows = work.step.rows.iter().map(|operation| self.table.change(self.dialect, operation));
        let end = self.table.log_end(self.dialect, &work.log_entry(&self.run), LogState::Done, None);
        rows.chain([end]).collect()
    }

    /// Asks for the code of an error, and ends whatever transaction it left.
    fn diagnose(&mut self, work: &Work, error: &DieselError, took: Duration) -> Diagnosis {
        if self.dialect.is_mysql_family() {
            let diagnosis = of_last_statement(self.conn);
            self.conn.batch_execute("ROLLBACK").ok();
            return diagnosis;
        }
        let statement = progress_of(self.conn, self.dialect, &self.table, &self.run, &work.id).ok().flatten();
        let statement = statement.and_then(|done| work.statements.get(done));
        let Some(text) =
            statement.map(|statement| &statement.text).filter(|_| C::Backend::CAPABILITIES.explains_reruns)
        else {
            return Diagnosis::default();
        };
        if requires_autocommit(text, self.dialect)
            || !worth_repeating(error, took)
            || Transaction::begin(self.conn).is_err()
        {
            return Diagnosis::default();
        }
        let diagnosis = by_failing_again(self.conn, text, &message(error));
        Transaction::rollback(self.conn);
        diagnosis
    }

    /// Returns whether an error comes from a note that was refused because the lock's row names another
    /// run: it would have set the run to NULL.
    pub(in crate::migrator) fn is_overtaken(&mut self, error: &DieselError) -> bool {
        let null = matches!(error, DieselError::DatabaseError(DatabaseErrorKind::NotNullViolation, _));
        if !null {
            return false;
        }
        let holder = snapshot(self.conn, |conn| lock_holder(conn, self.dialect, &self.table));
        holder.is_ok_and(|holder| holder.as_ref() != Some(&self.run))
    }

    /// Reads from the log where a step stopped, and notes there why.
    pub(in crate::migrator) fn stopped(&mut self, work: &Work, error: &DieselError, took: Duration) -> Box<Stopped> {
        let diagnosis = self.diagnose(work, error, took);
        let done = progress_of(self.conn, self.dialect, &self.table, &self.run, &work.id).ok().flatten();
        let Some(done) = done else {
            let error = failed(work, usize::MAX, error, &diagnosis).with_outcome(Outcome::Unknown);
            return Box::new(Stopped { done: 0, error });
        };
        if self.is_overtaken(error) {
            return Box::new(Stopped { done, error: Error::Overtaken });
        }
        // The server knows of no error: it came from somewhere in between, and the statement may have
        // been run. Or it ran others, and some of them may have been. The step stays under way, and the next run asks the catalog.
        let in_part = work.statements.get(done).is_some_and(|s| may_commit_inside(&s.text, self.dialect));
        if self.dialect.is_mysql_family() && (diagnosis.code.is_none() || in_part) {
            let error = failed(work, done, error, &diagnosis).with_outcome(Outcome::Unknown);
            return Box::new(Stopped { done, error });
        }
        let reason = said_of(work, error);
        let entry = work.log_entry(&self.run);
        let mut notes = Vec::new();
        // It was the note that failed, not the statement, which committed by itself.
        let noted = if diagnosis.marker.as_ref() == Some(&marker(&self.run, work, done + 1)) { done + 1 } else { done };
        if noted > done {
            notes.push(self.table.log_progress(self.dialect, &entry, noted, work.prefix(noted)));
        }
        notes.push(self.table.log_end(self.dialect, &entry, LogState::Failed, Some(&reason)));
        if self.dialect.is_mysql_family() {
            notes.push("COMMIT".to_owned());
        }
        // Should this fail too, the step stays under way.
        self.conn.batch_execute(&notes.join(";\n")).ok();
        let done = noted;
        let mut failure = failed(work, done, error, &diagnosis).with_outcome(Outcome::Partial { done });
        if C::Backend::is_contention(error) {
            let statement = work.statements.get(done).map(|statement| statement.text.clone());
            failure = contended(failure, statement.unwrap_or_default());
        }
        Box::new(Stopped { done, error: failure })
    }
}

/// A step that did not come to its end.
pub(in crate::migrator) struct Stopped {
    /// How many statements are done.
    pub(in crate::migrator) done: usize,
    pub(in crate::migrator) error: Error,
}

/// What a MySQL session remembers of the last statement that committed by itself.
pub(in crate::migrator) fn marker(run: &str, work: &Work, done: usize) -> String {
    format!("{run} {} {done}", work.id)
}

/// Those of the first `done` statements that set up the session, and are forgotten with it.
pub(in crate::migrator) fn session_statements(work: &Work, done: usize) -> impl Iterator<Item = &Statement> {
    let sets = |statement: &&Statement| nature(&statement.text, work.dialect) == Nature::Session;
    work.statements.iter().take(done).filter(sets)
}
