//! What concerns a whole server, which a test has to itself. The other areas share theirs.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod hostile;
mod settings;

use std::sync::{Mutex, MutexGuard, PoisonError};

use harness::Kind;

const PROGRAM: &str = env!("CARGO_BIN_EXE_cargo-alembic-under-test");

/// Waits until no other test of this area uses the server.
fn alone_on(kind: Kind) -> MutexGuard<'static, ()> {
    static SERVERS: [Mutex<()>; 4] = [const { Mutex::new(()) }; 4];
    SERVERS[kind as usize].lock().unwrap_or_else(PoisonError::into_inner)
}
