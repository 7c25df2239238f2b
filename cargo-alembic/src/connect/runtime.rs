//! One Tokio runtime for all connections of the process.

use std::sync::OnceLock;

use diesel_async::async_connection_wrapper::BlockOn;
use tokio::runtime::{Builder, Runtime};

/// Drives asynchronous drivers from synchronous code.
///
/// The wrapper asks for a runtime of its own per connection, while the connection's socket lives on
/// the one that opened it; so there is only one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SharedRuntime(&'static Runtime);

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
