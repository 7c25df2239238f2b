//! In which schema the version table is, on PostgreSQL: it is found along the search path, and made in its first schema.

use alembic_graph::version_table::VersionTable;
use alembic_sql::Dialect;
use diesel::connection::LoadConnection;

use super::Error;
use crate::{
    Migrations,
    database::{MigrationBackend, Place, place_on_postgres},
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
        match C::Backend::FAMILY {
            // A temporary or attached table of that name would be found first, or instead.
            Dialect::Sqlite => Ok(table.in_schema("main")),
            Dialect::Mysql | Dialect::Mariadb => Ok(table),
            Dialect::Postgres => {
                let place = place_on_postgres(conn, table.name()).map_err(Error::query("find the version table"))?;
                let table_name = table.name().to_owned();
                match place {
                    Place::In(schema) => Ok(table.in_schema(&schema)),
                    Place::Elsewhere { found, first } if self.created_schemas()?.contains(&first) => {
                        Ok(table.in_schema(&found))
                    }
                    Place::Elsewhere { found, first } => Err(Error::WhichSchema { table: table_name, found, first }),
                    Place::Nowhere => Err(Error::NoSchema { table: table_name }),
                }
            }
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
