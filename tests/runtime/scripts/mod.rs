//! Scripts of `--sql`, run by the database's own client, do what a run does or nothing.

mod graphs;
mod killed;
mod turns;

use alembic_runtime::{
    MigrationBackend, Migrations,
    cli::{Exit, Io, run_embedded},
};
use diesel::connection::LoadConnection;
use harness::{
    Database, Kind, MariadbConn, PostgresConn, on_every_database,
    specs::{BRANCHES, COUNTED, LINE, Spec},
};

use crate::migrations;

/// Runs `migrate …`; returns its answer, or what it says against it.
fn migrate<C>(m: &Migrations<C>, line: &str) -> Result<String, String>
where
    C: LoadConnection + 'static,
    C::Backend: MigrationBackend,
{
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let io = Io { asks: false, out: &mut out, err: &mut err, out_color: false, err_color: false, err_terminal: false };
    let exit = run_embedded(m, std::iter::once("migrate").chain(line.split(' ')).map(Into::into), io);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    if exit == Exit::Success { Ok(text(out)) } else { Err(text(err)) }
}

/// Returns the script that a command prints for a kind of database.
pub(crate) fn script<C>(m: &Migrations<C>, command: &str, db: &Database) -> String
where
    C: LoadConnection + 'static,
    C::Backend: MigrationBackend,
{
    migrate(m, &format!("{command} --sql --dialect {} --database-url {}", db.kind().name(), db.url())).unwrap()
}

/// What a script must leave as a run leaves it.
fn state(db: &Database) -> [String; 3] {
    [db.dump(), db.versions(), db.logged()]
}

/// Makes sure that two databases are alike; says where they differ.
fn assert_alike(db: &Database, run: &Database, script: &str) {
    assert_same(&state(db), &state(run), script);
}

fn assert_same(found: &[String], expected: &[String], script: &str) {
    for (found, expected) in found.iter().zip(expected) {
        let differs = found.lines().zip(expected.lines()).find(|(a, b)| a != b);
        assert!(found == expected, "{differs:?}\n{script}");
    }
}

/// Makes sure that a script for an empty database leaves what runs have left on this one, which was empty. Of failures
/// and detours on the way only the log tells.
pub(crate) fn a_script_does_the_same<C>(m: &Migrations<C>, run: &Database)
where
    C: LoadConnection + 'static,
    C::Backend: MigrationBackend,
{
    let db = Database::new(run.kind()).unwrap();
    let text = script(m, "upgrade heads", &db);
    db.run_script(&text).unwrap_or_else(|said| panic!("{said}\n{text}"));
    let (found, expected) = (state(&db), state(run));
    let is_straight = !["failed", "downgrade"].iter().any(|word| expected[2].contains(word));
    let compared = if is_straight { 3 } else { 2 };
    assert_same(&found[..compared], &expected[..compared], &text);
    refused(&db, &text, "base");
}

/// Returns what a script of counted steps has done.
fn counted(db: &Database) -> [String; 4] {
    let answer = |table: &str, sql: &str| if db.has_table(table) { db.ask(sql) } else { String::new() };
    [
        db.tables(),
        answer("t", "SELECT CAST(n AS CHAR(9)) AS answer FROM t ORDER BY n"),
        answer("alembic_version", "SELECT version_num AS answer FROM alembic_version"),
        answer("alembic_version_log", "SELECT state AS answer FROM alembic_version_log ORDER BY id"),
    ]
}

/// Runs a script that has to be refused, and to have changed nothing.
fn refused(db: &Database, script: &str, says: &str) {
    let before = db.dump();
    let said = db.run_script(script).expect_err(script);
    assert!(said.contains(says), "{said}\n{script}");
    assert_eq!(db.dump(), before, "{said}\n{script}");
}

