//! `cargo alembic`.

use std::process::ExitCode;

fn main() -> ExitCode {
    cargo_alembic::main()
}
