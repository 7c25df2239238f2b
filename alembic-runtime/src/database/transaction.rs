//! Transactions that Diesel knows of, so that user code inside may nest its own.

use std::num::NonZero;

use alembic_sql::Dialect;
use diesel::{
    QueryResult,
    connection::{LoadConnection, TransactionManager},
};

use super::MigrationBackend;

/// Reads in one transaction where that matters.
///
/// On PostgreSQL a query is prepared and then run; behind a transaction pooler the two reach the same
/// session only inside a transaction.
pub(crate) fn snapshot<C, T>(conn: &mut C, read: impl FnOnce(&mut C) -> QueryResult<T>) -> QueryResult<T>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    if C::Backend::FAMILY != Dialect::Postgres || Transaction::is_open(conn) {
        return read(conn);
    }
    C::TransactionManager::begin_transaction(conn)?;
    let result = read(conn);
    match &result {
        Ok(_) => Transaction::commit(conn)?,
        Err(_) => Transaction::rollback(conn),
    }
    result
}

/// A transaction of the engine.
pub(crate) struct Transaction;

impl Transaction {
    /// Begins a transaction that holds the write lock.
    ///
    /// Inside a transaction of the caller it is a savepoint, and the caller's locks have to do.
    pub(crate) fn begin<C>(conn: &mut C) -> QueryResult<()>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        let nested = Self::is_open(conn);
        C::TransactionManager::begin_transaction(conn)?;
        if !nested && let Err(error) = C::Backend::lock_for_writing(conn) {
            Self::rollback(conn);
            return Err(error);
        }
        Ok(())
    }

    pub(crate) fn commit<C: LoadConnection>(conn: &mut C) -> QueryResult<()> {
        C::TransactionManager::commit_transaction(conn)
    }

    /// Rolls back as far as the connection still can; a lost connection has rolled back by itself.
    pub(crate) fn rollback<C>(conn: &mut C)
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        C::Backend::roll_back(conn).ok();
    }

    /// Returns whether the caller has a transaction open.
    pub(crate) fn is_open<C: LoadConnection>(conn: &mut C) -> bool {
        Self::depth(conn) > 0
    }

    /// Returns how many transactions are open, one inside the other.
    pub(super) fn depth<C: LoadConnection>(conn: &mut C) -> u32 {
        let status = C::TransactionManager::transaction_manager_status_mut(conn);
        status.transaction_depth().ok().flatten().map_or(0, NonZero::get)
    }
}
