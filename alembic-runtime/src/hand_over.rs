//! For applications on diesel-async.

use diesel_async::{
    AsyncConnection,
    async_connection_wrapper::{AsyncConnectionWrapper, BlockOn},
};
use tokio::{
    runtime::Handle,
    task::{JoinError, spawn_blocking},
};

/// A diesel-async connection as the engine sees it inside [`hand_over`]; the type of `C` in
/// `Migrations<C>`.
pub type HandedOver<A> = AsyncConnectionWrapper<A, CurrentRuntime>;

/// Drives a handed-over connection on the Tokio runtime that it came from.
#[derive(Debug, Clone)]
pub struct CurrentRuntime(Handle);

impl BlockOn for CurrentRuntime {
    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.0.block_on(future)
    }

    fn get_runtime() -> Self {
        Self(Handle::current())
    }
}

/// Runs `work` with a synchronous view of an asynchronous connection, plain or from a pool, on a
/// thread for blocking work, and gives the connection back.
///
/// Works on the current-thread and the multi-thread runtime.
///
/// # Errors
///
/// [`JoinError`] if `work` panics; the connection is lost with it.
pub async fn hand_over<A, T>(
    connection: A,
    work: impl FnOnce(&mut HandedOver<A>) -> T + Send + 'static,
) -> Result<(A, T), JoinError>
where
    A: AsyncConnection + Send + 'static,
    T: Send + 'static,
{
    spawn_blocking(move || {
        let mut wrapper = AsyncConnectionWrapper::from(connection);
        let result = work(&mut wrapper);
        (wrapper.into_inner(), result)
    })
    .await
}
