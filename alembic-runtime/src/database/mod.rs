//! Everything that speaks Diesel. It is told what to record and knows nothing of graphs.

mod attached;
mod blockers;
mod broken;
mod capabilities;
mod diagnosis;
pub(crate) mod foreign_keys;
mod inspect;
mod json;
mod lock;
#[cfg(feature = "mysql")]
mod mysql;
mod mysql_session;
mod pins;
mod place;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod pragmas;
mod probe;
mod rights;
mod rows;
mod session;
mod shared_cache;
#[cfg(feature = "sqlite")]
mod sqlite;
mod sqlite_master;
#[cfg(feature = "sqlite")]
mod sqlite_trials;
mod storage;
mod transaction;

use std::time::Duration;

use alembic_graph::{Hint, version_table::VersionTable};
use alembic_schema::Schema;
use alembic_sql::{Dialect, Object};
pub(crate) use attached::{NO_PLACE, give_places_back, take_places};
pub(crate) use blockers::blockers;
pub(crate) use broken::Trial;
pub use broken::{Broken, broken, unasked};
pub(crate) use capabilities::Capabilities;
pub(crate) use diagnosis::Diagnosis;
use diesel::{
    QueryResult,
    backend::Backend,
    connection::{LoadConnection, TransactionManager},
};
pub use inspect::{Creation, Inspection, creations, inspect, objects, schemas, sources};
pub(crate) use lock::{Backoff, Lock, LockAttempt, application_name};
pub(crate) use mysql_session::{begin_mysql, between_steps_mysql, restore_mysql};
pub(crate) use pins::{Reading, reading};
pub(crate) use place::TableSchema;
pub(crate) use probe::{ProbeResult, probe};
pub(crate) use rights::{Need, refusal_hint, would_hide_rows};
pub use rows::LogRecord;
pub(crate) use rows::{
    LogDepth, Shown, State, lock_holder, log_page, progress_of, read_fast, read_state, session_is_busy, version_numbers,
};
pub(crate) use session::{Scope, Settings, Timeouts};
pub(crate) use shared_cache::{LONGEST_READ, is_table_locked, while_table_is_locked};
pub(crate) use sqlite_master::sqlite_master;
pub(crate) use storage::{default_without_transactions, ill_stored, without_transactions};
pub(crate) use transaction::{Transaction, snapshot};

pub(crate) mod sealed {
    /// Keeps [`MigrationBackend`](super::MigrationBackend) to the backends of this crate.
    pub trait Sealed {}
}

/// A Diesel backend that the engine can drive: `Sqlite`, `Pg` and `Mysql`, each behind the feature
/// of that name.
///
/// Every bound that a query needs is inside, so that callers write `C: LoadConnection` and
/// `C::Backend: MigrationBackend` and nothing else. It works for plain and pooled connections and
/// for diesel-async's `AsyncConnectionWrapper`.
pub trait MigrationBackend: Backend + sealed::Sealed + Sized {
    /// What spelling the backend needs before anything has been asked; MySQL for MariaDB too.
    #[doc(hidden)]
    const FAMILY: Dialect;

    /// What the engine may rely on.
    #[doc(hidden)]
    const CAPABILITIES: Capabilities;

    /// The schema of a table that is named without one, where that is always the same.
    #[doc(hidden)]
    const SCHEMA: Option<&'static str> = None;

