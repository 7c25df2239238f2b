use insta::assert_snapshot;
use proptest::prelude::*;

use super::{
    testing::{graph, ids, nodes, try_graph},
    *,
};

#[test]
fn heads_bases_and_points() {
    let g = graph("a; b1 < a; b2 < a; m < b1 b2; x; y < x @ m");
    assert_eq!(ids(&g, g.heads()), "y");
    assert_eq!(ids(&g, g.versioned_heads()), "m y");
    assert_eq!(ids(&g, g.bases()), "a x");
    let [a, m] = nodes(&g, "a m")[..] else { panic!() };
    assert!(g.is_branch_point(a) && !g.is_merge_point(a));
    assert!(g.is_merge_point(m) && !g.is_branch_point(m));
}

#[test]
fn walks_follow_the_edges_they_are_told_to() {
    let g = graph("a; b < a; x; y < x @ b; z < y");
    let set = |s: NodeSet| ids(&g, s.iter());
    assert_eq!(set(g.ancestors(nodes(&g, "y"), Edges::Versioned)), "x y");
    assert_eq!(set(g.ancestors(nodes(&g, "y"), Edges::All)), "a b x y");
    assert_eq!(set(g.descendants(nodes(&g, "a"), Edges::All)), "a b y z");
    assert_eq!(set(g.lineage(nodes(&g, "y")[0])), "x y z");
}

#[test]
fn malformed_graphs_say_what_is_wrong() {
    let message = |spec| try_graph(spec).unwrap_err().to_string();
    assert_snapshot!(message("a; a"), @"revision `a` is defined twice, in `a.sql`, `a.sql`");
    assert_snapshot!(message("b < a"), @"revision `b` (b.sql) follows `a`, which does not exist");
    assert_snapshot!(message("b @ a"), @"revision `b` (b.sql) depends on `a`, which is neither a revision nor a branch label");
    assert_snapshot!(message("a [x]; b < a [x]"), @"branch label `x` of revision `b` (b.sql) is already used by revision `a`");
    assert_snapshot!(message("a; b < a [a]"), @"branch label `a` of revision `b` (b.sql) is already used by revision `a`");
    assert_snapshot!(message("a < a"), @"cycle is detected in revisions (a), in `a.sql`");
    assert_snapshot!(message("b < zz; c @ yy"), @r"
    revision `b` (b.sql) follows `zz`, which does not exist
    revision `c` (c.sql) depends on `yy`, which is neither a revision nor a branch label
    ");
}

#[test]
fn a_cycle_names_only_the_ids_on_it() {
    let message = |spec| try_graph(spec).unwrap_err().to_string();
    assert_snapshot!(
        message("base; a < base c; b < a; c < b; later < c; other < later"),
        @"cycle is detected in revisions (a, c, b), in `a.sql`, `c.sql`, `b.sql`"
    );
    assert_snapshot!(message("a; b < a @ c; c < a @ b"), @"cycle is detected in revisions (b, c), in `b.sql`, `c.sql`");
    assert_snapshot!(message("a < b; b < a; x < y; y < x"), @r"
    cycle is detected in revisions (a, b), in `a.sql`, `b.sql`
    cycle is detected in revisions (x, y), in `x.sql`, `y.sql`
    ");
}

#[test]
fn labels_are_carried_by_the_branch_they_name() {
    let carriers = |spec: &str| {
        let g = graph(spec);
        let carried = g.carried_labels();
        ids(&g, g.nodes().filter(|n| !carried[n.index()].is_empty()))
    };
    assert_eq!(carriers("a; b < a [L]; c < b"), "a b c");
    assert_eq!(carriers("a; b1 < a [L]; b2 < a; c1 < b1"), "b1 c1");
    assert_eq!(carriers("a; b1 < a [L]; b2 < a; m < b1 b2; n < m"), "b1 m n");
    assert_eq!(carriers("a; b < a; m < a b; n < m [L]"), "n");
}

#[test]
fn the_node_hash_names_the_whole_history() {
    let hash = |spec, id| {
        let g = graph(spec);
        g.node_hash(nodes(&g, id)[0])
    };
    assert_eq!(hash("a; b < a", "b"), hash("a; b < a; c < b", "b"));
    assert_ne!(hash("a; b < a; c < b", "c"), hash("a; b < a; x < b; c < x", "c"));
    assert_eq!(hash("a; b; c < a b", "c"), hash("b; a; c < b a", "c"));
}

/// Any graph: each revision follows and depends on some of those before it.
pub(crate) fn any_graph() -> impl Strategy<Value = Graph> {
    proptest::collection::vec((any::<u8>(), any::<u8>(), any::<u8>()), 1..12).prop_map(|choices| {
        let spec: Vec<String> = choices
            .iter()
            .enumerate()
            .map(|(i, (parents, dependencies, keep))| {
                let pick = |bits: &u8, limit: usize| -> String {
                    (0..i).filter(|j| bits >> (j % 8) & 1 == 1).rev().take(limit).map(|j| format!("r{j} ")).collect()
                };
                let parents = pick(parents, usize::from(keep % 3));
                let dependencies = pick(dependencies, usize::from(keep % 5 == 0));
                format!("r{i} < {parents} @ {dependencies}")
            })
            .collect();
        graph(&spec.join(";"))
    })
}

proptest! {
    #[test]
    fn parents_come_first(g in any_graph()) {
        for node in g.nodes() {
            prop_assert!(g.all_parents(node).all(|parent| parent < node));
        }
    }

    #[test]
    fn the_order_does_not_depend_on_the_order_of_files(g in any_graph()) {
        let reversed = g.nodes().rev().map(|n| g.revision(n).clone()).collect();
        let again = Graph::new(reversed).unwrap();
        prop_assert_eq!(ids(&g, g.nodes()), ids(&again, again.nodes()));
    }
}
