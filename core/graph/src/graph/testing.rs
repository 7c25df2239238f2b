//! A notation for graphs in tests.

use alembic_sql::Checksum;

use super::{Graph, GraphErrors, Node};
use crate::Revision;

/// Reads `"a; b < a; m < a b; d < c @ s2 [label]"`: ids, each with its parents after `<`, its
/// dependencies after `@`, its labels in brackets.
pub(crate) fn try_graph(spec: &str) -> Result<Graph, GraphErrors> {
    Graph::new(spec.split(';').map(str::trim).filter(|part| !part.is_empty()).map(revision).collect())
}

pub(crate) fn graph(spec: &str) -> Graph {
    try_graph(spec).expect("a valid graph")
}

fn revision(part: &str) -> Revision {
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let (part, labels) = part.split_once('[').unwrap_or((part, ""));
    let (part, dependencies) = part.split_once('@').unwrap_or((part, ""));
    let (id, parents) = part.split_once('<').unwrap_or((part, ""));
    let id = id.trim().to_owned();
    Revision {
        path: format!("{id}.sql"),
        upgrade: Checksum::of([id.as_bytes()]),
        downgrade: Some(Checksum::of([id.as_bytes()])),
        parents: words(parents),
        dependencies: words(dependencies),
        labels: words(labels.trim_end_matches(']')),
        message: format!("message of {id}"),
        created: None,
        id,
    }
}

/// Returns nodes by id.
pub(crate) fn nodes(graph: &Graph, ids: &str) -> Vec<Node> {
    ids.split_whitespace().map(|id| graph.find(id).unwrap_or_else(|| panic!("no revision {id}"))).collect()
}

/// Returns the ids of nodes, separated by spaces.
pub(crate) fn ids(graph: &Graph, nodes: impl IntoIterator<Item = Node>) -> String {
    graph.ids(nodes).collect::<Vec<_>>().join(" ")
}
