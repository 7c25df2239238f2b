//! What an application has set on its connection to SQLite changes no answer.

use alembic_runtime::__private::{Inspection, inspect};
use diesel::connection::SimpleConnection;
use harness::{Database, Kind, SqliteConn};

use crate::migrations;

const PRAGMAS: [&str; 32] = [
    "full_column_names = 1; PRAGMA short_column_names = 0",
    "short_column_names = 0",
    "reverse_unordered_selects = 1",
    "case_sensitive_like = 1",
    "legacy_alter_table = 1",
    "defer_foreign_keys = 1",
    "foreign_keys = 1",
    "foreign_keys = 0",
    "recursive_triggers = 1",
    "writable_schema = 1",
    "ignore_check_constraints = 1",
    "read_uncommitted = 1",
    "trusted_schema = 0",
    "cell_size_check = 1",
    "cache_size = 1",
    "cache_spill = 0",
    "temp_store = 2",
    "synchronous = 0",
    "locking_mode = EXCLUSIVE",
    "journal_mode = WAL",
    "journal_mode = TRUNCATE",
    "journal_mode = MEMORY",
    "secure_delete = 1",
    "automatic_index = 0",
    "busy_timeout = 0",
    "count_changes = 1",
    "empty_result_callbacks = 1",
    "threads = 2",
    "mmap_size = 65536",
    "analysis_limit = 1",
    "checkpoint_fullfsync = 1",
    "query_only = 1",
];

const TABLES: &str = "CREATE TABLE p (id INTEGER PRIMARY KEY, d DATE DEFAULT '2024-03-01');\n\
    CREATE TABLE c (p INTEGER REFERENCES p (id) ON DELETE CASCADE);\nINSERT INTO p (id) VALUES (1);\nINSERT INTO c VALUES (1);\n\
    CREATE INDEX later ON p (d) WHERE d > '2024-01-01';\nCREATE VIEW v AS SELECT p.id FROM p JOIN c ON c.p = p.id;";

#[test]
fn pragmas_of_the_application_change_no_answer() {
    for encoding in ["UTF-8", "UTF-16le"] {
        let db = Database::new(Kind::Sqlite).unwrap();
        db.run(&format!("PRAGMA encoding = '{encoding}'; CREATE TABLE other (x INTEGER)"));
        let m = migrations::<SqliteConn>(&[
            ("a", "", TABLES, "DROP VIEW v;\nDROP TABLE c;\nDROP TABLE p;"),
            ("b", "a", "CREATE TABLE tb (x INTEGER);", "DROP TABLE tb;"),
        ]);
        m.upgrade(&mut db.connect::<SqliteConn>(), "head").unwrap();
        let answers = |conn: &mut SqliteConn| {
            let rows = m.current(conn).unwrap();
            let (status, log) = (m.status(conn).unwrap(), m.log(conn, 9).unwrap());
            let up_to_date = m.upgrade(conn, "head").unwrap().steps.len();
            (rows, status, log, up_to_date, inspect(conn, &Inspection::default()).unwrap())
        };
        let before = answers(&mut db.connect::<SqliteConn>());
        for pragma in PRAGMAS {
            let mut conn = db.connect::<SqliteConn>();
            conn.batch_execute(&format!("PRAGMA {pragma}")).unwrap();
            assert_eq!(answers(&mut conn), before, "{pragma}");
        }
        for pragma in PRAGMAS {
            let mut conn = db.connect::<SqliteConn>();
            conn.batch_execute(&format!("PRAGMA {pragma}")).unwrap();
            let redone = m.migrator().redo(&mut conn, "-1");
            if pragma.starts_with("query_only") {
                assert!(redone.unwrap_err().to_string().contains("readonly"));
            } else {
                assert_eq!(redone.unwrap().steps.len(), 2, "{pragma}");
            }
        }
    }
}

/// Looking for foreign keys must not depend on how `LIKE` compares: dropping a table deletes what refers to it.
#[test]
fn rows_that_a_drop_would_delete_are_seen_whatever_like_means() {
    let db = Database::new(Kind::Sqlite).unwrap();
    let m = migrations::<SqliteConn>(&[("a", "", TABLES, ""), ("b", "a", "DROP TABLE p;", "")]);
    let mut conn = db.connect::<SqliteConn>();
    conn.batch_execute("PRAGMA foreign_keys = 1; PRAGMA case_sensitive_like = 1").unwrap();
    let error = m.upgrade(&mut conn, "head").unwrap_err().to_string();
    assert!(error.contains("would change rows of c"), "{error}");
}
