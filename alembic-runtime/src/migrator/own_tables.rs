//! How version table, log and lock are stored.

use alembic_graph::version_table::VersionTable;
use alembic_sql::Dialect;
use diesel::{QueryResult, connection::LoadConnection};

use super::Finding;
use crate::database::{MigrationBackend, ill_stored};

/// Returns what is wrong with how our own tables are stored.
pub(super) fn storage_findings<C>(conn: &mut C, dialect: Dialect, table: &VersionTable) -> QueryResult<Vec<Finding>>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let found = ill_stored(conn, dialect, table)?.into_iter();
    Ok(found
        .map(|(with, name)| Finding::IllStored { convert: table.convert(dialect, &name), table: name, with })
        .collect())
}
