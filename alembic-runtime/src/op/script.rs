//! Operations that are written into a script instead of being run.

use super::{Cursor, Executor, MigrationResult, OpError, Place, Problem, Render};

/// The statements of a step.
#[derive(Debug, Default)]
pub(crate) struct Script {
    /// Each with its line.
    pub(crate) statements: Vec<(String, Place)>,
}

impl<C> Executor<C> for Script {
    fn connection(&mut self) -> Result<&mut C, Problem> {
        Err(Problem::Script)
    }

    fn look(&mut self) -> Result<&mut C, Problem> {
        Err(Problem::Script)
    }

    fn execute(&mut self, sql: &str, place: Place) -> Result<(), Problem> {
        self.statements.push((sql.to_owned(), place));
        Ok(())
    }

    fn rebuild(&mut self, _what: &str, place: Place, _render: Render<'_, C>) -> MigrationResult {
        Err(OpError::new(place, Problem::Script).into())
    }

    fn atomically(&mut self, place: Place, _function: &mut dyn FnMut(&mut C) -> MigrationResult) -> MigrationResult {
        Err(OpError::new(place, Problem::Script).into())
    }

    fn progress(&mut self, _done: u64, _total: u64) {}

    fn cursor(&mut self, _what: &str, _place: Place) -> Result<Cursor, Problem> {
        Err(Problem::Script)
    }

    fn batch(
        &mut self,
        place: Place,
        _position: (i64, i64),
        _function: &mut dyn FnMut(&mut C) -> MigrationResult,
    ) -> MigrationResult {
        Err(OpError::new(place, Problem::Script).into())
    }

    fn is_script(&self) -> bool {
        true
    }

    fn backfilled(&mut self) -> Result<(), Problem> {
        Err(Problem::Script)
    }
}
