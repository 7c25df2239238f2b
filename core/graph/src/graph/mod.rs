//! The revision graph.
//!
//! Two kinds of edges: a revision *follows* its parents (`Revises`), and *depends on* others
//! (`Depends On`). Both order the revisions and decide what is applied; only the first makes
//! branches, labels and lineages.

mod error;
mod labels;
mod order;
mod set;
#[cfg(test)]
pub(crate) mod testing;

use std::collections::{HashMap, HashSet};

use alembic_sql::Checksum;
pub use error::{GraphError, GraphErrors};
pub use set::NodeSet;

use crate::Revision;

/// A revision's place in its graph: parents have smaller ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node(u32);

impl Node {
    pub(crate) fn new(index: usize) -> Self {
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// Returns the position in the graph's order.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Which edges a walk follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edges {
    /// `Revises` only.
    Versioned,
    /// `Revises` and `Depends On`.
    All,
}

/// A valid set of revisions: unique names, no missing parent, no cycle.
///
/// Revisions are kept in one total order: topological, then create date, then id.
#[derive(Debug, Clone)]
pub struct Graph {
    revisions: Vec<Revision>,
    parents: Vec<Vec<Node>>,
    dependencies: Vec<Vec<Node>>,
    children: Vec<Vec<Node>>,
    dependents: Vec<Vec<Node>>,
    /// Ids and labels: one namespace.
    names: HashMap<String, Node>,
    hashes: Vec<Checksum>,
}

impl Graph {
    /// Builds the graph; linear in revisions and edges but for the tie-breaking heap.
    ///
    /// # Errors
    ///
    /// [`GraphErrors`] with everything that is wrong, not only the first.
    pub fn new(revisions: Vec<Revision>) -> Result<Self, GraphErrors> {
        order::check_names(&revisions)?;
        let sorted = order::sort(revisions)?;
        Ok(Self::from_sorted(sorted))
    }

    fn from_sorted(revisions: Vec<Revision>) -> Self {
        let mut names = HashMap::with_capacity(revisions.len());
        for (index, revision) in revisions.iter().enumerate() {
            for name in std::iter::once(&revision.id).chain(&revision.labels) {
                names.insert(name.clone(), Node::new(index));
            }
        }
        let resolve =
            |list: &[String]| -> Vec<Node> { list.iter().filter_map(|name| names.get(name).copied()).collect() };
        let parents: Vec<Vec<Node>> = revisions.iter().map(|r| resolve(&r.parents)).collect();
        let dependencies: Vec<Vec<Node>> = revisions
            .iter()
            .zip(&parents)
            .map(|(r, parents)| resolve(&r.dependencies).into_iter().filter(|d| !parents.contains(d)).collect())
            .collect();
        let (children, dependents) = (reverse(&parents), reverse(&dependencies));
        let mut graph = Self { revisions, parents, dependencies, children, dependents, names, hashes: Vec::new() };
        graph.hashes = graph.node_hashes();
        graph
    }

    /// One value per revision that names it and its whole history.
    fn node_hashes(&self) -> Vec<Checksum> {
        let mut hashes: Vec<Checksum> = Vec::with_capacity(self.len());
        for node in self.nodes() {
            let revision = self.revision(node);
            let mut before: Vec<Checksum> = self.all_parents(node).map(|p| hashes[p.index()]).collect();
            before.sort_unstable();
            let own: [&[u8]; 2] = [revision.id.as_bytes(), revision.upgrade.as_bytes()];
            hashes.push(Checksum::of(own.into_iter().chain(before.iter().map(|hash| hash.as_bytes().as_slice()))));
        }
        hashes
    }

    /// Returns how many revisions there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.revisions.len()
    }

