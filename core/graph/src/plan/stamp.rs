//! Plans that change the version table only.

use super::{Direction, Plan, Step};
use crate::{
    graph::{Edges, Graph, Node, NodeSet},
    identifier,
    identifier::TargetError,
    version_table::RowOperation,
};

/// Plans `stamp TARGET…`.
///
/// Stamping a revision declares it and everything before it applied, and everything after it not.
/// What else is applied stays so: if a row disappears, the revisions that only it implied get rows
/// of their own. The result never holds a revision together with its ancestor.
///
/// # Errors
///
/// [`TargetError`] if a target is not understood, or targets overlap.
pub fn stamp<S: AsRef<str>>(graph: &Graph, rows: &[Node], targets: &[S]) -> Result<Plan, TargetError> {
    let resolved = targets.iter().map(|text| identifier::stamp(graph, text.as_ref())).collect::<Result<Vec<_>, _>>()?;
    let all: Vec<Node> = resolved.iter().flat_map(|(found, _)| found).copied().collect();
    identifier::no_overlap(graph, &all)?;
    let mut active = graph.ancestors(rows.iter().copied(), Edges::All);
    let mut before: Vec<Node> = rows.to_vec();
    let mut steps = Vec::new();
    let mut to_state = |active: &NodeSet, revision: Option<Node>| {
        let after = graph.tips(active);
        let ids = |nodes: &[Node]| graph.ids(nodes.iter().copied()).map(str::to_owned).collect::<Vec<_>>();
        let operations = RowOperation::between(&ids(&before), &ids(&after));
        if !operations.is_empty() {
            let only =
                |nodes: &[Node], others: &[Node]| nodes.iter().copied().filter(|n| !others.contains(n)).collect();
            let (from, to) = (only(&before, &after), only(&after, &before));
            steps.push(Step { direction: Direction::Stamp, revision, from, to, rows: operations });
        }
        before = after;
    };
    for (found, branch) in resolved {
        if found.is_empty() {
            remove_branch(graph, rows, branch, &mut active);
            to_state(&active, None);
        }
        for node in found {
            let after = graph.descendants(graph.all_children(node), Edges::All);
            active.retain(|other| !after.contains(other));
            active.extend(graph.ancestors([node], Edges::All).iter());
            to_state(&active, Some(node));
        }
    }
    Ok(Plan { steps })
}

/// `base` takes everything away, `branch@base` what only that branch holds, and its dependents.
fn remove_branch(graph: &Graph, rows: &[Node], branch: Option<Node>, active: &mut NodeSet) {
    let Some(branch) = branch else {
        return active.retain(|_| false);
    };
    let lineage = graph.lineage(branch);
    let others = rows.iter().copied().filter(|row| !lineage.contains(*row));
    let shared = graph.ancestors(others, Edges::Versioned);
    let own: Vec<Node> = lineage.iter().filter(|node| active.contains(*node) && !shared.contains(*node)).collect();
    let removed = graph.descendants(own, Edges::All);
    active.retain(|node| !removed.contains(node));
}
