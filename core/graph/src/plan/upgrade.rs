//! Plans that apply revisions.

use super::{Direction, Plan, Rows, Step};
use crate::{
    graph::{Edges, Graph, Node},
    identifier,
    identifier::TargetError,
};

/// Plans `upgrade TARGET`: the target and everything before it that is not applied yet.
///
/// # Errors
///
/// [`TargetError`] if the target is not understood, or the rows overlap.
pub fn upgrade(graph: &Graph, rows: &[Node], text: &str) -> Result<Plan, TargetError> {
    let targets = identifier::upgrade(graph, rows, text)?;
    let mut state = Rows::new(graph, rows);
    let required = graph.ancestors(targets, Edges::All);
    let steps = required
        .iter()
        .filter(|node| !state.active().contains(*node))
        .collect::<Vec<_>>()
        .into_iter()
        .map(|node| upgrade_step(graph, &mut state, node))
        .collect();
    Ok(Plan { steps })
}

/// Returns the step that applies `node`, and records it in `state`.
pub(super) fn upgrade_step(graph: &Graph, state: &mut Rows<'_>, node: Node) -> Step {
    Step {
        direction: Direction::Upgrade,
        revision: Some(node),
        from: graph.parents(node).to_vec(),
        to: vec![node],
        rows: state.upgrade(node),
    }
}
