//! Routines and rules of PostgreSQL.

use super::grammar::Grammar;

pub(super) const SETUP: &str = "CREATE TABLE t (a int, begin int, atomic int, \"end\" int, \"case\" int); \
                                CREATE DOMAIN begin AS int";

#[expect(clippy::too_many_lines, reason = "a grammar is a table")]
pub(super) fn grammar() -> Grammar {
    Grammar::default().with(&[
        (
            "statement",
            &[
                "CREATE FUNCTION p() RETURNS int BEGIN ATOMIC SELECT 1; END",
                "CREATE FUNCTION p(begin int, atomic text DEFAULT 'BEGIN ATOMIC;') RETURNS SETOF int{_}{options}BEGIN{_}ATOMIC \
                 {s}{last}END",
                "CREATE FUNCTION p() RETURNS begin{_}BEGIN ATOMIC{_}{s}{s}{last}END",
                "CREATE PROCEDURE p(begin begin){_}{options}BEGIN ATOMIC {s}{s}END",
                "CREATE FUNCTION public.p() RETURNS t.a%TYPE {options}BEGIN ATOMIC {s}{last}END",
                "CREATE FUNCTION p() RETURNS int {options}RETURN {e}",
                "CREATE RULE p AS ON INSERT TO t {where}DO ALSO ({rule}{rule}{rule_last})",
                "CREATE RULE p AS ON DELETE TO t{_}DO ({rule}{rule_last})",
                "CREATE FUNCTION p() RETURNS int LANGUAGE plpgsql AS {quoted}",
            ],
        ),
        (
            "options",
            &["", "LANGUAGE sql ", "SET search_path TO public, begin{_}", "COST 10 ", "SET search_path FROM CURRENT "],
        ),
        ("where", &["", "WHERE {b} "]),
        ("last", &["SELECT 1; ", "SELECT {e}; ", "SELECT {e} AS end;{_}", "SELECT {e} end FROM t; "]),
        ("rule_last", &["SELECT 1", "DELETE FROM t WHERE {b};", "UPDATE t SET begin = {e}"]),
        ("rule", &["SELECT {e}; ", "INSERT INTO t (begin) VALUES ({e});{_}", "NOTIFY begin; ", ""]),
        (
            "s",
            &[
                "SELECT 1; ",
                "",
                "SELECT {e} AS begin, {e} AS case; ",
                "INSERT INTO t (begin, \"end\") VALUES ({e},{_}{e}); ",
                "UPDATE t SET atomic = {e} WHERE {b};{_}",
                "DELETE FROM t AS begin WHERE {b}; ",
                "WITH begin AS (SELECT {e} AS atomic) SELECT atomic end FROM begin; ",
                "{s}{s}",
                "{s}{s}",
            ],
        ),
        ("b", &["true", "{e} > {e}", "NOT {b}", "({b} AND {b})", "EXISTS (SELECT {e} FROM t)", "'end;' = $$begin;$$"]),
        (
            "e",
            &[
                "1",
                "CASE WHEN {b} THEN {e} END",
                "CASE {e} WHEN {e} THEN {e} ELSE {e} END",
                "({e} + {e})",
                "(SELECT t.end FROM t LIMIT 1)",
                "(SELECT{_}max(begin.atomic) FROM t AS begin)",
                "coalesce({e}, {e})",
                "length('it''s; END')",
                "length(E'\\'; END')",
                "length(U&'\\0045ND;')",
                "length($end$; END; $$ $end$)",
                "1::begin",
                "-{e}",
            ],
        ),
        (
            "quoted",
            &[
                "$$BEGIN RETURN 1; END$$",
                "$end$ BEGIN RETURN {e}; END; $end$",
                "$ä→1$ BEGIN IF {b} THEN RETURN 1; END IF; END $ä→1$",
                "'BEGIN RETURN 1; END;'",
                "E'BEGIN\\nRETURN 1; END;'",
                "U&'BEGIN RETURN 1\\003B END;'",
            ],
        ),
        ("_", &[" ", " ", " ", "\n", " /* END; /* BEGIN; */ ; */ ", " -- it's; END\n"]),
    ])
}
