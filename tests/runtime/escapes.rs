//! What a backslash means in a string, whatever the server, the role or a revision says.

use alembic_graph::Hint;
use alembic_runtime::{
    __private::Code,
    Migrations,
    prelude::{MigrationResult, Op},
};
use diesel::connection::SimpleConnection;
use harness::{Database, Kind, MysqlConn, PostgresConn};

use crate::{migrations, scripts::script};

/// Where a backslash escapes, this is one string, and the `INSERT` behind it is a part of it.
const UP: &str = "CREATE TABLE t (x TEXT);\nINSERT INTO t VALUES ('a\\');\nINSERT INTO t VALUES ('; SELECT ''');";

#[test]
fn a_backslash_stands_for_itself_whatever_the_database_is_set_to() {
    for header in ["", "\n-- Transaction: none"] {
        let Some(db) = Database::new(Kind::Postgres) else { return };
        db.run(&format!("ALTER DATABASE \"{}\" SET standard_conforming_strings = off", db.name()));
        let mut conn = db.connect::<PostgresConn>();
        migrations(&[("a", header, UP, "DROP TABLE t;")]).upgrade(&mut conn, "head").unwrap();
        assert_eq!(db.ask("SELECT x AS answer FROM t ORDER BY x"), "; SELECT ',a\\");
        // The session of the caller is as it was.
        assert!(conn.batch_execute("SELECT 'a\\'").is_err());
        migrations(&[("a", header, UP, "DROP TABLE t;")]).downgrade(&mut conn, "base").unwrap();
    }
}

#[test]
fn a_script_and_a_seed_say_what_a_backslash_means() {
    let Some(db) = Database::new(Kind::Postgres) else { return };
    db.run(&format!("ALTER DATABASE \"{}\" SET standard_conforming_strings = off", db.name()));
    let m = migrations::<PostgresConn>(&[("a", "", UP, "")]);
    db.run_script(&script(&m, "upgrade head", &db)).unwrap();
    assert_eq!(db.ask("SELECT x AS answer FROM t ORDER BY x"), "; SELECT ',a\\");
    let m = m.with_seeds(vec![("b.sql".to_owned(), "INSERT INTO t VALUES ('b\\');".to_owned())]);
    m.seed(&mut db.connect(), "development", None).unwrap();
    assert_eq!(db.ask("SELECT count(*)::text AS answer FROM t"), "3");
}

#[test]
fn a_revision_that_gives_a_backslash_another_meaning_is_refused() {
    let escaped = "INSERT INTO t VALUES ('a\\'); INSERT INTO t VALUES ('b');";
    let table = "CREATE TABLE t (x TEXT);";
    if let Some(db) = Database::new(Kind::Postgres) {
        for setting in ["SET standard_conforming_strings = off", "RESET ALL"] {
            let up = format!("{table}\n{setting};\n{escaped}");
            let mut conn = db.connect::<PostgresConn>();
            let error = migrations(&[("a", "", &up, "")]).upgrade(&mut conn, "head").unwrap_err();
            assert!(error.to_string().starts_with(&format!("a.sql:8: after `{setting}`")), "{error}");
            assert_eq!(error.hint(), Some(Hint::EscapesOfPostgres { setting: setting.to_owned() }));
            assert_eq!(db.tables(), "");
        }
        // Without a backslash nothing depends on it, and what dumps say is on.
        let up = format!("{table}\nSET standard_conforming_strings = off;\nINSERT INTO t VALUES ('a');");
        migrations(&[("a", "", &up, "DROP TABLE t;")]).upgrade(&mut db.connect::<PostgresConn>(), "head").unwrap();
    }
    for db in [Kind::Mysql, Kind::Mariadb].into_iter().filter_map(Database::new) {
        let setting = "SET sql_mode = 'NO_BACKSLASH_ESCAPES'";
        let up = format!("{table}\n{setting};\nINSERT INTO t VALUES ('a\\'b');");
        let mut conn = db.connect::<MysqlConn>();
        let error = migrations(&[("a", "", &up, "")]).upgrade(&mut conn, "head").unwrap_err();
        assert_eq!(error.hint(), Some(Hint::EscapesOfMysql { setting: setting.to_owned() }), "{error}");
        assert_eq!(db.tables(), "");
    }
}

fn turns_off(op: &mut Op<'_, PostgresConn>) -> MigrationResult {
    op.execute("SET standard_conforming_strings = off")?;
    op.execute("CREATE TABLE t (x TEXT); INSERT INTO t VALUES ('a\\')")?;
    Ok(())
}

#[test]
fn code_that_gives_a_backslash_another_meaning_is_refused() {
    let Some(db) = Database::new(Kind::Postgres) else { return };
    let file = "//! a\n//! Revision ID: a\n//! Revises: <base>\npub fn upgrade() {}\n";
    let m = Migrations::<PostgresConn>::from_files([("a.rs".to_owned(), file.to_owned())]).unwrap();
    let m = m.with_code(|_| Some(Code { upgrade: turns_off, downgrade: None }));
    let error = m.upgrade(&mut db.connect(), "head").unwrap_err();
    assert!(error.to_string().contains("after `SET standard_conforming_strings = off`"), "{error}");
    assert_eq!(db.tables(), "");
}

/// Routines and packages of `sql_mode = ORACLE` have a grammar of their own; `DELIMITER` says where they end.
#[test]
fn programs_of_oracle_mode_run_between_delimiters() {
    let Some(db) = Database::new(Kind::Mariadb) else { return };
    let programs = "SET sql_mode = ORACLE;\nDELIMITER //\n\
        CREATE PROCEDURE p(a INT) AS\n  b INT := 1;\nBEGIN\n  IF a > b THEN INSERT INTO t VALUES (a); END IF;\nEND;\n//\n\
        CREATE FUNCTION f(a INT) RETURN INT IS BEGIN RETURN a + 1; END;\n//\n\
        CREATE PACKAGE k AS PROCEDURE q(); END;\n//\n\
        CREATE PACKAGE BODY k AS PROCEDURE q() AS BEGIN INSERT INTO t VALUES (7); END; END;\n//\n\
        BEGIN INSERT INTO t VALUES (1); p(5); k.q(); END;\n//\nDELIMITER ;\nINSERT INTO t VALUES (9);";
    let up = format!("CREATE TABLE t (x INT);\n{programs}");
    let down = "DROP PACKAGE k;\nDROP FUNCTION f;\nDROP PROCEDURE p;\nDROP TABLE t;";
    let m = migrations::<MysqlConn>(&[("a", "", &up, &format!("SET sql_mode = ORACLE;\n{down}"))]);
    let mut conn = db.connect::<MysqlConn>();
    let report = m.upgrade(&mut conn, "head").unwrap();
    assert_eq!(report.steps.len(), 1);
    assert_eq!(db.ask("SELECT CAST(x AS CHAR) AS answer FROM t ORDER BY x"), "1,5,7,9");
    m.downgrade(&mut conn, "base").unwrap();
    assert_eq!(db.tables(), "");
    let undelimited = up.replace("DELIMITER //\n", "").replace("//\n", "");
    let error = migrations::<MysqlConn>(&[("a", "", &undelimited, "")]).upgrade(&mut conn, "head").unwrap_err();
    assert!(error.hint().unwrap().to_string().contains("`DELIMITER //`"), "{error}");
    assert_eq!(db.tables(), "");
}