on_every_database! {
    fn what_a_script_does_is_what_a_run_does(db) {
        let run = Database::new(KIND).unwrap();
        for spec in Spec::all(KIND) {
            let m = migrations::<Conn>(spec.revisions);
            let up = script(&m, "upgrade heads", &db);
            db.run_script(&up).unwrap_or_else(|said| panic!("{}: {said}\n{up}", spec.name));
            m.upgrade(&mut run.connect::<Conn>(), "heads").unwrap();
            assert_alike(&db, &run, &up);
            refused(&db, &up, "base");
            let has_downgrade = spec.revisions.iter().all(|(.., down)| !down.is_empty());
            if has_downgrade || spec.name == "branches" {
                let down = script(&m, "downgrade heads:base", &db);
                db.run_script(&down).unwrap_or_else(|said| panic!("{}: {said}\n{down}", spec.name));
                m.downgrade(&mut run.connect::<Conn>(), "base").unwrap();
                assert_alike(&db, &run, &down);
                refused(&db, &down, "this script is for a database at");
                db.run_script(&up).unwrap_or_else(|said| panic!("{}, again: {said}\n{up}", spec.name));
            }
            db.empty();
            run.empty();
        }
    }

    fn a_script_changes_nothing_elsewhere(db) {
        let m = migrations::<Conn>(COUNTED);
        let scripts = [("", "upgrade head"), ("a", "upgrade a:b"), ("b", "upgrade b:d"), ("c", "downgrade c:a"), ("d", "downgrade d:c"), ("c", "stamp c:d"), ("", "stamp b")];
        let other = scripts.map(|(_, command)| script(&m, command, &db));
        // There is nothing at all.
        for ((start, _), text) in scripts.iter().zip(&other).filter(|((start, _), _)| !start.is_empty()) {
            refused(&db, text, if matches!(KIND, Kind::Mysql | Kind::Mariadb) { "alembic_version" } else { start });
        }
        for revision in ["a", "b", "c", "d"] {
            m.upgrade(&mut db.connect::<Conn>(), revision).unwrap();
            for ((start, _), text) in scripts.iter().zip(&other).filter(|((start, _), _)| *start != revision) {
                refused(&db, text, if start.is_empty() { "base" } else { start });
            }
        }
        // A row more, a row of another history, a row that differs in case.
        for row in ["z", "c"] {
            db.run(&format!("INSERT INTO alembic_version VALUES ('{row}')"));
            let text = script(&m, "downgrade d:c", &db);
            refused(&db, &text, "d");
            db.run(&format!("DELETE FROM alembic_version WHERE version_num = '{row}'"));
        }
        db.run("UPDATE alembic_version SET version_num = 'D'");
        refused(&db, &script(&m, "downgrade d:c", &db), "d");
        db.run("DELETE FROM alembic_version");
        refused(&db, &script(&m, "downgrade d:c", &db), "d");
    }

    fn an_empty_version_table_is_base(db) {
        let m = migrations::<Conn>(LINE);
        let python = "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))";
        db.run(python);
        db.run_script(&script(&m, "upgrade b", &db)).unwrap();
        assert_eq!((db.versions().as_str(), db.tables().as_str()), ("b", "ta,tb"));
        db.empty();
        db.run(python);
        db.run("INSERT INTO alembic_version VALUES ('a')");
        db.run("CREATE TABLE ta (x INTEGER)");
        db.run_script(&script(&m, "upgrade a:c", &db)).unwrap();
        assert_eq!((db.versions().as_str(), db.tables().as_str()), ("c", "ta,tb,tc"));
    }

    fn several_rows_are_what_a_script_is_made_for(db) {
        let m = migrations::<Conn>(BRANCHES);
        let merge = script(&m, "upgrade heads:m", &db);
        refused(&db, &script(&m, "downgrade m:a", &db), if matches!(KIND, Kind::Mysql | Kind::Mariadb) { "alembic_version" } else { "m" });
        db.run_script(&script(&m, "upgrade b1", &db)).unwrap();
        refused(&db, &script(&m, "upgrade m", &db), "base");
        db.run_script(&script(&m, "upgrade b1:heads", &db)).unwrap();
        assert_eq!(db.versions(), "m");
        db.run_script(&merge).unwrap();
        db.run_script(&script(&m, "downgrade m:b1", &db)).unwrap();
        assert_eq!(db.versions(), "b1,b2");
        refused(&db, &script(&m, "downgrade b1:base", &db), "b1");
    }

    fn a_step_finds_its_row_or_changes_nothing(db) {
        let m = migrations::<Conn>(COUNTED);
        m.upgrade(&mut db.connect::<Conn>(), "b").unwrap();
        // The guard was lost on the way, and what comes before the last two steps.
        let whole = script(&m, "upgrade head", &db);
        let rest = &whole[whole.find("-- Running upgrade c -> d").unwrap()..];
        let before = db.dump();
        let stop = match KIND {
            Kind::Sqlite => ".bail on\nBEGIN;",
            Kind::Postgres => "\\set ON_ERROR_STOP on\nBEGIN;",
            _ => "BEGIN;",
        };
        db.run_script(&format!("{stop}\n{rest}")).unwrap_err();
        assert_eq!(db.dump(), before);
    }

    fn only_the_needed_steps_are_run(db) {
        let m = migrations::<Conn>(BRANCHES);
        let print = |command: &str| migrate(&m, &format!("{command} --sql --idempotent --dialect {}", KIND.name()));
        if KIND == Kind::Sqlite {
            let said = print("upgrade head").unwrap_err();
            assert!(said.contains("a script for sqlite cannot skip steps") && said.contains("leave out `--idempotent`"), "{said}");
            return;
        }
        let (up, down) = (print("upgrade head").unwrap(), print("downgrade head:base").unwrap());
        for targets in [&[][..], &["a"], &["b1"], &["b2"], &["b1", "b2"], &["m"]] {
            let reach = || targets.iter().for_each(|target| drop(m.upgrade(&mut db.connect::<Conn>(), target).unwrap()));
            reach();
            for _ in 0..2 {
                db.run_script(&up).unwrap_or_else(|said| panic!("{targets:?}: {said}\n{up}"));
                assert_eq!((db.versions().as_str(), db.tables().as_str()), ("m", "ta,tb1,tb2"), "{targets:?}");
            }
            assert_eq!(m.status(&mut db.connect::<Conn>()).unwrap().verdict, alembic_runtime::Verdict::UpToDate);
            db.empty();
            reach();
            for _ in 0..2 {
                let result = db.run_script(&down);
                assert!(result.is_ok() || targets.is_empty(), "{targets:?}: {result:?}\n{down}");
                if result.is_ok() {
                    assert_eq!((db.versions().as_str(), db.tables().as_str()), ("", ""), "{targets:?}");
                }
            }
            db.empty();
        }
        let partly = print("downgrade m:b1").unwrap();
        m.upgrade(&mut db.connect::<Conn>(), "m").unwrap();
        db.run_script(&partly).unwrap();
        assert_eq!(db.versions(), "b1,b2");
        // What the script knows nothing of stops it, and so does what it begins after.
        db.run("INSERT INTO alembic_version VALUES ('z')");
        refused(&db, &up, "z");
        db.empty();
        refused(&db, &print("upgrade b1:m").unwrap(), if matches!(KIND, Kind::Mysql | Kind::Mariadb) { "alembic_version" } else { "begins after b1" });
        m.upgrade(&mut db.connect::<Conn>(), "b2").unwrap();
        refused(&db, &print("upgrade b1:m").unwrap(), "begins after b1");
    }

    fn a_counted_step_is_skipped_or_run_once(db) {
        if KIND == Kind::Sqlite {
            return;
        }
        let m = migrations::<Conn>(COUNTED);
        let up = migrate(&m, &format!("upgrade head --sql --idempotent --dialect {}", KIND.name())).unwrap();
        for state in ["", "a", "b", "c", "d"] {
            if !state.is_empty() {
                m.upgrade(&mut db.connect::<Conn>(), state).unwrap();
            }
            for _ in 0..2 {
                db.run_script(&up).unwrap_or_else(|said| panic!("{state}: {said}\n{up}"));
                let rows = db.ask("SELECT CAST(n AS CHAR(9)) AS answer FROM t ORDER BY n");
                assert_eq!(rows.replace(' ', ""), "1000,1010,2000,2010", "{state}");
            }
            db.empty();
        }
    }
}

