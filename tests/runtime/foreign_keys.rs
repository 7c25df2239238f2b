//! SQLite rebuilds tables, and keeps the rows that refer to them.

use alembic_runtime::Error;
use diesel::connection::SimpleConnection;
use harness::{Database, Kind, SqliteConn};

use crate::{migrations, scripts::a_script_does_the_same};

const TABLES: &str = "CREATE TABLE p (id INTEGER PRIMARY KEY);\n\
    CREATE TABLE c (p INTEGER NOT NULL REFERENCES p (id) ON DELETE CASCADE);\n\
    INSERT INTO p VALUES (1), (2);\nINSERT INTO c VALUES (1), (2);";

const REBUILD: &str = "CREATE TABLE new (id INTEGER PRIMARY KEY, name TEXT);\n\
    INSERT INTO new (id) SELECT id FROM p;\nDROP TABLE p;\nALTER TABLE new RENAME TO p;";

fn enforcing(db: &Database) -> SqliteConn {
    let mut conn = db.connect::<SqliteConn>();
    conn.batch_execute("PRAGMA foreign_keys = ON").unwrap();
    conn
}

#[test]
fn a_rebuild_keeps_the_rows_that_refer_to_the_table() {
    let db = Database::new(Kind::Sqlite).unwrap();
    let mut conn = enforcing(&db);
    let m = migrations(&[
        ("a", "", TABLES, ""),
        ("b", "a\n-- Foreign Keys: off", REBUILD, ""),
        ("c", "b", "INSERT INTO p (id) VALUES (3);", ""),
    ]);
    let report = m.upgrade(&mut conn, "head").unwrap();
    assert_eq!(report.transactions, 3, "the setting can be changed between transactions only");
    a_script_does_the_same(&m, &db);
    assert_eq!(db.ask("SELECT CAST(COUNT(*) AS TEXT) AS answer FROM c"), "2");
    assert!(conn.batch_execute("INSERT INTO c VALUES (99)").is_err(), "foreign keys are on again");
}

#[test]
fn a_drop_that_would_cascade_is_refused() {
    let db = Database::new(Kind::Sqlite).unwrap();
    let m = migrations(&[("a", "", TABLES, ""), ("b", "a", REBUILD, "")]);
    let error = m.upgrade(&mut enforcing(&db), "head").unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("b.sql:8: dropping `p` in revision `b` would change rows of c through foreign keys"),
        "{error}"
    );
    assert!(error.hint().unwrap().to_string().contains("`Foreign Keys: off`"));
    assert_eq!(db.tables(), "");
}

#[test]
fn no_way_of_running_or_writing_it_lets_a_drop_cascade() {
    let brackets = REBUILD.replace("DROP TABLE p", "DROP TABLE [p]");
    for (parents, sql) in [("a\n-- Transaction: none", REBUILD), ("a", brackets.as_str()), ("off", REBUILD)] {
        let db = Database::new(Kind::Sqlite).unwrap();
        let sql: &'static str = Box::leak(sql.to_owned().into_boxed_str());
        let m = migrations(&[
            ("a", "", TABLES, ""),
            ("off", "a\n-- Foreign Keys: off", "CREATE TABLE x (y INTEGER);\nDROP TABLE x;", ""),
            ("b", parents, sql, ""),
        ]);
        let error = m.upgrade(&mut enforcing(&db), "b").unwrap_err();
        assert!(matches!(error, Error::Cascade { .. }), "{parents}: {error}");
    }
}

#[test]
fn a_rebuild_that_loses_rows_is_rolled_back() {
    let db = Database::new(Kind::Sqlite).unwrap();
    let losing = "DELETE FROM p WHERE id = 2;";
    let m = migrations(&[("a", "", TABLES, ""), ("b", "a\n-- Foreign Keys: off", losing, "")]);
    let mut conn = enforcing(&db);
    let Error::ForeignKeys { violations, .. } = m.upgrade(&mut conn, "head").unwrap_err() else {
        panic!("another error")
    };
    assert_eq!(violations, ["c row 2 refers to a missing row of p"]);
    assert_eq!(db.ask("SELECT CAST(COUNT(*) AS TEXT) AS answer FROM p"), "2");
    assert!(conn.batch_execute("INSERT INTO c VALUES (99)").is_err(), "foreign keys are on again");
}

#[test]
fn the_setting_itself_is_refused_where_it_does_nothing() {
    let db = Database::new(Kind::Sqlite).unwrap();
    let m = migrations(&[("a", "", "PRAGMA foreign_keys = OFF;", "")]);
    let error = m.upgrade(&mut db.connect::<SqliteConn>(), "head").unwrap_err();
    assert!(
        error.to_string().starts_with("a.sql:6: `PRAGMA foreign_keys = OFF` has no effect in the transaction"),
        "{error}"
    );
}
