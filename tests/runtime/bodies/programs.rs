//! Stored programs of MySQL and MariaDB.

use super::grammar::Grammar;

pub(super) const SETUP: &str = "CREATE TABLE t (a INT, end INT, begin INT, do INT, `case` INT, `if` INT)";

/// What both databases have.
#[expect(clippy::too_many_lines, reason = "a grammar is a table")]
pub(super) fn of_mysql() -> Grammar {
    Grammar::default().with(&[
        (
            "statement",
            &[
                "CREATE PROCEDURE p(){_}{body}",
                "CREATE PROCEDURE p(IN end INT, begin SET('a;', 'BEGIN')){_}{characteristics}{body}",
                "CREATE DEFINER = CURRENT_USER() PROCEDURE p() {characteristics}{block}",
                "CREATE FUNCTION p(a INT) RETURNS {type} DETERMINISTIC {function_body}",
                "CREATE TRIGGER p BEFORE INSERT ON t FOR EACH ROW{_}{body}",
                "CREATE TRIGGER p AFTER UPDATE ON t FOR EACH ROW{_}{block}",
                "CREATE EVENT p ON SCHEDULE EVERY 1 YEAR STARTS '2100-01-01'{event} DO{_}{body}",
                "/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`localhost`*/ /*!50003 TRIGGER p BEFORE INSERT ON t FOR EACH \
                 ROW {code_body} */",
                "CREATE /*!50003 DEFINER=`root`@`localhost` */ PROCEDURE p() /*!50003 {characteristics}*/ {body}",
            ],
        ),
        ("characteristics", &["", "COMMENT 'BEGIN; END' ", "LANGUAGE SQL NOT DETERMINISTIC ", "MODIFIES SQL DATA{_}"]),
        ("type", &["INT", "VARCHAR(9) CHARACTER SET utf8mb4", "SET('a', 'b')", "DECIMAL(9, 2) UNSIGNED"]),
        ("event", &["", " ON COMPLETION NOT PRESERVE", " ENABLE COMMENT 'DO BEGIN;'", " DISABLE"]),
        ("function_body", &["RETURN {e}", "BEGIN {declarations}{s}{_}RETURN {e}; END", "f: BEGIN RETURN {e}; END f"]),
        ("code_body", &["SET NEW.a = '*/;'", "BEGIN {code_s}END", "IF {e0} THEN {code_s}END IF"]),
        ("code_s", &["SET NEW.end = 1; ", "{code_s}{code_s}", "IF {e0} THEN {code_s}ELSE {code_s}END IF; "]),
        ("body", &["SET @a = 1", "{simple}", "{block}", "{block}"]),
        (
            "block",
            &[
                "BEGIN END",
                "BEGIN {declarations}{handlers}{s}{s}END",
                "l1: BEGIN {s}LEAVE l1; END{_}l1",
                "`end`: BEGIN{_}{handlers}{s}END `end`",
                "IF {c} THEN{_}{s}END IF",
                "IF {c} THEN {s}ELSEIF{_}{c} THEN {s}ELSE {s}END{_}IF",
                "CASE {c} WHEN {c} THEN {s}WHEN {e} THEN {s}END CASE",
                "CASE{_}WHEN {c} THEN {s}ELSE {s}END{_}CASE",
                "l2: LOOP {s}LEAVE l2; END LOOP l2",
                "LOOP {s}END LOOP",
                "WHILE {c} DO{_}{s}END WHILE",
                "l3: WHILE {c} DO {s}ITERATE l3; END WHILE l3",
                "REPEAT{_}{s}UNTIL {c}{_}END REPEAT",
                "l4:{_}REPEAT {s}UNTIL {c} END REPEAT",
            ],
        ),
        ("s", &["SET @a = 1; ", "{simple};{_}", "{simple}; ", "{block};{_}", "{s}{s}", "{s}{s}"]),
        ("declarations", &["", "DECLARE end, do, begin INT DEFAULT {e}; DECLARE work CONDITION FOR SQLSTATE '45000'; "]),
        (
            "handlers",
            &[
                "",
                "DECLARE CONTINUE HANDLER FOR NOT FOUND {simple}; ",
                "DECLARE EXIT HANDLER FOR 1062, SQLSTATE VALUE '23000',{_}SQLEXCEPTION {block}; ",
                "DECLARE no CONDITION FOR 1061; DECLARE EXIT HANDLER FOR no{_}{block}; ",
                "DECLARE open CURSOR FOR SELECT {e}; DECLARE EXIT HANDLER FOR SQLWARNING {block}; ",
            ],
        ),
        (
            "simple",
            &[
                "DO 1",
                "SET @end = {e}, @case ={_}{e}",
                "SELECT {e} INTO @a",
                "SELECT {e} AS end, {e} begin FROM t AS do WHERE {e} INTO @b, @c",
                "UPDATE t SET end = {e}, t.case = {e}{_}WHERE {c}",
                "INSERT INTO t (begin, end) VALUES (REPEAT({e}, 2), IF({e}, {e}, {e}))",
                "REPLACE INTO t (end) SELECT {e} FROM t",
                "DELETE FROM t WHERE CASE WHEN {c} THEN {e} ELSE {e} END",
                "DO {e}",
                "CALL end({e})",
                "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'END; IF'",
                "INSERT INTO t (do) VALUES ({e}) ON DUPLICATE KEY UPDATE end = {e}",
            ],
        ),
        // A condition, with keywords for names.
        ("c", &["1", "{e}", "end", "do", "NOT end", "begin > do", "{e} AND do", "{e} IS NOT NULL", "end BETWEEN do AND end"]),
        // Without comments, which may not stand in a comment.
        ("e0", &["1", "NEW.end", "CASE WHEN NEW.do THEN 1 END", "IF(NEW.`if`, 1, 2)", "NEW.case = ';*/'"]),
        (
            "e",
            &[
                "1",
                "'it''s; END'",
                "\"\\\"; BEGIN\"",
                "end",
                "begin",
                "@end",
                "@`case;`",
                "t.if",
                "t.end",
                "`if`",
                "NULL",
                "(SELECT{_}end FROM t LIMIT 1)",
                "IF({e}, {e},{_}{e})",
                "CASE WHEN {e} THEN {e} END",
                "CASE {e} WHEN {e} THEN end ELSE {e} END",
                "CASE{_}WHEN end THEN end WHEN {e} THEN IF({e}, 1, 2) ELSE end END",
                "LEFT(REPEAT('a', {e}), 1)",
                "REPLACE({e}, ';', 'END')",
                "({e} + {e})",
                "{e} * do",
                "(NOT {e})",
                "({e} LIKE '%;' OR {e} IN (1, {e}))",
                "(NOW() + INTERVAL {e} DAY)",
                "TRUNCATE({e}, 1)",
                "COALESCE({e}, 1 -- END;\n)",
                "(end = {e})",
            ],
        ),
        ("_", &[" ", " ", " ", "\n", " /* END; */ ", " -- it's; END IF\n", " # BEGIN;\n", "\t"]),
    ])
}

/// With what only MariaDB has. What runs at once does nothing.
pub(super) fn of_mariadb() -> Grammar {
    of_mysql().with(&[
        (
            "statement",
            &[
                "BEGIN NOT ATOMIC {declarations}IF 0 THEN {s}END IF; END",
                "IF{_}0 THEN {s}ELSEIF 0 THEN {s}END IF",
                "WHILE 0 DO {s}END WHILE",
                "CASE 1 WHEN 2 THEN {s}ELSE BEGIN END; END CASE",
                "FOR end IN 1..0 DO{_}{s}END FOR",
                "SET STATEMENT max_statement_time = 9 FOR IF 0 THEN {s}END IF",
            ],
        ),
        (
            "block",
            &[
                "FOR i IN {e}..{e} DO{_}{s}END FOR",
                "FOR do IN (SELECT {e} AS end FROM t) DO {s}END FOR",
                "l5: FOR i IN REVERSE 1..3 DO {s}LEAVE l5; END FOR l5",
                "BEGIN NOT ATOMIC {s}END",
            ],
        ),
    ])
}
