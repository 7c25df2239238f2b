//! What a target means to each command.

use super::{
    Target, TargetError,
    resolve::{Branch, Resolver},
};
use crate::graph::{Edges, Graph, Node, NodeSet};

/// Resolves the target of an upgrade. `rows` is what the database is at.
///
/// # Errors
///
/// [`TargetError`].
pub fn upgrade(graph: &Graph, rows: &[Node], text: &str) -> Result<Vec<Node>, TargetError> {
    let resolver = Resolver::new(graph);
    let target = Target::parse(text)?;
    let branch = resolver.branch(target)?;
    let branch = branch.as_ref();
    let found = if target.symbol.is_some() {
        absolute(&resolver, target, branch)?
    } else {
        let steps = usize::try_from(target.offset.unwrap_or_default()).map_err(|_| TargetError::NotHere {
            argument: text.to_owned(),
            reason: "an upgrade goes up; use `downgrade`, or name a revision as in `head-1`".into(),
        })?;
        let start = start(&resolver, target, rows, branch, |branch| {
            let mut applied = graph.ancestors(rows.iter().copied(), Edges::All);
            applied.retain(|node| branch.lineage.contains(node));
            graph.tips(&applied)
        })?;
        vec![resolver.up(target, start, steps, branch)?]
    };
    no_overlap(graph, &found)?;
    Ok(found)
}

/// A relative target starts at the one row; on a branch at its row, or, if it has none, at what
/// `implied` finds of it.
fn start(
    resolver: &Resolver<'_>,
    target: Target<'_>,
    rows: &[Node],
    branch: Option<&Branch<'_>>,
    implied: impl FnOnce(&Branch<'_>) -> Vec<Node>,
) -> Result<Option<Node>, TargetError> {
    let Some(branch) = branch else {
        return at_most_one(resolver, target, rows.to_vec());
    };
    let on_branch: Vec<Node> = rows.iter().copied().filter(|row| branch.lineage.contains(*row)).collect();
    at_most_one(resolver, target, if on_branch.is_empty() { implied(branch) } else { on_branch })
}

/// Where a downgrade ends.
#[derive(Debug)]
pub struct DowngradeTarget {
    /// What stays applied.
    pub stays: Stays,
    /// The revision whose branch alone is meant.
    pub branch: Option<Node>,
}

/// What a downgrade leaves applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stays {
    /// Nothing.
    Nothing,
    /// A revision.
    Revision(Node),
    /// All parents of a merge.
    ParentsOf(Node),
}

impl Stays {
    fn at(node: Option<Node>) -> Self {
        node.map_or(Self::Nothing, Self::Revision)
    }
}

/// Resolves the target of a downgrade.
///
/// # Errors
///
/// [`TargetError`].
pub fn downgrade(graph: &Graph, rows: &[Node], text: &str) -> Result<DowngradeTarget, TargetError> {
    let resolver = Resolver::new(graph);
    let target = Target::parse(text)?;
    let branch = resolver.branch(target)?;
    let branch = branch.as_ref();
    if let Some(symbol) = target.symbol {
        let branch_node = branch.map(|branch| branch.node);
        if let Some(offset) = target.offset {
            let start = single(&resolver, target, resolver.symbol(target, symbol, branch)?)?;
            return Ok(DowngradeTarget {
                stays: stays(&resolver, target, start, offset, branch)?,
                branch: branch_node,
            });
        }
        let to = single(&resolver, target, resolver.symbol(target, symbol, branch)?)?;
        return Ok(DowngradeTarget { stays: Stays::at(to), branch: branch_node });
    }
    let offset = target.offset.unwrap_or_default();
    if offset > 0 {
        return Err(TargetError::NotHere {
            argument: text.to_owned(),
            reason: "a downgrade goes down; use `upgrade`, or name a revision as in `base+1`".into(),
        });
    }
    let start = start(&resolver, target, rows, branch, |branch| {
        let mut current = graph.current(rows);
        current.retain(|row| branch.lineage.contains(*row));
        current
    })?;
    let stays = stays(&resolver, target, start, offset, branch)?;
    Ok(DowngradeTarget { stays, branch: branch.map(|branch| branch.node).or(start) })
}

/// Goes from `start` as far as the offset says. Where the last step undoes a merge, it goes to all parents at once.
fn stays(
    resolver: &Resolver<'_>,
    target: Target<'_>,
    start: Option<Node>,
    offset: i64,
    branch: Option<&Branch<'_>>,
) -> Result<Stays, TargetError> {
    if let (Some(start), true) = (start, offset < 0)
        && let Some(merge) = resolver.last_merge(target, start, offset, branch)
    {
        return Ok(Stays::ParentsOf(merge));
    }
    Ok(Stays::at(resolver.offset(target, start, offset, branch)?))
}

/// Resolves one target of `stamp`: the revision to stamp, or base with the branch that is meant.
///
/// # Errors
///
/// [`TargetError`].
pub fn stamp(graph: &Graph, text: &str) -> Result<(Vec<Node>, Option<Node>), TargetError> {
    let resolver = Resolver::new(graph);
    let target = Target::parse(text)?;
    let branch = resolver.branch(target)?;
    let found = absolute(&resolver, target, branch.as_ref())?;
    Ok((found, branch.map(|branch| branch.node)))
}

/// Resolves `merge`, `--head` and `--depends-on`: absolute identifiers; `base` is the empty list.
///
/// # Errors
///
/// [`TargetError`].
pub fn revisions(graph: &Graph, text: &str) -> Result<Vec<Node>, TargetError> {
    stamp(graph, text).map(|(found, _)| found)
}

