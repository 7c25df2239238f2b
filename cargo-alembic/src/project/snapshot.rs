//! The schema that the revisions leave, kept beside the lock file.

use std::path::PathBuf;

use alembic_graph::Hint;
use alembic_runtime::{__private::read_regular_text, cli::CommandError};
use alembic_schema::{
    Schema,
    snapshot::{file_name, fingerprint, read_fingerprint, render_snapshot},
};
use alembic_sql::Dialect;

use super::{Project, atomically};

/// Returns where the snapshot for a database is, relative to the package.
pub(crate) fn name(project: &Project, dialect: Dialect) -> String {
    format!("{}/{}", project.config.migrations[0], file_name(dialect))
}

fn path(project: &Project, dialect: Dialect) -> PathBuf {
    project.package.root.join(name(project, dialect))
}

/// What a program can look at, too: the current schema, without the tables that are left alone.
fn in_scope(project: &Project, schema: &Schema) -> Schema {
    project.config.tables.in_scope(schema)
}

/// Writes the snapshot.
pub(crate) fn write(project: &Project, schema: &Schema, dialect: Dialect) -> Result<(), CommandError> {
    let text = render_snapshot(&in_scope(project, schema), dialect, &project.config.settings.naming);
    let text = text.map_err(|error| {
        let instead = format!("{}; the snapshot is as it was", error.instead);
        CommandError::usage(error.to_string()).hint(Hint::Instead { instead })
    })?;
    let path = path(project, dialect);
    atomically(&path, &text)
        .map_err(|error| CommandError::usage(format!("could not write `{}`", path.display())).caused_by(&error))
}

/// Returns what is wrong with the snapshot, if there should be one.
pub(crate) fn is_stale(project: &Project, schema: &Schema, dialect: Dialect) -> Option<String> {
    let name = name(project, dialect);
    let now = fingerprint(&in_scope(project, schema), dialect, &project.config.settings.naming).to_string();
    match read_regular_text(&path(project, dialect)) {
        Ok(text) if read_fingerprint(&text) == Some(now.as_str()) => None,
        Ok(_) => Some(format!("`{name}` is not the schema that the revisions leave")),
        Err(_) if project.config.schema_snapshot => {
            Some(format!("there is no `{name}`, and `schema-snapshot` asks for it"))
        }
        Err(_) => None,
    }
}
