//! Errors that come from how a revision is run, and not from what it says.

use super::{Outcome, StatementError};

impl StatementError {
    fn is(&self, code: &str, message: &str) -> bool {
        self.code.as_ref().is_some_and(|found| found.ends_with(code)) || self.server.contains(message)
    }

    /// Returns the way out if the statement would succeed in another transaction, or in none.
    pub(super) fn other_transaction(&self) -> Option<String> {
        let Outcome::RolledBack { undone, committed } = self.outcome else { return None };
        let refused_in_transaction = self.is("25001", "cannot run inside a transaction block")
            || self.is("2D000", "invalid transaction termination")
            || self.server.contains("from within a transaction");
        if refused_in_transaction && !self.server.contains("from a function") {
            let hint = "it has to be run outside a transaction: write `Transaction: none` into the header, and run the command again";
            return Some(hint.into());
        }
        if self.is("55P04", "unsafe use of new value") {
            let earlier = if undone + committed > 0 {
                "; if an earlier revision of this run has added it, pass `--transaction per-migration`, and if the program \
                 has begun a transaction, migrate before the transaction is begun"
            } else {
                ""
            };
            return Some(format!(
                "a new value of an enum can be used after the commit only: use it in a revision of its own that follows \
                 the one that adds it, or write `Transaction: none` into the header{earlier}"
            ));
        }
        self.server.contains("pending trigger events").then(|| {
            "checks of rows wait for the end of the transaction: write `SET CONSTRAINTS ALL IMMEDIATE;` before this \
             statement, and run the command again"
                .into()
        })
    }
}
