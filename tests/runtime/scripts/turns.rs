//! A script, a run and another script on one database: one at a time.

use std::{
    path::{Path, PathBuf},
    sync::Mutex,
    thread,
    time::Duration,
};

use alembic_runtime::{Error, Observer, StepReport};
use diesel::connection::SimpleConnection;
use harness::{Database, Kind, MysqlConn, PostgresConn, on_every_database, specs::COUNTED};

use super::{refused, script};
use crate::migrations;

const ROWS: &str = "SELECT CAST(n AS CHAR(9)) AS answer FROM t ORDER BY n";

/// What is there when all of `COUNTED` has run once.
const ONCE: &str = "1000,1010,2000,2010";

/// Two files: that a script has come to a place, and that it may go on.
struct Pause {
    folder: tempfile::TempDir,
    go: PathBuf,
}

impl Pause {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let go = folder.path().join("go");
        // A client may cut a line at `;`.
        let wait = "touch \"$1/reached\"\nuntil [ -e \"$1/go\" ]; do sleep 0.02; done\n";
        std::fs::write(folder.path().join("wait"), wait).unwrap();
        Self { folder, go }
    }

    /// Returns the script with a line that waits before the last thing that begins with this text.
    fn put_into(&self, script: &str, before: &str, db: &Database) -> String {
        self.put_at(script.rfind(before).unwrap_or_else(|| panic!("{before}\n{script}")), script, db)
    }

    /// Returns the script with a line that waits.
    fn put_at(&self, at: usize, script: &str, db: &Database) -> String {
        let folder = self.folder.path().display();
        let wait = db.shell_line(&format!("sh {folder}/wait {folder}"));
        format!("{}{wait}{}", &script[..at], &script[at..])
    }

    /// Waits until the script is there; it goes on when the value is dropped.
    fn is_reached(&self) -> Paused<'_> {
        let paused = Paused(&self.go);
        wait_for(&self.folder.path().join("reached"));
        paused
    }
}

/// A script that waits.
struct Paused<'a>(&'a Path);

impl Drop for Paused<'_> {
    fn drop(&mut self) {
        std::fs::write(self.0, "").unwrap();
    }
}

fn wait_for(file: &Path) {
    for _ in 0..2000 {
        if file.exists() {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("the script does not come to {}", file.display());
}

/// Runs a script in the middle of a run.
struct InTheMiddle<'a> {
    db: &'a Database,
    script: &'a str,
    said: &'a Mutex<Vec<String>>,
}

impl Observer for InTheMiddle<'_> {
    fn started(&mut self, _step: &StepReport, number: usize, _total: usize) {
        if number > 1 {
            self.said.lock().unwrap().push(self.db.run_script(self.script).unwrap_err());
        }
    }
}

