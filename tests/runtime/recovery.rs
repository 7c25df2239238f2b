//! What the next run makes of a step whose process died.

use std::time::Duration;

use alembic_runtime::{Error, Finding, Observer, Resolution, StepReport};
use harness::{Database, Kind, MysqlConn, PostgresConn, SqliteConn, on_every_database, on_mysql_and_mariadb};

use crate::{migrations, scripts::a_script_does_the_same};

/// Runs `first; second` outside a transaction, and leaves the log as a process does that is killed
/// when only the first statement is noted. `took_effect` says how the second stands.
fn interrupted<C>(db: &Database, second: &'static str, took_effect: bool) -> alembic_runtime::Migrations<C>
where
    C: diesel::connection::LoadConnection,
    C::Backend: alembic_runtime::MigrationBackend,
{
    let first = "CREATE TABLE t (a INTEGER NOT NULL, b INTEGER)";
    let up: &'static str = Box::leak(format!("{first};\n{second};\nINSERT INTO t (a) VALUES (7);").into_boxed_str());
    let broken: &'static str = Box::leak(format!("{first};\nBAD;\nINSERT INTO t (a) VALUES (7);").into_boxed_str());
    let header = "\n-- Transaction: none";
    migrations::<C>(&[("a", header, broken, "")]).upgrade(&mut db.connect::<C>(), "head").unwrap_err();
    db.run("UPDATE alembic_version_log SET state = 'running', finished_at = NULL, error = NULL, intent = 2, session = NULL");
    if took_effect {
        db.run(second);
    }
    migrations::<C>(&[("a", header, up, "")])
}

/// Both ways a statement may stand, the run goes on by itself.
fn decides_by_itself<C>(kind: Kind, second: &'static str)
where
    C: diesel::connection::LoadConnection + 'static,
    C::Backend: alembic_runtime::MigrationBackend,
{
    for took_effect in [false, true] {
        let Some(db) = Database::new(kind) else { return };
        let m = interrupted::<C>(&db, second, took_effect);
        m.upgrade(&mut db.connect::<C>(), "head").unwrap_or_else(|error| panic!("{second} ({took_effect}): {error}"));
        assert_eq!(db.ask("SELECT CAST(COUNT(*) AS CHAR(9)) AS answer FROM alembic_version").trim(), "1");
        let states = db.ask("SELECT state AS answer FROM alembic_version_log ORDER BY id");
        assert_eq!(states, "failed,done", "the log tells of both runs");
        if kind == Kind::Postgres {
            a_script_does_the_same(&m, &db);
        }
    }
}

#[test]
fn mysql_and_mariadb_look_into_the_catalog() {
    for second in [
        "CREATE TABLE u (x INTEGER)",
        "ALTER TABLE t ADD COLUMN c INTEGER, ADD INDEX i (c)",
        "ALTER TABLE t RENAME COLUMN b TO d",
        "ALTER TABLE t DROP COLUMN b",
        "ALTER TABLE t ADD CONSTRAINT positive CHECK (a > 0)",
        "ALTER TABLE t ADD PRIMARY KEY (a)",
        "CREATE UNIQUE INDEX i ON t (a)",
        "CREATE VIEW v AS SELECT a FROM t",
        "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.b = 1",
        "CREATE FUNCTION f() RETURNS INTEGER DETERMINISTIC RETURN 1",
        "ALTER TABLE t MODIFY b BIGINT",
    ] {
        decides_by_itself::<MysqlConn>(Kind::Mysql, second);
        decides_by_itself::<MysqlConn>(Kind::Mariadb, second);
    }
}

#[test]
fn postgres_looks_for_the_index() {
    decides_by_itself::<PostgresConn>(Kind::Postgres, "CREATE INDEX CONCURRENTLY i ON t (a)");
    decides_by_itself::<PostgresConn>(Kind::Postgres, "VACUUM t");
}

#[test]
fn an_invalid_index_is_built_again() {
    let Some(db) = Database::new(Kind::Postgres) else { return };
    let m = interrupted::<PostgresConn>(&db, "CREATE INDEX CONCURRENTLY i ON t (a)", true);
    db.run("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'i'::regclass");
    m.upgrade(&mut db.connect(), "head").unwrap();
    assert_eq!(db.ask("SELECT indisvalid::text AS answer FROM pg_index WHERE indexrelid = 'i'::regclass"), "true");
}

#[test]
fn what_was_there_before_is_not_taken_for_done() {
    for (kind, second) in [
        (Kind::Postgres, "CREATE INDEX CONCURRENTLY i ON t (a)"),
        (Kind::Mysql, "CREATE TABLE u (x INTEGER)"),
        (Kind::Mariadb, "CREATE TABLE u (x INTEGER)"),
    ] {
        let Some(db) = Database::new(kind) else { return };
        db.run("CREATE TABLE u (x INTEGER); CREATE TABLE s (a INTEGER); CREATE INDEX i ON s (a)");
        let up: &'static str = Box::leak(format!("CREATE TABLE t (a INTEGER);\n{second};").into_boxed_str());
        let spec = [("a", "\n-- Transaction: none", up, "")];
        for _ in 0..2 {
            let error = match kind {
                Kind::Postgres => migrations::<PostgresConn>(&spec).upgrade(&mut db.connect(), "head").unwrap_err(),
                _ => migrations::<MysqlConn>(&spec).upgrade(&mut db.connect(), "head").unwrap_err(),
            };
            assert!(error.to_string().contains("already exists"), "{error}");
        }
    }
}

#[test]
fn an_index_is_looked_for_in_the_schema_of_its_table() {
    for valid in [false, true] {
        let Some(db) = Database::new(Kind::Postgres) else { return };
        db.run("CREATE SCHEMA s; CREATE TABLE s.t (x INTEGER); CREATE TABLE other (x INTEGER); CREATE INDEX i ON other (x)");
        let m = interrupted::<PostgresConn>(&db, "CREATE INDEX CONCURRENTLY i ON s.t (x)", !valid);
        if !valid {
            db.run("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 's.i'::regclass");
        }
        m.upgrade(&mut db.connect(), "head").unwrap();
        assert_eq!(
            db.ask("SELECT indisvalid::text AS answer FROM pg_index WHERE indexrelid = 's.i'::regclass"),
            "true"
        );
        assert_eq!(db.ask("SELECT to_regclass('public.i')::text AS answer"), "i", "the other one is left alone");
    }
}

on_mysql_and_mariadb! {
    fn what_one_run_remembers_is_nothing_to_the_next(db) {
        let m = migrations(&[("a", "", "CREATE TABLE p (id INTEGER PRIMARY KEY);", "DROP TABLE p;")]);
        let mut conn = db.connect::<Conn>();
        m.upgrade(&mut conn, "head").unwrap();
        db.run("CREATE TABLE c (p INTEGER, FOREIGN KEY (p) REFERENCES p (id))");
        for _ in 0..2 {
            m.downgrade(&mut conn, "base").unwrap_err();
        }
        assert_eq!((db.tables().as_str(), db.versions().as_str()), ("c,p", "a"));
    }
}

#[test]
fn a_column_that_may_not_be_null_is_no_lost_lock() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let Some(db) = Database::new(kind) else { return };
        let up = "CREATE TABLE runs (run_id INTEGER NOT NULL);\nINSERT INTO runs (run_id) VALUES (NULL);";
        let spec = [("a", "\n-- Transaction: none", up, "")];
        let error = match kind {
            Kind::Postgres => migrations::<PostgresConn>(&spec).upgrade(&mut db.connect(), "head").unwrap_err(),
            _ => migrations::<harness::SqliteConn>(&spec).upgrade(&mut db.connect(), "head").unwrap_err(),
        };
        assert!(matches!(&error, Error::Statement(error) if error.number == Some(2)), "{error}");
    }
}

