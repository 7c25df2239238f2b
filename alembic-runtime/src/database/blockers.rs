//! Sessions that hold the locks a statement timed out on.
//!
//! A session that has given up is blocked no longer, so `pg_blocking_pids` has nothing to say of
//! it. Whoever still holds a lock on a table that the statement names is the one.

use alembic_sql::{Dialect, mentioned};
use diesel::connection::LoadConnection;

use super::{MigrationBackend, snapshot};

/// Describes the sessions that are in the way of a statement, as far as the role may see them.
pub(crate) fn blockers<C>(conn: &mut C, dialect: Dialect, statement: &str) -> Vec<String>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let names: Vec<String> = mentioned(statement, dialect).iter().map(|name| dialect.literal(name)).collect();
    // A view may be missing, and a role may be forbidden to look.
    let mut found = C::Backend::blocker_queries(&names).into_iter().filter_map(|sql| {
        let rows = snapshot(conn, |conn| C::Backend::answers(conn, &sql)).ok()?;
        let rows: Vec<String> = rows.into_iter().flatten().collect();
        (!rows.is_empty()).then_some(rows)
    });
    found.next().unwrap_or_default()
}
