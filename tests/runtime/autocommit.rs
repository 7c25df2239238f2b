//! What a database refuses or ignores in a transaction, compared with what we say beforehand.

use alembic_sql::{Dialect, requires_autocommit, requires_transaction};
use diesel::{
    connection::{LoadConnection, SimpleConnection},
    deserialize::FromSql,
    row::{Field, Row},
    sql_query,
    sql_types::Text,
    sqlite::Sqlite,
};
use harness::{Database, Kind, PostgresConn, SqliteConn, on_every_database};

use crate::{migrations, scripts::a_script_does_the_same};

/// Every pragma of `PRAGMA pragma_list` that takes a value, with one that is not its default.
const PRAGMAS: &[(&str, &str)] = &[
    ("analysis_limit", "100"),
    ("application_id", "7"),
    ("auto_vacuum", "1"),
    ("automatic_index", "0"),
    ("busy_timeout", "77"),
    ("cache_size", "77"),
    ("cache_spill", "0"),
    ("cell_size_check", "1"),
    ("checkpoint_fullfsync", "1"),
    ("count_changes", "1"),
    ("default_cache_size", "77"),
    ("empty_result_callbacks", "1"),
    ("encoding", "'UTF-16le'"),
    ("foreign_keys", "0"),
    ("full_column_names", "1"),
    ("fullfsync", "1"),
    ("ignore_check_constraints", "1"),
    ("journal_mode", "DELETE"),
    ("journal_mode", "TRUNCATE"),
    ("journal_mode", "PERSIST"),
    ("journal_mode", "MEMORY"),
    ("journal_mode", "OFF"),
    ("journal_mode", "WAL"),
    ("journal_size_limit", "77777"),
    ("legacy_alter_table", "1"),
    ("locking_mode", "EXCLUSIVE"),
    ("max_page_count", "7777"),
    ("mmap_size", "77777"),
    ("page_size", "8192"),
    ("query_only", "1"),
    ("read_uncommitted", "1"),
    ("recursive_triggers", "1"),
    ("reverse_unordered_selects", "1"),
    ("schema_version", "77"),
    ("secure_delete", "1"),
    ("short_column_names", "0"),
    ("synchronous", "1"),
    ("temp_store", "2"),
    ("threads", "3"),
    ("trusted_schema", "0"),
    ("user_version", "7"),
    ("wal_autocheckpoint", "77"),
    ("writable_schema", "1"),
];

/// Those that only answer or act, those that hold for the whole process, and one that ends with its transaction.
const OTHER_PRAGMAS: &str = "case_sensitive_like collation_list compile_options data_store_directory data_version \
    database_list defer_foreign_keys foreign_key_check foreign_key_list freelist_count function_list hard_heap_limit incremental_vacuum \
    index_info index_list index_xinfo integrity_check module_list optimize page_count pragma_list quick_check \
    shrink_memory soft_heap_limit stats table_info table_list table_xinfo temp_store_directory wal_checkpoint";

/// Runs a query, and returns what is in the first column.
fn rows(conn: &mut SqliteConn, sql: &str) -> Result<Vec<String>, String> {
    let cursor = LoadConnection::load(conn, sql_query(sql)).map_err(|error| error.to_string())?;
    cursor
        .map(|row| {
            let row = row.map_err(|error| error.to_string())?;
            let field = row.get(0).unwrap();
            Ok(field.value().map(|value| FromSql::<Text, Sqlite>::from_sql(value).unwrap()).unwrap_or_default())
        })
        .collect()
}

/// Everything that shows what came of a pragma: its answer later on, and after a VACUUM and in another connection.
fn effect(pragma: &str, value: &str, in_transaction: bool) -> Vec<Result<Vec<String>, String>> {
    let db = Database::new(Kind::Sqlite).unwrap();
    let mut conn = db.connect::<SqliteConn>();
    conn.batch_execute("CREATE TABLE t (x INTEGER)").unwrap();
    if in_transaction {
        conn.batch_execute("BEGIN IMMEDIATE; INSERT INTO t VALUES (1)").unwrap();
    }
    let assigned = conn.batch_execute(&format!("PRAGMA {pragma} = {value}"));
    let assigned = assigned.map(|()| Vec::new()).map_err(|error| error.to_string());
    if in_transaction {
        conn.batch_execute("COMMIT").unwrap();
    }
    let question = format!("PRAGMA {pragma}");
    let answers = [rows(&mut conn, &question), rows(&mut conn, "VACUUM"), rows(&mut conn, &question)];
    drop(conn);
    let afterwards = rows(&mut db.connect::<SqliteConn>(), &question);
    [assigned].into_iter().chain(answers).chain([afterwards]).collect()
}

