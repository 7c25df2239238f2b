//! The migrations of a register of assets, for any database.

use alembic_runtime::{MigrationBackend, Migrations, embed_migrations};
use diesel::connection::LoadConnection;

/// Returns the migrations for a connection of this type.
#[must_use]
pub fn migrations<C>() -> Migrations<C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    embed_migrations!()
}