on_mysql_and_mariadb! {
    fn a_procedure_that_failed_may_have_done_a_part(db) {
        let up = "CREATE TABLE t (i INTEGER);\nCREATE PROCEDURE p() BEGIN INSERT INTO t VALUES (1); CREATE TABLE u (i INTEGER); \
                  INSERT INTO nowhere VALUES (1); END;\nCALL p();";
        let m = migrations::<Conn>(&[("a", "", up, "")]);
        m.upgrade(&mut db.connect(), "head").unwrap_err();
        let error = m.upgrade(&mut db.connect(), "head").unwrap_err();
        assert!(
            matches!(&error, Error::Inconsistent(found) if matches!(found[0], Finding::Undecided { number: 3, .. })),
            "{error}"
        );
        assert_eq!(db.ask("SELECT CAST(COUNT(*) AS CHAR) AS answer FROM t"), "1");
    }
}

on_mysql_and_mariadb! {
    fn a_value_that_went_with_its_session_is_not_made_up(db) {
        let up = |last: &str| -> &'static str {
            let sql = format!(
                "CREATE TABLE t (id INTEGER AUTO_INCREMENT PRIMARY KEY);\nINSERT INTO t VALUES (777);\n\
                 SET @id = LAST_INSERT_ID();\n{last};\nINSERT INTO t VALUES (@id + 1);"
            );
            Box::leak(sql.into_boxed_str())
        };
        let mut conn = db.connect::<Conn>();
        migrations(&[("a", "", up("BAD"), "")]).upgrade(&mut conn, "head").unwrap_err();
        let error = migrations(&[("a", "", up("DO 1"), "")]).upgrade(&mut conn, "head").unwrap_err();
        assert!(
            matches!(&error, Error::Inconsistent(found) if matches!(found[0], Finding::Forgotten { line: 8, .. })),
            "{error}"
        );
    }
}

