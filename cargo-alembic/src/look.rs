//! Looks at what a database holds.

use alembic_models::Models;
use alembic_runtime::{
    __private::{Inspection, inspect, objects, schemas},
    MigrationBackend,
    cli::CommandError,
};
use alembic_schema::{Name, Object, Other, Schema};
use alembic_sql::Dialect;
use diesel::connection::LoadConnection;

use crate::{connect::Job, project::Project, scratch};

/// Returns the revisions that the version table names.
pub(crate) struct VersionRows<'p>(pub(crate) &'p Project);

impl Job for VersionRows<'_> {
    type Done = Vec<String>;

    fn run<C>(self, conn: &mut C) -> Result<Vec<String>, CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        Ok(self.0.migrations::<C>().current(conn)?)
    }
}

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

/// Returns the schemas of a database, without that of a scratch database's own functions.
pub(crate) fn schemas_of<C>(conn: &mut C) -> Result<Vec<String>, CommandError>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let mut schemas = schemas(conn).map_err(failed("look for schemas"))?;
    schemas.retain(|schema| schema != scratch::SCHEMA);
    Ok(schemas)
}

/// Returns what all schemas of a database hold, each schema being something, too, and their names.
pub(crate) fn look_everywhere<C>(conn: &mut C, project: &Project) -> Result<(Schema, Vec<String>), CommandError>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let schemas = schemas_of(conn)?;
    let inspection = Inspection { schemas: schemas.clone(), ..inspection(project, None) };
    let mut found = look(conn, &inspection)?;
    let schema =
        |name: &String| Other { kind: "schema".into(), name: Name::from_plain(name), definition: String::new() };
    found.others.extend(schemas.iter().map(schema));
    Ok((found, schemas))
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

/// Finds out which objects of a database are replaced as a whole, each after those that it needs.
pub(crate) struct LookAtObjects<'a>(pub(crate) &'a Inspection);

impl Job for LookAtObjects<'_> {
    type Done = Vec<Object>;

    fn run<C>(self, conn: &mut C) -> Result<Self::Done, CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        look_at_objects(conn, self.0)
    }
}

/// Returns the objects of a database that are replaced as a whole.
pub(crate) fn look_at_objects<C>(conn: &mut C, inspection: &Inspection) -> Result<Vec<Object>, CommandError>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let schema = look(conn, inspection)?;
    objects_of(conn, inspection, &schema)
}

/// Returns the objects of a database that are replaced as a whole, given the rest of what was found there.
pub(crate) fn objects_of<C>(conn: &mut C, inspection: &Inspection, schema: &Schema) -> Result<Vec<Object>, CommandError>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    objects(conn, inspection, schema).map_err(failed("look at views, routines and triggers"))
}
