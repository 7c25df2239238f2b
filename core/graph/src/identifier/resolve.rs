//! Absolute identifiers.

use super::{Target, TargetError};
use crate::graph::{Graph, Node, NodeSet};

/// Finds revisions by name in one graph.
#[derive(Debug, Clone, Copy)]
pub struct Resolver<'g> {
    pub(super) graph: &'g Graph,
}

impl<'g> Resolver<'g> {
    /// Returns a resolver for `graph`.
    #[must_use]
    pub fn new(graph: &'g Graph) -> Self {
        Self { graph }
    }

    pub(super) fn ids(&self, nodes: impl IntoIterator<Item = Node>) -> Vec<String> {
        nodes.into_iter().map(|node| self.graph.id(node).to_owned()).collect()
    }

    /// Returns the lineage that the part before `@` names.
    pub(super) fn branch(&self, target: Target<'_>) -> Result<Option<Branch<'g>>, TargetError> {
        let Some(name) = target.branch else {
            return Ok(None);
        };
        let node = self.name(name, None)?;
        let lineage = self.graph.lineage(node);
        Ok(Some(Branch { node, lineage, name: name.to_owned(), graph: self.graph }))
    }

    /// Resolves symbol and branch, without offset. `base` is the empty list.
    pub(super) fn symbol(
        &self,
        target: Target<'_>,
        symbol: &str,
        branch: Option<&Branch<'g>>,
    ) -> Result<Vec<Node>, TargetError> {
        match symbol {
            "base" => Ok(Vec::new()),
            "head" | "heads" => {
                let heads = match branch {
                    None => self.graph.heads(),
                    Some(branch) => {
                        self.graph.versioned_heads().into_iter().filter(|head| branch.lineage.contains(*head)).collect()
                    }
                };
                if symbol == "head" && heads.len() > 1 {
                    return Err(TargetError::MultipleHeads {
                        argument: target.text.to_owned(),
                        heads: self.ids(heads),
                    });
                }
                Ok(heads)
            }
            "current" => Err(TargetError::NotHere {
                argument: target.text.to_owned(),
                reason: "`current` is a whole argument of show, edit and history".into(),
            }),
            name => self.name(name, branch).map(|node| vec![node]),
        }
    }

    /// Finds an id, a label, or a unique beginning of one. A branch narrows what a beginning can mean.
    pub(super) fn name(&self, name: &str, branch: Option<&Branch<'_>>) -> Result<Node, TargetError> {
        if let Some(node) = self.graph.find(name) {
            return match branch {
                Some(branch) if !branch.lineage.contains(node) => Err(TargetError::NotInBranch {
                    revision: self.graph.id(node).to_owned(),
                    branch: branch.name.clone(),
                }),
                _ => Ok(node),
            };
        }
        let matching: Vec<(&str, Node)> = self.graph.names().filter(|(key, _)| key.starts_with(name)).collect();
        let on_branch = |node: Node| branch.is_none_or(|branch| branch.lineage.contains(node));
        let mut found: Vec<Node> = matching.iter().map(|(_, node)| *node).filter(|node| on_branch(*node)).collect();
        found.sort_unstable();
        found.dedup();
        match (found[..].first(), found.len(), branch) {
            (Some(node), 1, _) => Ok(*node),
            (None, _, Some(branch)) if !matching.is_empty() => {
                Err(TargetError::NotInBranch { revision: name.to_owned(), branch: branch.name.clone() })
            }
            (None, ..) => Err(TargetError::NotFound { name: name.to_owned() }),
            _ => {
                let mut candidates: Vec<String> =
                    matching.iter().filter(|(_, node)| on_branch(*node)).map(|(key, _)| (*key).to_owned()).collect();
                candidates.sort_unstable();
                Err(TargetError::AmbiguousPrefix { prefix: name.to_owned(), candidates })
            }
        }
    }
}

/// A branch that a target names, by label or by any revision on it.
#[derive(Debug)]
pub(super) struct Branch<'g> {
    pub(super) node: Node,
    /// Ancestors and descendants of the revision.
    pub(super) lineage: NodeSet,
    pub(super) name: String,
    graph: &'g Graph,
}

impl Branch<'_> {
    /// Returns the lineage's first revisions.
    pub(super) fn bases(&self) -> Vec<Node> {
        self.lineage.iter().filter(|node| self.graph.parents(*node).is_empty()).collect()
    }
}
