//! A set of revisions of one graph.

use super::Node;

/// A set of nodes; iterates parents first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeSet {
    members: Vec<bool>,
}

impl NodeSet {
    /// Returns the empty set for a graph of `len` revisions.
    #[must_use]
    pub fn none(len: usize) -> Self {
        Self { members: vec![false; len] }
    }

    /// Adds a node; returns whether it was new.
    pub fn insert(&mut self, node: Node) -> bool {
        !std::mem::replace(&mut self.members[node.index()], true)
    }

    /// Takes a node out.
    pub fn remove(&mut self, node: Node) {
        self.members[node.index()] = false;
    }

    /// Returns whether the node is in the set.
    #[must_use]
    pub fn contains(&self, node: Node) -> bool {
        self.members[node.index()]
    }

    /// Returns whether the set has no members.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.members.contains(&true)
    }

    /// Returns the members, parents first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Node> + '_ {
        self.members.iter().enumerate().filter(|(_, member)| **member).map(|(index, _)| Node::new(index))
    }

    /// Adds several nodes.
    pub fn extend(&mut self, nodes: impl IntoIterator<Item = Node>) {
        for node in nodes {
            self.insert(node);
        }
    }

    /// Keeps what satisfies `keep`.
    pub fn retain(&mut self, keep: impl Fn(Node) -> bool) {
        for (index, member) in self.members.iter_mut().enumerate() {
            *member = *member && keep(Node::new(index));
        }
    }
}
