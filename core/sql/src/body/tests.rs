//! What is one statement, what is two, and what is refused.

use insta::assert_snapshot;

use crate::{Dialect, SplitError, split};

fn texts(sql: &str, dialect: Dialect) -> Vec<&str> {
    split(sql, dialect).unwrap_or_else(|error| panic!("{error}\n{sql}")).into_iter().map(|s| s.text).collect()
}

/// Asserts that each body is one statement between two others, at `;` and at `DELIMITER`.
fn are_one_statement_each(dialect: Dialect, bodies: &[&str]) {
    for body in bodies {
        let expected = ["SELECT 'before'", body, "SELECT 'after'"];
        assert_eq!(texts(&format!("SELECT 'before';\n{body};\nSELECT 'after';"), dialect), expected, "{dialect}");
        assert_eq!(texts(&format!("SELECT 'before';\n{body}"), dialect), expected[..2], "{dialect}");
        for delimiter in ["//", "#", "$$", "--", "|"] {
            if dialect.is_mysql_family() && !body.contains(delimiter) {
                let sql = format!(
                    "SELECT 'before';\nDELIMITER {delimiter}\n{body}\n{delimiter}\nDELIMITER ;\nSELECT 'after';"
                );
                assert_eq!(texts(&sql, dialect), expected, "{dialect}, {delimiter}");
            }
        }
    }
}

fn refusal(sql: &str, dialect: Dialect) -> String {
    let SplitError { line, column, problem, hint } = split(sql, dialect).unwrap_err();
    format!("{line}:{column}: {problem}\nhint: {}", hint.unwrap_or("none"))
}

