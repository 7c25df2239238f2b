//! What our session pins while it reads: whatever changes how values are printed, or which rows are seen.
//!
//! A database, a role and a server may be given settings, and the application that lent us the connection may have made
//! some. Our own queries are not to depend on them; the statements of a revision are.

use diesel::{QueryResult, connection::LoadConnection};

use super::MigrationBackend;

/// What is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// Version table, log and lock.
    Own,
    /// A catalog: names that are printed depend on the search path.
    Catalog,
}

/// Reads with our own settings, which the session does not keep.
pub(crate) fn reading<C, T>(conn: &mut C, what: Reading, read: impl FnOnce(&mut C) -> QueryResult<T>) -> QueryResult<T>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    C::Backend::reading(conn, what, read)
}
