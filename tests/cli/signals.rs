//! Ctrl-C and SIGTERM while revisions are applied.

use std::{
    process::{Child, ExitStatus, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use harness::{Database, Kind, Project, bash};

use crate::PROGRAM;

/// Long enough for a statement to be found running, and for nobody to wait for it.
const LONG: Duration = Duration::from_secs(120);

/// A statement that takes long, and has effect only if it ends.
fn slow(kind: Kind) -> &'static str {
    match kind {
        Kind::Postgres => "INSERT INTO t SELECT 1 FROM pg_sleep(120)",
        Kind::Mysql | Kind::Mariadb => "INSERT INTO t SELECT 1 FROM (SELECT SLEEP(120) AS s) AS slow",
        Kind::Sqlite => {
            "INSERT INTO t WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 3000000) \
             SELECT max(x) FROM n"
        }
    }
}

/// Starts a command, and returns once a file is there that tells that its slow statement runs.
struct Running {
    child: Child,
    begun: Instant,
}

impl Running {
    fn start(project: &Project, line: &str, is_slow: impl Fn() -> bool) -> Self {
        let command = &mut project.command(line.split(' '));
        let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let begun = Instant::now();
        while !is_slow() {
            assert!(begun.elapsed() < LONG, "the statement was never seen");
            sleep(Duration::from_millis(20));
        }
        Self { child, begun }
    }

    fn signal(&self, name: &str) {
        let _sent = bash(std::path::Path::new("/"), &format!("kill -{name} {}", self.child.id()));
    }

    fn end(self) -> (ExitStatus, String) {
        let output = self.child.wait_with_output().unwrap();
        assert!(self.begun.elapsed() < LONG, "nothing was interrupted");
        (output.status, String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// Returns whether somebody runs the slow statement.
fn runs(db: &Database) -> bool {
    let sql = match db.kind() {
        Kind::Postgres => {
            "SELECT count(*)::text AS answer FROM pg_stat_activity WHERE wait_event = 'PgSleep' \
             AND datname = current_database()"
        }
        _ => {
            "SELECT CAST(count(*) AS char) AS answer FROM information_schema.processlist \
             WHERE state = 'User sleep' AND db = database()"
        }
    };
    db.ask(sql) != "0"
}

#[test]
fn a_signal_ends_the_statement_and_tells_what_is_there() {
    for kind in [Kind::Postgres, Kind::Mysql, Kind::Mariadb] {
        let Some(db) = Database::new(kind) else { continue };
        let project = Project::new(PROGRAM, "").with("DATABASE_URL", db.url());
        let up = format!("{};\nCREATE TABLE behind (x INTEGER);", slow(kind));
        project.revision("a1", "<base>", "CREATE TABLE t (x INTEGER);", "DROP TABLE t;");
        project.revision("b1", "a1", &up, "DROP TABLE behind;");
        for (signal, status) in [("INT", 130), ("TERM", 143)] {
            let running = Running::start(&project, "upgrade head", || runs(&db));
            running.signal(signal);
            let (ended, stderr) = running.end();
            assert_eq!(ended.code(), Some(status), "{kind:?}: {stderr}");
            assert!(stderr.contains("interrupting: the statement is ended"), "{stderr}");
            assert!(stderr.contains("error: revision `b1` failed"), "{stderr}");
            assert!(stderr.contains("hint: run the command again: it goes on where this run ended"), "{stderr}");
            let outcome =
                if kind == Kind::Postgres { "nothing was changed" } else { "no statement of the revision is applied" };
            assert!(stderr.contains(outcome), "{kind:?}: {stderr}");
            assert!(!db.has_table("behind"));
            let applied = if db.has_table("alembic_version") { db.versions() } else { String::new() };
            assert_eq!(applied, if kind == Kind::Postgres { "" } else { "a1" }, "{kind:?}: {stderr}");
            db.wait_for_the_dead();
        }
        let quick = up.replace(slow(kind), "INSERT INTO t SELECT 1");
        project.revision("b1", "a1", &quick, "DROP TABLE behind;");
        project.ok("upgrade head");
        assert_eq!(db.versions(), "b1", "{kind:?}");
    }
}

#[test]
fn what_is_committed_stays_and_the_next_run_goes_on() {
    for kind in [Kind::Postgres, Kind::Mysql, Kind::Mariadb] {
        let Some(db) = Database::new(kind) else { continue };
        let project = Project::new(PROGRAM, "").with("DATABASE_URL", db.url());
        let up = |slow: &str| format!("CREATE TABLE t (x INTEGER);\n{slow};\nCREATE TABLE behind (x INTEGER);");
        let none = "<base>\n-- Transaction: none";
        project.revision("a1", none, &up(slow(kind)), "");
        let running = Running::start(&project, "upgrade head", || runs(&db));
        running.signal("TERM");
        let (ended, stderr) = running.end();
        assert_eq!(ended.code(), Some(143), "{kind:?}: {stderr}");
        assert!(stderr.contains("1 statement of it is committed"), "{kind:?}: {stderr}");
        assert!(db.has_table("t") && !db.has_table("behind"));
        project.revision("a1", none, &up("INSERT INTO t SELECT 1"), "");
        project.ok("upgrade head");
        assert_eq!((db.versions().as_str(), db.has_table("behind")), ("a1", true), "{kind:?}");
    }
}

#[test]
fn sqlite_ends_behind_its_statement_and_at_once_the_second_time() {
    let project = Project::new(PROGRAM, "sqlite-path = \"shop.db\"\n");
    project.revision("a1", "<base>", "CREATE TABLE t (x INTEGER);", "");
    project.revision("b1", "a1", &format!("{};", slow(Kind::Sqlite)), "");
    project.revision("c1", "b1", "CREATE TABLE behind (x INTEGER);", "");
    let journal = project.path().join("shop.db-journal");
    let running = Running::start(&project, "upgrade head", || journal.exists());
    running.signal("TERM");
    let (ended, stderr) = running.end();
    assert_eq!(ended.code(), Some(143), "{stderr}");
    assert!(stderr.contains("error: the run was interrupted\nnothing was changed"), "{stderr}");

    project.revision("b1", "a1", &format!("{};", slow(Kind::Sqlite).replace("3000000", "3000000000")), "");
    let running = Running::start(&project, "upgrade head", || journal.exists());
    running.signal("INT");
    sleep(Duration::from_millis(200));
    running.signal("INT");
    let (ended, stderr) = running.end();
    assert!(ended.code().is_none_or(|code| code == 130), "{ended}: {stderr}");
    project.revision("b1", "a1", "SELECT 1;", "");
    project.ok("upgrade head");
    assert_eq!(project.ok("current").trim(), "c1 (head)");
}
