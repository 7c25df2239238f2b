use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;

fn texts(sql: &str, dialect: Dialect) -> Vec<&str> {
    split(sql, dialect).unwrap().into_iter().map(|s| s.text).collect()
}

/// Asserts that `statements` joined with `;` are found again, and nothing else.
fn finds(dialect: Dialect, statements: &[&str]) {
    let sql = statements.iter().map(|s| format!("{s};\n")).collect::<String>();
    assert_eq!(texts(&sql, dialect), statements, "{dialect}");
}

#[test]
fn statements_end_at_semicolons_outside_quotes_and_comments() {
    for dialect in Dialect::ALL {
        finds(dialect, &["SELECT ';'", "SELECT 'it''s;' -- not; here\n, 1", "SELECT /* ; */ 2", "SELECT \"a;b\""]);
        assert_eq!(texts("-- nothing\n/* here */ ;;\n", dialect), [""; 0]);
        assert_eq!(texts("SELECT 1", dialect), ["SELECT 1"]);
    }
}

#[test]
fn lines_and_columns_count_characters() {
    let found = split("SELECT 'ä';\n  -- note\n  SELECT 2", Dialect::Sqlite).unwrap();
    assert_eq!((found[1].line, found[1].column), (3, 3));
    let found = split("SELECT 'ä'; SELECT 2", Dialect::Sqlite).unwrap();
    assert_eq!((found[1].line, found[1].column), (1, 13));
}

#[test]
fn postgres_bodies() {
    finds(
        Dialect::Postgres,
        &[
            "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END; $$",
            "CREATE FUNCTION g() RETURNS int AS $body$ SELECT $$;$$; $body$ LANGUAGE sql",
            "CREATE FUNCTION h(a int) RETURNS int BEGIN ATOMIC SELECT CASE WHEN a = 1 THEN 1 END; SELECT 2; END",
            "SELECT E'it\\'s;', a$b$c FROM t",
            "SELECT /* outer /* inner; */ still; */ 1",
            "CREATE RULE r AS ON INSERT TO t DO (INSERT INTO a VALUES (1); INSERT INTO b VALUES (2))",
            "SELECT 'standard \\'",
            "DO $x$ BEGIN PERFORM 1; END $x$",
            "BEGIN",
            "SELECT $1",
            "END",
        ],
    );
}

#[test]
fn mysql_bodies() {
    finds(
        Dialect::Mysql,
        &[
            "SELECT 'it\\'s;', \"a\\\";\", `x;y`",
            "SELECT 1 # not; here\n + 1",
            "SELECT 5--1",
            "CREATE TRIGGER t BEFORE INSERT ON u FOR EACH ROW SET NEW.a = IF(1, 2, 3)",
            "CREATE TRIGGER t BEFORE INSERT ON u FOR EACH ROW IF NEW.a > 1 THEN SET NEW.a = 1; END IF",
            "CREATE DEFINER=`root`@`localhost` PROCEDURE p() BEGIN\n DECLARE i INT DEFAULT 0;\n outer_loop: LOOP\n \
             IF i > 3 THEN LEAVE outer_loop; ELSE SET i = CASE WHEN i = 1 THEN 2 ELSE i + 1 END; END IF;\n \
             END LOOP; WHILE i > 0 DO SET i = i - 1; END WHILE; SELECT REPEAT('a;', 3); END",
            "DROP TABLE IF EXISTS t",
            "/*!40101 SET NAMES utf8 */",
        ],
    );
    finds(Dialect::Mariadb, &["BEGIN NOT ATOMIC SELECT 1; SELECT 2; END", "SELECT 3"]);
}

#[test]
fn the_delimiter_command_is_obeyed_and_removed() {
    let sql = "DELIMITER //\nCREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2; END//\nDELIMITER ;\nSELECT 3;";
    assert_eq!(texts(sql, Dialect::Mysql), ["CREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2; END", "SELECT 3"]);
    let sql = "delimiter $$\nSELECT 1$$\nSELECT 2 $$\ndelimiter ;";
    assert_eq!(texts(sql, Dialect::Mysql), ["SELECT 1", "SELECT 2"]);
}

#[test]
fn sqlite_bodies() {
    finds(
        Dialect::Sqlite,
        &[
            "CREATE TEMP TRIGGER t AFTER INSERT ON u BEGIN\n UPDATE u SET a = CASE WHEN 1 THEN 2 END; DELETE FROM v; END",
            "CREATE TABLE [a;b] (`c;d` TEXT DEFAULT 'back\\')",
            "BEGIN",
            "END",
        ],
    );
}

#[test]
fn a_comment_ends_for_everybody_where_its_line_does() {
    for (sql, place) in [
        ("SELECT 1;\n-- a comment\rINSERT INTO t VALUES (1);", Some((2, 13))),
        ("SELECT 1 -- a\r;", Some((1, 14))),
        ("SELECT 1;\r", Some((1, 10))),
        ("/* a\rb */ SELECT 1", Some((1, 5))),
        ("DO $$ BEGIN\n-- a\rDELETE FROM t; END $$", Some((2, 5))),
        ("SELECT 'a\rb', $$a\rb$$", None),
        ("SELECT 1; -- a\r\nSELECT 2", None),
        // No server ends a comment at these.
        ("SELECT 1; -- a\u{b}b\u{c}c\u{85}d\u{2028}e", None),
    ] {
        let found = split(sql, Dialect::Postgres).err();
        assert_eq!(found.as_ref().map(|error| (error.line, error.column)), place, "{sql:?} {found:?}");
        assert!(found.is_none_or(|error| error.problem.ends_with("replace it by a line feed")));
    }
}

#[test]
fn what_no_server_understands_is_refused_with_its_place() {
    let message = |sql| split(sql, Dialect::Postgres).unwrap_err().to_string();
    assert_snapshot!(message("SELECT 1;\nSELECT 'a"), @"2:8: this string does not end");
    assert_snapshot!(message("SELECT $x$ a"), @"1:8: this dollar-quoted string does not end");
    assert_snapshot!(message("/* a /* b */"), @"1:1: this comment does not end");
    assert_snapshot!(message("\\connect other"), @r"1:1: `\connect` is a command of psql, which no server understands; delete this line");
    assert_snapshot!(message("COPY t (a, b) FROM STDIN;\n1\t2\n\\."), @"1:1: `COPY … FROM STDIN` needs a client that sends the data: use INSERT, which `pg_dump --inserts` writes, or COPY from a file");
}

proptest! {
    #[test]
    fn splitting_then_joining_is_the_identity(sql in "[a-z ;'\"`$/*\\-\n#()A-Z:\\\\äBEGINEND]{0,60}", which in 0..4_usize) {
        if let Ok(statements) = split(&sql, Dialect::ALL[which]) {
            let mut joined = String::new();
            for statement in &statements {
                prop_assert!(joined.len() <= statement.range.start);
                joined.push_str(&sql[joined.len()..statement.range.start]);
                joined.push_str(statement.text);
                prop_assert_eq!((statement.line, statement.column), line_and_column(&sql, statement.range.start));
            }
            joined.push_str(&sql[joined.len()..]);
            prop_assert_eq!(joined, sql);
        }
    }

    #[test]
    // No word of these begins a body.
    fn joined_statements_are_found_again(words in proptest::collection::vec("x_[a-z]{1,8} '[a-z;]{0,5}'", 0..6)) {
        for dialect in Dialect::ALL {
            finds(dialect, &words.iter().map(String::as_str).collect::<Vec<_>>());
        }
    }
}