    /// Kinds of objects of which only running them shows whether they work.
    #[doc(hidden)]
    const UNASKED: &'static [&'static str];

    /// Returns statements that show whether what names tables and columns still works; none where the database lets
    /// nothing go that is named.
    #[doc(hidden)]
    fn trials(_schema: &Schema) -> Vec<Trial> {
        Vec::new()
    }

    /// Tells MySQL from MariaDB; the others are what they are.
    #[doc(hidden)]
    fn dialect<C: LoadConnection<Backend = Self>>(_conn: &mut C) -> QueryResult<Dialect> {
        Ok(Self::FAMILY)
    }

    /// Loads a query whose only column is called `answer`.
    #[doc(hidden)]
    fn answers<C: LoadConnection<Backend = Self>>(conn: &mut C, sql: &str) -> QueryResult<Vec<Option<String>>>;

    /// Loads the answer to a `SHOW CREATE …`. MySQL and MariaDB only.
    #[doc(hidden)]
    fn shown<C: LoadConnection<Backend = Self>>(conn: &mut C, what: Shown, statement: &str) -> QueryResult<Vec<u8>>;

    /// Loads `version_num`, `node`, `unfinished`; does not wait, since a failure costs no more than a slower answer.
    #[doc(hidden)]
    fn version_rows<C: LoadConnection<Backend = Self>>(conn: &mut C, sql: &str) -> QueryResult<Vec<rows::VersionRow>>;

    /// Loads rows of the log.
    #[doc(hidden)]
    fn log_rows<C: LoadConnection<Backend = Self>>(conn: &mut C, sql: &str) -> QueryResult<Vec<LogRecord>>;

    /// Runs a query that reads, again and again as long as another session is in the way of reading at all.
    #[doc(hidden)]
    fn read<C, T>(conn: &mut C, mut query: impl FnMut(&mut C) -> QueryResult<T>) -> QueryResult<T>
    where
        C: LoadConnection<Backend = Self>,
    {
        query(conn)
    }

    /// Returns the query for the names of those of our tables that exist.
    #[doc(hidden)]
    fn tables_query(table: &VersionTable) -> String;

    /// Finds the schema of an unqualified table. Temporary and attached tables do not count.
    #[doc(hidden)]
    fn place<C: LoadConnection<Backend = Self>>(_conn: &mut C, _table: &str) -> QueryResult<TableSchema> {
        Ok(Self::SCHEMA.map_or(TableSchema::Current, |schema| TableSchema::In(schema.to_owned())))
    }

    /// Returns the database in use, where a session can change it.
    #[doc(hidden)]
    fn current_database<C: LoadConnection<Backend = Self>>(_conn: &mut C) -> QueryResult<Option<String>> {
        Ok(None)
    }

    /// Reads with our own settings, which the session does not keep.
    #[doc(hidden)]
    fn reading<C, T>(conn: &mut C, _what: Reading, read: impl FnOnce(&mut C) -> QueryResult<T>) -> QueryResult<T>
    where
        C: LoadConnection<Backend = Self>,
    {
        read(conn)
    }

    /// Lets the session see what was committed since it first looked, where it would not by itself.
    #[doc(hidden)]
    fn renew_snapshot<C: LoadConnection<Backend = Self>>(_conn: &mut C) -> QueryResult<()> {
        Ok(())
    }

    /// Returns names and values of what is set in the session; none where a run keeps them in variables.
    #[doc(hidden)]
    fn settings<C: LoadConnection<Backend = Self>>(_conn: &mut C) -> QueryResult<Vec<(String, String)>> {
        Ok(Vec::new())
    }

    /// Restores what has been set since `before` was read.
    #[doc(hidden)]
    fn restore_settings<C>(_conn: &mut C, _before: &[(String, String)]) -> QueryResult<()>
    where
        C: LoadConnection<Backend = Self>,
    {
        Ok(())
    }

    /// Sets what a run needs for a transaction, or for the session.
    #[doc(hidden)]
    fn begin_run<C>(_conn: &mut C, _scope: Scope, _timeouts: Timeouts, _application: &str) -> QueryResult<()>
    where
        C: LoadConnection<Backend = Self>,
    {
        Ok(())
    }

    /// Returns what sets the session for a seed inside its transaction, as a run sets it for a revision, and what sets it
    /// back afterwards.
    #[doc(hidden)]
    fn around_seed() -> (String, &'static str) {
        (String::new(), "")
    }

    /// Returns what to run before and after a statement that waits for others by design, so that no timeout cuts it off.
    #[doc(hidden)]
    fn without_timeout(_sql: &str, _timeouts: Timeouts) -> Option<[String; 2]> {
        None
    }

    /// Returns whether statements can be given a timeout.
    #[doc(hidden)]
    fn has_statement_timeout(_dialect: Dialect) -> bool {
        true
    }

    /// Returns the query for the file of the database, where statements can open others.
    #[doc(hidden)]
    fn file_query() -> Option<&'static str> {
        None
    }

    /// Returns the query for what another session runs to end the statement of this one, if there is such a thing.
    #[doc(hidden)]
    fn cancel_query() -> Option<&'static str> {
        None
    }

    /// Returns the query for the time, if the log is not written where the time can be an expression.
    #[doc(hidden)]
    fn clock_query() -> Option<&'static str> {
        None
    }

    /// Writes a time of that clock as the log has it.
    #[doc(hidden)]
    fn log_time(time: chrono::NaiveDateTime) -> String {
        time.format("%Y-%m-%d %H:%M:%S%.3f").to_string()
    }

    /// Returns the way past a refusal to be read or written that is this database's own.
    #[doc(hidden)]
    fn refusal_hint<C: LoadConnection<Backend = Self>>(conn: &mut C, message: &str, need: Need) -> Option<Hint>;

    /// Returns the lock of a version table; none where the write transaction is the lock.
    #[doc(hidden)]
    fn lock(_table: &VersionTable, _run: &str) -> Option<Lock> {
        None
    }

    /// Returns queries for the sessions that hold locks on these tables; the first that finds any counts.
    #[doc(hidden)]
    fn blocker_queries(_tables: &[String]) -> Vec<String> {
        Vec::new()
    }

    /// Returns the query for who runs a statement in a session that the log names.
    #[doc(hidden)]
    fn busy_session_query(_session: &str) -> Option<String> {
        None
    }

    /// Returns the query that finds an object in the catalog, where a statement outside a transaction can make it.
    #[doc(hidden)]
    fn probe_query(_object: &Object) -> Option<String> {
        None
    }

    /// Asks the session about the statement that has just failed.
    #[doc(hidden)]
    fn diagnose_last_statement<C: LoadConnection<Backend = Self>>(_conn: &mut C) -> Diagnosis {
        Diagnosis::default()
    }

    /// Lets a statement fail once more, where its failure can be looked at from inside. What fails in another way than
    /// it `said` tells nothing.
    ///
    /// The caller is in a transaction or behind a savepoint, and rolls back afterwards.
    #[doc(hidden)]
    fn diagnose_by_rerun<C: LoadConnection<Backend = Self>>(_conn: &mut C, _statement: &str, _said: &str) -> Diagnosis {
        Diagnosis::default()
    }

    /// Makes the session wait for other writers, and returns the SQL that undoes it.
    #[doc(hidden)]
    fn set_busy_timeout<C: LoadConnection<Backend = Self>>(
        _conn: &mut C,
        _wait: Duration,
    ) -> QueryResult<Option<String>> {
        Ok(None)
    }

    /// Rolls back the innermost transaction that Diesel knows of.
    #[doc(hidden)]
    fn roll_back<C: LoadConnection<Backend = Self>>(conn: &mut C) -> QueryResult<()> {
        C::TransactionManager::rollback_transaction(conn)
    }

    /// Turns a transaction that was just begun into one that holds the write lock.
    #[doc(hidden)]
    fn lock_for_writing<C: LoadConnection<Backend = Self>>(_conn: &mut C) -> QueryResult<()> {
        Ok(())
    }

    /// Returns how many more locks the server can surely give a transaction of `sql`'s session;
    /// none where that is unlimited.
    #[doc(hidden)]
    fn lock_budget_query() -> Option<&'static str> {
        None
    }

    /// Returns whether an error says that somebody else holds the write lock.
    #[doc(hidden)]
    fn is_busy(_error: &diesel::result::Error) -> bool {
        false
    }

    /// Returns whether an error says that a statement waited too long for somebody, or that two
    /// waited for each other: it may work the next time.
    #[doc(hidden)]
    fn is_contention(_error: &diesel::result::Error) -> bool {
        false
    }

    /// Returns whether an error says that a statement wants to run outside a transaction.
    #[doc(hidden)]
    fn wants_no_transaction(_error: &diesel::result::Error) -> bool {
        false
    }
}

