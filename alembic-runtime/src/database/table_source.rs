//! What SQLite remembers of a table that is to be rebuilt.

use alembic_core::{Dialect, operation::TableSource, schema::Name};
use diesel::{QueryResult, connection::LoadConnection};

use super::MigrationBackend;

/// Reads the statements that made a table and what belongs to it, or nothing if there is no such table.
pub(crate) fn table_source<C>(conn: &mut C, table: &Name) -> QueryResult<Option<TableSource>>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let catalog = table.beside("sqlite_master").sql(Dialect::Sqlite);
    let name = Dialect::Sqlite.literal(&table.name);
    let mut ask = |column: &str, condition: &str| -> QueryResult<Vec<String>> {
        let sql =
            format!("SELECT {column} AS answer FROM {catalog} WHERE {condition} AND sql IS NOT NULL ORDER BY rowid");
        Ok(C::Backend::answers(conn, &sql)?.into_iter().flatten().collect())
    };
    let Some(create) = ask("sql", &format!("type = 'table' AND name = {name} COLLATE NOCASE"))?.pop() else {
        return Ok(None);
    };
    let of_table = |kind: &str| format!("type = '{kind}' AND tbl_name = {name} COLLATE NOCASE");
    let index_names = ask("name", &of_table("index"))?;
    let indexes = index_names.into_iter().zip(ask("sql", &of_table("index"))?).collect();
    let triggers = ask("sql", &of_table("trigger"))?;
    let views = ask("name", &format!("type = 'view' AND instr(lower(sql), lower({name})) > 0"))?;
    Ok(Some(TableSource::Catalog { create, indexes, triggers, views }))
}
