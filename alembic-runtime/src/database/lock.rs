//! One migrator at a time.
//!
//! PostgreSQL: a transaction takes the lock for itself, so it works through any pooler and ends
//! with the transaction; a step outside a transaction needs it for the whole session. MySQL: for
//! the session, always. SQLite: the write transaction is the lock, and nothing is done here.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use alembic_graph::version_table::Actor;
use diesel::{QueryResult, connection::LoadConnection};

use super::{MigrationBackend, answer, snapshot};

/// The expressions of one database's lock.
#[derive(Debug)]
pub struct Lock {
    pub(super) in_transaction: Option<String>,
    pub(super) for_session: String,
    pub(super) unlock: String,
    pub(super) is_ours: Option<String>,
    pub(super) holder: String,
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