/// Writes the loading methods, which are the same text but not the same types for each backend.
macro_rules! loading_methods {
    () => {
        fn answers<C: diesel::connection::LoadConnection<Backend = Self>>(
            conn: &mut C,
            sql: &str,
        ) -> diesel::QueryResult<Vec<Option<String>>> {
            use diesel::RunQueryDsl;
            let load = |conn: &mut C| diesel::sql_query(sql).load::<crate::database::rows::Answer>(conn);
            let rows = Self::read(conn, load)?;
            Ok(rows.into_iter().map(|row| row.answer).collect())
        }

        fn shown<C: diesel::connection::LoadConnection<Backend = Self>>(
            conn: &mut C,
            what: crate::database::Shown,
            statement: &str,
        ) -> diesel::QueryResult<Vec<u8>> {
            use diesel::RunQueryDsl;

            use crate::database::{Shown, rows};
            let query = diesel::sql_query(statement);
            Ok(match what {
                Shown::Table => query.get_result::<rows::TableText>(conn)?.text,
                Shown::View => query.get_result::<rows::ViewText>(conn)?.text,
                Shown::Function => query.get_result::<rows::FunctionText>(conn)?.text,
                Shown::Procedure => query.get_result::<rows::ProcedureText>(conn)?.text,
                Shown::Trigger => query.get_result::<rows::TriggerText>(conn)?.text,
                Shown::Event => query.get_result::<rows::EventText>(conn)?.text,
            })
        }

        fn version_rows<C: diesel::connection::LoadConnection<Backend = Self>>(
            conn: &mut C,
            sql: &str,
        ) -> diesel::QueryResult<Vec<crate::database::rows::VersionRow>> {
            diesel::RunQueryDsl::load(diesel::sql_query(sql), conn)
        }

        fn log_rows<C: diesel::connection::LoadConnection<Backend = Self>>(
            conn: &mut C,
            sql: &str,
        ) -> diesel::QueryResult<Vec<crate::database::rows::LogRecord>> {
            Self::read(conn, |conn| diesel::RunQueryDsl::load(diesel::sql_query(sql), conn))
        }
    };
}
pub(crate) use loading_methods;

/// Loads a query whose only column is a text called `answer`; rows without one are left out.
///
/// # Errors
///
/// Those of the database.
pub fn answers<C>(conn: &mut C, sql: &str) -> QueryResult<Vec<String>>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    snapshot(conn, |conn| Ok(C::Backend::answers(conn, sql)?.into_iter().flatten().collect()))
}

/// Returns the first answer of a query, if it has one.
pub(crate) fn answer<C>(conn: &mut C, sql: &str) -> QueryResult<Option<String>>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    Ok(C::Backend::answers(conn, sql)?.into_iter().next().flatten())
}
