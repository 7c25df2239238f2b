//! What a run did.

use std::fmt;

use alembic_sql::wording::{count, place};
use serde::Serialize;

use super::StepReport;

/// What a run did. Displays as sentences, serializes for programs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The steps that ran, in order; empty if there was nothing to do.
    pub steps: Vec<StepReport>,
    /// The rows of the version table afterwards, sorted.
    pub rows: Vec<String>,
    /// How many transactions committed the steps.
    pub transactions: usize,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.steps {
            writeln!(f, "{}", step.line)?;
        }
        let at = place(&self.rows);
        if self.steps.is_empty() {
            return write!(f, "The database is up to date at {at}.");
        }
        write!(f, "Ran {}; the database is at {at}.", count(self.steps.len(), "step"))?;
        if self.transactions > 1 {
            write!(f, " They were committed in {}.", count(self.transactions, "transaction"))?;
        }
        Ok(())
    }
}
