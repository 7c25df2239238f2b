//! What follows a body runs once, whatever fails further down.

use alembic_runtime::{Error, Outcome};
use harness::{Kind, on_every_database};

use crate::{migrations, scripts::a_script_does_the_same};

const PROGRAMS: &[&str] = &[
    "CREATE PROCEDURE p1() BEGIN SELECT CASE WHEN x > 0 THEN IF(x > 100, 'x', 'y') ELSE 'none' END FROM ta; END",
    "CREATE PROCEDURE p2() BEGIN IF CASE WHEN 1 THEN REPEAT('a;', 2) END THEN SELECT 1; END IF; SELECT 2 AS end; END",
    "CREATE TRIGGER g1 BEFORE INSERT ON ta FOR EACH ROW IF IF(NEW.x > 9, 1, 0) THEN SET NEW.x = NEW.x; END IF",
    "CREATE PROCEDURE p3() BEGIN DECLARE EXIT HANDLER FOR 1062, NOT FOUND BEGIN END; l: LOOP LEAVE l; END LOOP l; END",
    "/*!50003 CREATE*/ /*!50017 DEFINER=CURRENT_USER*/ /*!50003 PROCEDURE p4() BEGIN SELECT '*/;'; SELECT 2; END */",
];

const MARIADB: &[&str] = &[
    "CREATE PROCEDURE p5() BEGIN FOR i IN 1..3 DO SELECT i; END FOR; SELECT 1; END",
    "BEGIN NOT ATOMIC IF 0 THEN SELECT 1; END IF; END",
    "FOR i IN 1..0 DO SELECT i; END FOR",
];

const POSTGRES: &[&str] = &[
    "CREATE FUNCTION f1() RETURNS bigint BEGIN ATOMIC SELECT CASE WHEN count(*) > 1 THEN 1 END end FROM ta; SELECT 2; END",
    "CREATE RULE r1 AS ON DELETE TO ta DO ALSO (SELECT 1; SELECT 2;)",
];

const SQLITE: &[&str] = &[
    "CREATE TRIGGER g1 AFTER UPDATE ON ta BEGIN UPDATE shifts SET end = NEW.x WHERE begin; SELECT 1; END",
    "CREATE TRIGGER g2 AFTER UPDATE ON ta WHEN CASE WHEN NEW.x THEN 1 END BEGIN SELECT CASE 1 WHEN 1 THEN 2 END; END",
];

/// A revision with an `INSERT` behind each body, and a statement behind all of them.
fn revision(bodies: &[&str], delimited: bool, last: &str) -> String {
    let with_insert = |(n, body): (usize, &&str)| {
        // As MySQL's manual writes it, with a `;` before the delimiter, and without one.
        let semicolon = if n % 2 == 0 && !body.ends_with("*/") { ";" } else { "" };
        let body =
            if delimited { format!("DELIMITER //\n{body}{semicolon}\n//\nDELIMITER ;") } else { format!("{body};") };
        format!("{body}\nINSERT INTO ta (x) VALUES ({n});\n")
    };
    let bodies: String = bodies.iter().enumerate().map(with_insert).collect();
    format!("CREATE TABLE ta (x INTEGER);\nCREATE TABLE shifts (x INTEGER);\n{bodies}{last}")
}

on_every_database! {
    fn an_insert_behind_a_body_runs_once(db) {
        let bodies = match KIND {
            Kind::Sqlite => SQLITE.to_vec(),
            Kind::Postgres => POSTGRES.to_vec(),
            Kind::Mysql => PROGRAMS.to_vec(),
            Kind::Mariadb => [PROGRAMS, MARIADB].concat(),
        };
        let migrations = |delimited, last: &str| {
            migrations::<Conn>(&[("a", "\n-- Transaction: none", &revision(&bodies, delimited, last), "")])
        };
        let mut conn = db.connect::<Conn>();
        let broken = migrations(false, "INSERT INTO nowhere VALUES (1);");
        let Error::Statement(error) = broken.upgrade(&mut conn, "head").unwrap_err() else { panic!("another error") };
        let done = 2 + 2 * bodies.len();
        assert_eq!((error.number, error.outcome), (Some(done + 1), Outcome::Partial { done }));
        // With `DELIMITER` the statements are the same, and so are their checksums.
        let has_delimiter = !matches!(KIND, Kind::Sqlite | Kind::Postgres);
        let m = migrations(has_delimiter, "INSERT INTO shifts VALUES (1);");
        m.upgrade(&mut conn, "head").unwrap();
        a_script_does_the_same(&m, &db);
        let expected: Vec<String> = (0..bodies.len()).map(|n| n.to_string()).collect();
        assert_eq!(db.ask("SELECT CAST(x AS CHAR(9)) AS answer FROM ta ORDER BY x").replace(' ', ""), expected.join(","));
    }
}
