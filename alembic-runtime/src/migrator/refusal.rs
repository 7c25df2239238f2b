//! Errors that come from how a revision is run, and not from what it says.

use alembic_core::Hint;

use super::{Outcome, StatementError};

impl StatementError {
    fn is(&self, code: &str, message: &str) -> bool {
        self.code.as_ref().is_some_and(|found| found.ends_with(code)) || self.server.contains(message)
    }

    /// Returns the way out if the statement would succeed in another transaction, or in none.
    pub(super) fn other_transaction(&self) -> Option<Hint> {
        let Outcome::RolledBack { undone, committed } = self.outcome else { return None };
        let refused_in_transaction = self.is("25001", "cannot run inside a transaction block")
            || self.is("2D000", "invalid transaction termination")
            || self.server.contains("from within a transaction");
        if refused_in_transaction && !self.server.contains("from a function") {
            return Some(Hint::RefusedInTransaction);
        }
        if self.is("55P04", "unsafe use of new value") {
            let is_first = undone + committed == 0;
            return Some(if is_first { Hint::NewEnumValue } else { Hint::NewEnumValueOfRun });
        }
        self.server.contains("pending trigger events").then_some(Hint::PendingTriggerEvents)
    }
}
