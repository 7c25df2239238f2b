//! Drivers without C library, for `Migrations<C>`: PostgreSQL and MySQL spoken in Rust, by diesel-async.
//!
//! They speak to the server without TLS, and understand the URL only, neither libpq's variables nor its files. A URL
//! that asks for TLS is refused; for TLS take Diesel's own connections, which need `libpq` or `libmysqlclient`.

use std::sync::OnceLock;

use diesel_async::async_connection_wrapper::{AsyncConnectionWrapper, BlockOn};
use tokio::runtime::{Builder, Runtime};

/// A connection to PostgreSQL that Diesel takes for a synchronous one.
#[cfg(feature = "pure-postgres")]
pub type PgConnection = AsyncConnectionWrapper<diesel_async::AsyncPgConnection, SharedRuntime>;

/// A connection to MySQL or MariaDB that Diesel takes for a synchronous one.
#[cfg(feature = "pure-mysql")]
pub type MysqlConnection = AsyncConnectionWrapper<diesel_async::AsyncMysqlConnection, SharedRuntime>;

/// Drives asynchronous drivers from synchronous code: one Tokio runtime for all connections of the process.
///
/// The wrapper asks for a runtime per connection, while the connection's socket lives on the one that opened it; so
/// there is only one.
#[derive(Debug, Clone, Copy)]
pub struct SharedRuntime(&'static Runtime);

impl BlockOn for SharedRuntime {
    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.0.block_on(future)
    }

    fn get_runtime() -> Self {
        static RUNTIME: OnceLock<Runtime> = OnceLock::new();
        Self(RUNTIME.get_or_init(|| {
            Builder::new_current_thread().enable_all().build().expect("the system gives us an event loop")
        }))
    }
}
