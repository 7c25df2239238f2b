//! The reference traces of Alembic, as data: graph, rows before, command, steps, rows after.

use proptest::prelude::*;

use super::*;
use crate::{
    graph::{
        Edges,
        testing::{graph, nodes},
    },
    identifier::TargetError,
};

const BRANCH: &str = "1975; ae10 < 1975; 27c6 < 1975 [shop]";
const MERGE: &str = "a; b < a; c1 < b; d1 < c1; c2 < b [c2branch]; d2 < c2; e < d1 d2; f < e";
const DEPENDENCY: &str = "n1 [net]; n2 < n1; n3 < n2 @ s2; s1; s2 < s1";

fn plan(graph: &Graph, command: &str, rows: &[Node]) -> Result<Plan, TargetError> {
    let (verb, target) = command.split_once(' ').unwrap();
    match verb {
        "upgrade" => upgrade(graph, rows, target),
        "downgrade" => downgrade(graph, rows, target, Siblings::Refuse),
        "redo" => redo(graph, rows, target, Siblings::Refuse),
        "downgrade!" => downgrade(graph, rows, target, Siblings::Allow),
        _ => stamp(graph, rows, &target.split(' ').collect::<Vec<_>>()),
    }
}

/// Returns `STEPS => ROWS`, or the error.
fn trace(spec: &str, rows: &str, command: &str) -> String {
    let graph = graph(spec);
    match plan(&graph, command, &nodes(&graph, rows)) {
        Err(error) => error.to_string(),
        Ok(plan) => {
            let before: Vec<String> = rows.split_whitespace().map(str::to_owned).collect();
            let steps: Vec<String> = plan.steps.iter().map(|step| show(&graph, step)).collect();
            format!("{} => {}", steps.join(" "), plan.rows_after(&before).join(" "))
        }
    }
}

fn show(graph: &Graph, step: &Step) -> String {
    let operations: Vec<String> = step
        .rows
        .iter()
        .map(|operation| match operation {
            RowOperation::Insert(row) => format!("+{row}"),
            RowOperation::Update { from, to } => format!("{from}>{to}"),
            RowOperation::Delete(row) => format!("-{row}"),
        })
        .collect();
    format!("{}{{{}}}", step.revision.map_or("base", |node| graph.id(node)), operations.join(" "))
}

macro_rules! traces {
    ($($name:ident: $graph:expr, [$(($rows:literal, $command:literal, $expected:literal)),* $(,)?])*) => {$(
        #[test]
        fn $name() {
            $(assert_eq!(trace($graph, $rows, $command), $expected, "{:?} from {:?}", $command, $rows);)*
        }
    )*};
}

