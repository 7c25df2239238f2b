//! What a run sets in its session, and how the session gets back as it was.
//!
//! Revisions may set what they like, as the output of `pg_dump` does; the next revision, and the
//! application that lent us the connection, are not to notice.

use std::time::Duration;

use diesel::{QueryResult, connection::LoadConnection};

use super::MigrationBackend;

/// For how long statements may wait and run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For a lock; zero waits forever.
    pub lock: Duration,
    /// Altogether; zero runs forever.
    pub statement: Duration,
}

/// How far settings reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// To the end of the transaction.
    Transaction,
    /// To the end of the run.
    Session,
}

/// Names and values of what was set in a session at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settings(Vec<(String, String)>);

impl Settings {
    /// Reads the settings.
    pub(crate) fn read<C>(conn: &mut C) -> QueryResult<Self>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        C::Backend::settings(conn).map(Self)
    }

    /// Restores what has been set since.
    pub(crate) fn restore<C>(&self, conn: &mut C) -> QueryResult<()>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        C::Backend::restore_settings(conn, &self.0)
    }
}
