//! SQLite.

use std::{
    fs::{OpenOptions, remove_file},
    path::Path,
    time::Duration,
};

use alembic_graph::{Hint, version_table::VersionTable};
use alembic_schema::Schema;
use alembic_sql::Dialect;
use diesel::{
    QueryResult,
    connection::{LoadConnection, TransactionManager},
    result::Error,
    sqlite::Sqlite,
};

use super::{
    Capabilities, MigrationBackend, Need, Transaction, Trial, answer, is_table_locked, loading_methods, pragmas,
    rights::read_only,
    sealed::Sealed,
    shared_cache::{LONGEST_READ, while_table_is_locked},
    sqlite_trials,
};

impl Sealed for Sqlite {}

impl MigrationBackend for Sqlite {
    loading_methods!();

    const FAMILY: Dialect = Dialect::Sqlite;

    const UNASKED: &'static [&'static str] = &[];

    fn trials(schema: &Schema) -> Vec<Trial> {
        sqlite_trials::trials(schema)
    }

    const CAPABILITIES: Capabilities = Capabilities {
        transactional_ddl: true,
        session_lock: false,
        transaction_lock: false,
        locates_errors: false,
        explains_reruns: false,
        cascades_on_drop: true,
        roles: false,
    };

    /// A temporary or attached table of that name would be found first, or instead.
    const SCHEMA: Option<&'static str> = Some("main");

    fn tables_query(table: &VersionTable) -> String {
        let schema = table.schema().map_or_else(String::new, |s| format!("{}.", Dialect::Sqlite.quote(s)));
        let literal = |name: &str| Dialect::Sqlite.literal(name);
        format!(
            "SELECT name AS answer FROM {schema}sqlite_master WHERE type = 'table' AND name IN ({}, {}, {})",
            literal(table.name()),
            literal(&table.log_name()),
            literal(&table.lock_name())
        )
    }

    fn set_busy_timeout<C: LoadConnection<Backend = Self>>(
        conn: &mut C,
        wait: Duration,
    ) -> QueryResult<Option<String>> {
        let milliseconds = i32::try_from(wait.as_millis()).unwrap_or(i32::MAX);
        // This touches no file, and fails only while a shared cache is locked.
        while_table_is_locked(wait, || conn.batch_execute("PRAGMA busy_timeout"))?;
        // Asking needs a lock on the file. Who fails to get it at once has no timeout.
        let sql = "SELECT CAST(timeout AS TEXT) AS answer FROM pragma_busy_timeout";
        let before = answer(conn, sql).ok().flatten();
        let set = format!("PRAGMA busy_timeout = {milliseconds}");
        while_table_is_locked(wait, || conn.batch_execute(&set))?;
        Ok(Some(format!("PRAGMA busy_timeout = {}", before.as_deref().unwrap_or("0"))))
    }

    /// Diesel's `BEGIN` is deferred: it reads first and cannot wait when it comes to write. Nothing
    /// has been read yet, so it can be exchanged for one that takes the write lock now.
    fn lock_for_writing<C: LoadConnection<Backend = Self>>(conn: &mut C) -> QueryResult<()> {
        conn.batch_execute("ROLLBACK; BEGIN IMMEDIATE")
    }

    /// While another connection to the same cache holds the schema, not even a `ROLLBACK` can be prepared, and a
    /// connection whose rollback has failed is of no use to Diesel any more. So the outermost one is done here, and
    /// Diesel's count of transactions is reset when SQLite has none open.
    fn roll_back<C: LoadConnection<Backend = Self>>(conn: &mut C) -> QueryResult<()> {
        if Transaction::depth(conn) != 1 {
            while_table_is_locked(LONGEST_READ, || conn.batch_execute("SELECT 1"))?;
            return C::TransactionManager::rollback_transaction(conn);
        }
        match while_table_is_locked(LONGEST_READ, || conn.batch_execute("ROLLBACK")) {
            Err(error) if !has_no_transaction(&error) => C::TransactionManager::rollback_transaction(conn),
            _ => {
                *C::TransactionManager::transaction_manager_status_mut(conn) = Default::default();
                Ok(())
            }
        }
    }

    /// In a transaction a lock may be ours to give up first, so only the whole can be tried again.
    fn read<C, T>(conn: &mut C, mut query: impl FnMut(&mut C) -> QueryResult<T>) -> QueryResult<T>
    where
        C: LoadConnection<Backend = Self>,
    {
        match query(conn) {
            Err(error) if is_table_locked(&error) && !Transaction::is_open(conn) => {
                while_table_is_locked(LONGEST_READ, || query(conn))
            }
            result => result,
        }
    }

    fn settings<C: LoadConnection<Backend = Self>>(conn: &mut C) -> QueryResult<Vec<(String, String)>> {
        pragmas::read(conn)
    }

    fn restore_settings<C>(conn: &mut C, before: &[(String, String)]) -> QueryResult<()>
    where
        C: LoadConnection<Backend = Self>,
    {
        pragmas::restore(conn, before)
    }

    fn file_query() -> Option<&'static str> {
        Some("SELECT file AS answer FROM pragma_database_list WHERE name = 'main'")
    }

    fn clock_query() -> Option<&'static str> {
        Some("SELECT strftime('%Y-%m-%d %H:%M:%f', 'now') AS answer")
    }

    fn has_statement_timeout(_dialect: Dialect) -> bool {
        false
    }

    fn refusal_hint<C: LoadConnection<Backend = Self>>(conn: &mut C, message: &str, need: Need) -> Option<Hint> {
        if message == "unable to open database file" {
            return Some(Hint::ReadOnlyFile);
        }
        if message != "attempt to write a readonly database" {
            return None;
        }
        let query_only =
            answer(conn, "SELECT CAST(query_only AS TEXT) AS answer FROM pragma_query_only").ok().flatten();
        if query_only.as_deref() == Some("1") {
            return read_only("`PRAGMA query_only`", "switch it off");
        }
        let file = answer(conn, "SELECT file AS answer FROM pragma_database_list WHERE name = 'main'").ok().flatten();
        // Reading needs to write only in WAL mode.
        if need == Need::Write && file.is_some_and(|file| can_be_written(Path::new(&file))) {
            return read_only("`mode=ro` or `immutable=1` of the URL", "leave it out to migrate");
        }
        Some(Hint::ReadOnlyFile)
    }

    fn is_busy(error: &Error) -> bool {
        let is_locked = |message: &str| message.contains("database is locked");
        matches!(error, Error::DatabaseError(_, info) if is_locked(info.message())) || is_table_locked(error)
    }

    fn is_contention(error: &Error) -> bool {
        is_table_locked(error)
    }
}

/// Returns whether SQLite says that there was nothing to roll back: it ends a transaction by itself after some errors.
fn has_no_transaction(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(_, info) if info.message().contains("no transaction is active"))
}

/// Returns whether a file, and its folder, can be written by this user.
fn can_be_written(file: &Path) -> bool {
    let beside = file.with_file_name(format!(".alembic-{}", uuid::Uuid::new_v4()));
    let made = OpenOptions::new().write(true).create_new(true).open(&beside).is_ok();
    made && remove_file(&beside).is_ok() && OpenOptions::new().append(true).open(file).is_ok()
}
