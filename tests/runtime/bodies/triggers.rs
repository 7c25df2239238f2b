//! Triggers of SQLite.

use super::grammar::Grammar;

pub(super) const SETUP: &str = "CREATE TABLE t (a, begin, end, \"case\", match); CREATE TABLE begin (begin, end); \
                                CREATE VIEW end AS SELECT * FROM begin";

#[expect(clippy::too_many_lines, reason = "a grammar is a table")]
pub(super) fn grammar() -> Grammar {
    Grammar::default().with(&[
        (
            "statement",
            &[
                "CREATE TRIGGER p INSERT ON t BEGIN SELECT 1; END",
                "CREATE TRIGGER p {time}{event} ON t{_}{each}{when}BEGIN{_}{s}{s}END",
                "CREATE TEMP TRIGGER p {event} ON main.begin {each}{when}BEGIN {s}END",
                "CREATE TRIGGER IF NOT EXISTS main.p {event} ON begin{_}{when}BEGIN {s}END",
                "CREATE TRIGGER p INSTEAD OF {event} ON end {each}{when}BEGIN {s}{s}END",
                "EXPLAIN CREATE TRIGGER p {event} ON [t] {each}{when}BEGIN {s}END",
            ],
        ),
        ("time", &["", "BEFORE ", "AFTER "]),
        ("event", &["INSERT", "DELETE", "UPDATE", "UPDATE OF begin, end"]),
        ("each", &["", "FOR EACH ROW ", "FOR EACH{_}ROW "]),
        ("when", &["", "", "WHEN {e} ", "WHEN{_}{e}{_}", "WHEN begin ", "WHEN {e} IS NOT begin "]),
        (
            "s",
            &[
                "SELECT 1; ",
                "UPDATE t SET end = {e}, begin ={_}{e} WHERE {e};{_}",
                "INSERT INTO t (begin, end) VALUES ({e}, {e}); ",
                "REPLACE INTO begin SELECT {e}, {e} FROM end; ",
                "DELETE FROM begin WHERE {e}; ",
                "SELECT {e} AS end, {e} begin;{_}",
                "SELECT CASE WHEN {e} THEN RAISE(ABORT, 'END;') END; ",
                "INSERT INTO t (a) VALUES ({e}) ON CONFLICT DO NOTHING; ",
                "SELECT end FROM begin AS begin WHERE {e} ORDER BY end; ",
                "{s}{s}",
                "{s}{s}",
            ],
        ),
        (
            "e",
            &[
                "1",
                "'it''s; END'",
                "begin",
                "end",
                "match",
                "[begin; end]",
                "`case;`",
                "\"begin;\"",
                "t.begin",
                "x'00'",
                "NULL",
                "CASE WHEN {e} THEN {e} END",
                "CASE{_}begin WHEN end THEN begin ELSE {e} END",
                "({e} + {e})",
                "(SELECT end{_}FROM begin)",
                "NOT {e}",
                "{e} LIKE begin",
                "{e} NOT LIKE {e}",
                "{e} IS {e}",
                "{e} ISNULL",
                "{e} NOT NULL",
                "{e} COLLATE nocase",
                "{e} BETWEEN begin AND end",
                "{e} IN (begin, {e})",
                "CAST({e} AS begin)",
                "iif({e}, {e}, {e})",
                "replace({e}, ';', 'END')",
                "-begin",
                "begin || end",
                "EXISTS (SELECT begin FROM t)",
            ],
        ),
        ("_", &[" ", " ", " ", "\n", " /* END; */ ", " -- it's; BEGIN\n", "\t"]),
    ])
}
