//! One migrator at a time.
//!
//! PostgreSQL and MySQL have session locks, which end with the connection. On SQLite the write
//! transaction is the lock, and nothing is done here.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use alembic_core::{Dialect, version_table::VersionTable};
use diesel::{QueryResult, connection::LoadConnection, result::Error};

use super::{MigrationBackend, answer};

/// The expressions of one database's lock.
#[derive(Debug)]
pub(crate) struct Lock {
    try_lock: String,
    unlock: String,
    holder: String,
}

/// Why the lock was not taken.
#[derive(Debug)]
pub(crate) enum LockFailure {
    /// Somebody else held it all the time.
    Timeout(Option<String>),
    /// The server did not answer.
    Query(Error),
}

impl From<Error> for LockFailure {
    fn from(error: Error) -> Self {
        Self::Query(error)
    }
}

impl Lock {
    /// Returns the lock of a version table; none where the write transaction is the lock.
    pub(crate) fn of(dialect: Dialect, table: &VersionTable) -> Option<Self> {
        match dialect {
            Dialect::Sqlite => None,
            Dialect::Postgres => Some(Self::postgres(table)),
            Dialect::Mysql | Dialect::Mariadb => Some(Self::mysql(table)),
        }
    }

    /// Polled, never blocking: a session that waits inside `pg_advisory_lock` holds a snapshot, and
    /// `CREATE INDEX CONCURRENTLY` of the session that has the lock would wait for it forever.
    /// <https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY>
    fn postgres(table: &VersionTable) -> Self {
        let name = Dialect::Postgres.literal(table.name());
        let schema = table.schema().map_or_else(|| "current_schema()".to_owned(), |s| Dialect::Postgres.literal(s));
        let key = format!("hashtextextended(format('alembic %s %s', {schema}, {name}), 0)");
        Self {
            try_lock: format!("SELECT pg_try_advisory_lock({key})::int::text AS answer"),
            unlock: format!("SELECT pg_advisory_unlock({key})::int::text AS answer"),
            holder: format!(
                "SELECT format('process %s (%s) since %s', a.pid, coalesce(nullif(a.application_name, ''), a.usename), \
                 to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS')) AS answer FROM pg_catalog.pg_locks l \
                 JOIN pg_catalog.pg_stat_activity a USING (pid), (SELECT {key} AS k) key WHERE l.locktype = 'advisory' \
                 AND l.granted AND l.objsubid = 1 AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE \
                 datname = current_database()) AND (l.classid::bigint << 32 | l.objid::bigint) = k"
            ),
        }
    }

    /// A finite timeout, and only the answer 1 counts: MariaDB answers NULL to an infinite one.
    /// The name is global to the server, so it holds the database.
    fn mysql(table: &VersionTable) -> Self {
        let name = Dialect::Mysql.literal(table.name());
        let schema = table.schema().map_or_else(|| "DATABASE()".to_owned(), |s| Dialect::Mysql.literal(s));
        let key = format!("CONCAT('alembic:', MD5(CONCAT({schema}, '.', {name})))");
        Self {
            try_lock: format!("SELECT CAST(GET_LOCK({key}, 0) AS CHAR) AS answer"),
            unlock: format!("SELECT CAST(RELEASE_LOCK({key}) AS CHAR) AS answer"),
            holder: format!(
                "SELECT CONCAT('connection ', p.id, ' of ', p.user, '@', p.host) AS answer \
                 FROM information_schema.processlist p WHERE p.id = IS_USED_LOCK({key})"
            ),
        }
    }

    /// Takes the lock, asking again until `wait` is over; `waiting` hears who holds it.
    pub(crate) fn take<C>(
        &self,
        conn: &mut C,
        wait: Duration,
        mut waiting: impl FnMut(Option<&str>, Duration),
    ) -> Result<(), LockFailure>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        let begun = Instant::now();
        let mut pause = Duration::from_millis(20);
        while answer(conn, &self.try_lock)?.as_deref() != Some("1") {
            let holder = answer(conn, &self.holder).ok().flatten();
            if begun.elapsed() >= wait {
                return Err(LockFailure::Timeout(holder));
            }
            waiting(holder.as_deref(), begun.elapsed());
            sleep(pause.min(wait.saturating_sub(begun.elapsed())));
            pause = (pause * 2).min(Duration::from_secs(1));
        }
        Ok(())
    }

    /// Gives the lock back. A connection that is lost has given it back already.
    pub(crate) fn release<C>(&self, conn: &mut C) -> QueryResult<()>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        answer(conn, &self.unlock).map(|_| ())
    }
}
