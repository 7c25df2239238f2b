//! The statements of one step, inside a transaction.

use std::time::Instant;

use alembic_graph::plan::Work;
use diesel::{connection::LoadConnection, result::Error as DieselError};

use crate::{
    database::{Diagnosis, MigrationBackend},
    migrator::{
        Error,
        failure::{contended, failed, failed_at, failed_somewhere, is_cheap_to_rerun, message, position, repeatable},
        run::Run,
    },
};

/// Where a step begins that is one message.
const STEP: &str = "alembic_step";

/// Where a statement begins that is run again to learn more of its error.
const STATEMENT: &str = "alembic_statement";

impl<C> Run<'_, C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    /// Runs a step; returns whether it has added a value to an enum. What it sets in the session does not reach the
    /// next one.
    pub(super) fn step(&mut self, work: &Work) -> Result<bool, Error> {
        if work.is_rust {
            return self.function_in_transaction(work);
        }
        let restored = work.changes_settings() || work.row_security_on;
        let before = if restored { Some(self.session.settings()?) } else { None };
        self.session.let_policies_hide_rows(work)?;
        if C::Backend::CAPABILITIES.locates_errors {
            self.step_in_one_message(work)?;
        } else {
            self.step_by_statement(work)?;
        }
        before.map_or(Ok(()), |before| self.session.restore(&before))?;
        Ok(work.adds_enum_value())
    }

    /// There is no network between us and SQLite, and it does not say which statement failed.
    fn step_by_statement(&mut self, work: &Work) -> Result<(), Error> {
        for (index, statement) in work.statements.iter().enumerate() {
            self.session.check_cascade(work, index)?;
            self.session.execute(&statement.text).map_err(|error| {
                let failure = failed(work, index, &error, &Diagnosis::default());
                if C::Backend::is_contention(&error) { contended(failure, statement.text.clone()) } else { failure }
            })?;
        }
        Ok(())
    }

    /// One round trip for the revision; behind a savepoint, if it takes one to find out what failed.
    fn step_in_one_message(&mut self, work: &Work) -> Result<(), Error> {
        if work.statements.is_empty() {
            return Ok(());
        }
        let several = work.statements.len() > 1;
        let mut batch = if several { format!("SAVEPOINT {STEP};\n") } else { String::new() };
        let mut starts = Vec::with_capacity(work.statements.len());
        for statement in &work.statements {
            starts.push(batch.len());
            batch.push_str(&statement.text);
            // On a line of its own: the statement may end in a comment.
            batch.push_str("\n;\n");
        }
        if several {
            batch.extend(["RELEASE SAVEPOINT ", STEP]);
        }
        let begun = Instant::now();
        let Err(error) = self.session.execute(&batch) else { return Ok(()) };
        if C::Backend::is_contention(&error) {
            let sql = work.statements.iter().map(|statement| statement.text.as_str()).collect::<Vec<_>>().join(";\n");
            return Err(contended(failed_somewhere(work, &error), sql));
        }
        let worth = is_cheap_to_rerun(&error, begun.elapsed());
        let diagnosed = if several && worth { self.fail_again(work) } else { None };
        let marked = |failure| if worth { repeatable(failure, &error) } else { failure };
        Err(match (position(&error, &batch), diagnosed) {
            (Some(at), diagnosed) => {
                let index = starts.partition_point(|start| *start <= at).saturating_sub(1);
                let diagnosis = diagnosed.map_or_else(Diagnosis::default, |(.., diagnosis)| diagnosis);
                marked(failed_at(work, index, Some(at.saturating_sub(starts[index])), &error, &diagnosis))
            }
            (None, Some((index, error, diagnosis))) => failed(work, index, &error, &diagnosis),
            (None, None) if several => failed_somewhere(work, &error),
            (None, None) => marked(failed(work, 0, &error, &Diagnosis::default())),
        })
    }

    /// The server tells neither the place nor the code of every error. The step is behind a
    /// savepoint, so it can be run again, one statement at a time, before all of it is rolled back.
    fn fail_again(&mut self, work: &Work) -> Option<(usize, DieselError, Diagnosis)> {
        self.session.roll_back_to(STEP).ok()?;
        for (index, statement) in work.statements.iter().enumerate() {
            self.session.savepoint(STATEMENT).ok()?;
            if let Err(error) = self.session.execute(&statement.text) {
                self.session.roll_back_to(STATEMENT).ok()?;
                let diagnosis = self.session.fail_again(&statement.text, &message(&error));
                return Some((index, error, diagnosis));
            }
        }
        None
    }

    /// Asks for the code of a failure after its transaction was rolled back. What was rolled back with
    /// it is missing now, but a failure that says the same is the same.
    pub(super) fn diagnose_by_rerun(&mut self, batch: &[Work], mut error: Error) -> Error {
        if let Error::Statement(failure) = &mut error
            && C::Backend::CAPABILITIES.explains_reruns
            && failure.code.is_none()
            && failure.contended_sql.is_none()
            && let Some(said) = &failure.message
            && !self.session.is_in_transaction()
            && let Some(work) = batch.iter().find(|work| work.id == failure.revision)
            && let [statement] = work.statements.as_slice()
            && self.session.begin().is_ok()
        {
            // It may wait for others now no longer than it did before.
            let set = self.session.set_up_transaction();
            let diagnosis = set.map(|()| self.session.fail_again(&statement.text, said)).unwrap_or_default();
            self.session.rollback();
            (failure.code, failure.context) = (diagnosis.code, diagnosis.context);
        }
        error
    }
}