#[test]
fn a_pragma_that_a_transaction_makes_useless_is_refused_in_one() {
    for (pragma, value) in PRAGMAS {
        let works = effect(pragma, value, true) == effect(pragma, value, false);
        let statement = format!("PRAGMA {pragma} = {value}");
        // Asked for the mode that it has, SQLite has nothing to ignore.
        let is_default = *value == "DELETE";
        assert_eq!(works && !is_default, !requires_autocommit(&statement, Dialect::Sqlite), "{statement}");
    }
    let db = Database::new(Kind::Sqlite).unwrap();
    let known = rows(&mut db.connect::<SqliteConn>(), "PRAGMA pragma_list").unwrap();
    for pragma in known {
        let tried = PRAGMAS.iter().any(|(name, _)| *name == pragma);
        assert!(tried || OTHER_PRAGMAS.split(' ').any(|name| name == pragma), "{pragma} is not tried");
    }
}

#[test]
fn a_refused_pragma_works_without_transaction_and_asking_always_does() {
    for (statement, question, expected) in [
        ("PRAGMA journal_mode = WAL", "PRAGMA journal_mode", "wal"),
        ("PRAGMA main.journal_mode(wal)", "PRAGMA journal_mode", "wal"),
        ("PRAGMA wal_checkpoint(TRUNCATE)", "PRAGMA journal_mode", "delete"),
        // A setting of the connection, which is set back after the revision.
        ("PRAGMA synchronous = OFF", "PRAGMA synchronous", "2"),
    ] {
        let db = Database::new(Kind::Sqlite).unwrap();
        let up = format!("CREATE TABLE t (x INTEGER);\n{statement};");
        let mut conn = db.connect::<SqliteConn>();
        let error = migrations(&[("a", "", &up, "")]).upgrade(&mut conn, "head").unwrap_err();
        assert!(error.to_string().starts_with(&format!("a.sql:7: `{statement}`")), "{error}");
        assert!(error.hint().unwrap().to_string().contains("`Transaction: none`"), "{error}");
        assert_eq!(db.tables(), "");
        let m = migrations(&[("a", "\n-- Transaction: none", &up, "")]);
        m.upgrade(&mut conn, "head").unwrap();
        a_script_does_the_same(&m, &db);
        assert_eq!(rows(&mut conn, question).unwrap(), [expected], "{statement}");
    }
    let asking = "PRAGMA journal_mode;\nPRAGMA main.foreign_keys;\nPRAGMA synchronous;\nPRAGMA user_version = 3;";
    let db = Database::new(Kind::Sqlite).unwrap();
    migrations(&[("a", "", asking, "")]).upgrade(&mut db.connect::<SqliteConn>(), "head").unwrap();
    assert_eq!(rows(&mut db.connect(), "PRAGMA user_version").unwrap(), ["3"]);
}

