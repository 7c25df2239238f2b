//! Graph + rows + target → steps, as data.
//!
//! Dry run, offline SQL, JSON, progress and the engine all read the same [`Plan`].

mod downgrade;
mod rows;
mod stamp;
mod upgrade;
mod work;
mod work_error;

use std::fmt;

pub use downgrade::{Siblings, downgrade, redo, undo};
pub use rows::Rows;
pub use stamp::stamp;
pub use upgrade::upgrade;
pub(crate) use work::first_line;
pub use work::{Statement, Work, prepare};
pub use work_error::WorkError;

use crate::{
    graph::{Graph, Node},
    version_table::RowOperation,
};

/// Which way a step goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// A revision is applied.
    Upgrade,
    /// A revision is undone.
    Downgrade,
    /// The version table is changed and nothing is run.
    Stamp,
}

impl Direction {
    /// Returns `upgrade`, `downgrade` or `stamp`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Upgrade => "upgrade",
            Self::Downgrade => "downgrade",
            Self::Stamp => "stamp",
        }
    }
}

/// One revision's turn, with what it does to the version table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Which way.
    pub direction: Direction,
    /// The revision; none when stamping to base.
    pub revision: Option<Node>,
    /// Where the step leads from, as Alembic prints it.
    pub from: Vec<Node>,
    /// Where it leads to.
    pub to: Vec<Node>,
    /// What it does to the version table.
    pub rows: Vec<RowOperation>,
}

/// What a command will do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// The steps, in the order in which they run.
    pub steps: Vec<Step>,
}

impl Plan {
    /// Returns the rows that `before` become; both sorted.
    #[must_use]
    pub fn rows_after(&self, before: &[String]) -> Vec<String> {
        let mut rows = before.to_vec();
        for operation in self.steps.iter().flat_map(|step| &step.rows) {
            operation.apply(&mut rows);
        }
        rows.sort_unstable();
        rows
    }
}

/// Prints a step as Alembic logs it: `Running upgrade a -> b, add users`.
#[derive(Debug)]
pub struct StepLine<'a> {
    step: &'a Step,
    graph: &'a Graph,
    with_message: bool,
}

impl Step {
    /// Returns the line with the revision's message.
    #[must_use]
    pub fn line<'a>(&'a self, graph: &'a Graph) -> StepLine<'a> {
        StepLine { step: self, graph, with_message: true }
    }

    /// Returns the line without message, as offline scripts have it.
    #[must_use]
    pub fn short_line<'a>(&'a self, graph: &'a Graph) -> StepLine<'a> {
        StepLine { step: self, graph, with_message: false }
    }
}

impl fmt::Display for StepLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |nodes: &[Node]| alembic_sql::wording::joined(self.graph.ids(nodes.iter().copied()));
        let verb = match self.step.direction {
            Direction::Upgrade => "upgrade",
            Direction::Downgrade => "downgrade",
            Direction::Stamp => "stamp_revision",
        };
        write!(f, "Running {verb} {} -> {}", list(&self.step.from), list(&self.step.to))?;
        match self.step.revision {
            Some(node) if self.with_message && self.step.direction != Direction::Stamp => {
                write!(f, ", {}", self.graph.revision(node).message)
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
