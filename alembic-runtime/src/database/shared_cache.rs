//! SQLite connections of one process that share a cache: `file:name?mode=memory&cache=shared`.
//!
//! They lock tables, not the file, and whoever meets such a lock gets `SQLITE_LOCKED` or one of its extended codes at
//! once, whatever the busy timeout: <https://www.sqlite.org/sharedcache.html>. So we wait ourselves. While the schema
//! is locked not even a `PRAGMA` can be prepared, so the connection's timeout is not known here.

use std::time::Duration;

use diesel::{QueryResult, result::Error};

use super::Backoff;

/// How long reading waits for another connection's transaction.
pub(crate) const LONGEST_READ: Duration = Duration::from_secs(60);

/// Returns whether an error says that another connection to the same cache holds a lock on a table, or on the schema.
/// Diesel passes on the message only.
pub(crate) fn is_table_locked(error: &Error) -> bool {
    let Error::DatabaseError(_, info) = error else { return false };
    let message = info.message();
    message.starts_with("database table is locked") || message.starts_with("database schema is locked")
}

/// Tries again as long as another connection to the same cache is in the way.
pub(crate) fn while_table_is_locked<T>(limit: Duration, mut attempt: impl FnMut() -> QueryResult<T>) -> QueryResult<T> {
    let mut backoff = Backoff::new(limit);
    loop {
        match attempt() {
            Err(error) if is_table_locked(&error) && backoff.pause() => {}
            result => return result,
        }
    }
}
