//! The statements of one step, inside a transaction.

use std::time::Instant;

use alembic_graph::plan::Work;
use alembic_sql::dropped_table;
use diesel::{QueryResult, connection::LoadConnection, result::Error as DieselError};

use crate::{
    database::{
        Diagnosis, MigrationBackend, Scope, Settings, Transaction, application_name, by_failing_again, foreign_keys,
    },
    migrator::{
        Error, Outcome,
        failure::{contended, failed, failed_at, failed_somewhere, message, position, repeatable, worth_repeating},
        run::Engine,
    },
};

impl<C> Engine<'_, C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    /// Runs a step. What it sets in the session does not reach the next one.
    pub(in crate::migrator) fn step(&mut self, work: &Work) -> Result<(), Error> {
        self.enum_value_added = work.adds_enum_value();
        if work.is_rust {
            return self.function_with_settings(work);
        }
        if !work.changes_settings() && !work.row_security_on {
            return self.statements(work);
        }
        let before = Settings::read(self.conn).map_err(Error::query("read the settings"))?;
        self.let_policies_hide_rows(work)?;
        self.statements(work)?;
        before.restore(self.conn).map_err(Error::query("restore the settings"))
    }

    fn statements(&mut self, work: &Work) -> Result<(), Error> {
        if C::Backend::CAPABILITIES.locates_errors {
            self.step_in_one_message(work)
        } else {
            self.step_by_statement(work)
        }
    }

    /// Switches row-level security on for a step that says so. The settings are put back after it.
    pub(in crate::migrator) fn let_policies_hide_rows(&mut self, work: &Work) -> Result<(), Error> {
        if !work.row_security_on {
            return Ok(());
        }
        self.conn.batch_execute("SET row_security = on").map_err(Error::query("switch row-level security on"))
    }

    /// There is no network between us and SQLite, and it does not say which statement failed.
    fn step_by_statement(&mut self, work: &Work) -> Result<(), Error> {
        for (index, statement) in work.statements.iter().enumerate() {
            self.refuse_cascade(work, index)?;
            self.conn.batch_execute(&statement.text).map_err(|error| {
                let failure = failed(work, index, &error, &Diagnosis::default());
                if C::Backend::is_contention(&error) { contended(failure, statement.text.clone()) } else { failure }
            })?;
        }
        Ok(())
    }

    /// Dropping a table deletes its rows first, and what refers to them.
    pub(in crate::migrator) fn refuse_cascade(&mut self, work: &Work, index: usize) -> Result<(), Error> {
        let statement = &work.statements[index];
        if statement.text.to_ascii_lowercase().contains("references") {
            self.drops_cascade = None;
        }
        let dropped = || dropped_table(&statement.text, work.dialect);
        let Some(table) = C::Backend::CAPABILITIES.cascades_on_drop.then(dropped).flatten() else { return Ok(()) };
        let endangered = self.endangered(&table).map_err(Error::query("look at the foreign keys"))?;
        if endangered.is_empty() {
            return Ok(());
        }
        Err(Error::Cascade {
            revision: work.id.clone(),
            path: work.path.clone(),
            line: statement.line,
            table,
            endangered: endangered.into(),
            outcome: Outcome::RolledBack { committed: 0, undone: 0 },
        })
    }

    fn endangered(&mut self, table: &str) -> QueryResult<Vec<String>> {
        let cascade = match self.drops_cascade {
            Some(known) => known,
            None => foreign_keys::enforced(self.conn)? && foreign_keys::exist(self.conn)?,
        };
        self.drops_cascade = Some(cascade);
        if cascade { foreign_keys::endangered_by_dropping(self.conn, table) } else { Ok(Vec::new()) }
    }

    /// One round trip for the revision; behind a savepoint, if it takes one to find out what failed.
    fn step_in_one_message(&mut self, work: &Work) -> Result<(), Error> {
        if work.statements.is_empty() {
            return Ok(());
        }
        let several = work.statements.len() > 1;
        let mut batch = String::from(if several { "SAVEPOINT alembic_step;\n" } else { "" });
        let mut starts = Vec::with_capacity(work.statements.len());
        for statement in &work.statements {
            starts.push(batch.len());
            batch.push_str(&statement.text);
            // On a line of its own: the statement may end in a comment.
            batch.push_str("\n;\n");
        }
        if several {
            batch.push_str("RELEASE SAVEPOINT alembic_step");
        }
        let begun = Instant::now();
        let Err(error) = self.conn.batch_execute(&batch) else { return Ok(()) };
        if C::Backend::is_contention(&error) {
            let sql = work.statements.iter().map(|statement| statement.text.as_str()).collect::<Vec<_>>().join(";\n");
            return Err(contended(failed_somewhere(work, &error), sql));
        }
        let worth = worth_repeating(&error, begun.elapsed());
        let diagnosed = if several && worth { self.fail_again(work) } else { None };
        let marked = |failure| if worth { repeatable(failure, &error) } else { failure };
        match (position(&error, &batch), diagnosed) {
            (Some(at), diagnosed) => {
                let index = starts.partition_point(|start| *start <= at).saturating_sub(1);
                let diagnosis = diagnosed.map_or_else(Diagnosis::default, |(.., diagnosis)| diagnosis);
                Err(marked(failed_at(work, index, Some(at.saturating_sub(starts[index])), &error, &diagnosis)))
            }
            (None, Some((index, error, diagnosis))) => Err(failed(work, index, &error, &diagnosis)),
            (None, None) if several => Err(failed_somewhere(work, &error)),
            (None, None) => Err(marked(failed(work, 0, &error, &Diagnosis::default()))),
        }
    }

    /// Asks for the code of a failure after its transaction was rolled back. What was rolled back with
    /// it is missing now, but a failure that says the same is the same.
    pub(in crate::migrator) fn diagnose_afterwards(&mut self, unit: &[Work], mut error: Error) -> Error {
        if let Error::Statement(failure) = &mut error
            && C::Backend::CAPABILITIES.explains_reruns
            && failure.code.is_none()
            && failure.contended_sql.is_none()
            && let Some(said) = &failure.message
            && !Transaction::is_open(self.conn)
            && let Some(work) = unit.iter().find(|work| work.id == failure.revision)
            && let [statement] = work.statements.as_slice()
            && Transaction::begin(self.conn).is_ok()
        {
            // It may wait for others now no longer than it did before.
            let name = application_name(&self.options.actor);
            let set = C::Backend::begin_run(self.conn, Scope::Transaction, self.timeouts, &name);
            let diagnosis = set.map(|()| by_failing_again(self.conn, &statement.text, said)).unwrap_or_default();
            Transaction::rollback(self.conn);
            (failure.code, failure.context) = (diagnosis.code, diagnosis.context);
        }
        error
    }

    /// The server tells neither the place nor the code of every error. The step is behind a
    /// savepoint, so it can be run again, one statement at a time, before all of it is rolled back.
    fn fail_again(&mut self, work: &Work) -> Option<(usize, DieselError, Diagnosis)> {
        self.conn.batch_execute("ROLLBACK TO SAVEPOINT alembic_step").ok()?;
        for (index, statement) in work.statements.iter().enumerate() {
            self.conn.batch_execute("SAVEPOINT alembic_statement").ok()?;
            if let Err(error) = self.conn.batch_execute(&statement.text) {
                self.conn.batch_execute("ROLLBACK TO SAVEPOINT alembic_statement").ok()?;
                let diagnosis = by_failing_again(self.conn, &statement.text, &message(&error));
                return Some((index, error, diagnosis));
            }
        }
        None
    }
}
