//! `DELIMITER` as the clients of MySQL and MariaDB read it: the same file is fed to them and to the splitter.

use alembic_sql::{Dialect, split};
use diesel::connection::SimpleConnection;
use harness::{Database, Kind, MysqlConn};
use proptest::{
    collection::vec,
    num::u16,
    prop_assert_eq,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use super::SEED;

/// Any ASCII text of up to 15 bytes without backslash; more depends on the character set of the client.
const DELIMITERS: &[&str] =
    &["//", "#", "$$", ";;", "--", "|", "end", "go", "END//", "?", "'//'", "\"$$\"", "`~`", "'/ /'", "x;", "//;"];

/// What is written with `{d}` for the delimiter and `{n}` for a number that is given once.
const PIECES: &[&str] = &[
    "INSERT INTO t VALUES ({n}) {d}\n",
    "INSERT INTO t VALUES ({n}){d}",
    "INSERT INTO t VALUES ({n}), /* {d} */ ({n}) -- {d}\n{d}\n",
    "INSERT INTO s (a) VALUES ('{d} it''s; \\' {d}') {d} ",
    "INSERT INTO s (a) VALUES (\"{d};`\") # {d}\n {d}\n",
    "-- {d}\n",
    "/* {d} ;\nDELIMITER nothing\n*/",
    "{d}\n",
    "INSERT INTO t VALUES ({n}); INSERT INTO t VALUES ({n}){d}\n",
    "CREATE PROCEDURE p{n}()\nBEGIN\n  -- it's {n}\n  INSERT INTO t VALUES ({n});\n  SELECT '{d}';\nEND\n{d}\n",
    "CREATE PROCEDURE p{n}() BEGIN IF 1 THEN SELECT IF(1, 2, 3); END IF; END {d}",
    "INSERT INTO `s` (a) VALUES\n\n(CONCAT('a', 'b')){d}\n",
];

const LINES: &[&str] = &["DELIMITER {w}\n", "delimiter {w}\n", "  Delimiter   {w}  \n", "DELIMITER {w} -- why\n"];

/// Makes a file from decisions. Each statement ends with the delimiter of its time, the last one perhaps not.
fn file(choices: &[u16], kind: Kind) -> String {
    let mut choices = choices.iter().copied().map(usize::from);
    let mut pick = |from: &[&'static str]| from[choices.next().unwrap_or(0) % from.len()];
    let (mut text, mut delimiter, mut number) = (String::new(), ";".to_owned(), 0);
    for _ in 0..6 {
        for _ in 0..3 {
            let piece = pick(PIECES);
            // The clients cut a body at `;`, and we do not.
            let cuts_body = delimiter.contains(';') && piece.contains("CREATE");
            let mut piece = if cuts_body { String::new() } else { piece.replace("{d}", &delimiter) };
            while piece.contains("{n}") {
                number += 1;
                piece = piece.replacen("{n}", &number.to_string(), 1);
            }
            text.push_str(&piece);
        }
        // Elsewhere than at the beginning of a line the clients differ.
        text.extend(["SELECT 0", &delimiter, "\n"]);
        let written = pick(DELIMITERS);
        text.push_str(&pick(LINES).replace("{w}", written));
        delimiter = written.trim_matches(['\'', '"', '`']).to_owned();
    }
    text.push_str(pick(&["INSERT INTO t VALUES (0)", "DELIMITER ;\nINSERT INTO t VALUES (0);", ""]));
    let line_end = pick(&["\n", "\r\n"]);
    // MariaDB's client hands over a carriage return, and MySQL's does not.
    if kind == Kind::Mysql { text } else { text.replace('\n', line_end) }
}

/// Returns what a file leaves, and whether it was run to its end.
fn outcome(db: &Database, run: impl FnOnce() -> bool) -> (bool, String) {
    let routines = "FROM information_schema.routines WHERE routine_schema = DATABASE()";
    for name in db.ask(&format!("SELECT routine_name AS answer {routines}")).split(',').filter(|name| !name.is_empty())
    {
        db.run(&format!("DROP PROCEDURE {name}"));
    }
    db.run("DELETE FROM t; DELETE FROM s");
    let whole = run();
    // MariaDB's client sends a comment behind the delimiter with the statement before it.
    let body = "REGEXP_REPLACE(REPLACE(routine_definition, '\\r', ''), '(?s)END *(--|#|/[*]).*$', 'END')";
    let bodies = format!("CONCAT(routine_name, ': ', {body})");
    let questions = [
        "SELECT a AS answer FROM s ORDER BY id".to_owned(),
        "SELECT CAST(a AS CHAR) AS answer FROM t ORDER BY a".to_owned(),
        format!("SELECT {bodies} AS answer {routines} ORDER BY routine_name"),
    ];
    (whole, questions.map(|question| db.ask(&question)).join("\n"))
}

fn compare(kind: Kind) {
    let Some(db) = Database::new(kind) else { return };
    db.run("CREATE TABLE t (a INT); CREATE TABLE s (a VARCHAR(99), id INT PRIMARY KEY AUTO_INCREMENT)");
    let dialect = if kind == Kind::Mysql { Dialect::Mysql } else { Dialect::Mariadb };
    let mut conn = db.connect::<MysqlConn>();
    let mut by_splitter = |text: &str| {
        let statements = split(text, dialect).unwrap();
        statements.iter().all(|statement| conn.batch_execute(statement.text).is_ok())
    };
    let mut same = |text: &str| {
        let client = outcome(&db, || db.run_with_comments(text).is_ok());
        // What is refused before anything is run must not run with the client either.
        if split(text, dialect).is_err() && !client.0 {
            return (client.clone(), client);
        }
        (client, outcome(&db, || by_splitter(text)))
    };
    let config = Config { cases: 150, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &SEED));
    let same = std::cell::RefCell::new(&mut same);
    let whole = std::cell::Cell::new(0);
    let result = runner.run(&vec(u16::ANY, 32), |choices| {
        let text = file(&choices, kind);
        let (client, ours) = same.borrow_mut()(&text);
        whole.set(whole.get() + u32::from(client.0));
        prop_assert_eq!(client, ours, "\n{}", text);
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
    assert!(whole.get() > 30, "only {} files ran to their end", whole.get());
}

#[test]
fn mysql_reads_delimiters_as_we_do() {
    compare(Kind::Mysql);
}

#[test]
fn mariadb_reads_delimiters_as_we_do() {
    compare(Kind::Mariadb);
}
