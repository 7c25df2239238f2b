//! In which schema the version table is.

use alembic_sql::Dialect;
use diesel::{QueryResult, connection::LoadConnection};

use super::{MigrationBackend, snapshot};

/// Where an unqualified version table is on PostgreSQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// In this schema, or it would be made there.
    In(String),
    /// In another schema than the one in which it would be made.
    Elsewhere {
        /// Where it is.
        found: String,
        /// Where it would be made.
        first: String,
    },
    /// The search path names no schema that exists.
    Nowhere,
}

/// Finds the schema of an unqualified version table along PostgreSQL's search path. Temporary tables do not count.
pub(crate) fn place_on_postgres<C>(conn: &mut C, name: &str) -> QueryResult<Place>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let table = Dialect::Postgres.literal(&format!(".{}", Dialect::Postgres.quote(name)));
    let exists = format!("to_regclass(quote_ident(s) || {table}) IS NOT NULL");
    let sql = format!(
        "SELECT CASE WHEN {exists} THEN '+' ELSE '-' END || s AS answer \
         FROM unnest(current_schemas(false)) WITH ORDINALITY p (s, n) WHERE n = 1 OR {exists} ORDER BY n"
    );
    let rows: Vec<String> =
        snapshot(conn, |conn| Ok(C::Backend::answers(conn, &sql)?.into_iter().flatten().collect()))?;
    let Some(first) = rows.first().and_then(|row| row.get(1..)) else { return Ok(Place::Nowhere) };
    let found = rows.iter().find_map(|row| row.strip_prefix('+')).unwrap_or(first);
    if found == first {
        return Ok(Place::In(first.to_owned()));
    }
    Ok(Place::Elsewhere { found: found.to_owned(), first: first.to_owned() })
}
