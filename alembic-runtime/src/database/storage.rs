//! Engines of MySQL and MariaDB, of which some know no transactions.

use alembic_graph::version_table::VersionTable;
use alembic_sql::Dialect;
use diesel::{QueryResult, connection::LoadConnection};

use super::{MigrationBackend, answer};

/// Returns those of our own tables that are not stored as we make them: what is in the way, and the table.
pub(crate) fn ill_stored<C>(conn: &mut C, dialect: Dialect, table: &VersionTable) -> QueryResult<Vec<(String, String)>>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    if dialect.is_mysql_family() { pairs(conn, &table.ill_stored(dialect)) } else { Ok(Vec::new()) }
}

/// Returns the engines without transactions, and the tables of the database in use that are in them.
pub(crate) fn without_transactions<C>(conn: &mut C) -> QueryResult<Vec<(String, String)>>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let sql = "SELECT CONCAT(t.engine, ' ', t.table_name) AS answer FROM information_schema.tables t \
               JOIN information_schema.engines e ON e.engine = t.engine \
               WHERE t.table_schema = DATABASE() AND e.transactions <> 'YES' ORDER BY t.table_name";
    pairs(conn, sql)
}

/// Returns the engine of new tables, if it has no transactions.
pub(crate) fn default_without_transactions<C>(conn: &mut C) -> QueryResult<Option<String>>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let sql = "SELECT engine AS answer FROM information_schema.engines \
               WHERE engine = @@default_storage_engine AND transactions <> 'YES'";
    answer(conn, sql)
}

fn pairs<C>(conn: &mut C, sql: &str) -> QueryResult<Vec<(String, String)>>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let rows = C::Backend::answers(conn, sql)?.into_iter().flatten();
    Ok(rows.filter_map(|row| row.split_once(' ').map(|(is, table)| (is.to_owned(), table.to_owned()))).collect())
}