traces! {
    branch_points: BRANCH, [
        ("", "upgrade heads", "1975{+1975} 27c6{1975>27c6} ae10{+ae10} => 27c6 ae10"),
        ("", "upgrade head", "multiple head revisions are present for given argument `head`: 27c6, ae10; specify a specific target revision, `<branchname>@head` to narrow to a specific head, or `heads` for all heads"),
        ("", "upgrade shop@head", "1975{+1975} 27c6{1975>27c6} => 27c6"),
        ("", "upgrade shop", "1975{+1975} 27c6{1975>27c6} => 27c6"),
        ("", "upgrade shop@+1", "1975{+1975} => 1975"),
        ("", "upgrade shop@+2", "1975{+1975} 27c6{1975>27c6} => 27c6"),
        ("ae10", "upgrade shop@+1", "27c6{+27c6} => 27c6 ae10"),
        ("1975", "upgrade +1", "ambiguous walk in `+1`: after `1975` it could go to `27c6`, `ae10`"),
        ("ae10 27c6", "downgrade 1975", "ae10{-ae10} 27c6{27c6>1975} => 1975"),
        ("ae10 27c6", "downgrade shop@1975", "27c6{-27c6} => ae10"),
        ("ae10 27c6", "downgrade shop@-1", "27c6{-27c6} => ae10"),
        ("ae10 27c6", "downgrade! shop@-2", "ae10{-ae10} 27c6{27c6>1975} 1975{-1975} => "),
        ("ae10 27c6", "downgrade! shop@base", "ae10{-ae10} 27c6{27c6>1975} 1975{-1975} => "),
        ("ae10 27c6", "downgrade base", "ae10{-ae10} 27c6{27c6>1975} 1975{-1975} => "),
        ("ae10 27c6", "downgrade shop@base", "`shop@base` would also downgrade `ae10`, on other branches that share its base"),
        ("ae10 27c6", "downgrade -1", "ambiguous `-1`: the database is at several revisions, `ae10`, `27c6`"),
        ("ae10", "downgrade shop@1975", "destination `shop@1975` is not a valid downgrade target from current head(s) `ae10`"),
        ("ae10", "downgrade 1975", "ae10{ae10>1975} => 1975"),
        ("ae10", "upgrade 1975", " => ae10"),
        ("ae10", "downgrade ae10", " => ae10"),
        ("1975", "downgrade ae10", "destination `ae10` is not a valid downgrade target from current head(s) `1975`"),
    ]
    merges: MERGE, [
        ("", "upgrade head", "a{+a} b{a>b} c1{b>c1} c2{+c2} d1{c1>d1} d2{c2>d2} e{-d2 d1>e} f{e>f} => f"),
        ("d1", "upgrade f", "c2{+c2} d2{c2>d2} e{-d2 d1>e} f{e>f} => f"),
        ("d1 d2", "upgrade +1", "ambiguous `+1`: the database is at several revisions, `d1`, `d2`"),
        ("d1 d2", "upgrade c2branch@+1", "e{-d2 d1>e} => e"),
        ("f", "downgrade -1", "f{f>e} => e"),
        // Undoing a merge leaves all its parents; only a further step would have to choose.
        ("e", "downgrade -1", "e{+d2 e>d1} => d1 d2"),
        ("e", "downgrade e-1", "e{+d2 e>d1} => d1 d2"),
        ("f", "downgrade -2", "f{f>e} e{+d2 e>d1} => d1 d2"),
        ("f", "downgrade e-1", "f{f>e} e{+d2 e>d1} => d1 d2"),
        ("e", "downgrade c2branch@-1", "e{+d2 e>d1} => d1 d2"),
        ("d1 d2", "downgrade e-1", " => d1 d2"),
        ("d1", "downgrade e-1", "destination `e-1` is not a valid downgrade target from current head(s) `d1`"),
        ("e", "downgrade -2", "ambiguous walk in `-2`: after `e` it could go to `d1`, `d2`"),
        ("f", "downgrade -3", "ambiguous walk in `-3`: after `e` it could go to `d1`, `d2`"),
        ("f", "redo -1", "f{f>e} f{e>f} => f"),
        ("f", "redo -2", "f{f>e} e{+d2 e>d1} e{-d2 d1>e} f{e>f} => f"),
        ("f", "redo d2", "f{f>e} e{+d2 e>d1} e{-d2 d1>e} f{e>f} => f"),
        ("f", "downgrade d1", "f{f>e} e{+d2 e>d1} => d1 d2"),
        ("f", "downgrade d2", "f{f>e} e{+d2 e>d1} => d1 d2"),
        ("f", "downgrade b", "f{f>e} e{+d2 e>d1} d2{d2>c2} d1{d1>c1} c2{-c2} c1{c1>b} => b"),
        ("f", "downgrade c2branch@b", "f{f>e} e{+d2 e>d1} d2{d2>c2} c2{-c2} => d1"),
    ]
    dependencies: DEPENDENCY, [
        ("", "upgrade heads", "n1{+n1} n2{n1>n2} s1{+s1} s2{s1>s2} n3{-s2 n2>n3} => n3"),
        ("", "upgrade net@head", "n1{+n1} n2{n1>n2} s1{+s1} s2{s1>s2} n3{-s2 n2>n3} => n3"),
        ("", "upgrade head", "n1{+n1} n2{n1>n2} s1{+s1} s2{s1>s2} n3{-s2 n2>n3} => n3"),
        ("n3", "upgrade s2", " => n3"),
        ("n3", "downgrade n2", "n3{+s2 n3>n2} => n2 s2"),
        ("n3", "downgrade -1", "n3{+s2 n3>n2} => n2 s2"),
        ("n3", "downgrade net@-1", "n3{+s2 n3>n2} => n2 s2"),
        ("n3", "downgrade net@base", "n3{+s2 n3>n2} n2{n2>n1} n1{-n1} => s2"),
        ("n3", "downgrade s1", "n3{+s2 n3>n2} s2{s2>s1} => n2 s1"),
        ("n3", "downgrade s2@base", "n3{+s2 n3>n2} s2{s2>s1} s1{-s1} => n2"),
        ("n3", "downgrade s2", "destination `s2` is not a valid downgrade target from current head(s) `n3`"),
    ]
    continued_dependencies: "n1 [net]; n2 < n1; n3 < n2 @ s2; s1; s2 < s1; s3 < s2", [
        ("n3", "upgrade heads", "s3{+s3} => n3 s3"),
        ("n3 s3", "downgrade s2", "s3{-s3} => n3"),
        ("n3 s3", "downgrade net@base", "n3{n3>n2} n2{n2>n1} n1{-n1} => s3"),
    ]
    effective_heads: "y1 [y]; x1 [x]; y2 < y1 @ x1; x2 < x1", [
        ("x2 y2", "downgrade x@-1", "x2{-x2} => y2"),
        ("x1 y2", "downgrade x@-1", "y2{+x1 y2>y1} x1{-x1} => y1"),
        ("y2", "downgrade x@-1", "y2{+x1 y2>y1} x1{-x1} => y1"),
    ]
    a_base_may_take_the_row_of_its_dependency: "a1; a2 < a1; b1 @ a2", [
        ("a2", "upgrade b1", "b1{a2>b1} => b1"),
        ("b1", "downgrade a1", "b1{b1>a2} a2{a2>a1} => a1"),
    ]
    a_merge_of_a_parent_that_depends_on_the_other: "a1; b1 @ a1; bmerge < a1 b1", [
        ("a1", "upgrade b1", "b1{a1>b1} => b1"),
        ("bmerge", "downgrade a1", "bmerge{bmerge>b1} => b1"),
    ]
    crossed_merges: "a1; b1; a2 < a1; b2 < b1; a3 < a2 b1", [
        ("a3 b2", "downgrade b1", "b2{-b2} a3{+b1 a3>a2} => a2 b1"),
    ]
    twin_merges: "a; b; m1 < a b; m2 < a b", [
        ("m1", "upgrade m2", "m2{+m2} => m1 m2"),
        ("m1 m2", "downgrade a", "m2{-m2} m1{+b m1>a} => a b"),
    ]
    a_branch_that_goes_on_past_its_merge: "a; b1 < a; b2 < a; m < b1 b2; c1 < b1", [
        ("m", "upgrade c1", "c1{+c1} => c1 m"),
    ]
    stamps_on_branches: BRANCH, [
        ("", "stamp heads", "27c6{+27c6} ae10{+ae10} => 27c6 ae10"),
        ("1975", "stamp heads", "27c6{1975>27c6} ae10{+ae10} => 27c6 ae10"),
        ("ae10", "stamp shop@head", "27c6{+27c6} => 27c6 ae10"),
        ("ae10 27c6", "stamp 1975", "1975{-27c6 ae10>1975} => 1975"),
        ("ae10 27c6", "stamp shop@base", "base{-27c6} => ae10"),
        ("ae10 27c6", "stamp base", "base{-ae10 -27c6} => "),
        ("ae10", "stamp ae10", " => ae10"),
        ("", "stamp 1975 ae10", "requested revision `ae10` overlaps with other requested revision `1975`"),
    ]
    stamps_on_merges: MERGE, [
        ("d1 c2", "stamp c2branch@head", "f{-c2 d1>f} => f"),
        ("b", "stamp e", "e{b>e} => e"),
        ("e", "stamp d1 d2", "d1{e>d1 +d2} => d1 d2"),
    ]
    stamps_restore_what_a_row_implied: DEPENDENCY, [
        ("n3", "stamp s2", "s2{n3>n2 +s2} => n2 s2"),
        ("n3", "stamp net@base", "base{n3>s2} => s2"),
    ]
}

