//! The fast path of `upgrade head`: one query tells that there is nothing to do.

use alembic_graph::version_table::VersionTable;
use diesel::connection::LoadConnection;

use crate::{
    Migrations,
    database::{MigrationBackend, Transaction, read_fast, snapshot},
};

/// Returns the rows if `target` means the heads, and one query shows that the rows are those, with the history that is
/// embedded.
pub(super) fn rows_if_up_to_date<C>(
    migrations: &Migrations<C>,
    conn: &mut C,
    table: &VersionTable,
    target: &str,
) -> Option<Vec<String>>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    // Where a table is missing the query fails, which would ruin a transaction of the caller.
    if !matches!(target, "head" | "heads") || Transaction::is_open(conn) {
        return None;
    }
    let located = C::Backend::SCHEMA.filter(|_| table.schema().is_none()).map(|schema| table.in_schema(schema));
    let table = located.as_ref().unwrap_or(table);
    let found = snapshot(conn, |conn| read_fast(conn, C::Backend::FAMILY, table)).ok()?;
    let rows: Vec<(&str, Option<&str>)> = found.iter().map(|r| (r.version_num.as_str(), r.node.as_deref())).collect();
    let finished = found.iter().all(|row| row.unfinished.is_none());
    let mut rows = (finished && !rows.is_empty() && migrations.heads_are(&rows))
        .then(|| rows.into_iter().map(|(row, _)| row.to_owned()).collect::<Vec<_>>())?;
    rows.sort_unstable();
    // Of several, `head` names none: planning says so.
    (target == "heads" || rows.len() == 1).then_some(rows)
}
