//! Looks at what a database holds.

use alembic_core::{Dialect, models::Models, schema::Schema};
use alembic_runtime::{Inspection, MigrationBackend, cli::CommandError, inspect};
use diesel::connection::LoadConnection;

use crate::{connect::Job, project::Project};

/// Returns what of a database the project is about.
pub(crate) fn inspection(project: &Project, models: Option<&Models>) -> Inspection {
    let schemas = models.map(Models::schemas).unwrap_or_default();
    Inspection { schemas, version_table: project.config.settings.version_table.clone() }
}

/// Turns an error of the database into one that says what was tried.
pub(crate) fn failed(what: &'static str) -> impl FnOnce(diesel::result::Error) -> CommandError {
    move |error| CommandError::failed(format!("could not {what}")).because(error.to_string())
}

/// Returns which database it is; MySQL and MariaDB have to be asked.
pub(crate) fn dialect_of<C>(conn: &mut C) -> Result<Dialect, CommandError>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    C::Backend::dialect(conn).map_err(failed("ask for the server's version"))
}

/// Returns what a database holds.
pub(crate) fn look<C>(conn: &mut C, inspection: &Inspection) -> Result<Schema, CommandError>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    inspect(conn, inspection).map_err(failed("look at the schema"))
}

/// Finds out what a database holds, and which database it is.
pub(crate) struct Look<'a>(pub(crate) &'a Inspection);

impl Job for Look<'_> {
    type Done = (Schema, Dialect);

    fn run<C>(self, conn: &mut C) -> Result<Self::Done, CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        Ok((look(conn, self.0)?, dialect_of(conn)?))
    }
}