#[test]
fn an_index_in_another_schema_is_not_looked_up_here() {
    let Some(db) = Database::new(Kind::Postgres) else { return };
    db.run("CREATE SCHEMA s; CREATE TABLE s.t (a INTEGER); CREATE INDEX i ON s.t (a)");
    let up = "SET search_path = s;\nDROP INDEX CONCURRENTLY i;";
    let broken = "SET search_path = s;\nBAD;";
    let header = "\n-- Transaction: none";
    migrations::<PostgresConn>(&[("a", header, broken, "")]).upgrade(&mut db.connect(), "head").unwrap_err();
    db.run("UPDATE alembic_version_log SET state = 'running', finished_at = NULL, error = NULL, intent = 2, session = NULL");
    let error = migrations::<PostgresConn>(&[("a", header, up, "")]).upgrade(&mut db.connect(), "head").unwrap_err();
    assert!(
        matches!(&error, Error::Inconsistent(findings) if matches!(findings[0], Finding::Undecided { .. })),
        "{error}"
    );
}

on_mysql_and_mariadb! {
    fn a_data_statement_was_not_run_if_it_is_not_noted(db) {
        let m = interrupted::<Conn>(&db, "INSERT INTO t (a) VALUES (1)", false);
        m.upgrade(&mut db.connect(), "head").unwrap();
        assert_eq!(db.ask("SELECT CAST(a AS CHAR) AS answer FROM t ORDER BY a"), "1,7");
    }
}