#[test]
fn steps_print_as_alembic_prints_them() {
    let graph = graph(MERGE);
    let plan = upgrade(&graph, &nodes(&graph, "d1 d2"), "e").unwrap();
    assert_eq!(plan.steps[0].line(&graph).to_string(), "Running upgrade d1, d2 -> e, message of e");
    let plan = upgrade(&graph, &[], "a").unwrap();
    assert_eq!(plan.steps[0].short_line(&graph).to_string(), "Running upgrade  -> a");
    let plan = downgrade(&graph, &nodes(&graph, "a"), "base", Siblings::Refuse).unwrap();
    assert_eq!(plan.steps[0].line(&graph).to_string(), "Running downgrade a -> , message of a");
    let plan = stamp(&graph, &nodes(&graph, "d1 d2"), &["e"]).unwrap();
    assert_eq!(plan.steps[0].line(&graph).to_string(), "Running stamp_revision d1, d2 -> e");
}

#[test]
fn current_includes_branch_ends_that_rows_imply() {
    let g = graph(DEPENDENCY);
    assert_eq!(crate::graph::testing::ids(&g, g.current(&nodes(&g, "n3"))), "s2 n3");
}

/// A graph with rows that a database could have: the tips of some revisions and what they need.
fn with_rows() -> impl Strategy<Value = (Graph, Vec<Node>)> {
    (crate::graph::tests::any_graph(), any::<u16>()).prop_map(|(graph, bits)| {
        let some = graph.nodes().filter(|node| bits >> (node.index() % 16) & 1 == 1);
        let rows = graph.tips(&graph.ancestors(some, Edges::All));
        (graph, rows)
    })
}

