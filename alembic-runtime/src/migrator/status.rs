//! Does the database agree with the graph?

use std::{collections::HashMap, fmt};

use alembic_core::{
    Graph, Node,
    graph::Edges,
    plan::Rows,
    version_table::LogState,
    wording::{count, joined},
};
use serde::Serialize;

use crate::database::{LogRecord, State};

/// One contradiction between a database and the graph.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "finding", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Finding {
    /// The version table names a revision that is not in the graph.
    Unknown {
        /// The row.
        revision: String,
    },
    /// An applied revision has another text now.
    Edited {
        /// The revision.
        revision: String,
        /// Its file.
        path: String,
    },
    /// A revision is before an applied one, and was not applied itself.
    NeverApplied {
        /// The revision.
        revision: String,
        /// Its file.
        path: String,
    },
    /// The version table names a revision together with its ancestor.
    Overlap {
        /// The later one.
        revision: String,
        /// Its ancestor.
        ancestor: String,
    },
    /// A step outside a transaction did not come to its end.
    Unfinished {
        /// The revision.
        revision: String,
        /// `upgrade` or `downgrade`.
        direction: String,
        /// How many statements are known to be done.
        done: usize,
        /// How many there are.
        of: usize,
        /// Whether the process died, so that the next statement may or may not have been run.
        interrupted: bool,
    },
}

impl Finding {
    /// Returns what to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Unknown { .. } => {
                "deploy the newer program, or, if the revision is gone for good, `stamp --purge` the right one".into()
            }
            Self::Edited { .. } => "restore the file, and put the change into a new revision".into(),
            Self::NeverApplied { revision, .. } => {
                format!("let `{revision}` follow the applied head instead of coming before it")
            }
            Self::Overlap { revision, .. } => format!("`stamp --purge {revision}` leaves one row"),
            Self::Unfinished { revision, direction, interrupted: false, .. } => {
                format!(
                    "finish it first: run `{direction}` towards `{revision}` again; or undo by hand what it did, and say `resolve {revision} --abandon`"
                )
            }
            Self::Unfinished { revision, .. } => {
                format!(
                    "if nothing runs, look whether the statement took effect, then say `resolve {revision} --applied` or `--retry`"
                )
            }
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { revision } => {
                write!(
                    f,
                    "it is at revision `{revision}`, which this program does not know: the database is ahead of the program"
                )
            }
            Self::Edited { revision, path } => {
                write!(f, "revision `{revision}` ({path}) was edited after it was applied")
            }
            Self::NeverApplied { revision, path } => write!(
                f,
                "revision `{revision}` ({path}) comes before an applied revision and is not recorded as applied"
            ),
            Self::Overlap { revision, ancestor } => {
                write!(f, "the version table names `{revision}` and its ancestor `{ancestor}`")
            }
            Self::Unfinished { revision, direction, done, of, interrupted } => {
                let how = if *interrupted { "is running, or was interrupted," } else { "stopped" };
                write!(f, "the {direction} of `{revision}` {how} after {done} of {}", count(*of, "statement"))
            }
        }
    }
}

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
    /// The contradictions.
    pub findings: Vec<Finding>,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = if self.rows.is_empty() { "base".to_owned() } else { joined(&self.rows) };
        match self.verdict {
            Verdict::UpToDate => write!(f, "The database is up to date at {at}."),
            Verdict::Pending => write!(
                f,
                "The database is at {at}; {} pending: {}.",
                count(self.pending.len(), "revision"),
                joined(&self.pending)
            ),
            Verdict::Ahead | Verdict::Diverged | Verdict::Partial => {
                write!(f, "The database does not agree with the migrations: {}.", joined(&self.findings))
            }
        }
    }
}