#[test]
fn a_statement_that_cannot_be_skipped_is_refused_with_its_place() {
    let up = "CREATE TABLE t (x INT);\nCREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.x = 1;";
    let m = migrations::<MariadbConn>(&[("a", "", up, "")]);
    let said = migrate(&m, "upgrade head --sql --idempotent").unwrap_err();
    assert!(
        said.contains("a.sql:7: `CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.x = 1` of revision `a`"),
        "{said}"
    );
    assert!(said.contains("hint: leave out `--idempotent`"), "{said}");
}

#[test]
fn another_database_is_left_after_its_revision() {
    let Some((db, other)) = Database::new(Kind::Mariadb).zip(Database::new(Kind::Mariadb)) else { return };
    let elsewhere: &'static str =
        format!("USE {};\nCREATE TABLE there (x INTEGER);\nINSERT INTO there VALUES (1);", other.name()).leak();
    let m = migrations::<MariadbConn>(&[("a", "", elsewhere, ""), ("b", "a", "CREATE TABLE here (x INTEGER);", "")]);
    let said = migrate(&m, "upgrade head --sql").unwrap_err();
    assert!(said.contains("a.sql:6: after `USE ") && said.contains("`--database-url`"), "{said}");
    db.run_script(&script(&m, "upgrade head", &db)).unwrap();
    assert_eq!((db.tables(), other.tables(), db.versions()), ("here".into(), "there".into(), "b".into()));
    assert!(!other.has_table("alembic_version"));
}

#[test]
fn psql_that_is_not_told_to_stop_changes_nothing_either() {
    let Some(db) = Database::new(Kind::Postgres) else { return };
    let m = migrations::<PostgresConn>(LINE);
    m.upgrade(&mut db.connect(), "b").unwrap();
    let before = db.dump();
    for command in ["upgrade head", "upgrade a:c", "downgrade c:a"] {
        let text = script(&m, command, &db).replace("\\set ON_ERROR_STOP on", "");
        db.run_script(&text).ok();
        assert_eq!(db.dump(), before, "{command}");
    }
}

#[test]
fn dropping_a_table_that_others_refer_to_is_refused_by_sqlite() {
    let db = Database::new(Kind::Sqlite).unwrap();
    let m = migrations::<harness::SqliteConn>(&[
        (
            "a",
            "",
            "CREATE TABLE p (id INTEGER PRIMARY KEY);\nCREATE TABLE c (p INTEGER REFERENCES p (id) ON DELETE CASCADE);",
            "",
        ),
        ("b", "a", "INSERT INTO p VALUES (1), (2);\nINSERT INTO c VALUES (1);", ""),
        ("c", "b", "DROP TABLE p;", ""),
    ]);
    db.run_script(&script(&m, "upgrade b", &db)).unwrap();
    refused(&db, &script(&m, "upgrade b:c", &db), "dropping the table would change rows that refer to it");
    db.run("DELETE FROM c");
    db.run_script(&script(&m, "upgrade b:c", &db)).unwrap();
    assert_eq!(db.tables(), "c");
}