const PROGRAMS: &[&str] = &[
    // Functions that are called like blocks.
    "CREATE PROCEDURE p() BEGIN SELECT CASE WHEN a > 0 THEN IF(a > 100, 'x', 'y') ELSE 'none' END; SELECT 2; END",
    "CREATE PROCEDURE p() BEGIN SELECT REPEAT('a;', 3), LEFT('b', 1), REPLACE('c', 'd', 'e'), IF(1, 2, 3); END",
    "CREATE PROCEDURE p() SELECT IF(1, 2, 3), CASE WHEN 1 THEN 2 END",
    "CREATE FUNCTION f(a INT) RETURNS INT RETURN CASE WHEN IF(a, 1, 0) THEN 1 ELSE REPEAT('1', 2) END",
    "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW IF IF(NEW.a, 1, 0) THEN SET NEW.a = 1; END IF",
    // Names that are keywords.
    "CREATE PROCEDURE p() BEGIN UPDATE shifts SET end = begin, t.`case` = 1; SELECT t.end, end FROM t AS end; END",
    "CREATE PROCEDURE begin() BEGIN DECLARE end, do INT; WHILE do > 3 DO SET end = 1; END WHILE; END",
    "CREATE PROCEDURE p() BEGIN WHILE do DO SET end = 1; END WHILE; SELECT 1; END",
    "CREATE PROCEDURE p() BEGIN IF CASE WHEN end THEN end END THEN SELECT 1; END IF; SELECT @end, @case, t.if; END",
    "CREATE PROCEDURE p() BEGIN IF @case + @`x` THEN SELECT 1; END IF; CASE x.end WHEN 1 THEN SELECT 1; END CASE; END",
    "CREATE FUNCTION end() RETURNS INT DETERMINISTIC `x y`: BEGIN RETURN 1; END `x y`",
    // Blocks and labels.
    "CREATE PROCEDURE p() outer_loop: BEGIN inner_loop: LOOP LEAVE inner_loop; END LOOP inner_loop; END outer_loop",
    "CREATE PROCEDURE p() x: LOOP LEAVE x; END LOOP",
    "CREATE PROCEDURE p() BEGIN REPEAT SET a = 1; UNTIL a > CASE WHEN 1 THEN 2 END END REPEAT; END",
    "CREATE PROCEDURE p() BEGIN CASE WHEN 1 THEN SELECT 1; WHEN 2 THEN BEGIN END; ELSE SELECT 3; END CASE; END",
    "CREATE PROCEDURE p() BEGIN CASE CASE a WHEN 1 THEN 2 END WHEN 2 THEN SELECT 1; END CASE; SELECT 1; END",
    "CREATE PROCEDURE p() IF a THEN SELECT 1; ELSEIF b THEN SELECT 2; ELSE SELECT 3; END IF",
    "CREATE PROCEDURE p() BEGIN START TRANSACTION; COMMIT; END",
    // Handlers.
    "CREATE PROCEDURE p() BEGIN DECLARE EXIT HANDLER FOR NOT FOUND, 1062, SQLSTATE VALUE '23000', begin BEGIN \
     SELECT 1; END; DECLARE CONTINUE HANDLER FOR SQLEXCEPTION SET @a = 1; SELECT 2; END",
    "CREATE PROCEDURE p() BEGIN DECLARE c CURSOR FOR SELECT CASE WHEN 1 THEN 2 END; DECLARE end CONDITION FOR 1; END",
    // What precedes the body.
    "CREATE OR REPLACE DEFINER = `a`@`b` PROCEDURE IF NOT EXISTS s.p(a DECIMAL(1, 2)) COMMENT 'x;' \
     LANGUAGE SQL NOT DETERMINISTIC READS SQL DATA SQL SECURITY INVOKER BEGIN SELECT 1; END",
    "CREATE DEFINER=begin@my.host.name AGGREGATE FUNCTION f(a INT) RETURNS VARCHAR(3) CHARSET utf8mb4 BEGIN \
     DECLARE CONTINUE HANDLER FOR NOT FOUND RETURN 1; LOOP FETCH GROUP NEXT ROW; END LOOP; END",
    "CREATE FUNCTION f() RETURNS SET('a', 'b') RETURN 'a'",
    "CREATE FUNCTION f RETURNS STRING SONAME 'f.so'",
    "CREATE DEFINER = CURRENT_USER() TRIGGER g AFTER UPDATE ON begin FOR EACH ROW FOLLOWS begin BEGIN SELECT 1; END",
    "CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS CASE WHEN 1 THEN NOW() END COMMENT 'x' DO BEGIN SELECT 1; END",
    "ALTER EVENT e RENAME TO do DO BEGIN SELECT 1; END",
    "ALTER EVENT e DO BEGIN SELECT 1; END",
    "ALTER EVENT e DISABLE",
    // Code in comments.
    "/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`localhost`*/ /*!50003 TRIGGER g BEFORE INSERT ON t FOR EACH ROW BEGIN \
     SET NEW.a = '*/'; -- it's\n SET NEW.b = 1; END */",
    "CREATE /*!50017 DEFINER=`root`@`localhost` */ PROCEDURE p() /*! BEGIN */ SELECT 1; SELECT 2; END",
    "/*!40101 SET NAMES utf8 */",
    "/*M!999999\\- it's the sandbox mode */ SELECT 1",
    // Transactions.
    "BEGIN",
    "BEGIN WORK",
    "XA BEGIN 'x'",
    "START TRANSACTION",
    "SELECT 1 --1\n- 1--2",
];

const MARIADB_ONLY: &[&str] = &[
    "CREATE PROCEDURE p() BEGIN FOR i IN 1..10 DO SELECT i; END FOR; FOR do IN (SELECT 1) DO SELECT 1; END FOR; END",
    "BEGIN NOT ATOMIC DECLARE end INT; IF end THEN SELECT 1; END IF; END",
    "CREATE PROCEDURE p() BEGIN NOT ATOMIC IF 1 THEN SELECT 1; END IF; END",
    "IF EXISTS (SELECT 1) THEN SELECT 1; END IF",
    "CASE 1 WHEN 1 THEN SELECT 1; END CASE",
    "LOOP SELECT 1; END LOOP",
    "WHILE 0 DO SELECT 1; END WHILE",
    "REPEAT SELECT 1; UNTIL 1 END REPEAT",
    "FOR i IN REVERSE 1..3 DO SELECT 1; END FOR",
    "SET STATEMENT max_statement_time = 1 FOR IF 1 THEN SELECT 1; SELECT 2; END IF",
    "SET STATEMENT max_statement_time = 1 FOR CREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2; END",
    "CREATE TRIGGER g BEFORE INSERT OR UPDATE ON t FOR EACH ROW BEGIN SELECT 1; SELECT 2; END",
    "CREATE FUNCTION f() RETURNS TYPE OF t.begin BEGIN RETURN 1; END",
];