fn ids_of(graph: &Graph, rows: &[Node]) -> Vec<String> {
    let mut ids: Vec<String> = graph.ids(rows.iter().copied()).map(str::to_owned).collect();
    ids.sort_unstable();
    ids
}

proptest! {
    #[test]
    fn an_upgrade_is_a_topological_order_of_exactly_what_is_missing((g, rows) in with_rows(), pick in any::<prop::sample::Index>()) {
        let target = Node::new(pick.index(g.len()));
        let plan = upgrade(&g, &rows, g.id(target)).unwrap();
        let applied = g.ancestors(rows.iter().copied(), Edges::All);
        let mut wanted = g.ancestors([target], Edges::All);
        wanted.retain(|node| !applied.contains(node));
        let mut done = applied.clone();
        for step in &plan.steps {
            let node = step.revision.unwrap();
            prop_assert!(g.all_parents(node).all(|parent| done.contains(parent)));
            prop_assert!(done.insert(node));
            prop_assert!(wanted.contains(node));
        }
        prop_assert_eq!(plan.steps.len(), wanted.iter().count());
        prop_assert_eq!(plan.rows_after(&ids_of(&g, &rows)), ids_of(&g, &g.tips(&done)));
    }

    #[test]
    fn up_then_down_restores_the_rows(g in crate::graph::tests::any_graph()) {
        let up = upgrade(&g, &[], "heads").unwrap();
        let mut rows: Vec<Vec<String>> = vec![Vec::new()];
        for step in &up.steps {
            let single = Plan { steps: vec![step.clone()] };
            rows.push(single.rows_after(rows.last().unwrap()));
        }
        let down = downgrade(&g, &g.heads(), "base", Siblings::Refuse).unwrap();
        prop_assert_eq!(down.steps.len(), up.steps.len());
        let mut now = rows.pop().unwrap();
        for step in &down.steps {
            now = Plan { steps: vec![step.clone()] }.rows_after(&now);
            prop_assert_eq!(&now, &rows.pop().unwrap());
        }
    }

    #[test]
    fn a_stamp_yields_an_antichain((g, rows) in with_rows(), pick in any::<prop::sample::Index>()) {
        let target = Node::new(pick.index(g.len()));
        let plan = stamp(&g, &rows, &[g.id(target)]).unwrap();
        let after = plan.rows_after(&ids_of(&g, &rows));
        let after: Vec<Node> = after.iter().map(|id| g.find(id).unwrap()).collect();
        prop_assert!(g.overlaps(&after).is_empty());
        prop_assert!(g.ancestors(after.iter().copied(), Edges::All).contains(target));
        prop_assert!(after.contains(&target));
    }
}
