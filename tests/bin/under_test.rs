//! The real `cargo-alembic`, where the tests can find it.

use std::process::ExitCode;

fn main() -> ExitCode {
    cargo_alembic::main()
}
