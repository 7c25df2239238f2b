//! Whatever is asked for, the answer is a plan or an error.
#![no_main]

use std::sync::LazyLock;

use alembic_sql::Checksum;use alembic_graph::Graph;use alembic_graph::Node;use alembic_graph::Revision;use alembic_graph::plan;use alembic_graph::identifier;

static GRAPH: LazyLock<Graph> = LazyLock::new(|| {
    let revision = |id: &str, parents: &[&str], dependencies: &[&str], labels: &[&str]| {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Revision {
            id: id.to_owned(),
            parents: owned(parents),
            dependencies: owned(dependencies),
            labels: owned(labels),
            message: String::new(),
            created: None,
            path: format!("{id}.sql"),
            upgrade: Checksum::of([id.as_bytes()]),
            downgrade: Some(Checksum::of([id.as_bytes()])),
        }
    };
    Graph::new(vec![
        revision("a1", &[], &[], &["left"]),
        revision("a2", &["a1"], &[], &[]),
        revision("b1", &[], &[], &["right"]),
        revision("b2", &["b1"], &["a2"], &[]),
        revision("a3", &["a2"], &[], &[]),
        revision("c1", &["a3", "b2"], &[], &[]),
        revision("d1", &["a2"], &[], &["fork"]),
    ])
    .expect("the graph is one")
});

libfuzzer_sys::fuzz_target!(|text: &str| {
    let graph = &*GRAPH;
    let nodes: Vec<Node> = graph.nodes().collect();
    let positions: [&[Node]; 4] = [&[], &nodes[..1], &nodes[nodes.len() - 1..], &nodes[1..2]];
    for rows in positions {
        plan::upgrade(graph, rows, text).ok();
        plan::downgrade(graph, rows, text, plan::Siblings::Allow).ok();
        plan::downgrade(graph, rows, text, plan::Siblings::Refuse).ok();
        plan::stamp(graph, rows, &[text]).ok();
    }
    identifier::revisions(graph, text).ok();
});