const MYSQL_ONLY: &[&str] = &[
    "CREATE PROCEDURE js() LANGUAGE JAVASCRIPT AS $js$ let a = 'it;'; // don't\n $js$",
    "CREATE FUNCTION js() RETURNS INT LANGUAGE JAVASCRIPT AS $js$ return 1; $js$",
    "CREATE LIBRARY l LANGUAGE JAVASCRIPT AS $js$ export function f() { return 1; } $js$",
];

const POSTGRES: &[&str] = &[
    "CREATE FUNCTION f(a int) RETURNS int BEGIN ATOMIC SELECT CASE WHEN a = 1 THEN 1 END; SELECT 1 AS end; SELECT 2 \
     end; END",
    "CREATE OR REPLACE PROCEDURE s.begin(begin atomic) LANGUAGE sql BEGIN ATOMIC INSERT INTO t (begin) VALUES (1); END",
    "CREATE FUNCTION f() RETURNS begin BEGIN ATOMIC SELECT 1; END",
    "CREATE FUNCTION f() RETURNS SETOF begin SET search_path TO begin BEGIN ATOMIC SELECT 1; END",
    "CREATE FUNCTION f() RETURNS t.c%TYPE BEGIN ATOMIC SELECT 1; END",
    "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC END",
    "CREATE FUNCTION f(begin int) RETURNS int RETURN begin + 1",
    "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $ä→1$ BEGIN; $$ END; $ä→1$",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS U&'SELECT 1; \\0041'",
    "CREATE TRIGGER t BEFORE INSERT ON u FOR EACH ROW EXECUTE FUNCTION f()",
    "CREATE CONSTRAINT TRIGGER begin AFTER UPDATE OF begin ON begin.begin FROM begin FOR ROW WHEN (new.begin) EXECUTE FUNCTION f()",
    "CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f()",
    "BEGIN NOT DEFERRABLE",
    "CREATE OR REPLACE RULE r AS ON INSERT TO t WHERE (new.a > 1) DO ALSO (INSERT INTO a VALUES (1); SELECT (2);)",
    "CREATE RULE r AS ON UPDATE TO t DO INSTEAD NOTHING",
    "CREATE SCHEMA s CREATE TABLE t (end_ int) CREATE VIEW v AS SELECT 1 GRANT SELECT ON v TO me",
    "SELECT E'it\\'s;', U&'d\\0061t\\+000061;', U&\"d;\", B'1', 'a\\'",
    "END",
    "END AND CHAIN",
    "BEGIN ISOLATION LEVEL SERIALIZABLE",
];

const SQLITE: &[&str] = &[
    "CREATE TRIGGER g AFTER UPDATE ON shifts BEGIN UPDATE shifts SET end = NEW.start; SELECT 1; END",
    "CREATE TRIGGER begin AFTER UPDATE OF begin, end ON begin FOR EACH ROW WHEN begin BEGIN SELECT end; END",
    "CREATE TRIGGER IF NOT EXISTS main.g DELETE ON main.begin WHEN new.begin IS NOT begin BEGIN SELECT 1; END",
    "CREATE TRIGGER g INSERT ON t WHEN CASE WHEN end THEN begin ELSE 2 END > 1 BEGIN SELECT CASE 1 WHEN 2 THEN 3 END; END",
    "CREATE TRIGGER g INSERT ON t WHEN a NOT LIKE begin AND (SELECT begin FROM t) AND b ISNULL BEGIN SELECT 1; END",
    "CREATE TRIGGER g INSERT ON t WHEN match BEGIN SELECT 1; END",
    "CREATE TRIGGER g INSERT ON t WHEN a COLLATE begin BEGIN SELECT 1; END",
    "EXPLAIN QUERY PLAN CREATE TEMP TRIGGER g INSTEAD OF INSERT ON [v;v] BEGIN SELECT 1 AS case; END",
    "CREATE TABLE begin (end INT, \"case\" INT)",
    "END",
];