    /// Returns whether there is no revision.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.revisions.is_empty()
    }

    /// Returns all revisions, parents first.
    pub fn nodes(&self) -> impl DoubleEndedIterator<Item = Node> + use<> {
        (0..self.revisions.len()).map(Node::new)
    }

    /// Returns the metadata of a revision.
    #[must_use]
    pub fn revision(&self, node: Node) -> &Revision {
        &self.revisions[node.index()]
    }

    /// Returns the id of a revision.
    #[must_use]
    pub fn id(&self, node: Node) -> &str {
        &self.revisions[node.index()].id
    }

    /// Returns the ids of several revisions.
    pub fn ids<'a>(&'a self, nodes: impl IntoIterator<Item = Node> + 'a) -> impl Iterator<Item = &'a str> {
        nodes.into_iter().map(|node| self.id(node))
    }

    /// Returns the value that names a revision and its whole history.
    #[must_use]
    pub fn node_hash(&self, node: Node) -> Checksum {
        self.hashes[node.index()]
    }

    /// Returns the value that names all heads and their histories.
    #[must_use]
    pub fn history(&self) -> Checksum {
        let heads: Vec<Checksum> = self.heads().into_iter().map(|head| self.node_hash(head)).collect();
        Checksum::of(heads.iter().map(|hash| hash.as_bytes().as_slice()))
    }

    /// Returns the revision with exactly this id, or that declares exactly this label.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<Node> {
        self.names.get(name).copied()
    }

    /// Returns the revision with exactly this id.
    #[must_use]
    pub fn find_id(&self, id: &str) -> Option<Node> {
        self.find(id).filter(|node| self.id(*node) == id)
    }

    /// Returns all names, ids and labels, with the revision that each names.
    pub fn names(&self) -> impl Iterator<Item = (&str, Node)> {
        self.names.iter().map(|(name, node)| (name.as_str(), *node))
    }

    /// Returns the revisions that this one follows, as the file lists them.
    #[must_use]
    pub fn parents(&self, node: Node) -> &[Node] {
        &self.parents[node.index()]
    }

    /// Returns the revisions that this one depends on, without its parents.
    #[must_use]
    pub fn dependencies(&self, node: Node) -> &[Node] {
        &self.dependencies[node.index()]
    }

    /// Returns the revisions that follow this one.
    #[must_use]
    pub fn children(&self, node: Node) -> &[Node] {
        &self.children[node.index()]
    }

    /// Returns parents, then dependencies.
    pub fn all_parents(&self, node: Node) -> impl Iterator<Item = Node> + '_ {
        self.parents(node).iter().chain(self.dependencies(node)).copied()
    }

    /// Returns the revisions that follow or depend on this one.
    pub fn all_children(&self, node: Node) -> impl Iterator<Item = Node> + '_ {
        self.children(node).iter().chain(&self.dependents[node.index()]).copied()
    }

    /// Returns the revisions that nothing follows and nothing depends on.
    #[must_use]
    pub fn heads(&self) -> Vec<Node> {
        self.nodes().filter(|node| self.is_head(*node)).collect()
    }

    /// Returns the revisions that nothing follows, those depended on included.
    #[must_use]
    pub fn versioned_heads(&self) -> Vec<Node> {
        self.nodes().filter(|node| self.children(*node).is_empty()).collect()
    }

    /// Returns whether nothing follows and nothing depends on the revision.
    #[must_use]
    pub fn is_head(&self, node: Node) -> bool {
        self.all_children(node).next().is_none()
    }

    /// Returns the revisions without parent.
    #[must_use]
    pub fn bases(&self) -> Vec<Node> {
        self.nodes().filter(|node| self.parents(*node).is_empty()).collect()
    }

    /// Returns whether several revisions follow this one.
    #[must_use]
    pub fn is_branch_point(&self, node: Node) -> bool {
        self.children(node).len() > 1
    }

    /// Returns whether the revision follows several.
    #[must_use]
    pub fn is_merge_point(&self, node: Node) -> bool {
        self.parents(node).len() > 1
    }

    /// Returns `from` and everything before.
    #[must_use]
    pub fn ancestors(&self, from: impl IntoIterator<Item = Node>, edges: Edges) -> NodeSet {
        self.reach(from, |node, next| match edges {
            Edges::Versioned => next.extend(self.parents(node)),
            Edges::All => next.extend(self.all_parents(node)),
        })
    }

    /// Returns `from` and everything after.
    #[must_use]
    pub fn descendants(&self, from: impl IntoIterator<Item = Node>, edges: Edges) -> NodeSet {
        self.reach(from, |node, next| match edges {
            Edges::Versioned => next.extend(self.children(node)),
            Edges::All => next.extend(self.all_children(node)),
        })
    }

    /// Returns ancestors and descendants of a revision by `Revises`, itself included.
    #[must_use]
    pub fn lineage(&self, of: Node) -> NodeSet {
        let mut set = self.ancestors([of], Edges::Versioned);
        set.extend(self.descendants([of], Edges::Versioned).iter());
        set
    }

    /// Returns the members of `set` that no other member follows or depends on.
    #[must_use]
    pub fn tips(&self, set: &NodeSet) -> Vec<Node> {
        set.iter().filter(|node| !self.all_children(*node).any(|child| set.contains(child))).collect()
    }

    fn reach(&self, from: impl IntoIterator<Item = Node>, edges: impl Fn(Node, &mut Vec<Node>)) -> NodeSet {
        let mut set = NodeSet::none(self.len());
        let mut open: Vec<Node> = from.into_iter().collect();
        while let Some(node) = open.pop() {
            if set.insert(node) {
                edges(node, &mut open);
            }
        }
        set
    }

    /// Returns what a person would call current: of what the rows of the version table say is applied, every revision
    /// that no applied one follows.
    #[must_use]
    pub fn current(&self, rows: &[Node]) -> Vec<Node> {
        let applied = self.ancestors(rows.iter().copied(), Edges::All);
        applied.iter().filter(|node| !self.children(*node).iter().any(|child| applied.contains(*child))).collect()
    }

    /// Returns pairs of `nodes` of which the first is an ancestor of the second.
    #[must_use]
    pub fn overlaps(&self, nodes: &[Node]) -> Vec<(Node, Node)> {
        if nodes.len() < 2 {
            return Vec::new();
        }
        let wanted: HashSet<Node> = nodes.iter().copied().collect();
        let mut pairs = Vec::new();
        for &node in &wanted {
            let before = self.ancestors(self.all_parents(node), Edges::All);
            pairs.extend(wanted.iter().filter(|other| before.contains(**other)).map(|other| (*other, node)));
        }
        pairs.sort_unstable();
        pairs
    }
}

fn reverse(edges: &[Vec<Node>]) -> Vec<Vec<Node>> {
    let mut reversed = vec![Vec::new(); edges.len()];
    for (index, targets) in edges.iter().enumerate() {
        for target in targets {
            reversed[target.index()].push(Node::new(index));
        }
    }
    reversed
}

#[cfg(test)]
pub(crate) mod tests;
