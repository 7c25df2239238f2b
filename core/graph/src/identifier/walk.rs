//! Relative identifiers: from a revision some steps up or down.

use super::{
    Target, TargetError,
    resolve::{Branch, Resolver},
};
use crate::graph::Node;

impl Resolver<'_> {
    /// Goes `steps` up by `Revises` from `start`, or from before the first revision.
    pub(super) fn up(
        &self,
        target: Target<'_>,
        start: Option<Node>,
        steps: usize,
        branch: Option<&Branch<'_>>,
    ) -> Result<Node, TargetError> {
        let mut at = start;
        for reached in 0..steps {
            let next: Vec<Node> = match (at, branch) {
                (Some(node), _) => self.graph.children(node).to_vec(),
                (None, Some(branch)) => branch.bases(),
                (None, None) => self.graph.bases(),
            };
            at = self.choose(target, at, next, branch)?;
            if at.is_none() {
                return Err(overshoot(target, steps, reached));
            }
        }
        at.ok_or_else(|| overshoot(target, steps, 0))
    }

    /// Goes `steps` down by `Revises`; the step below a base is base, `None`.
    pub(super) fn down(
        &self,
        target: Target<'_>,
        start: Node,
        steps: usize,
        branch: Option<&Branch<'_>>,
    ) -> Result<Option<Node>, TargetError> {
        let mut at = start;
        for reached in 0..steps {
            match self.choose(target, Some(at), self.graph.parents(at).to_vec(), branch)? {
                Some(parent) => at = parent,
                None if reached + 1 == steps => return Ok(None),
                None => return Err(overshoot(target, steps, reached + 1)),
            }
        }
        Ok(Some(at))
    }

    /// Returns the merge that the last of the steps down from `start` undoes, if it does.
    pub(super) fn last_merge(
        &self,
        target: Target<'_>,
        start: Node,
        offset: i64,
        branch: Option<&Branch<'_>>,
    ) -> Option<Node> {
        let steps = usize::try_from(offset.unsigned_abs()).ok()?.checked_sub(1)?;
        let last = self.down(target, start, steps, branch).ok()??;
        let on_branch = |node: &&Node| branch.is_none_or(|branch| branch.lineage.contains(**node));
        (self.graph.parents(last).iter().filter(on_branch).count() > 1).then_some(last)
    }

    /// Applies a signed count to a resolved symbol.
    pub(super) fn offset(
        &self,
        target: Target<'_>,
        start: Option<Node>,
        offset: i64,
        branch: Option<&Branch<'_>>,
    ) -> Result<Option<Node>, TargetError> {
        let steps = usize::try_from(offset.unsigned_abs()).unwrap_or(usize::MAX);
        match (start, offset > 0) {
            (_, true) => self.up(target, start, steps, branch).map(Some),
            (Some(node), false) => self.down(target, node, steps, branch),
            (None, false) => Err(overshoot(target, steps, 0)),
        }
    }

    fn choose(
        &self,
        target: Target<'_>,
        at: Option<Node>,
        mut next: Vec<Node>,
        branch: Option<&Branch<'_>>,
    ) -> Result<Option<Node>, TargetError> {
        next.retain(|node| branch.is_none_or(|branch| branch.lineage.contains(*node)));
        if next.len() > 1 {
            let at = at.map_or("base", |node| self.graph.id(node)).to_owned();
            return Err(TargetError::AmbiguousWalk { argument: target.text.to_owned(), at, choices: self.ids(next) });
        }
        Ok(next.pop())
    }
}

fn overshoot(target: Target<'_>, wanted: usize, reached: usize) -> TargetError {
    TargetError::Overshoot { argument: target.text.to_owned(), wanted, reached }
}
