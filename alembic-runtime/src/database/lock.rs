//! One migrator at a time.
//!
//! PostgreSQL: a transaction takes the lock for itself, so it works through any pooler and ends
//! with the transaction; a step outside a transaction needs it for the whole session. MySQL: for
//! the session, always. SQLite: the write transaction is the lock, and nothing is done here.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use alembic_graph::version_table::{Actor, VersionTable};
use alembic_sql::Dialect;
use diesel::{QueryResult, connection::LoadConnection};
use md5::{Digest, Md5};

use super::{MigrationBackend, answer, snapshot};

/// The expressions of one database's lock.
#[derive(Debug)]
pub(crate) struct Lock {
    in_transaction: Option<String>,
    for_session: String,
    unlock: String,
    is_ours: Option<String>,
    holder: String,
}

/// Result of one attempt to take the lock.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum LockAttempt {
    /// It is ours.
    Taken,
    /// Somebody else has it.
    Busy,
    /// The server's session is shared with others: a pooler is in between.
    SharedSession,
}

impl LockAttempt {
    fn of(answer: Option<String>) -> Self {
        match answer.as_deref() {
            Some("1") => Self::Taken,
            Some("shared") => Self::SharedSession,
            _ => Self::Busy,
        }
    }
}

impl Lock {
    /// Returns the lock of a version table; none where the write transaction is the lock.
    pub(crate) fn of(dialect: Dialect, table: &VersionTable, run: &str) -> Option<Self> {
        match dialect {
            Dialect::Sqlite => None,
            Dialect::Postgres => Some(Self::postgres(table, run)),
            Dialect::Mysql | Dialect::Mariadb => Some(Self::mysql(table)),
        }
    }

    /// Polled, never blocking: a session that waits inside `pg_advisory_lock` holds a snapshot, and
    /// `CREATE INDEX CONCURRENTLY` of the session that has the lock would wait for it forever.
    /// <https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY>
    ///
    /// The session is marked with the run. Behind a transaction pooler two clients may come by the
    /// same session, where both would get the lock: then one finds the other's mark.
    fn postgres(table: &VersionTable, run: &str) -> Self {
        let schema = table.schema().map_or_else(|| "current_schema()".to_owned(), |s| Dialect::Postgres.literal(s));
        let key = table.advisory_key(&schema);
        let run = Dialect::Postgres.literal(run);
        let mark = "coalesce(current_setting('alembic.run', true), '')";
        Self {
            in_transaction: Some(format!("SELECT pg_try_advisory_xact_lock({key})::int::text AS answer")),
            for_session: format!(
                "SELECT CASE WHEN {mark} NOT IN ('', {run}) THEN 'shared' WHEN pg_try_advisory_lock({key}) \
                 THEN left(set_config('alembic.run', {run}, false), 0) || '1' ELSE '0' END AS answer"
            ),
            unlock: format!(
                "SELECT pg_advisory_unlock({key})::int::text || left(set_config('alembic.run', '', false), 0) AS answer"
            ),
            is_ours: Some(format!("SELECT ({mark} = {run})::int::text AS answer")),
            holder: format!(
                "SELECT format('process %s (%s), connected since %s', a.pid, \
                 coalesce(nullif(a.application_name, ''), a.usename), to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS')) \
                 AS answer FROM pg_catalog.pg_locks l \
                 JOIN pg_catalog.pg_stat_activity a USING (pid), (SELECT {key} AS k) key WHERE l.locktype = 'advisory' \
                 AND l.granted AND l.objsubid = 1 AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE \
                 datname = current_database()) AND (l.classid::bigint << 32 | l.objid::bigint) = k"
            ),
        }
    }

