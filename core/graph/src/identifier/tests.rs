use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;
use crate::graph::testing::{graph, ids, nodes};

const BRANCHES: &str =
    "a1aa; b1bb < a1aa; c1cc < b1bb [left]; d1dd < c1cc; c2cc < b1bb [right]; someother < c2cc; somelonger < d1dd";

fn up(spec: &str, rows: &str, text: &str) -> String {
    let g = graph(spec);
    upgrade(&g, &nodes(&g, rows), text).map_or_else(|e| e.to_string(), |found| ids(&g, found))
}

fn down(spec: &str, rows: &str, text: &str) -> String {
    let g = graph(spec);
    downgrade(&g, &nodes(&g, rows), text).map_or_else(
        |e| e.to_string(),
        |found| match found.stays {
            Stays::Nothing => "base".to_owned(),
            Stays::Revision(node) => g.id(node).to_owned(),
            Stays::ParentsOf(merge) => format!("parents of {}", g.id(merge)),
        },
    )
}

fn range(spec: &str, rows: &str, text: &str) -> String {
    let g = graph(spec);
    history(&g, text, || nodes(&g, rows)).map_or_else(|e| e.to_string(), |set| ids(&g, set.iter()))
}

#[test]
fn absolute_forms() {
    for (text, expected) in [
        ("heads", "somelonger someother"),
        ("left@head", "somelonger"),
        ("left@heads", "somelonger"),
        ("left", "c1cc"),
        ("lef", "c1cc"),
        ("b", "b1bb"),
        ("base", ""),
        ("left@some", "somelonger"),
        ("right@some", "someother"),
        ("left@a1aa", "a1aa"),
        ("d1@base", ""),
    ] {
        assert_eq!(up(BRANCHES, "", text), expected, "{text}");
    }
}

#[test]
fn what_cannot_be_found_says_why() {
    let message = |text| up(BRANCHES, "", text);
    assert_snapshot!(message("zz"), @"can't locate revision identified by `zz`");
    assert_snapshot!(message("some"), @"`some` is ambiguous: it could be `somelonger`, `someother`");
    assert_snapshot!(message("zz@head"), @"can't locate revision identified by `zz`");
    assert_snapshot!(message("left@c2cc"), @"revision `c2cc` is not a member of branch `left`");
    assert_snapshot!(message("right@somel"), @"revision `somel` is not a member of branch `right`");
    assert_snapshot!(message("current"), @"`current` cannot be used here: `current` is a whole argument of show, edit and history");
}

#[test]
fn the_whole_text_has_to_be_understood() {
    let message = |text| Target::parse(text).unwrap_err().to_string();
    assert_snapshot!(message(""), @"`` is not a revision identifier: expected a revision, `head`, `heads`, `base` or a relative form such as `+1`");
    assert_snapshot!(message("@head"), @"`@head` is not a revision identifier: there is no branch before `@`");
    assert_snapshot!(message("b1bb@"), @"`b1bb@` is not a revision identifier: expected a revision, `head`, `heads`, `base` or a relative form such as `+1`");
    assert_snapshot!(message("+1+1"), @"`+1+1` is not a revision identifier: expected one `+` or `-` with a number greater than zero at the end");
    assert_snapshot!(message("head-0"), @"`head-0` is not a revision identifier: expected one `+` or `-` with a number greater than zero at the end");
    assert_snapshot!(message("a@b@c"), @"`a@b@c` is not a revision identifier: `@` cannot be part of a revision id or label");
    assert_snapshot!(message("a b"), @"`a b` is not a revision identifier: ` ` cannot be part of a revision id or label");
}

