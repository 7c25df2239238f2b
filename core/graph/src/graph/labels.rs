//! Which revisions carry a branch label.

use super::{Graph, Node};

impl Graph {
    /// Returns, for each revision in graph order, the labels it carries, sorted.
    ///
    /// A label is carried by the revision that declares it, by all that follow it, and by those
    /// before it up to (not including) the nearest branch or merge point: the revisions that could
    /// only be meant by its name.
    #[must_use]
    pub fn carried_labels(&self) -> Vec<Vec<&str>> {
        let mut carried: Vec<Vec<&str>> = vec![Vec::new(); self.len()];
        for node in self.nodes() {
            let own: Vec<&str> = self.revision(node).labels.iter().map(String::as_str).collect();
            if own.is_empty() && self.parents(node).iter().all(|p| carried[p.index()].is_empty()) {
                continue;
            }
            let mut labels = own;
            for parent in self.parents(node) {
                labels.extend(&carried[parent.index()]);
            }
            labels.sort_unstable();
            labels.dedup();
            carried[node.index()] = labels;
        }
        for node in self.nodes() {
            for label in &self.revision(node).labels {
                self.carry_upward(node, label, &mut carried);
            }
        }
        carried
    }

    fn carry_upward<'a>(&self, from: Node, label: &'a str, carried: &mut [Vec<&'a str>]) {
        let mut node = from;
        while let &[parent] = self.parents(node) {
            if self.all_children(parent).count() > 1 || self.is_merge_point(parent) {
                return;
            }
            let labels = &mut carried[parent.index()];
            if let Err(place) = labels.binary_search(&label) {
                labels.insert(place, label);
            }
            node = parent;
        }
    }
}
