//! A step outside a transaction that fails half way: what is said is what is there, and the next run goes on.

use alembic_runtime::{Error, Outcome};
use harness::{Database, Kind, on_every_database};

use crate::migrations;

const GOOD: [&str; 3] = ["CREATE TABLE ta (x INTEGER)", "INSERT INTO ta VALUES (1)", "CREATE TABLE tb (x INTEGER)"];

/// Mistakes at the beginning, in the middle and at the end of a statement, and one that only the catalog shows.
const BROKEN: [&str; 6] = [
    "SELEC 1",
    "INSERT INTO ta VALUES (1,, 2)",
    "CREATE TABLE tc (x INTEGER,",
    "INSERT INTO ta VALUES (1) -- and\n, (",
    "UPDATE ta SET",
    "INSERT INTO nowhere VALUES (1)",
];

/// A revision with a mistake behind so many statements.
fn revision(broken: &str, at: usize) -> String {
    let mut statements = GOOD.to_vec();
    statements.insert(at, broken);
    statements.iter().map(|statement| format!("{statement}\n;\n")).collect()
}

on_every_database! {
    fn a_failure_outside_a_transaction_tells_what_is_there(_db) {
        for (number, broken) in BROKEN.iter().enumerate() {
            let at = number % 4;
            let db = Database::new(KIND).unwrap();
            let mut conn = db.connect::<Conn>();
            let m = |up: &str| migrations::<Conn>(&[("a", "\n-- Transaction: none", up, "DROP TABLE tb;\nDROP TABLE ta;")]);
            let Error::Statement(error) = m(&revision(broken, at)).upgrade(&mut conn, "head").unwrap_err() else {
                panic!("another error")
            };
            assert_eq!((error.number, &error.outcome), (Some(at + 1), &Outcome::Partial { done: at }), "{error}");
            let said = error.to_string();
            let expected = match at {
                0 => "no statement of the revision is applied".to_owned(),
                1 => "1 statement of it is committed".to_owned(),
                _ => format!("{at} statements of it are committed"),
            };
            assert!(said.ends_with(&expected) && !said.contains("rolled back"), "{said}");
            // The server quotes the user's text, and nothing of ours.
            assert!(!error.server.contains("alembic_version") && !error.server.contains("SET @"), "{said}");
            assert!(broken.lines().any(|line| said.contains(line)), "{said}");
            assert_eq!(db.has_table("ta"), at > 0, "{said}");
            assert_eq!(db.has_table("tb"), at > 2, "{said}");
            let report = m(&revision("SELECT 1", at)).upgrade(&mut conn, "head").unwrap();
            assert_eq!(report.steps.len(), 1);
            let text = if matches!(KIND, Kind::Mysql | Kind::Mariadb) { "CHAR" } else { "TEXT" };
            assert_eq!(db.ask(&format!("SELECT CAST(COUNT(*) AS {text}) AS answer FROM ta")), "1");
            m(&revision("SELECT 1", at)).downgrade(&mut conn, "base").unwrap();
            assert_eq!(db.tables(), "");
        }
    }

    fn several_heads_that_are_all_applied_are_still_several(db) {
        let m = migrations::<Conn>(&[
            ("a", "", "SELECT 1;", ""),
            ("b", "a\n-- Branch Labels: shop", "SELECT 1;", ""),
            ("c", "a", "SELECT 1;", ""),
            ("d", "b", "SELECT 1;", ""),
        ]);
        let mut conn = db.connect::<Conn>();
        // `upgrade head` is the same error wherever the database is.
        let behind = m.upgrade(&mut conn, "head").unwrap_err().to_string();
        assert_eq!(m.upgrade(&mut conn, "heads").unwrap().steps.len(), 4);
        assert_eq!(m.upgrade(&mut conn, "head").unwrap_err().to_string(), behind);
        // What names heads, one or all, finds that nothing is left to do.
        for target in ["heads", "shop@head", "shop@heads", "d", "c", "b"] {
            assert_eq!(m.upgrade(&mut conn, target).unwrap().steps.len(), 0, "{target}");
        }
        m.check(&mut conn).unwrap();
        m.downgrade(&mut conn, "shop@-1").unwrap();
        assert_eq!(m.upgrade(&mut conn, "head").unwrap_err().to_string(), behind);
        assert!(m.check(&mut conn).is_err());
        assert_eq!(m.upgrade(&mut conn, "shop@head").unwrap().steps.len(), 1);
    }
}
