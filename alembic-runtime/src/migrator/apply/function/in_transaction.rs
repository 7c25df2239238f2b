//! Operations inside the transaction of their step.

use alembic_graph::plan::Work;
use alembic_sql::{adds_enum_value, changes_escapes};
use diesel::connection::LoadConnection;

use super::{no_batches, statement};
use crate::{
    database::{Diagnosis, MigrationBackend, Transaction},
    migrator::{
        failure::{contended, failed},
        run::Run,
    },
    op::{Cursor, Executor, MigrationResult, OpError, Place, Problem, Render},
};

/// Runs operations in the transaction that is open.
pub(super) struct InTransaction<'e, 'r, C> {
    pub(super) run: &'e mut Run<'r, C>,
    /// Grows by every statement.
    pub(super) work: &'e mut Work,
    /// Whether a statement has added a value to an enum.
    pub(super) adds_enum_value: &'e mut bool,
}

impl<C> Executor<C> for InTransaction<'_, '_, C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    fn connection(&mut self) -> Result<&mut C, Problem> {
        Ok(self.run.session.lend())
    }

    fn look(&mut self) -> Result<&mut C, Problem> {
        Ok(self.run.session.lend_to_read())
    }

    fn execute(&mut self, sql: &str, place: Place) -> Result<(), Problem> {
        let statement = statement(self.work, sql, place);
        self.work.statements.push(statement);
        self.run.check_last_statement(self.work)?;
        *self.adds_enum_value |= adds_enum_value(sql, self.work.dialect);
        let Err(error) = self.run.session.execute(sql) else {
            // There may be thousands, and nobody asks again for one that leaves the meaning of the next as it is.
            if !changes_escapes(sql, self.work.dialect) {
                self.work.statements.last_mut().into_iter().for_each(|statement| statement.text.clear());
            }
            return Ok(());
        };
        let failure = failed(self.work, self.work.statements.len() - 1, &error, &Diagnosis::default());
        let contention = C::Backend::is_contention(&error);
        Err(if contention { contended(failure, sql.to_owned()) } else { failure }.into())
    }

    fn rebuild(&mut self, _what: &str, place: Place, render: Render<'_, C>) -> MigrationResult {
        let located = |problem| OpError::new(place, problem);
        for sql in render(self.run.session.lend_to_read()).map_err(located)? {
            self.execute(&sql, place).map_err(located)?;
        }
        Ok(())
    }

    fn atomically(&mut self, _place: Place, function: &mut dyn FnMut(&mut C) -> MigrationResult) -> MigrationResult {
        let conn = self.run.session.lend();
        Transaction::begin(conn)?;
        let result = function(conn);
        match &result {
            Ok(()) => Transaction::commit(conn)?,
            Err(_) => Transaction::rollback(conn),
        }
        result
    }

    fn progress(&mut self, done: u64, total: u64) {
        self.run.observer.progress(done, total);
    }

    fn cursor(&mut self, _what: &str, _place: Place) -> Result<Cursor, Problem> {
        Err(no_batches(self.work.dialect))
    }

    fn batch(
        &mut self,
        place: Place,
        _position: (i64, i64),
        _function: &mut dyn FnMut(&mut C) -> MigrationResult,
    ) -> MigrationResult {
        Err(OpError::new(place, no_batches(self.work.dialect)).into())
    }

    fn backfilled(&mut self) -> Result<(), Problem> {
        Err(no_batches(self.work.dialect))
    }
}
