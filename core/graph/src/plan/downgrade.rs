//! Plans that undo revisions.

use super::{Direction, Plan, Rows, Step, upgrade::upgrade_step};
use crate::{
    graph::{Edges, Graph, Node, NodeSet},
    identifier,
    identifier::{Stays, TargetError},
};

/// What to do with other branches that share the base of the one that is downgraded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Siblings {
    /// Refuse, and name them.
    Refuse,
    /// Undo them too, as Alembic does.
    Allow,
}

/// Plans `downgrade TARGET`: everything applied that follows or depends on what is above the target.
///
/// # Errors
///
/// [`TargetError`] if the target is not understood, not below what is applied, or shared.
pub fn downgrade(graph: &Graph, rows: &[Node], text: &str, siblings: Siblings) -> Result<Plan, TargetError> {
    let target = identifier::downgrade(graph, rows, text)?;
    let mut state = Rows::new(graph, rows);
    let not_below = || TargetError::NotBelow {
        target: text.to_owned(),
        rows: graph.ids(rows.iter().copied()).map(str::to_owned).collect(),
    };
    let (mut roots, stay) = match target.stays {
        Stays::Nothing => (graph.bases(), Vec::new()),
        Stays::Revision(to) => (graph.children(to).to_vec(), vec![to]),
        Stays::ParentsOf(merge) => (vec![merge], graph.parents(merge).to_vec()),
    };
    if let Some(branch) = target.branch.filter(|_| roots.len() > 1) {
        let before = graph.ancestors([branch], Edges::Versioned);
        roots.retain(|root| before.contains(*root));
        if roots.is_empty() {
            return Err(not_below());
        }
    }
    let mut dropped = graph.descendants(roots.iter().copied(), Edges::All);
    dropped.retain(|node| state.active().contains(node));
    if dropped.is_empty() && !stay.iter().all(|to| rows.contains(to)) {
        return Err(not_below());
    }
    if let (Some(branch), Siblings::Refuse) = (target.branch, siblings) {
        refuse_siblings(graph, &roots, &dropped, branch, text)?;
    }
    let steps = dropped
        .iter()
        .rev()
        .map(|node| Step {
            direction: Direction::Downgrade,
            revision: Some(node),
            from: vec![node],
            to: graph.parents(node).to_vec(),
            rows: state.downgrade(node),
        })
        .collect();
    Ok(Plan { steps })
}

/// Plans `redo TARGET`: to undo what `downgrade TARGET` would, and to apply it again.
///
/// # Errors
///
/// Those of [`downgrade`].
pub fn redo(graph: &Graph, rows: &[Node], text: &str, siblings: Siblings) -> Result<Plan, TargetError> {
    let mut plan = downgrade(graph, rows, text, siblings)?;
    let undone: Vec<Node> = plan.steps.iter().rev().filter_map(|step| step.revision).collect();
    let mut state = Rows::new(graph, rows);
    for node in undone.iter().rev() {
        state.downgrade(*node);
    }
    plan.steps.extend(undone.into_iter().map(|node| upgrade_step(graph, &mut state, node)));
    Ok(plan)
}

/// Plans to undo one revision that nothing applied follows or depends on.
#[must_use]
pub fn undo(graph: &Graph, rows: &[Node], node: Node) -> Plan {
    let mut state = Rows::new(graph, rows);
    let (from, to) = (vec![node], graph.parents(node).to_vec());
    let rows = state.downgrade(node);
    Plan { steps: vec![Step { direction: Direction::Downgrade, revision: Some(node), from, to, rows }] }
}

/// Dependents of the branch have to go with it; branches that merely share its trunk do not.
fn refuse_siblings(
    graph: &Graph,
    roots: &[Node],
    dropped: &NodeSet,
    branch: Node,
    text: &str,
) -> Result<(), TargetError> {
    let lineage = graph.lineage(branch);
    let by_versioned = graph.descendants(roots.iter().copied(), Edges::Versioned);
    let siblings: Vec<String> = dropped
        .iter()
        .filter(|node| by_versioned.contains(*node) && !lineage.contains(*node))
        .map(|node| graph.id(node).to_owned())
        .collect();
    if siblings.is_empty() { Ok(()) } else { Err(TargetError::Siblings { target: text.to_owned(), siblings }) }
}
