//! diesel-async's connections, opened as `cargo alembic` opens them.

use diesel::{
    ConnectionError, ConnectionResult, QueryResult,
    connection::{CacheSize, Instrumentation},
    query_builder::{AsQuery, QueryFragment, QueryId},
};
use diesel_async::{AnsiTransactionManager, AsyncConnection, AsyncConnectionCore, SimpleAsyncConnection};

/// A connection of diesel-async that understands more of a URL than its driver does.
#[expect(missing_debug_implementations, reason = "diesel-async's connections have none")]
pub struct Connected<A>(A);

impl<A> Connected<A> {
    pub(super) fn new(conn: A) -> Self {
        Self(conn)
    }
}

/// Opens a connection, or says why not.
pub(super) trait Open: AsyncConnection<TransactionManager = AnsiTransactionManager> {
    /// Opens the database of a URL; what the URL leaves out comes from the environment.
    fn open(url: &str) -> impl Future<Output = Result<Self, String>> + Send;
}

impl<A: SimpleAsyncConnection + Send> SimpleAsyncConnection for Connected<A> {
    fn batch_execute(&mut self, query: &str) -> impl Future<Output = QueryResult<()>> + Send {
        self.0.batch_execute(query)
    }
}

impl<A: AsyncConnectionCore> AsyncConnectionCore for Connected<A> {
    type ExecuteFuture<'conn, 'query> = A::ExecuteFuture<'conn, 'query>;
    type LoadFuture<'conn, 'query> = A::LoadFuture<'conn, 'query>;
    type Stream<'conn, 'query> = A::Stream<'conn, 'query>;
    type Row<'conn, 'query> = A::Row<'conn, 'query>;
    type Backend = A::Backend;

    fn load<'conn, 'query, T>(&'conn mut self, source: T) -> Self::LoadFuture<'conn, 'query>
    where
        T: AsQuery + 'query,
        T::Query: QueryFragment<Self::Backend> + QueryId + 'query,
    {
        self.0.load(source)
    }

    fn execute_returning_count<'conn, 'query, T>(&'conn mut self, source: T) -> Self::ExecuteFuture<'conn, 'query>
    where
        T: QueryFragment<Self::Backend> + QueryId + 'query,
    {
        self.0.execute_returning_count(source)
    }
}

impl<A: Open> AsyncConnection for Connected<A> {
    type TransactionManager = AnsiTransactionManager;

    async fn establish(url: &str) -> ConnectionResult<Self> {
        A::open(url).await.map(Self).map_err(ConnectionError::BadConnection)
    }

    fn transaction_state(&mut self) -> &mut AnsiTransactionManager {
        self.0.transaction_state()
    }

    fn instrumentation(&mut self) -> &mut dyn Instrumentation {
        self.0.instrumentation()
    }

    fn set_instrumentation(&mut self, instrumentation: impl Instrumentation) {
        self.0.set_instrumentation(instrumentation);
    }

    fn set_prepared_statement_cache_size(&mut self, size: CacheSize) {
        self.0.set_prepared_statement_cache_size(size);
    }
}
