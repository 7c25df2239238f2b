//! Rows of several columns, whatever the backend: as JSON.

use diesel::{QueryResult, connection::LoadConnection, result::Error};
use serde::de::DeserializeOwned;

use super::MigrationBackend;

/// Loads a query whose only column, `answer`, is a JSON array or object per row.
pub(super) fn rows<C, R>(conn: &mut C, sql: &str) -> QueryResult<Vec<R>>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
    R: DeserializeOwned,
{
    let answers = C::Backend::answers(conn, sql)?;
    let row = |text: String| serde_json::from_str(&text).map_err(|error| Error::DeserializationError(Box::new(error)));
    answers.into_iter().flatten().map(row).collect()
}