/// Statements for PostgreSQL, and whether it refuses them in a transaction. `{db}` is the database. The
/// number is the version that brought the syntax.
const POSTGRES: &[(u32, bool, &str)] = &[
    (0, true, "VACUUM"),
    (0, true, "VACUUM (ANALYZE) t"),
    (0, false, "ANALYZE t"),
    (0, true, "CLUSTER"),
    (0, true, "CLUSTER VERBOSE"),
    (0, false, "CLUSTER t USING i"),
    (14, false, "CLUSTER (VERBOSE) t USING i"),
    (0, false, "CLUSTER VERBOSE t USING i"),
    (0, false, "REINDEX TABLE t"),
    (0, false, "REINDEX (VERBOSE) INDEX i"),
    (0, true, "REINDEX SCHEMA public"),
    (0, true, "REINDEX DATABASE {db}"),
    (0, true, "REINDEX SYSTEM {db}"),
    (16, true, "REINDEX (VERBOSE) DATABASE"),
    (0, true, "REINDEX TABLE CONCURRENTLY t"),
    (14, true, "REINDEX (VERBOSE, CONCURRENTLY) TABLE t"),
    (14, true, "REINDEX (CONCURRENTLY TRUE) INDEX i"),
    (14, false, "REINDEX (CONCURRENTLY off, VERBOSE) TABLE t"),
    (14, false, "REINDEX (CONCURRENTLY 0) INDEX i"),
    (0, true, "CREATE INDEX CONCURRENTLY ON t (a)"),
    (0, true, "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)"),
    (0, false, "CREATE UNIQUE INDEX j ON t (a)"),
    (0, true, "DROP INDEX CONCURRENTLY i"),
    (0, true, "DROP INDEX CONCURRENTLY IF EXISTS absent"),
    (0, false, "DROP INDEX IF EXISTS absent"),
    (14, true, "ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY"),
    (14, true, "ALTER TABLE IF EXISTS ONLY public.p DETACH PARTITION public.p1 CONCURRENTLY"),
    (0, false, "ALTER TABLE p DETACH PARTITION p1"),
    (14, false, "ALTER TABLE p DETACH PARTITION p1 FINALIZE"),
    (0, false, "REFRESH MATERIALIZED VIEW CONCURRENTLY v"),
    (0, true, "ALTER SYSTEM SET work_mem = '4MB'"),
    (0, true, "ALTER SYSTEM RESET work_mem"),
    (0, true, "CREATE DATABASE another"),
    (0, true, "DROP DATABASE IF EXISTS absent"),
    (0, false, "ALTER DATABASE {db} SET timezone TO 'UTC'"),
    (0, false, "ALTER DATABASE {db} RESET ALL"),
    (0, false, "ALTER DATABASE {db} CONNECTION LIMIT 10"),
    (0, false, "ALTER DATABASE {db} OWNER TO postgres"),
    (0, false, "ALTER DATABASE {db} SET default_tablespace = 'x'"),
    (0, true, "ALTER DATABASE {db} SET TABLESPACE pg_default"),
    (0, true, "ALTER DATABASE {db} WITH TABLESPACE = pg_default"),
    (0, true, "CREATE TABLESPACE s LOCATION '/absent'"),
    (0, true, "DROP TABLESPACE IF EXISTS absent"),
    (0, false, "ALTER TABLESPACE pg_default RESET (random_page_cost)"),
    (0, true, "CREATE SUBSCRIPTION n CONNECTION '' PUBLICATION p"),
    (0, true, "CREATE SUBSCRIPTION n CONNECTION '' PUBLICATION p WITH (enabled = false)"),
    (0, false, "CREATE SUBSCRIPTION n CONNECTION '' PUBLICATION p WITH (connect = false)"),
    (0, false, "CREATE SUBSCRIPTION n CONNECTION 'host=/absent' PUBLICATION p WITH (create_slot = 'off')"),
    (0, true, "ALTER SUBSCRIPTION s REFRESH PUBLICATION"),
    (0, true, "ALTER SUBSCRIPTION s SET PUBLICATION q"),
    (14, true, "ALTER SUBSCRIPTION s ADD PUBLICATION q WITH (copy_data = false)"),
    (0, false, "ALTER SUBSCRIPTION s SET PUBLICATION q WITH (refresh = false)"),
    (0, false, "ALTER SUBSCRIPTION s SET (synchronous_commit = 'off')"),
    (0, false, "ALTER SUBSCRIPTION s DISABLE"),
    (17, true, "ALTER SUBSCRIPTION idle SET (failover = true)"),
    (18, true, "ALTER SUBSCRIPTION idle SET (two_phase = false)"),
    (18, false, "ALTER SUBSCRIPTION idle SET (two_phase = true)"),
    (19, false, "ALTER SUBSCRIPTION s REFRESH SEQUENCES"),
    (19, true, "REPACK"),
    (19, true, "REPACK USING INDEX"),
    (19, true, "REPACK (VERBOSE)"),
    (19, true, "REPACK (CONCURRENTLY) t USING INDEX i"),
    (19, false, "REPACK t"),
    (19, false, "REPACK (VERBOSE, CONCURRENTLY off) t USING INDEX i"),
    (0, true, "DISCARD ALL"),
    (0, false, "DISCARD PLANS"),
    (0, false, "DISCARD TEMP"),
    (0, true, "COMMIT PREPARED 'absent'"),
    (0, true, "ROLLBACK PREPARED 'absent'"),
    (0, false, "CHECKPOINT"),
    (0, false, "CREATE ROLE alembic_absent"),
    (12, false, "ALTER TYPE mood ADD VALUE 'calm'"),
];

const OBJECTS: &str = "CREATE TABLE t (a INTEGER); CREATE INDEX i ON t (a); CREATE TYPE mood AS ENUM ('glad'); \
    CREATE TABLE p (a INTEGER) PARTITION BY RANGE (a); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (9); \
    CREATE INDEX pi ON p (a); CREATE MATERIALIZED VIEW v AS SELECT 1 AS a; CREATE UNIQUE INDEX vi ON v (a)";

/// One that is enabled would look for its publisher, were this committed.
const SUBSCRIPTIONS: &str = "CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p WITH (connect = false, slot_name = NONE); \
    CREATE SUBSCRIPTION idle CONNECTION '' PUBLICATION p WITH (connect = false, slot_name = 'absent'); \
    UPDATE pg_subscription SET subenabled = true WHERE subname = 's'";