    /// A finite timeout, and only the answer 1 counts: MariaDB answers NULL to an infinite one.
    ///
    /// There are two: programs of earlier versions know the first only, and scripts the second, because not every
    /// server has the hash of the first.
    fn mysql(table: &VersionTable) -> Self {
        let (first, second) = (Dialect::Mysql.literal(&mysql_name(table)), table.lock_on_mysql("DATABASE()"));
        Self {
            in_transaction: None,
            for_session: format!(
                "SELECT CASE WHEN COALESCE(GET_LOCK({first}, 0), 0) <> 1 THEN '0' \
                 WHEN COALESCE(GET_LOCK({second}, 0), 0) = 1 THEN '1' \
                 ELSE CONCAT('0', LEFT(COALESCE(RELEASE_LOCK({first}), ''), 0)) END AS answer"
            ),
            unlock: format!(
                "SELECT CAST(COALESCE(RELEASE_LOCK({second}), 0) * COALESCE(RELEASE_LOCK({first}), 0) AS CHAR) AS answer"
            ),
            is_ours: None,
            holder: format!(
                "SELECT CONCAT('connection ', p.id, ' of ', p.user, '@', p.host) AS answer \
                 FROM information_schema.processlist p \
                 WHERE p.id = COALESCE(IS_USED_LOCK({first}), IS_USED_LOCK({second}))"
            ),
        }
    }

    /// Tries to take the lock for the session; every success needs a release of its own.
    pub(crate) fn try_for_session<C>(&self, conn: &mut C) -> QueryResult<LockAttempt>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        snapshot(conn, |conn| answer(conn, &self.for_session)).map(LockAttempt::of)
    }

    /// Tries to take the lock until the end of the transaction that is open.
    pub(crate) fn try_in_transaction<C>(&self, conn: &mut C) -> QueryResult<LockAttempt>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        self.in_transaction.as_ref().map_or(Ok(LockAttempt::Taken), |sql| answer(conn, sql).map(LockAttempt::of))
    }

    /// Returns whether this is still the session that took the lock.
    pub(crate) fn is_ours<C>(&self, conn: &mut C) -> QueryResult<bool>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        self.is_ours.as_ref().map_or(Ok(true), |sql| Ok(answer(conn, sql)?.as_deref() == Some("1")))
    }

    /// Returns who has the lock, as far as the database tells.
    pub(crate) fn holder<C>(&self, conn: &mut C) -> Option<String>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        snapshot(conn, |conn| answer(conn, &self.holder)).ok().flatten()
    }

    /// Gives the lock back; returns whether it was there. A lost connection has given it back already.
    pub(crate) fn release<C>(&self, conn: &mut C) -> QueryResult<bool>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        Ok(snapshot(conn, |conn| answer(conn, &self.unlock))?.as_deref() == Some("1"))
    }
}

/// Returns what MySQL calls the first lock: it is global to the server, so the name holds the database, and it may
/// have 64 characters. The hash is made here because servers from 9.6 on have no `MD5()`.
fn mysql_name(table: &VersionTable) -> String {
    let hash = Md5::digest(format!("{}.{}", table.schema().unwrap_or_default(), table.name()));
    hash.iter().fold("alembic:".to_owned(), |name, byte| format!("{name}{byte:02x}"))
}

/// Pauses between attempts that double, until the time is over.
#[derive(Debug)]
pub(crate) struct Backoff {
    begun: Instant,
    limit: Duration,
    pause: Duration,
}

impl Backoff {
    pub(crate) fn new(limit: Duration) -> Self {
        Self { begun: Instant::now(), limit, pause: Duration::from_millis(20) }
    }

    /// Returns how long it has been.
    pub(crate) fn waited(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Sleeps a while; returns false at once if the time is over.
    pub(crate) fn pause(&mut self) -> bool {
        let left = self.limit.saturating_sub(self.waited());
        sleep(self.pause.min(left));
        self.pause = (self.pause * 2).min(Duration::from_secs(1));
        !left.is_zero()
    }
}

/// Returns what a session calls itself while it migrates; others see it when they wait. PostgreSQL
/// takes 63 bytes.
pub(crate) fn application_name(actor: &Actor) -> String {
    let mut name = format!("alembic: {}", actor.signature());
    let end = (0..=63).rev().find(|end| name.is_char_boundary(*end)).unwrap_or(0);
    name.truncate(end);
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `CONCAT('alembic:', MD5(CONCAT(DATABASE(), '.', 'alembic_version')))` gives, which programs of the
    /// first versions ask the server for: they wait for today's, and today's for them.
    #[test]
    fn the_name_is_the_one_that_it_always_was() {
        assert_eq!(mysql_name(&VersionTable::new("shop.alembic_version")), "alembic:c47bc4839026793db0f3048a54355834");
    }
}
