//! Objects that are replaced as a whole, each with the statements that make it and drop it.

mod mysql;
mod postgres;
mod sqlite;

use alembic_schema::{Object, Schema, in_order};
use alembic_sql::Dialect;
use diesel::{QueryResult, connection::LoadConnection};

use super::Inspection;
use crate::database::{MigrationBackend, Reading, reading};

/// Returns the objects of a database that are replaced as a whole, each after those that it needs. `schema` is what was
/// found there. What the role may not read is not among them. Changes nothing.
///
/// # Errors
///
/// Those of the database.
pub fn objects<C>(conn: &mut C, scope: &Inspection, schema: &Schema) -> QueryResult<Vec<Object>>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let found = reading(conn, Reading::Catalog, |conn| match C::Backend::FAMILY {
        Dialect::Sqlite => Ok(sqlite::objects(schema)),
        Dialect::Postgres => postgres::objects(conn, scope),
        Dialect::Mysql | Dialect::Mariadb => mysql::objects(conn, scope, schema),
    })?;
    Ok(in_order(found))
}
