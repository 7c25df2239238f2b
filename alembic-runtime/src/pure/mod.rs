//! Drivers without C library, for `Migrations<C>`: PostgreSQL and MySQL spoken in Rust, by diesel-async.
//!
//! `cargo alembic` connects with them, too: with TLS as far as the URL asks for it, and to PostgreSQL with libpq's
//! parameters, its variables (`PGHOST`, `PGPASSWORD`, `PGSSLMODE`, …), `~/.pgpass` and `pg_service.conf`. A parameter
//! that cannot be honoured is refused by name.

#[cfg(all(feature = "pure-postgres", feature = "cli"))]
mod backend_key;
#[cfg(feature = "pure-postgres")]
mod channel_binding;
mod connected;
#[cfg_attr(not(feature = "pure-mysql"), expect(dead_code, reason = "only MySQL's server has a key in a file"))]
mod der;
#[cfg(feature = "pure-postgres")]
mod libpq;
#[cfg(feature = "pure-mysql")]
mod mysql;
#[cfg(feature = "pure-mysql")]
mod mysql_login;
#[cfg(feature = "pure-mysql")]
mod mysql_relay;
#[cfg(feature = "pure-postgres")]
mod pg_parameters;
#[cfg(feature = "pure-postgres")]
mod pg_stream;
#[cfg(feature = "pure-postgres")]
mod pgpass;
#[cfg(feature = "pure-postgres")]
mod postgres;
mod tls;
mod value;

use std::sync::OnceLock;

pub use connected::Connected;
use diesel_async::async_connection_wrapper::{AsyncConnectionWrapper, BlockOn};
#[cfg(feature = "pure-mysql")]
pub use mysql::MysqlServer;
#[cfg(feature = "pure-postgres")]
pub use pgpass::PasswordFrom;
#[cfg(feature = "pure-postgres")]
pub use postgres::PgServer;
use tokio::runtime::{Builder, Runtime};

/// A connection to PostgreSQL that Diesel takes for a synchronous one.
#[cfg(feature = "pure-postgres")]
pub type PgConnection = AsyncConnectionWrapper<Connected<diesel_async::AsyncPgConnection>, SharedRuntime>;

/// A connection to MySQL or MariaDB that Diesel takes for a synchronous one.
#[cfg(feature = "pure-mysql")]
pub type MysqlConnection = AsyncConnectionWrapper<Connected<diesel_async::AsyncMysqlConnection>, SharedRuntime>;

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
