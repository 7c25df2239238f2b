//! Migrates the database: `cargo run -p example-data --bin migrate -- upgrade head`.

use diesel::SqliteConnection;

fn main() -> std::process::ExitCode {
    alembic_runtime::cli::main(&example_data::migrations::<SqliteConnection>())
}
