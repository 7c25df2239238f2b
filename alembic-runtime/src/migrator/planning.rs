//! From a command and what the database says of itself to a plan. Asks nothing, changes nothing.

use alembic_graph::{
    Graph, Node, Plan, plan,
    plan::{Direction, Siblings, Work},
    version_table::RowOperation,
};
use alembic_sql::Dialect;

use super::{
    Error, Finding, Options, Purge,
    consistency::{Text, findings},
    resolve::Decision,
};
use crate::{Migrations, database::State};

/// What the caller wants.
#[derive(Debug, Clone, Copy)]
pub(super) enum Command<'a> {
    Upgrade(&'a str),
    Downgrade(&'a str, Siblings),
    /// A downgrade, and what it undid again.
    Redo(&'a str, Siblings),
    /// One revision, which nothing applied follows.
    Undo(Node),
    Stamp(&'a [&'a str], Purge),
    EnsureVersion,
    Resolve(Decision<'a>),
    /// The edited revision; none means every one.
    Accept(Option<&'a str>),
}

/// Plans a command, and refuses if the database contradicts the graph.
pub(super) fn plan(
    graph: &Graph,
    state: &State,
    command: Command<'_>,
    options: &Options,
    text: Text<'_>,
) -> Result<Plan, Error> {
    if let Command::Stamp(targets, purge) = command {
        return stamp(graph, state, targets, purge);
    }
    let mut findings = findings(graph, state, text);
    findings.retain(|finding| !finding.is_warning());
    if let (true, Command::Upgrade(_)) = (options.allow_ahead, command)
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

/// Returns the checksum of the first statements of a revision, or of all, as its file has them now.
pub(super) fn statements_checksum<C>(
    migrations: &Migrations<C>,
    graph: &Graph,
    dialect: Dialect,
    node: Node,
    direction: Direction,
    count: Option<usize>,
) -> Option<String> {
    let work = work_of(migrations, graph, dialect, node, direction).ok()?;
    if work.is_rust {
        return None;
    }
    let count = count.unwrap_or(work.statements.len());
    (count <= work.statements.len()).then(|| work.prefix(count).to_string())
}

/// Returns one revision with its SQL, as its file has it now.
pub(super) fn work_of<C>(
    migrations: &Migrations<C>,
    graph: &Graph,
    dialect: Dialect,
    node: Node,
    direction: Direction,
) -> Result<Work, Error> {
    let step = plan::Step { direction, revision: Some(node), from: vec![], to: vec![], rows: vec![] };
    let plan = Plan { steps: vec![step] };
    let mut work = plan::prepare::<Error>(graph, plan, dialect, |node| migrations.script(graph, node))?;
    migrations.confine(&mut work)?;
    Ok(work.remove(0))
}
