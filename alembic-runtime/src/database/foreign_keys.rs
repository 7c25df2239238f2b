//! SQLite's foreign keys while a table is rebuilt.
//!
//! `DROP TABLE` deletes the rows first, and with foreign keys on, that cascades into every table
//! that refers to it. The setting can only be changed outside a transaction.
//! <https://www.sqlite.org/lang_altertable.html#otheralter>

use alembic_sql::Dialect;
use diesel::{QueryResult, connection::LoadConnection};

use super::{LONGEST_READ, MigrationBackend, answer, while_table_is_locked};

/// Returns whether the connection enforces foreign keys.
pub(crate) fn enforced<C>(conn: &mut C) -> QueryResult<bool>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let sql = "SELECT CAST(foreign_keys AS TEXT) AS answer FROM pragma_foreign_keys";
    Ok(answer(conn, sql)?.as_deref() == Some("1"))
}

/// Returns whether any table refers to another.
pub(crate) fn exist<C>(conn: &mut C) -> QueryResult<bool>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let sql =
        "SELECT '1' AS answer FROM sqlite_master WHERE type = 'table' AND instr(lower(sql), 'references') > 0 LIMIT 1";
    Ok(answer(conn, sql)?.is_some())
}

/// Switches them on or off.
pub(crate) fn enforce<C>(conn: &mut C, on: bool) -> QueryResult<()>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let switch = if on { "PRAGMA foreign_keys = ON" } else { "PRAGMA foreign_keys = OFF" };
    while_table_is_locked(LONGEST_READ, || conn.batch_execute(switch))
}

/// Returns every row that refers to one that is not there, sorted.
pub(crate) fn violations<C>(conn: &mut C) -> QueryResult<Vec<String>>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let sql = "SELECT \"table\" || coalesce(' row ' || rowid, '') || ' refers to a missing row of ' || parent AS answer \
               FROM pragma_foreign_key_check ORDER BY 1";
    Ok(C::Backend::answers(conn, sql)?.into_iter().flatten().collect())
}

/// Returns the tables whose rows would be changed if `table` were dropped now.
pub(crate) fn tables_affected_by_drop<C>(conn: &mut C, table: &str) -> QueryResult<Vec<String>>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let sql = format!(
        "SELECT DISTINCT m.name AS answer FROM sqlite_master m, pragma_foreign_key_list(m.name) f \
         WHERE m.type = 'table' AND f.\"table\" = {0} COLLATE NOCASE AND m.name <> {0} COLLATE NOCASE \
         AND f.on_delete IN ('CASCADE', 'SET NULL', 'SET DEFAULT')",
        Dialect::Sqlite.literal(table)
    );
    let tables: Vec<String> = C::Backend::answers(conn, &sql)?.into_iter().flatten().collect();
    let mut endangered = Vec::new();
    for table in tables {
        let any = format!("SELECT '1' AS answer FROM {} LIMIT 1", Dialect::Sqlite.quote(&table));
        if answer(conn, &any)?.is_some() {
            endangered.push(table);
        }
    }
    Ok(endangered)
}
