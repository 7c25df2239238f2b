//! A program that offers its operators the migration commands.

use std::process::ExitCode;

use alembic_runtime::{Migrations, cli, embed_migrations};
use diesel::SqliteConnection;

static MIGRATIONS: Migrations<SqliteConnection> = embed_migrations!();

fn main() -> ExitCode {
    cli::main(&MIGRATIONS)
}