on_every_database! {
    fn a_run_waits_for_a_script(db) {
        let m = migrations::<Conn>(COUNTED);
        let pause = Pause::new();
        let text = pause.put_into(&script(&m, "upgrade head", &db), "UPDATE t SET n = n * 10", &db);
        thread::scope(|scope| {
            let client = scope.spawn(|| db.run_script(&text));
            let paused = pause.is_reached();
            let error = m.migrator().wait(Duration::from_millis(300)).upgrade(&mut db.connect::<Conn>(), "head").unwrap_err();
            assert!(matches!(error, Error::Locked { .. } | Error::Busy { .. }), "{error}");
            let command = if KIND.is_mysql_family() { "upgrade c:head" } else { "upgrade head" };
            refused(&db, &script(&m, command, &db), if KIND == Kind::Sqlite { "locked" } else { "another program migrates this database" });
            let run = scope.spawn(|| m.upgrade(&mut db.connect::<Conn>(), "head").unwrap());
            thread::sleep(Duration::from_millis(100));
            drop(paused);
            client.join().unwrap().unwrap_or_else(|said| panic!("{said}\n{text}"));
            assert_eq!(run.join().unwrap().steps.len(), 0);
        });
        assert_eq!(db.ask(ROWS).replace(' ', ""), ONCE);
        assert_eq!(db.versions(), "d");
    }

    fn a_run_at_any_place_of_a_script_does_no_harm(db) {
        let m = migrations::<Conn>(COUNTED);
        let whole = script(&m, "upgrade head", &db);
        let places: Vec<usize> = whole.match_indices("\n\n").map(|(at, _)| at + 2).collect();
        let mut overtaken = 0;
        for place in places.into_iter().step_by(2) {
            db.empty();
            let pause = Pause::new();
            let text = pause.put_at(place, &whole, &db);
            thread::scope(|scope| {
                let client = scope.spawn(|| db.run_script(&text));
                let paused = pause.is_reached();
                let run = m.migrator().wait(Duration::from_millis(50)).upgrade(&mut db.connect::<Conn>(), "head");
                drop(paused);
                match (run, client.join().unwrap()) {
                    (Ok(report), result) => {
                        overtaken += usize::from(!report.steps.is_empty());
                        assert!(report.steps.is_empty() || result.is_err(), "both have run\n{text}");
                    }
                    (Err(Error::Locked { .. } | Error::Busy { .. }), Ok(())) => {}
                    (Err(error), result) => panic!("{error}\n{result:?}\n{text}"),
                }
            });
            m.upgrade(&mut db.connect::<Conn>(), "head").unwrap_or_else(|error| panic!("{error}\n{text}"));
            assert_eq!((db.ask(ROWS).replace(' ', "").as_str(), db.versions().as_str()), (ONCE, "d"), "{text}");
        }
        // A file is free between two transactions; the others are locked until the end.
        assert!(overtaken >= if KIND == Kind::Sqlite { 3 } else { 1 }, "{overtaken}");
    }

    fn a_script_is_refused_in_the_middle_of_a_run(db) {
        let said = Mutex::new(Vec::new());
        let m = migrations::<Conn>(COUNTED);
        let text = script(&m, "upgrade head", &db);
        m.migrator().observer(InTheMiddle { db: &db, script: &text, said: &said }).upgrade(&mut db.connect::<Conn>(), "head").unwrap();
        let said = said.into_inner().unwrap();
        assert_eq!(said.len(), 3);
        // SQLite lets a client in between two transactions.
        let reasons = match KIND {
            Kind::Sqlite => ["locked", "this script is for a database at base", "was begun and has not come to its end"].as_slice(),
            Kind::Postgres => &["another program migrates this database"],
            _ => &["another program migrates this database"],
        };
        assert!(said.iter().all(|said| reasons.iter().any(|reason| said.contains(reason))), "{said:?}");
        assert_eq!((db.ask(ROWS).replace(' ', "").as_str(), db.versions().as_str()), (ONCE, "d"));
    }
}

/// The name of the lock that earlier versions know keeps them out, that of scripts keeps those out.
#[test]
fn a_run_takes_both_locks_of_mysql_or_none() {
    for kind in [Kind::Mysql, Kind::Mariadb] {
        let Some(db) = Database::new(kind) else { continue };
        let m = migrations::<MysqlConn>(COUNTED);
        m.upgrade(&mut db.connect(), "a").unwrap();
        let (first, second) = (format!("'{}'", db.mysql_lock()), db.mysql_lock_of_scripts());
        for (held, other) in [(&first, &second), (&second, &first)] {
            let mut holder = db.connect::<MysqlConn>();
            holder.batch_execute(&format!("DO GET_LOCK({held}, 0)")).unwrap();
            let mut conn = db.connect::<MysqlConn>();
            let failed = m.migrator().wait(Duration::from_millis(100)).upgrade(&mut conn, "head").unwrap_err();
            let Error::Locked { holder: Some(name), .. } = &failed else { panic!("{failed}") };
            assert!(name.starts_with("connection "), "{name}");
            assert_eq!(db.ask(&format!("SELECT CAST(IS_USED_LOCK({other}) AS CHAR) AS answer")), "", "{held}");
        }
        assert_eq!(db.versions(), "a");
    }
}

/// The schema that the search path finds the version table in names the lock, not the one that it begins with.
#[test]
fn a_search_path_does_not_hide_a_script_from_a_run() {
    let Some(db) = Database::new(Kind::Postgres) else { return };
    let m = migrations::<PostgresConn>(&[
        ("a", "", "CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (1)", "DROP TABLE t"),
        ("b", "a", "CREATE SCHEMA tenant", "DROP SCHEMA tenant"),
        ("c", "b", "UPDATE t SET n = n * 10", "UPDATE t SET n = n / 10"),
    ]);
    db.run(&format!("ALTER DATABASE {} SET search_path = tenant, public", db.name()));
    m.upgrade(&mut db.connect(), "b").unwrap();
    let pause = Pause::new();
    let text = pause.put_into(&script(&m, "upgrade b:head", &db), "UPDATE t SET n = n * 10", &db);
    thread::scope(|scope| {
        let client = scope.spawn(|| db.run_script(&text));
        let paused = pause.is_reached();
        let run = m.migrator().wait(Duration::from_millis(50)).upgrade(&mut db.connect(), "head");
        drop(paused);
        assert!(matches!(run, Err(Error::Locked { .. })), "{run:?}");
        client.join().unwrap().unwrap();
    });
    m.upgrade(&mut db.connect(), "head").unwrap();
    assert_eq!((db.ask(ROWS).trim(), db.versions().as_str()), ("10", "c"));
}