#[test]
fn what_postgres_refuses_in_a_transaction_is_known_beforehand() {
    let Some(db) = Database::new(Kind::Postgres) else { return };
    db.run(OBJECTS);
    let version: u32 = db.ask("SELECT current_setting('server_version_num') AS answer").parse().unwrap();
    let mut conn = db.connect::<PostgresConn>();
    for (since, refused, statement) in POSTGRES {
        let statement = statement.replace("{db}", db.name());
        assert_eq!(requires_autocommit(&statement, Dialect::Postgres), *refused, "{statement}");
        if since * 10_000 > version {
            continue;
        }
        conn.batch_execute(&format!("BEGIN; {SUBSCRIPTIONS}")).unwrap();
        let result = conn.batch_execute(&statement);
        conn.batch_execute("ROLLBACK").unwrap();
        let said = result.err().map(|error| error.to_string()).unwrap_or_default();
        assert_eq!(said.contains("cannot run inside a transaction block"), *refused, "{since}: {statement}: {said}");
    }
}

#[test]
fn what_depends_on_the_catalog_is_left_to_postgres_and_leads_out() {
    for statement in ["REINDEX TABLE p", "CLUSTER p USING pi", "DO $$ BEGIN COMMIT; END $$"] {
        let Some(db) = Database::new(Kind::Postgres) else { return };
        db.run(OBJECTS);
        let mut conn = db.connect::<PostgresConn>();
        let error = migrations(&[("a", "", statement, "")]).upgrade(&mut conn, "head").unwrap_err();
        assert!(error.hint().unwrap().to_string().contains("`Transaction: none`"), "{error}: {:?}", error.hint());
        migrations(&[("a", "\n-- Transaction: none", statement, "")]).upgrade(&mut conn, "head").unwrap();
    }
}

on_every_database! {
    fn what_ends_with_its_transaction_is_refused_where_each_statement_is_one(db) {
        let statements: &[&str] = match KIND {
            Kind::Sqlite => &["PRAGMA defer_foreign_keys = ON", "SAVEPOINT s"],
            Kind::Postgres => &["SET LOCAL search_path = ''", "SET CONSTRAINTS ALL DEFERRED", "LOCK TABLE ta", "SAVEPOINT s"],
            _ => &["SAVEPOINT s"],
        };
        for statement in statements {
            assert!(requires_transaction(statement, if KIND == Kind::Sqlite { Dialect::Sqlite } else { Dialect::Postgres }));
            let up = format!("CREATE TABLE ta (x INTEGER);\n{statement};");
            let mut conn = db.connect::<Conn>();
            let none = migrations::<Conn>(&[("a", "\n-- Transaction: none", &up, "DROP TABLE ta;")]);
            let error = none.upgrade(&mut conn, "head").unwrap_err();
            assert!(error.to_string().starts_with(&format!("a.sql:7: `{statement}` has no effect")), "{error}");
            assert_eq!(db.tables(), "");
            if matches!(KIND, Kind::Sqlite | Kind::Postgres) {
                let one = migrations::<Conn>(&[("a", "", &up, "DROP TABLE ta;")]);
                one.upgrade(&mut conn, "head").unwrap();
                a_script_does_the_same(&one, &db);
                one.downgrade(&mut conn, "base").unwrap();
            }
        }
    }

    fn what_would_take_the_lock_or_the_log_away_is_refused(db) {
        let statements: &[&str] = match KIND {
            Kind::Sqlite => &["PRAGMA query_only = ON"],
            Kind::Postgres => &["DISCARD ALL", "SELECT pg_advisory_unlock_all()", "SET TRANSACTION READ ONLY"],
            _ => &[
                "LOCK TABLES ta WRITE",
                "SET @x = 1, @@session.autocommit = 1",
                "/*!40101 SET autocommit = 1 */",
                "XA START 'x'",
                "SET TRANSACTION READ ONLY",
                "SET SESSION TRANSACTION READ ONLY",
                "FLUSH TABLES WITH READ LOCK",
                "SELECT RELEASE_ALL_LOCKS()",
            ],
        };
        for statement in statements {
            let up = format!("CREATE TABLE ta (x INTEGER);\n{statement};");
            let none = migrations::<Conn>(&[("a", "\n-- Transaction: none", &up, "")]);
            let error = none.upgrade(&mut db.connect::<Conn>(), "head").unwrap_err();
            assert!(error.to_string().starts_with(&format!("a.sql:7: `{statement}` would break the journal")), "{error}");
            assert!(error.hint().unwrap().to_string().starts_with("delete it"), "{error}");
            assert_eq!(db.tables(), "");
        }
    }
}