/// The statement that no catalog tells of, and what a person may say of it.
fn asks(kind: Kind, second: &'static str) {
    fn decided<C>(kind: Kind, second: &'static str)
    where
        C: diesel::connection::LoadConnection,
        C::Backend: alembic_runtime::MigrationBackend,
    {
        for resolution in [Resolution::Applied, Resolution::Retry] {
            let Some(db) = Database::new(kind) else { return };
            let m = interrupted::<C>(&db, second, resolution == Resolution::Applied);
            let mut conn = db.connect::<C>();
            let Error::Inconsistent(findings) = m.upgrade(&mut conn, "head").unwrap_err() else {
                panic!("another error")
            };
            let [Finding::Undecided { number: 2, of: 3, line: 7, .. }] = &findings[..] else { panic!("{findings:?}") };
            assert!(findings[0].hint().to_string().contains("resolve a --step 2 --applied"), "{}", findings[0].hint());
            assert!(
                m.migrator().resolve(&mut conn, "a", Some(3), resolution).is_err(),
                "another statement is in doubt"
            );
            m.migrator().resolve(&mut conn, "a", Some(2), resolution).unwrap();
            m.upgrade(&mut conn, "head").unwrap();
            assert_eq!(db.ask("SELECT CAST(a AS CHAR(9)) AS answer FROM t").trim(), "7");
        }
    }
    match kind {
        Kind::Postgres => decided::<PostgresConn>(kind, second),
        _ => decided::<MysqlConn>(kind, second),
    }
}

#[test]
fn what_no_catalog_tells_is_for_a_person_to_decide() {
    asks(Kind::Mysql, "TRUNCATE TABLE t");
    asks(Kind::Mariadb, "TRUNCATE TABLE t");
    asks(Kind::Postgres, "CREATE INDEX CONCURRENTLY ON t (a)");
}

on_mysql_and_mariadb! {
    fn settings_of_the_session_are_made_again(db) {
        let set = "SET foreign_key_checks = 0";
        let tables =
            "CREATE TABLE p (id INTEGER PRIMARY KEY);\nCREATE TABLE c (p INTEGER, FOREIGN KEY (p) REFERENCES p (id))";
        let up = |last: &str| -> &'static str { Box::leak(format!("{set};\n{tables};\n{last};").into_boxed_str()) };
        let mut conn = db.connect::<Conn>();
        migrations(&[("a", "", up("INSERT INTO nowhere VALUES (1)"), "")]).upgrade(&mut conn, "head").unwrap_err();
        migrations(&[("a", "", up("INSERT INTO c VALUES (1)"), "")]).upgrade(&mut conn, "head").unwrap();
        assert_eq!(db.ask("SELECT CAST(p AS CHAR) AS answer FROM c"), "1");
    }
}

on_every_database! {
    fn a_step_that_still_runs_is_waited_for(db) {
        let slow = match KIND {
            Kind::Sqlite => return,
            Kind::Postgres => "SELECT pg_sleep(1)",
            Kind::Mysql | Kind::Mariadb => "SELECT SLEEP(1)",
        };
        let up: &'static str = Box::leak(format!("CREATE TABLE t (x INTEGER);\n{slow};").into_boxed_str());
        let spec = [("a", "\n-- Transaction: none", up, "")];
        std::thread::scope(|scope| {
            scope.spawn(|| migrations::<Conn>(&spec).upgrade(&mut db.connect::<Conn>(), "head").unwrap());
            std::thread::sleep(Duration::from_millis(400));
            let report = migrations::<Conn>(&spec).upgrade(&mut db.connect::<Conn>(), "head").unwrap();
            assert_eq!(report.steps.len(), 0, "the other one did it");
        });
        assert_eq!(db.ask("SELECT state AS answer FROM alembic_version_log"), "done");
    }
}

/// Does something when a step has been announced.
struct OnStep<F>(usize, Option<F>);

impl<F: FnOnce()> Observer for OnStep<F> {
    fn started(&mut self, _step: &StepReport, number: usize, _total: usize) {
        if let Some(action) = self.1.take_if(|_| number == self.0) {
            action();
        }
    }
}

#[test]
fn who_was_overtaken_leaves_the_step_to_the_other() {
    let db = Database::new(Kind::Sqlite).unwrap();
    let m = migrations::<SqliteConn>(&[("a", "\n-- Transaction: none", "CREATE TABLE t (x INTEGER);", "")]);
    let overtakes = || {
        let report = m.upgrade(&mut db.connect::<SqliteConn>(), "head").unwrap();
        assert_eq!(report.steps.len(), 1, "a step without progress is taken for dead");
    };
    let slow = m.migrator().observer(OnStep(1, Some(overtakes)));
    assert_eq!(slow.upgrade(&mut db.connect::<SqliteConn>(), "head").unwrap().steps.len(), 0);
    assert_eq!(db.ask("SELECT state AS answer FROM alembic_version_log ORDER BY id"), "failed,done");
}

#[test]
fn an_older_program_waits_for_the_step_of_a_newer_one() {
    let db = Database::new(Kind::Sqlite).unwrap();
    let spec = [
        ("a", "", "CREATE TABLE t (x INTEGER);", ""),
        ("b", "a", "CREATE TABLE u (x INTEGER);", ""),
        ("c", "b\n-- Transaction: none", "CREATE TABLE v (x INTEGER);", ""),
    ];
    let (newer, older) = (migrations::<SqliteConn>(&spec), migrations::<SqliteConn>(&spec[..1]));
    std::thread::scope(|scope| {
        let waits = || {
            let waiting = scope.spawn(|| {
                let mut conn = db.connect::<SqliteConn>();
                older.migrator().allow_ahead().upgrade(&mut conn, "head").unwrap().rows
            });
            std::thread::sleep(Duration::from_millis(500));
            assert!(!waiting.is_finished(), "a half-done step is not to be worked with");
        };
        newer.migrator().observer(OnStep(3, Some(waits))).upgrade(&mut db.connect::<SqliteConn>(), "head").unwrap();
    });
    assert_eq!(db.versions(), "c");
}
