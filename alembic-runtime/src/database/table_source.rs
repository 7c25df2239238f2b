//! What SQLite remembers of a table that is to be rebuilt.

use alembic_core::{Dialect, operation::TableSource, schema::Name};
use diesel::{QueryResult, connection::LoadConnection};

use super::MigrationBackend;

/// Reads how a table is spelled, and the statements that made it and what belongs to it; nothing if there is
/// no such table.
pub(crate) fn table_source<C>(conn: &mut C, table: &Name) -> QueryResult<Option<(String, TableSource)>>
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
    let table = format!("type = 'table' AND name = {name} COLLATE NOCASE");
    let (Some(own_name), Some(create)) = (ask("name", &table)?.pop(), ask("sql", &table)?.pop()) else {
        return Ok(None);
    };
    let of_table = |kind: &str| format!("type = '{kind}' AND tbl_name = {name} COLLATE NOCASE");
    let index_names = ask("name", &of_table("index"))?;
    let indexes = index_names.into_iter().zip(ask("sql", &of_table("index"))?).collect();
    let triggers = ask("sql", &of_table("trigger"))?;
    let other_triggers = ask("sql", &format!("type = 'trigger' AND tbl_name <> {name} COLLATE NOCASE"))?;
    let views = ask("name", "type = 'view'")?.into_iter().zip(ask("sql", "type = 'view'")?).collect();
    Ok(Some((own_name, TableSource::Catalog { create, indexes, triggers, other_triggers, views })))
}