#[test]
fn every_body_is_one_statement() {
    for dialect in [Dialect::Mysql, Dialect::Mariadb] {
        are_one_statement_each(dialect, PROGRAMS);
    }
    are_one_statement_each(Dialect::Mariadb, MARIADB_ONLY);
    are_one_statement_each(Dialect::Mysql, MYSQL_ONLY);
    are_one_statement_each(Dialect::Postgres, POSTGRES);
    are_one_statement_each(Dialect::Sqlite, SQLITE);
}

#[test]
fn mysql_bodies_that_are_unclear_need_a_delimiter() {
    let sql = [
        "CREATE PROCEDURE p AS BEGIN SELECT 1; END",
        "CREATE PROCEDURE p(a INT) AS b INT; BEGIN SELECT 1; END",
        "CREATE FUNCTION f(a INT) RETURN INT IS BEGIN RETURN 1; END",
        "CREATE PACKAGE BODY p AS PROCEDURE q() AS BEGIN SELECT 1; END; END",
        "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW DECLARE a INT; BEGIN SELECT 1; END",
        "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW FOR i IN 1..2 LOOP SELECT 1; END LOOP",
        "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW BEGIN <<l>> BEGIN SELECT 1; END; END",
        "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW BEGIN SELECT 1; EXCEPTION WHEN a THEN SELECT 1; WHEN b THEN \
         SELECT 2; END",
        "BEGIN SELECT 1; END",
        "DECLARE a INT; BEGIN SELECT 1; END",
        "CREATE PROCEDURE p() BEGIN IF a THEN SELECT 1; END LOOP; END",
        "CREATE PROCEDURE p() BEGIN IF a; SELECT 1; END",
        "CREATE PROCEDURE p() BEGIN SELECT 1; END INSERT INTO t VALUES (1)",
        "CREATE PROCEDURE p() BEGIN SELECT 1; END; END",
        "CREATE PROCEDURE p()\nBEGIN IF 1 THEN SELECT 1;",
        "/*!40101 SET NAMES utf8; SELECT 2 */",
        "CREATE PROCEDURE p() /*!110000 BEGIN */ SELECT 1; END",
        "DO $$ BEGIN PERFORM 1; END $$",
        "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$",
    ];
    let refusals: Vec<String> = sql.iter().map(|sql| format!("{sql}\n{}", refusal(sql, Dialect::Mariadb))).collect();
    assert_snapshot!(refusals.join("\n\n"));
    for body in sql.iter().filter(|sql| !sql.starts_with("/*") && !sql.ends_with("END; END")) {
        let sql = format!("SELECT 1;\nDELIMITER //\n{body};\n//\nDELIMITER ;\nSELECT 2;");
        assert_eq!(texts(&sql, Dialect::Mariadb), ["SELECT 1", body.trim_end_matches(';'), "SELECT 2"]);
    }
}

#[test]
fn postgres_bodies_that_are_no_strings_are_refused() {
    let sql = [
        "CREATE FUNCTION f() RETURNS int AS BEGIN RETURN 1; END; LANGUAGE plpgsql",
        "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS DECLARE a int; BEGIN RETURN 1; END",
        "CREATE PROCEDURE p() LANGUAGE plpgsql BEGIN SELECT 1; END",
        "DO BEGIN PERFORM 1; END",
        "SELECT 1; END IF",
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2",
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END SELECT 2",
        "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2",
        "DELIMITER //\nCREATE PROCEDURE p() BEGIN SELECT 1; END //",
        "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW BEGIN SET NEW.a = 1; END",
        "CREATE TRIGGER g AFTER INSERT ON s.t BEGIN UPDATE t SET a = 1; END",
        "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO BEGIN SELECT 1; END",
        "BEGIN NOT ATOMIC SELECT 1; END",
        "WHILE a > 1 DO SELECT 1; END WHILE",
    ];
    let refusals: Vec<String> = sql.iter().map(|sql| format!("{sql}\n{}", refusal(sql, Dialect::Postgres))).collect();
    assert_snapshot!(refusals.join("\n\n"));
}

