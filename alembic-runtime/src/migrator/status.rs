//! How a database stands towards the graph.

use std::fmt;

use alembic_graph::{Graph, Node, plan::Rows};
use alembic_sql::wording::{count, joined, place};
use serde::Serialize;

use super::Finding;
use crate::database::State;

/// How a database stands towards the graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// At the heads.
    UpToDate,
    /// Some revisions are not applied yet.
    Pending,
    /// At a revision that this program does not know: a newer one has migrated it.
    Ahead,
    /// Applied revisions have another text now.
    Edited,
    /// The histories contradict each other.
    Diverged,
    /// A step stopped half-way.
    Partial,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UpToDate => "up to date",
            Self::Pending => "pending",
            Self::Ahead => "ahead",
            Self::Edited => "edited",
            Self::Diverged => "diverged",
            Self::Partial => "partial",
        })
    }
}

/// What a database says of itself, compared with the graph.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// The verdict.
    pub verdict: Verdict,
    /// The rows of the version table, sorted.
    pub rows: Vec<String>,
    /// The heads of the graph, sorted.
    pub heads: Vec<String>,
    /// What is not applied yet, in the order in which it would be.
    pub pending: Vec<String>,
    /// The contradictions, which no command but `resolve`, `accept` and `stamp` gets past.
    pub findings: Vec<Finding>,
    /// What is worth knowing and changes nothing.
    pub warnings: Vec<Finding>,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = place(&self.rows);
        match self.verdict {
            Verdict::UpToDate => write!(f, "The database is up to date at {at}."),
            Verdict::Pending => write!(
                f,
                "The database is at {at}; {} pending: {}.",
                count(self.pending.len(), "revision"),
                joined(&self.pending)
            ),
            Verdict::Ahead | Verdict::Edited | Verdict::Diverged | Verdict::Partial => {
                write!(f, "The database does not agree with the migrations: {}.", joined(&self.findings))
            }
        }
    }
}

impl Status {
    /// Compares a database with the graph; `findings` is what is wrong with it.
    pub(crate) fn of(graph: &Graph, state: &State, findings: Vec<Finding>) -> Self {
        let known: Vec<Node> = state.rows.iter().filter_map(|row| graph.find_id(row)).collect();
        let applied = Rows::new(graph, &known);
        let ids = |nodes: &[Node]| graph.ids(nodes.iter().copied()).map(str::to_owned).collect::<Vec<_>>();
        let pending: Vec<Node> = graph.nodes().filter(|node| !applied.active().contains(*node)).collect();
        let (warnings, findings): (Vec<_>, Vec<_>) = findings.into_iter().partition(Finding::is_warning);
        let mut heads = ids(&graph.heads());
        heads.sort_unstable();
        let verdict = match findings.first() {
            Some(
                Finding::RecordedElsewhere { .. }
                | Finding::Unfinished { .. }
                | Finding::Undecided { .. }
                | Finding::Rewritten { .. },
            ) => Verdict::Partial,
            Some(Finding::Unknown { .. }) => Verdict::Ahead,
            Some(Finding::Edited { .. }) => Verdict::Edited,
            Some(_) => Verdict::Diverged,
            None if pending.is_empty() => Verdict::UpToDate,
            None => Verdict::Pending,
        };
        Self { verdict, rows: state.rows.clone(), heads, pending: ids(&pending), findings, warnings }
    }
}
