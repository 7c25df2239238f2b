//! In which schema the version table is. PostgreSQL finds it along the search path, and makes it in its first schema.

use alembic_graph::version_table::VersionTable;
use diesel::connection::LoadConnection;

use super::Error;
use crate::{
    Migrations,
    database::{MigrationBackend, TableSchema},
};

impl<C> Migrations<C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    /// Returns the version table with its schema, as far as there are any: whatever a revision sets, it stays the same.
    ///
    /// A table that is found further along the search path may be another application's. It is ours if a revision has made
    /// the schema that has come before it since.
    pub(crate) fn located(&self, conn: &mut C) -> Result<VersionTable, Error> {
        let table = self.settings()?.version_table;
        if table.schema().is_some() {
            return Ok(table);
        }
        let name = table.name().to_owned();
        match C::Backend::place(conn, &name).map_err(Error::query("find the version table"))? {
            TableSchema::In(schema) => Ok(table.in_schema(&schema)),
            TableSchema::Current => Ok(table),
            TableSchema::Elsewhere { found, first } if self.created_schemas()?.contains(&first) => {
                Ok(table.in_schema(&found))
            }
            TableSchema::Elsewhere { found, first } => Err(Error::WhichSchema { table: name, found, first }),
            TableSchema::Nowhere => Err(Error::NoSchema { table: name }),
        }
    }

    /// Returns the schemas that revisions create.
    pub(crate) fn created_schemas(&self) -> Result<Vec<String>, Error> {
        let graph = self.graph()?;
        let mut schemas = Vec::new();
        for node in graph.nodes() {
            schemas.extend(self.script(&graph, node)?.created_schemas());
        }
        Ok(schemas)
    }
}
