//! The table in which Diesel's own harness notes what it has run.

use alembic_graph::{Graph, graph::Edges};
use alembic_sql::wording::quoted;
use diesel::connection::LoadConnection;

use crate::{
    Error,
    database::{MigrationBackend, Reading, TableSchema, reading},
};

/// What Diesel calls its table.
const TABLE: &str = "__diesel_schema_migrations";

/// Returns the revision id of an imported Diesel migration: its version, with `_` for what an id
/// cannot hold.
///
/// # Errors
///
/// [`Error::Diesel`] if the version is too long for an id.
pub fn diesel_revision_id(version: &str) -> Result<String, Error> {
    let id: String = version.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    match alembic_graph::revision::check_name(&id) {
        Ok(()) => Ok(id),
        Err(error) => Err(Error::Diesel(format!("the version `{version}` cannot be an id: {error}"))),
    }
}

/// Returns the last revision that Diesel has applied, or `base`.
///
/// Diesel applies what is missing in any order; only a history without gaps can be stamped. `schemas` are those that
/// revisions create.
pub(crate) fn last_applied<C>(graph: &Graph, schemas: &[String], conn: &mut C) -> Result<String, Error>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let unreadable = |error: diesel::result::Error| Error::Diesel(error.to_string());
    if let TableSchema::Elsewhere { found, first } = C::Backend::place(conn, TABLE).map_err(unreadable)?
        && !schemas.contains(&first)
    {
        let problem = format!(
            "it is in the schema `{found}`, and Diesel would make it in `{first}`, which comes first in the search path"
        );
        return Err(Error::Diesel(problem));
    }
    let sql = format!("SELECT version AS answer FROM {TABLE} ORDER BY version");
    let versions = reading(conn, Reading::Own, |conn| C::Backend::answers(conn, &sql)).map_err(unreadable)?;
    let mut applied = Vec::new();
    let mut unknown = Vec::new();
    for version in versions.into_iter().flatten() {
        match graph.find_id(&diesel_revision_id(&version)?) {
            Some(node) => applied.push(node),
            None => unknown.push(version),
        }
    }
    if !unknown.is_empty() {
        return Err(Error::Diesel(format!("it lists {}, which no revision stands for", quoted(unknown))));
    }
    let Some(last) = applied.iter().copied().max() else {
        return Ok("base".to_owned());
    };
    let mut missing = graph.ancestors([last], Edges::All);
    missing.retain(|node| !applied.contains(&node));
    let gaps: Vec<&str> = graph.ids(missing.iter()).collect();
    if gaps.is_empty() {
        Ok(graph.id(last).to_owned())
    } else {
        Err(Error::Diesel(format!("it does not list {}, which come before `{}`", quoted(gaps), graph.id(last))))
    }
}
