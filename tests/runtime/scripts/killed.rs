//! Clients that die in the middle of a script.

use std::{
    io::Write,
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use harness::{Database, Kind, on_every_database, specs::COUNTED};

use super::{counted, script};
use crate::migrations;

const ROWS: &str = "SELECT CAST(n AS CHAR(9)) AS answer FROM t ORDER BY n";

/// What is there when all of `COUNTED` has run once.
const ONCE: &str = "1000,1010,2000,2010";

/// Returns every place between two statements, ours included.
fn places(script: &str) -> Vec<usize> {
    let places: Vec<usize> = script.match_indices("\n\n").map(|(at, _)| at + 2).collect();
    assert!(places.len() > 10);
    places
}

/// Begins a script that has a slow statement, and waits until that runs.
fn begin(db: &Database, script: &str, slow: &str, is_slow: &str) -> Child {
    let folder = tempfile::tempdir().unwrap();
    let reached = folder.path().join("reached");
    let (head, rest) = script.split_at(script.find(slow).unwrap());
    let touch = db.shell_line(&format!("touch {}", reached.display()));
    let mut client = db.client();
    let mut client = client.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    client.stdin.take().unwrap().write_all(format!("{head}{touch}{rest}").as_bytes()).unwrap();
    let begun = Instant::now();
    // A statement of SQLite's shows nowhere.
    while !reached.exists() || (db.kind() != Kind::Sqlite && db.ask(is_slow).is_empty()) {
        assert!(begun.elapsed() < Duration::from_secs(20), "it does not begin");
        thread::sleep(Duration::from_millis(5));
    }
    if db.kind() == Kind::Sqlite {
        thread::sleep(Duration::from_millis(100));
    }
    client
}

on_every_database! {
    fn a_script_that_was_cut_does_no_harm_and_can_be_gone_on_with(db) {
        let m = migrations::<Conn>(COUNTED);
        let whole = script(&m, "upgrade head", &db);
        db.run_script(&whole).unwrap();
        let done = counted(&db);
        for cut in places(&whole) {
            db.empty();
            // A client that is cut in a block waits for its end, and gets none.
            db.run_script(&whole[..cut]).ok();
            let before = counted(&db);
            match db.run_script(&whole) {
                Ok(()) => assert_eq!(counted(&db), done, "{}", &whole[..cut]),
                Err(said) => assert_eq!(counted(&db), before, "{said}\n{}", &whole[..cut]),
            }
            m.upgrade(&mut db.connect::<Conn>(), "head").unwrap_or_else(|error| panic!("{error}\n{}", &whole[..cut]));
            assert_eq!(db.ask(ROWS).replace(' ', ""), ONCE, "{}", &whole[..cut]);
            assert_eq!(db.versions(), "d");
        }
    }

    fn a_client_that_was_killed_anywhere_does_no_harm(db) {
        let m = migrations::<Conn>(COUNTED);
        let whole = script(&m, "upgrade head", &db);
        db.run_script(&whole).unwrap();
        let done = counted(&db);
        let dies = db.shell_line("kill -9 $PPID");
        for cut in places(&whole) {
            db.empty();
            let (head, rest) = whole.split_at(cut);
            db.run_script(&format!("{head}{dies}{rest}")).unwrap_err();
            db.wait_for_the_dead();
            let before = counted(&db);
            match db.run_script(&whole) {
                Ok(()) => assert_eq!(counted(&db), done, "{head}"),
                Err(said) => {
                    assert_eq!(counted(&db), before, "{said}\n{head}");
                    let tells = ["cargo alembic upgrade", "this script is for a database at base"];
                    assert!(tells.iter().any(|tells| said.contains(tells)), "{said}\n{head}");
                }
            }
            m.upgrade(&mut db.connect::<Conn>(), "head").unwrap_or_else(|error| panic!("{error}\n{head}"));
            assert_eq!(db.ask(ROWS).replace(' ', ""), ONCE, "{head}");
            assert_eq!(db.versions(), "d");
            assert_eq!(m.status(&mut db.connect::<Conn>()).unwrap().findings, []);
        }
    }

    fn a_client_that_was_killed_in_a_statement_does_no_harm(db) {
        let (slow, is_slow) = match KIND {
            Kind::Sqlite => ("INSERT INTO t WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 4000000) SELECT max(n) FROM c;", ""),
            Kind::Postgres => ("INSERT INTO t SELECT 4000000 FROM pg_sleep(1.5);", "SELECT pid::text AS answer FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND query LIKE 'INSERT INTO t SELECT 4000000%'"),
            _ => ("INSERT INTO t SELECT 4000000 + SLEEP(1.5);", "SELECT CAST(id AS CHAR) AS answer FROM information_schema.processlist WHERE db = DATABASE() AND info LIKE 'INSERT INTO t SELECT 4000000%'"),
        };
        for header in ["a", "a\n-- Transaction: none"] {
            db.empty();
            let m = migrations::<Conn>(&[
                ("a", "\n-- Transaction: none", "CREATE TABLE t (n INTEGER NOT NULL);", "DROP TABLE t;"),
                ("b", header, slow, "DELETE FROM t;"),
            ]);
            let whole = script(&m, "upgrade head", &db);
            let mut client = begin(&db, &whole, slow, is_slow);
            client.kill().unwrap();
            client.wait().unwrap();
            // At once, while a server may still do what the dead client has asked for.
            let said = db.run_script(&whole).unwrap_err();
            let tells = ["another program migrates this database", "cargo alembic upgrade", "this script is for a database at base"];
            assert!(tells.iter().any(|tells| said.contains(tells)), "{said}");
            m.upgrade(&mut db.connect::<Conn>(), "head").unwrap_or_else(|error| panic!("{error}\n{whole}"));
            assert_eq!(db.ask(ROWS).replace(' ', ""), "4000000", "{header}");
            assert_eq!(db.versions(), "b");
        }
    }
}
