//! What concerns a whole server, which a test has to itself. The other areas share theirs.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod hostile;

const PROGRAM: &str = env!("CARGO_BIN_EXE_cargo-alembic-under-test");
