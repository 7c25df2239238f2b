//! What a database has and cannot use: views and triggers that name what is gone.

use alembic_schema::{Name, Schema};
use diesel::{QueryResult, connection::LoadConnection, result::Error};

use super::MigrationBackend;

/// Object that does not work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Kind: `view`, `virtual table`, …
    pub kind: String,
    /// Name.
    pub name: Name,
    /// The database's message.
    pub error: String,
}

/// Statement that changes nothing, and fails if an object does not work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// Kind of the object.
    pub(crate) kind: String,
    /// Name of the object.
    pub(crate) name: Name,
    /// The statement.
    pub(crate) statement: String,
}

/// Returns the objects that do not work, as far as they can be asked. Changes nothing.
///
/// # Errors
///
/// Those of the database that are no answer.
pub fn broken<C>(conn: &mut C, schema: &Schema) -> QueryResult<Vec<Broken>>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let mut broken = Vec::new();
    for Trial { kind, name, statement } in C::Backend::trials(schema) {
        match conn.batch_execute(&statement) {
            Ok(()) => {}
            Err(Error::DatabaseError(_, told)) => broken.push(Broken { kind, name, error: told.message().to_owned() }),
            Err(error) => return Err(error),
        }
    }
    Ok(broken)
}

/// Returns the kinds of objects of which only running them shows whether they work.
#[must_use]
pub fn unasked<C>() -> &'static [&'static str]
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    C::Backend::UNASKED
}