impl Status {
    /// Compares a database with the graph.
    pub(crate) fn of(graph: &Graph, state: &State) -> Self {
        let known: Vec<Node> = state.rows.iter().filter_map(|row| graph.find_id(row)).collect();
        let applied = Rows::new(graph, &known);
        let ids = |nodes: &[Node]| graph.ids(nodes.iter().copied()).map(str::to_owned).collect::<Vec<_>>();
        let pending: Vec<Node> = graph.nodes().filter(|node| !applied.active().contains(*node)).collect();
        let findings = findings(graph, state);
        let mut heads = ids(&graph.heads());
        heads.sort_unstable();
        let verdict = match findings.first() {
            Some(Finding::Unfinished { .. }) => Verdict::Partial,
            Some(Finding::Unknown { .. }) => Verdict::Ahead,
            Some(_) => Verdict::Diverged,
            None if pending.is_empty() => Verdict::UpToDate,
            None => Verdict::Pending,
        };
        Self { verdict, rows: state.rows.clone(), heads, pending: ids(&pending), findings }
    }
}

/// Returns every contradiction, the most severe kinds first.
pub(crate) fn findings(graph: &Graph, state: &State) -> Vec<Finding> {
    let mut findings: Vec<Finding> = state.log.iter().filter_map(unfinished).collect();
    let mut known = Vec::new();
    for row in &state.rows {
        match graph.find_id(row) {
            Some(node) => known.push(node),
            None => findings.push(Finding::Unknown { revision: row.clone() }),
        }
    }
    findings.extend(graph.overlaps(&known).into_iter().map(|(ancestor, revision)| Finding::Overlap {
        revision: graph.id(revision).to_owned(),
        ancestor: graph.id(ancestor).to_owned(),
    }));
    findings.extend(history(graph, &known, &state.log));
    findings
}

/// Returns the step that the log entry left unfinished. A step inside a transaction leaves none, and
/// one that failed at its first statement has left nothing.
pub(crate) fn unfinished(record: &LogRecord) -> Option<Finding> {
    let (done, of) = (record.statements_done(), record.statements_total());
    let running = record.state == LogState::Running.name();
    let failed = record.state == LogState::Failed.name();
    (running && of > 0 || failed && done > 0).then(|| Finding::Unfinished {
        revision: record.revision.clone(),
        direction: record.direction.clone(),
        done,
        of,
        interrupted: running && done < of,
    })
}

/// Compares what was applied with what would be applied now.
///
/// The log holds, for each revision, a value that names its whole history. If those of the rows
/// are as they were, everything before is too, and nothing else is looked at.
fn history(graph: &Graph, rows: &[Node], log: &[LogRecord]) -> Vec<Finding> {
    let log: HashMap<&str, &LogRecord> = log
        .iter()
        .filter(|record| record.state == LogState::Done.name())
        .map(|record| (record.revision.as_str(), record))
        .collect();
    let unchanged = |node: Node| {
        let record = log.get(graph.id(node));
        record.and_then(|record| record.node.as_ref()).is_none_or(|hash| *hash == graph.node_hash(node).to_string())
    };
    if rows.iter().all(|row| unchanged(*row)) {
        return Vec::new();
    }
    let active = graph.ancestors(rows.iter().copied(), Edges::All);
    let edited: Vec<Finding> = active
        .iter()
        .map(|node| graph.revision(node))
        .filter(|revision| {
            let recorded = log.get(revision.id.as_str()).and_then(|record| record.checksum.as_ref());
            recorded.is_some_and(|sum| *sum != revision.upgrade.to_string())
        })
        .map(|revision| Finding::Edited { revision: revision.id.clone(), path: revision.path.clone() })
        .collect();
    if !edited.is_empty() {
        return edited;
    }
    // What Python or a stamp applied has no entry, and what was inserted later has none either: the
    // latter shows by an entry after it whose history is another now.
    let never_applied = |node: &Node| match log.get(graph.id(*node)) {
        Some(record) => record.direction == "downgrade",
        None => graph
            .all_children(*node)
            .any(|child| active.contains(child) && log.contains_key(graph.id(child)) && !unchanged(child)),
    };
    active
        .iter()
        .filter(never_applied)
        .map(|node| graph.revision(node))
        .map(|revision| Finding::NeverApplied { revision: revision.id.clone(), path: revision.path.clone() })
        .collect()
}
