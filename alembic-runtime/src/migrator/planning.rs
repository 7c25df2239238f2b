//! Plans a command: from the graph, the state of a database and what is wrong with it. Pure.

use alembic_graph::{
    Graph, Node, Plan,
    plan::{self, Direction},
    version_table::RowOperation,
};

use super::{Command, Error, Finding, Purge};
use crate::database::State;

/// Plans a command; returns an error if the database contradicts the graph. What is wrong with the history does not
/// matter to a stamp, which is how to correct it.
pub(super) fn plan(
    graph: &Graph,
    state: &State,
    command: Command<'_>,
    allow_ahead: bool,
    mut findings: Vec<Finding>,
) -> Result<Plan, Error> {
    if let Command::Stamp(targets, purge) = command {
        return stamp(graph, state, targets, purge);
    }
    findings.retain(|finding| !finding.is_warning());
    if let (true, Command::Upgrade(_)) = (allow_ahead, command)
        && !findings.is_empty()
        && findings.iter().all(|finding| matches!(finding, Finding::Unknown { .. }))
    {
        return Ok(Plan::default());
    }
    let resumable = findings.iter().position(|finding| matches!(finding, Finding::Unfinished { .. }));
    if findings.len() > usize::from(resumable.is_some()) {
        return Err(Error::Inconsistent(findings));
    }
    let resumable = findings.pop();
    let rows = known_rows(graph, state);
    let plan = match command {
        Command::Upgrade(target) => plan::upgrade(graph, &rows, target)?,
        Command::Downgrade(target, siblings) => plan::downgrade(graph, &rows, target, siblings)?,
        Command::Redo(target, siblings) => plan::redo(graph, &rows, target, siblings)?,
        Command::Undo(node) => plan::undo(graph, &rows, node),
        Command::Stamp(..) | Command::EnsureVersion | Command::Resolve(..) | Command::Accept(_) => Plan::default(),
    };
    match resumable {
        Some(finding) if !begins_with(graph, &plan, &finding) => Err(Error::Inconsistent(vec![finding])),
        _ => Ok(plan),
    }
}

fn known_rows(graph: &Graph, state: &State) -> Vec<Node> {
    state.rows.iter().filter_map(|row| graph.find_id(row)).collect()
}

/// Returns whether the first step of the plan goes on with what was left unfinished.
fn begins_with(graph: &Graph, plan: &Plan, finding: &Finding) -> bool {
    let Finding::Unfinished { revision, direction, .. } = finding else {
        return false;
    };
    plan.steps.first().is_some_and(|step| {
        step.direction.name() == direction && step.revision.is_some_and(|node| graph.id(node) == revision)
    })
}

fn stamp(graph: &Graph, state: &State, targets: &[&str], purge: Purge) -> Result<Plan, Error> {
    let unknown = state.rows.iter().find(|row| graph.find_id(row).is_none());
    if purge == Purge::No
        && let Some(revision) = unknown
    {
        return Err(Error::Inconsistent(vec![Finding::Unknown { revision: revision.clone() }]));
    }
    let rows: Vec<Node> = match purge {
        Purge::No => known_rows(graph, state),
        Purge::Yes => Vec::new(),
    };
    let mut plan = plan::stamp(graph, &rows, targets)?;
    if purge == Purge::Yes && !state.rows.is_empty() {
        if plan.steps.is_empty() {
            let (direction, revision) = (Direction::Stamp, None);
            plan.steps.push(plan::Step { direction, revision, from: vec![], to: vec![], rows: vec![] });
        }
        let deletes = state.rows.iter().map(|row| RowOperation::Delete(row.clone()));
        plan.steps[0].rows.splice(0..0, deletes);
    }
    Ok(plan)
}
