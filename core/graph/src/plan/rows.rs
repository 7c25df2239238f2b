//! The version table during a plan.

use crate::{
    graph::{Edges, Graph, Node, NodeSet},
    version_table::RowOperation,
};

/// What is applied, and which of it has a row.
///
/// A revision has a row if it is applied and nothing applied follows or depends on it.
#[derive(Debug, Clone)]
pub struct Rows<'g> {
    graph: &'g Graph,
    active: NodeSet,
    /// For each revision, how many applied ones follow or depend on it.
    successors: Vec<u32>,
}

impl<'g> Rows<'g> {
    /// Derives the state from the rows of the version table.
    #[must_use]
    pub fn new(graph: &'g Graph, rows: &[Node]) -> Self {
        let active = graph.ancestors(rows.iter().copied(), Edges::All);
        let mut successors = vec![0; graph.len()];
        for node in active.iter() {
            for parent in graph.all_parents(node) {
                successors[parent.index()] += 1;
            }
        }
        Self { graph, active, successors }
    }

    /// Returns what is applied.
    #[must_use]
    pub fn active(&self) -> &NodeSet {
        &self.active
    }

    fn has_row(&self, node: Node) -> bool {
        self.active.contains(node) && self.successors[node.index()] == 0
    }

    fn id(&self, node: Node) -> String {
        self.graph.id(node).to_owned()
    }

    /// Records that `node` is applied: it takes the row of the first parent that has one; other
    /// parents' rows go.
    pub fn upgrade(&mut self, node: Node) -> Vec<RowOperation> {
        let replaced: Vec<Node> = self.graph.all_parents(node).filter(|parent| self.has_row(*parent)).collect();
        self.active.insert(node);
        for parent in self.graph.all_parents(node) {
            self.successors[parent.index()] += 1;
        }
        let Some((first, rest)) = replaced.split_first() else {
            return vec![RowOperation::Insert(self.id(node))];
        };
        let deletes = rest.iter().map(|row| RowOperation::Delete(self.id(*row)));
        deletes.chain([RowOperation::Update { from: self.id(*first), to: self.id(node) }]).collect()
    }

    /// Records that `node` is undone: its row becomes that of the first parent that nothing else
    /// implies; other such parents get rows of their own.
    pub fn downgrade(&mut self, node: Node) -> Vec<RowOperation> {
        self.active.remove(node);
        for parent in self.graph.all_parents(node) {
            self.successors[parent.index()] -= 1;
        }
        let exposed: Vec<Node> = self.graph.all_parents(node).filter(|parent| self.has_row(*parent)).collect();
        let Some((first, rest)) = exposed.split_first() else {
            return vec![RowOperation::Delete(self.id(node))];
        };
        let inserts = rest.iter().map(|row| RowOperation::Insert(self.id(*row)));
        inserts.chain([RowOperation::Update { from: self.id(node), to: self.id(*first) }]).collect()
    }
}