fn absolute(
    resolver: &Resolver<'_>,
    target: Target<'_>,
    branch: Option<&Branch<'_>>,
) -> Result<Vec<Node>, TargetError> {
    match (target.symbol, target.offset) {
        (Some(symbol), None) => resolver.symbol(target, symbol, branch),
        (Some(symbol), Some(offset)) => {
            let start = single(resolver, target, resolver.symbol(target, symbol, branch)?)?;
            Ok(resolver.offset(target, start, offset, branch)?.into_iter().collect())
        }
        (None, _) => Err(TargetError::NotHere {
            argument: target.text.to_owned(),
            reason: "a relative form needs a revision to start from, as in `head-1`".into(),
        }),
    }
}

/// Resolves an argument of `show` and `edit`: `-N` counts down from every head, `current` is what
/// is applied.
///
/// # Errors
///
/// [`TargetError`].
pub fn show(graph: &Graph, text: &str, current: impl FnOnce() -> Vec<Node>) -> Result<Vec<Node>, TargetError> {
    if text == "current" {
        return Ok(current());
    }
    let resolver = Resolver::new(graph);
    let target = Target::parse(text)?;
    let branch = resolver.branch(target)?;
    let branch = branch.as_ref();
    match (target.symbol, target.offset) {
        (None, Some(offset)) if offset < 0 => {
            let heads = resolver.symbol(target, "heads", branch)?;
            let mut found = NodeSet::none(graph.len());
            for head in heads {
                found.extend(resolver.offset(target, Some(head), offset, branch)?);
            }
            Ok(found.iter().collect())
        }
        _ => absolute(&resolver, target, branch),
    }
}

/// Resolves `start:end` of `history`, both inclusive, parents first. `rows` is asked only for
/// `current`.
///
/// # Errors
///
/// [`TargetError`].
pub fn history(graph: &Graph, range: &str, rows: impl Fn() -> Vec<Node>) -> Result<NodeSet, TargetError> {
    let Some((start, end)) = range.split_once(':') else {
        return Err(TargetError::NoRange(range.to_owned()));
    };
    if end.contains(':') {
        return Err(TargetError::NoRange(range.to_owned()));
    }
    let relative_end = end.starts_with('+');
    let lower = if start.starts_with('-') { None } else { Some(lower_end(graph, start, &rows)?) };
    let upper = match (end, &lower) {
        ("", _) => graph.heads(),
        ("current", _) => rows(),
        (_, Some(lower)) if relative_end => upgrade(graph, &lower.nodes, end)?,
        _ => show(graph, end, Vec::new)?,
    };
    let lower = match lower {
        Some(lower) => lower,
        None => Lower { nodes: below(graph, &upper, start)?, branch: None },
    };
    let mut set = graph.ancestors(upper.iter().copied(), Edges::All);
    if let Some(branch) = lower.branch {
        let lineage = graph.lineage(branch);
        let mut of_branch: Vec<Node> = upper.iter().copied().filter(|node| lineage.contains(*node)).collect();
        of_branch.extend(lineage.iter().filter(|node| set.contains(*node)));
        set = graph.ancestors(of_branch, Edges::All);
    }
    if lower.nodes.iter().any(|node| !set.contains(*node)) {
        return Err(TargetError::NotARange { range: range.to_owned() });
    }
    if !lower.nodes.is_empty() {
        let from = graph.descendants(lower.nodes.iter().copied(), Edges::All);
        set.retain(|node| from.contains(node));
    }
    Ok(set)
}

/// The start of a history range.
struct Lower {
    nodes: Vec<Node>,
    branch: Option<Node>,
}

fn lower_end(graph: &Graph, start: &str, rows: impl Fn() -> Vec<Node>) -> Result<Lower, TargetError> {
    if start == "current" {
        return Ok(Lower { nodes: rows(), branch: None });
    }
    if start.is_empty() {
        return Ok(Lower { nodes: Vec::new(), branch: None });
    }
    let (nodes, branch) = stamp(graph, start)?;
    Ok(Lower { branch: branch.filter(|_| nodes.is_empty()), nodes })
}

/// `-N:end` starts N below the end; more than there are means from the beginning.
fn below(graph: &Graph, upper: &[Node], start: &str) -> Result<Vec<Node>, TargetError> {
    let resolver = Resolver::new(graph);
    let target = Target::parse(start)?;
    let mut nodes = Vec::new();
    for node in upper {
        match resolver.offset(target, Some(*node), target.offset.unwrap_or(-1), None) {
            Ok(found) => nodes.extend(found),
            Err(TargetError::Overshoot { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(nodes)
}

fn single(resolver: &Resolver<'_>, target: Target<'_>, found: Vec<Node>) -> Result<Option<Node>, TargetError> {
    match found[..] {
        [] => Ok(None),
        [node] => Ok(Some(node)),
        _ => Err(TargetError::Several { argument: target.text.to_owned(), revisions: resolver.ids(found) }),
    }
}

fn at_most_one(resolver: &Resolver<'_>, target: Target<'_>, rows: Vec<Node>) -> Result<Option<Node>, TargetError> {
    match rows[..] {
        [] => Ok(None),
        [row] => Ok(Some(row)),
        _ => Err(TargetError::AmbiguousCurrent { argument: target.text.to_owned(), rows: resolver.ids(rows) }),
    }
}

/// Returns an error if one of `nodes` is an ancestor of another.
pub(crate) fn no_overlap(graph: &Graph, nodes: &[Node]) -> Result<(), TargetError> {
    match graph.overlaps(nodes).first() {
        None => Ok(()),
        Some((other, revision)) => {
            Err(TargetError::Overlap { revision: graph.id(*revision).to_owned(), other: graph.id(*other).to_owned() })
        }
    }
}