#[test]
fn sqlite_triggers_that_do_not_end_are_refused() {
    let sql = [
        "SELECT 1; CREATE TRIGGER g INSERT ON t\nBEGIN SELECT 1; SELECT 2",
        "CREATE TRIGGER g INSERT ON t BEGIN SELECT 1; END SELECT 2",
        "DELIMITER //\nCREATE TRIGGER g INSERT ON t BEGIN SELECT 1; END //",
        "CREATE PROCEDURE p() BEGIN SELECT 1; END",
        "CREATE OR REPLACE FUNCTION f() RETURNS int AS $$ BEGIN RETURN 1; END $$ LANGUAGE plpgsql",
        "DO $$ BEGIN PERFORM 1; END $$",
    ];
    let refusals: Vec<String> = sql.iter().map(|sql| format!("{sql}\n{}", refusal(sql, Dialect::Sqlite))).collect();
    assert_snapshot!(refusals.join("\n\n"));
}

#[test]
fn servers_end_statements_at_semicolons_whatever_the_delimiter_is() {
    let sql = "DELIMITER //\nINSERT INTO t VALUES (1);\nINSERT INTO t VALUES (2);\n// CREATE PROCEDURE p() BEGIN SELECT \
               1; END; SELECT 2 //\nSELECT 3;\n//";
    let expected = [
        "INSERT INTO t VALUES (1)",
        "INSERT INTO t VALUES (2)",
        "CREATE PROCEDURE p() BEGIN SELECT 1; END",
        "SELECT 2",
        "SELECT 3",
    ];
    assert_eq!(texts(sql, Dialect::Mysql), expected);
}

#[test]
fn delimiters_are_read_as_the_clients_read_them() {
    let mysql = |sql| texts(sql, Dialect::Mysql);
    assert_eq!(mysql("DELIMITER //  -- why\nSELECT 1//\nSELECT 2//"), ["SELECT 1", "SELECT 2"]);
    assert_eq!(mysql("DELIMITER '@ @' x\nSELECT 1@ @SELECT '@ @' /* @ @ */ -- @ @\n@ @"), ["SELECT 1", "SELECT '@ @'"]);
    assert_eq!(mysql("DELIMITER go\nSELECT 1 AS logo"), ["SELECT 1 AS lo"]);
    assert_eq!(mysql("DELIMITER x;\nSELECT ax;SELECT 2x;"), ["SELECT a", "SELECT 2"]);
    assert_eq!(
        mysql("SELECT delimiter\nFROM t; delimiter #\nSELECT 1# SELECT 2 # SELECT 3"),
        ["SELECT delimiter\nFROM t", "SELECT 1", "SELECT 2", "SELECT 3"]
    );
    assert_snapshot!(refusal("SELECT 1;\nDELIMITER", Dialect::Mysql), @r"
    2:1: `DELIMITER` is followed by no terminator; write `DELIMITER //`
    hint: none
    ");
    assert_eq!(
        mysql("--a\nSELECT 1; --b\r\nSELECT 1--1;\r\ndelimiter //\r\nSELECT 2//\r\n"),
        ["SELECT 1", "SELECT 1--1", "SELECT 2"]
    );
    assert_eq!(texts("SELECT \\N", Dialect::Mariadb), ["SELECT \\N"]);
    assert_snapshot!(refusal("SELECT 1\\G\nSELECT 2", Dialect::Mysql), @r"
    1:9: `\G` is a command of the mysql client, which no server understands; write `;` in its place
    hint: none
    ");
    assert_snapshot!(refusal("DELIMITER//\nSELECT 1//", Dialect::Mysql), @r"
    1:1: there is no space behind `DELIMITER`
    hint: none
    ");
    assert_snapshot!(refusal("DELIMITER \\\\", Dialect::Mysql), @r"
    1:1: no client takes this terminator: write one without backslash of at most 15 bytes
    hint: none
    ");
}