#[test]
fn relative_upgrades() {
    for (rows, text, expected) in [
        ("", "+1", "a1aa"),
        ("", "base+2", "b1bb"),
        ("a1aa", "+1", "b1bb"),
        ("b1bb", "left@+2", "d1dd"),
        ("c2cc", "left@+1", "c1cc"),
        ("", "left@head-1", "d1dd"),
        ("", "b1bb-1", "a1aa"),
        ("", "b1bb-2", ""),
        ("a1aa", "+9", "ambiguous walk in `+9`: after `b1bb` it could go to `c1cc`, `c2cc`"),
        ("c1cc", "+9", "relative revision `+9` didn't produce 9 migrations: only 2 could be walked"),
        ("", "b1bb-5", "relative revision `b1bb-5` didn't produce 5 migrations: only 2 could be walked"),
        ("", "base-1", "relative revision `base-1` didn't produce 1 migration: only 0 could be walked"),
        (
            "a1aa",
            "-1",
            "`-1` cannot be used here: an upgrade goes up; use `downgrade`, or name a revision as in `head-1`",
        ),
    ] {
        assert_eq!(up(BRANCHES, rows, text), expected, "{text} from {rows}");
    }
}

#[test]
fn relative_downgrades() {
    for (rows, text, expected) in [
        ("c1cc", "-1", "b1bb"),
        ("c1cc", "-3", "base"),
        ("c1cc", "-4", "relative revision `-4` didn't produce 4 migrations: only 3 could be walked"),
        ("", "-1", "relative revision `-1` didn't produce 1 migration: only 0 could be walked"),
        ("d1dd c2cc", "left@-1", "c1cc"),
        ("d1dd c2cc", "d1dd-1", "c1cc"),
        ("d1dd", "base+1", "a1aa"),
        (
            "d1dd",
            "+1",
            "`+1` cannot be used here: a downgrade goes down; use `upgrade`, or name a revision as in `base+1`",
        ),
        ("d1dd", "heads", "`heads` means `somelonger`, `someother`; name one of them"),
    ] {
        assert_eq!(down(BRANCHES, rows, text), expected, "{text} from {rows}");
    }
}

#[test]
fn history_ranges() {
    const LINE: &str = "a; b < a; c < b";
    for (spec, rows, text, expected) in [
        (LINE, "", ":", "a b c"),
        (LINE, "", "b:", "b c"),
        (LINE, "", ":b", "a b"),
        (LINE, "", "a:+2", "a b c"),
        (LINE, "", "-2:c", "a b c"),
        (LINE, "", "-1:c", "b c"),
        (LINE, "", "-9:c", "a b c"),
        (LINE, "", "-1:", "b c"),
        (LINE, "b", "current:", "b c"),
        (LINE, "b", ":current", "a b"),
        (LINE, "", ":current", ""),
        (LINE, "b", "current:+1", "b c"),
        (
            LINE,
            "",
            "c:a",
            "requested range `c:a` does not refer to ancestor/descendant revisions along the same branch",
        ),
        (LINE, "", "abc", "history range requires [start]:[end], [start]:, or :[end]; got `abc`"),
        (LINE, "", "a:b:c", "history range requires [start]:[end], [start]:, or :[end]; got `a:b:c`"),
        ("x1 [x]; x2 < x1; y1 [y]; y2 < y1 @ x1", "", "y@base:", "x1 y1 y2"),
    ] {
        assert_eq!(range(spec, rows, text), expected, "{text}");
    }
}

#[test]
fn show_counts_down_from_every_head() {
    let g = graph(BRANCHES);
    let found = |text: &str| show(&g, text, || nodes(&g, "b1bb")).map(|found| ids(&g, found));
    assert_eq!(found("-1").unwrap(), "c2cc d1dd");
    assert_eq!(found("left@-1").unwrap(), "d1dd");
    assert_eq!(found("current").unwrap(), "b1bb");
    assert_eq!(found("heads").unwrap(), "somelonger someother");
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "[a-e1-3@+\\-:]{0,8}") {
        let g = graph(BRANCHES);
        let rows = nodes(&g, "c1cc");
        let _any = (upgrade(&g, &rows, &text), downgrade(&g, &rows, &text), stamp(&g, &text));
        let _any = (show(&g, &text, Vec::new), history(&g, &text, Vec::new));
    }
}
