//! Does the database agree with the graph?

use std::collections::HashMap;

use alembic_graph::{Graph, Node, graph::Edges, version_table::LogState};

use super::Finding;
use crate::database::{LogRecord, State};

/// Returns every contradiction that shows without the texts of revisions, the most severe kinds first.
///
/// [`Migrations::contradictions`](crate::Migrations::contradictions) tells an edit from one of comments, and a step that
/// can go on from one whose beginning was edited.
pub(super) fn findings(graph: &Graph, state: &State) -> Vec<Finding> {
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
    let active = graph.ancestors(known.iter().copied(), Edges::All);
    let counts = |revision: &str| graph.find_id(revision).is_some_and(|node| active.contains(node));
    findings.into_iter().map(|finding| recorded_elsewhere(finding, counts)).collect()
}

/// Says of an unfinished step that the version table counts as done that somebody else has written the row: the engine
/// writes it together with the end of the step.
fn recorded_elsewhere(finding: Finding, counts_as_applied: impl Fn(&str) -> bool) -> Finding {
    match finding {
        Finding::Unfinished { revision, direction, done, of, .. }
            if counts_as_applied(&revision) == (direction == "upgrade") =>
        {
            Finding::RecordedElsewhere { revision, direction, done, of }
        }
        finding => finding,
    }
}

/// Returns the step that the log entry left unfinished. A step inside a transaction leaves none, and
/// one that failed at its first statement has left nothing.
pub(crate) fn unfinished(record: &LogRecord) -> Option<Finding> {
    let (done, of) = (record.statements_done(), record.statements_total());
    let running = record.is_running();
    let failed = record.state == LogState::Failed.name();
    // What an index that failed to build leaves behind is to be looked at, too.
    let left_something = done > 0 || record.intends_next() || record.is_by_hand() || record.position.is_some();
    (running && of > 0 || failed && left_something).then(|| Finding::Unfinished {
        revision: record.revision.clone(),
        direction: record.direction.clone(),
        done,
        of,
        interrupted: running,
        error: record.error.clone().filter(|_| failed),
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
        .filter_map(|node| {
            let revision = graph.revision(node);
            let record = log.get(revision.id.as_str())?;
            let edited = *record.checksum.as_ref()? != revision.upgrade.to_string();
            edited.then(|| Finding::Edited { revision: revision.id.clone(), path: revision.path.clone() })
        })
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
