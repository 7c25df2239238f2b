//! What a database holds, read from its catalog: on SQLite and PostgreSQL in a number of queries that does not depend on how
//! much it is, on MySQL and MariaDB with one for each table and view.

mod creations;
mod mysql;
mod objects;
mod postgres;

use std::collections::BTreeMap;

use alembic_graph::version_table::VersionTable;
use alembic_schema::{
    Name, Schema, Table,
    sqlite::{self, TableSource},
};
use alembic_sql::Dialect;
pub use creations::{Creation, creations};
use diesel::{QueryResult, connection::LoadConnection};
pub use objects::objects;

use super::{MigrationBackend, Reading, answers, reading, sqlite_master};

/// What of a database is looked at.
#[derive(Debug, Clone, Default)]
pub struct Inspection {
    /// Schemas besides the current one; on MySQL databases. SQLite has none.
    pub schemas: Vec<String>,
    /// The version table, which is left out, with what belongs to it.
    pub version_table: VersionTable,
}

impl Inspection {
    /// Returns the names of the tables that are left out.
    fn own_tables(&self) -> [String; 4] {
        let versions = &self.version_table;
        let diesels = "__diesel_schema_migrations";
        [versions.name().to_owned(), versions.log_name(), versions.lock_name(), diesels.to_owned()]
    }
}

/// Returns the schemas of a database in the order of their names, without those of the server itself; none on SQLite,
/// and on MySQL and MariaDB, where a schema is a database.
///
/// # Errors
///
/// Those of the database.
#[doc(hidden)]
pub fn schemas<C>(conn: &mut C) -> QueryResult<Vec<String>>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    match C::Backend::FAMILY {
        Dialect::Postgres => answers(
            conn,
            "SELECT nspname::text AS answer FROM pg_catalog.pg_namespace WHERE nspname <> 'information_schema' \
             AND nspname !~ '^pg_' ORDER BY 1",
        ),
        _ => Ok(Vec::new()),
    }
}

/// Reads what a database holds: one query on SQLite, eight on PostgreSQL, a few and one for each
/// table on MySQL and MariaDB. Changes nothing. A role that may only read is enough.
///
/// # Errors
///
/// Those of the database.
pub fn inspect<C>(conn: &mut C, scope: &Inspection) -> QueryResult<Schema>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let dialect = C::Backend::dialect(conn)?;
    let mut schema = reading(conn, Reading::Catalog, |conn| match dialect {
        Dialect::Sqlite => Ok(sqlite::inspect(&sqlite_master(conn, &Name::from_plain(""))?)),
        Dialect::Postgres => postgres::schema(conn, scope),
        Dialect::Mysql | Dialect::Mariadb => mysql::schema(conn, scope, dialect),
    })?;
    let own = scope.own_tables();
    // The current schema may go by its name, or go without saying.
    let is_ours = |name: &Name| own.contains(&name.name);
    schema.tables.retain(|table| !is_ours(&table.name));
    Ok(schema)
}

/// Reads what a rebuild of each table has to know. SQLite only; elsewhere there is nothing to know.
///
/// # Errors
///
/// Those of the database.
pub fn sources<C>(conn: &mut C) -> QueryResult<BTreeMap<Name, TableSource>>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    if C::Backend::FAMILY != Dialect::Sqlite {
        return Ok(BTreeMap::new());
    }
    let rows = sqlite_master(conn, &Name::from_plain(""))?;
    let tables = rows.iter().filter(|row| row.kind == "table");
    let sources = tables.filter_map(|row| sqlite::source(&rows, &row.name));
    Ok(sources.map(|(name, source)| (Name::from_plain(&name), source)).collect())
}

/// Builds names: the current schema goes without saying.
struct Names {
    current: String,
}

impl Names {
    fn name(&self, schema: &str, name: &str) -> Name {
        Name { schema: (schema != self.current).then(|| schema.to_owned()), name: name.to_owned() }
    }
}

/// Returns the table that a row of the catalog belongs to. Rows come in the order of tables, more or less.
fn table_of<'t>(tables: &'t mut [Table], name: &Name) -> Option<&'t mut Table> {
    let at = tables.binary_search_by(|table| table.name.cmp(name)).ok()?;
    tables.get_mut(at)
}

/// Takes one pair of parentheses away that encloses all.
fn unwrapped(expression: &str) -> String {
    let inner = expression.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    let balanced = |text: &str| {
        let mut depth = 0_i32;
        let mut quoted = false;
        text.chars().all(|c| {
            match c {
                '\'' => quoted = !quoted,
                '(' if !quoted => depth += 1,
                ')' if !quoted => depth -= 1,
                _ => {}
            }
            depth >= 0
        })
    };
    inner.filter(|inner| balanced(inner)).unwrap_or(expression).to_owned()
}
