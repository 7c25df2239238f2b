//! A connection that fails at a chosen effect, before or after it.
//!
//! Everything the engine does to a database goes through the connection, so counting calls there
//! finds every place between two effects, also those that are added later.

use std::{
    cell::Cell,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use diesel::{
    ConnectionResult, QueryResult,
    connection::{
        CacheSize, Connection, ConnectionSealed, Instrumentation, LoadConnection, SimpleConnection, TransactionManager,
        TransactionManagerStatus,
    },
    query_builder::{Query, QueryFragment, QueryId},
    result::{DatabaseErrorKind, Error},
};

/// What injected errors and panics say.
pub(crate) const INJECTED: &str = "injected fault";

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The call returns an error, and nothing is done.
    Error,
    /// The program panics.
    Panic,
    /// The process ends without any cleaning up.
    Abort,
    /// The connection is gone.
    Disconnect,
}

impl Fault {
    pub(crate) const ALL: [Self; 4] = [Self::Error, Self::Panic, Self::Abort, Self::Disconnect];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Panic => "panic",
            Self::Abort => "abort",
            Self::Disconnect => "lost connection",
        }
    }
}

/// When what happens; and how many effects there were. Even points are before an effect, odd ones
/// after it.
#[derive(Debug)]
pub(crate) struct Trap {
    pub(crate) point: usize,
    pub(crate) fault: Fault,
    reached: AtomicUsize,
}

impl Trap {
    pub(crate) fn new(point: usize, fault: Fault) -> Arc<Self> {
        Arc::new(Self { point, fault, reached: AtomicUsize::new(0) })
    }

    /// A trap that never closes, and counts.
    pub(crate) fn counter() -> Arc<Self> {
        Self::new(usize::MAX, Fault::Error)
    }

    pub(crate) fn points(&self) -> usize {
        self.reached.load(Ordering::Relaxed)
    }
}

thread_local! {
    static NEXT: Cell<Option<Arc<Trap>>> = const { Cell::new(None) };
}

/// Sets the trap for the next connection of this thread.
pub(crate) fn set(trap: Arc<Trap>) {
    NEXT.set(Some(trap));
}

/// The connection; without `inner` it is lost.
pub(crate) struct Faulty<C> {
    inner: Option<C>,
    trap: Arc<Trap>,
    lost: TransactionManagerStatus,
}

fn lost() -> Error {
    let message = "server closed the connection unexpectedly".to_owned();
    Error::DatabaseError(DatabaseErrorKind::ClosedConnection, Box::new(message))
}

impl<C: Connection> Faulty<C> {
    fn point(&mut self) -> QueryResult<()> {
        if self.trap.reached.fetch_add(1, Ordering::Relaxed) != self.trap.point {
            return Ok(());
        }
        match self.trap.fault {
            Fault::Error => Err(Error::DatabaseError(DatabaseErrorKind::Unknown, Box::new(INJECTED.to_owned()))),
            Fault::Panic => panic!("injected fault"),
            Fault::Abort => std::process::abort(),
            Fault::Disconnect => {
                self.inner = None;
                Err(lost())
            }
        }
    }

    fn effect<T>(&mut self, effect: impl FnOnce(&mut C) -> QueryResult<T>) -> QueryResult<T> {
        self.point()?;
        let result = effect(self.inner.as_mut().ok_or_else(lost)?)?;
        // An error after the effect would be a reply that is lost alone, which no network does.
        if self.trap.fault != Fault::Error {
            self.point()?;
        }
        Ok(result)
    }
}

impl<C: Connection> SimpleConnection for Faulty<C> {
    /// Statements that share a message are separate effects.
    fn batch_execute(&mut self, sql: &str) -> QueryResult<()> {
        sql.split("\n;\n").try_for_each(|part| self.effect(|conn| conn.batch_execute(part)))
    }
}

impl<C> ConnectionSealed for Faulty<C> {}

impl<C: Connection> Connection for Faulty<C> {
    type Backend = C::Backend;
    type TransactionManager = Manager;

    fn establish(url: &str) -> ConnectionResult<Self> {
        let trap = NEXT.take().unwrap_or_else(Trap::counter);
        Ok(Self { inner: Some(C::establish(url)?), trap, lost: TransactionManagerStatus::InError })
    }

    fn execute_returning_count<T>(&mut self, source: &T) -> QueryResult<usize>
    where
        T: QueryFragment<Self::Backend> + QueryId,
    {
        self.effect(|conn| conn.execute_returning_count(source))
    }

    fn transaction_state(&mut self) -> &mut TransactionManagerStatus {
        Manager::transaction_manager_status_mut(self)
    }

    fn instrumentation(&mut self) -> &mut dyn Instrumentation {
        self.inner.as_mut().expect("the engine does not ask").instrumentation()
    }

    fn set_instrumentation(&mut self, instrumentation: impl Instrumentation) {
        if let Some(conn) = &mut self.inner {
            conn.set_instrumentation(instrumentation);
        }
    }

    fn set_prepared_statement_cache_size(&mut self, size: CacheSize) {
        if let Some(conn) = &mut self.inner {
            conn.set_prepared_statement_cache_size(size);
        }
    }
}

impl<C: LoadConnection> LoadConnection for Faulty<C> {
    type Cursor<'conn, 'query>
        = C::Cursor<'conn, 'query>
    where
        Self: 'conn;
    type Row<'conn, 'query>
        = C::Row<'conn, 'query>
    where
        Self: 'conn;

    fn load<'conn, 'query, T>(&'conn mut self, source: T) -> QueryResult<Self::Cursor<'conn, 'query>>
    where
        T: Query + QueryFragment<Self::Backend> + QueryId + 'query,
        Self::Backend: diesel::expression::QueryMetadata<T::SqlType>,
    {
        self.point()?;
        self.inner.as_mut().ok_or_else(lost)?.load(source)
    }
}

/// Passes on to the connection's own manager.
pub(crate) struct Manager;

impl<C: Connection> TransactionManager<Faulty<C>> for Manager {
    type TransactionStateData = TransactionManagerStatus;

    fn begin_transaction(conn: &mut Faulty<C>) -> QueryResult<()> {
        conn.effect(C::TransactionManager::begin_transaction)
    }

    fn rollback_transaction(conn: &mut Faulty<C>) -> QueryResult<()> {
        conn.effect(C::TransactionManager::rollback_transaction)
    }

    fn commit_transaction(conn: &mut Faulty<C>) -> QueryResult<()> {
        conn.effect(C::TransactionManager::commit_transaction)
    }

    fn transaction_manager_status_mut(conn: &mut Faulty<C>) -> &mut TransactionManagerStatus {
        match &mut conn.inner {
            Some(inner) => C::TransactionManager::transaction_manager_status_mut(inner),
            None => &mut conn.lost,
        }
    }
}
