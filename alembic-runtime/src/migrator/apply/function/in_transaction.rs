//! Operations inside the transaction of their step.

use alembic_graph::plan::Work;
use alembic_sql::{adds_enum_value, changes_escapes};
use diesel::connection::LoadConnection;

use super::{no_batches, statement};
use crate::{
    database::{Diagnosis, MigrationBackend, Transaction},
    migrator::{
        failure::{contended, failed},
        run::Engine,
    },
    op::{Cursor, Executor, MigrationResult, OpError, Place, Problem, Render},
};

/// Runs operations in the transaction that is open.
pub(super) struct InTransaction<'e, 'r, C> {
    pub(super) engine: &'e mut Engine<'r, C>,
    /// Grows by every statement.
    pub(super) work: &'e mut Work,
}

impl<C> Executor<C> for InTransaction<'_, '_, C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    fn connection(&mut self) -> Result<&mut C, Problem> {
        // What is done with it may bring foreign keys, or take them away.
        self.engine.drops_cascade = None;
        Ok(self.engine.conn)
    }

    fn look(&mut self) -> Result<&mut C, Problem> {
        Ok(self.engine.conn)
    }

    fn execute(&mut self, sql: &str, place: Place) -> Result<(), Problem> {
        let statement = statement(self.work, sql, place);
        self.work.statements.push(statement);
        self.engine.refuse_statement(self.work)?;
        self.engine.enum_value_added |= adds_enum_value(sql, self.engine.dialect);
        let Err(error) = self.engine.conn.batch_execute(sql) else {
            // There may be thousands, and nobody asks again for one that leaves the meaning of the next as it is.
            if !changes_escapes(sql, self.engine.dialect) {
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
        for sql in render(self.engine.conn).map_err(located)? {
            self.execute(&sql, place).map_err(located)?;
        }
        Ok(())
    }

    fn atomically(&mut self, _place: Place, function: &mut dyn FnMut(&mut C) -> MigrationResult) -> MigrationResult {
        let conn = self.connection().map_err(|_| "there is no connection")?;
        Transaction::begin(conn)?;
        let result = function(conn);
        match &result {
            Ok(()) => Transaction::commit(conn)?,
            Err(_) => Transaction::rollback(conn),
        }
        result
    }

    fn progress(&mut self, done: u64, total: u64) {
        self.engine.observer.progress(done, total);
    }

    fn cursor(&mut self, _what: &str, _place: Place) -> Result<Cursor, Problem> {
        Err(no_batches(self.engine.dialect))
    }

    fn batch(
        &mut self,
        place: Place,
        _position: (i64, i64),
        _function: &mut dyn FnMut(&mut C) -> MigrationResult,
    ) -> MigrationResult {
        Err(OpError::new(place, no_batches(self.engine.dialect)).into())
    }

    fn backfilled(&mut self) -> Result<(), Problem> {
        Err(no_batches(self.engine.dialect))
    }
}
