//! Is the schema the one that the revisions leave?

use alembic_schema::snapshot::fingerprint;
use diesel::connection::LoadConnection;

use super::Error;
use crate::{
    Migrations,
    database::{Inspection, MigrationBackend, inspect},
};

/// How a schema stands towards the snapshot that the program embeds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Drift {
    /// It is the one that the revisions leave.
    None,
    /// The program embeds no snapshot for this database.
    Unknown,
    /// Somebody has changed it by hand, or it was made by another version of the server.
    Differs {
        /// The fingerprint of the snapshot.
        expected: String,
        /// That of the database.
        found: String,
    },
}

impl<C> Migrations<C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    /// Compares the schema of a database that is at head with the snapshot that `cargo alembic snapshot` wrote and
    /// `embed_migrations!` took along. Eight queries, one on SQLite. Changes nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Query`].
    pub fn drift(&self, conn: &mut C) -> Result<Drift, Error> {
        let failed = || Error::query("look at the schema");
        let dialect = C::Backend::dialect(conn).map_err(failed())?;
        let Some(expected) = self.fingerprint(dialect) else {
            return Ok(Drift::Unknown);
        };
        let settings = self.settings()?;
        let inspection = Inspection { version_table: settings.version_table.clone(), ..Inspection::default() };
        let schema = inspect(conn, &inspection).map_err(failed())?;
        let schema = self.snapshots().filter().in_scope(&schema);
        let found = fingerprint(&schema, dialect, &settings.naming).to_string();
        if found == expected {
            return Ok(Drift::None);
        }
        Ok(Drift::Differs { expected: expected.to_owned(), found })
    }
}
