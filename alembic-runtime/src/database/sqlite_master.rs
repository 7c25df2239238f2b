//! What SQLite remembers.

use alembic_schema::{Name, sqlite::Master};
use alembic_sql::Dialect;
use diesel::{QueryResult, connection::LoadConnection};

use super::{MigrationBackend, json::rows};

/// Reads the statements that made a database; `beside` may name an attached one.
pub(crate) fn sqlite_master<C>(conn: &mut C, beside: &Name) -> QueryResult<Vec<Master>>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let catalog = beside.beside("sqlite_master").sql(Dialect::Sqlite);
    let sql = format!(
        "SELECT json_array(type, name, tbl_name, sql) AS answer FROM {catalog} \
         WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid"
    );
    let found: Vec<(String, String, String, String)> = rows(conn, &sql)?;
    Ok(found.into_iter().map(|(kind, name, table, sql)| Master { kind, name, table, sql }).collect())
}
