//! `print-schema`.

use std::path::{Path, PathBuf};

use alembic_core::{
    Dialect,
    config::Config,
    models::{Detail, print, update},
    schema::Schema,
};
use alembic_runtime::{
    MigrationBackend,
    cli::{CommandError, Exit},
};
use diesel::connection::LoadConnection;

use super::snapshot::Left;
use crate::{
    autogenerate::{failed, inspection, look, misunderstood},
    connect::{Access, Job},
    context::Context,
    project::{Lock, Project, atomically},
    replay::Replay,
    scratch::ScratchArgs,
};

/// Print the schema as `table!` source
///
/// Of the database; with --from migrations of what the revisions leave, on a scratch database. What is printed,
/// autogenerate finds equal.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo alembic print-schema > src/schema.rs
  cargo alembic print-schema --update src/schema.rs          keep comments and attributes
  cargo alembic print-schema --complete                      with defaults, indexes, constraints, …
  cargo alembic print-schema --from migrations               without a database")]
pub(crate) struct Args {
    /// Of what
    #[arg(long, value_enum, default_value_t)]
    from: From,
    /// All that the database knows, for `alembic_runtime::table!`
    #[arg(long)]
    complete: bool,
    /// Bring this file up to date instead: what is written by hand stays
    #[arg(long, value_name = "FILE", conflicts_with = "complete")]
    update: Option<PathBuf>,
    /// A schema besides the current one
    #[arg(long, value_name = "SCHEMA")]
    schema: Vec<String>,
    #[command(flatten)]
    scratch: ScratchArgs,
}

/// Whose schema is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum From {
    /// The database of the URL
    #[default]
    Database,
    /// What the revisions leave
    Migrations,
}

pub(super) fn run(args: &Args, cx: &mut Context<'_>) -> Result<Exit, CommandError> {
    let (package, config) = cx.configured()?;
    let (mut schema, dialect) = match args.from {
        From::Database => {
            let target = cx.target(&package, &config)?;
            let project = Project::load(package, config.clone(), Lock::Refresh)?;
            target.run(Access::Read, Live { project: &project, schemas: &args.schema })?
        }
        From::Migrations => {
            let project = Project::load(package, config.clone(), Lock::Refresh)?;
            let server = args.scratch.server(cx, &project)?;
            let (replay, scratch) = Replay::prepare(cx, &project, &server)?;
            scratch.run(Left { replay: &replay, models: None })?
        }
    };
    schema.tables.retain(|table| !config.leaves_alone(&table.name));
    if let Some(file) = &args.update {
        return update_file(file, &schema, dialect, &config, cx);
    }
    let detail = if args.complete { Detail::Complete } else { Detail::Plain };
    cx.printer.text(&print(&schema, dialect, &config.settings.naming, detail))?;
    Ok(Exit::Success)
}

/// Only tables that Diesel can have are added.
fn update_file(
    file: &Path,
    schema: &Schema,
    dialect: Dialect,
    config: &Config,
    cx: &mut Context<'_>,
) -> Result<Exit, CommandError> {
    let path = cx.cwd.join(file);
    let name = file.display().to_string();
    let failed =
        |what: &str, error: &std::io::Error| CommandError::usage(format!("could not {what} `{name}`")).caused_by(error);
    let text = std::fs::read_to_string(&path).map_err(|error| failed("read", &error))?;
    let updated = update(&text, &name, schema, dialect, &config.settings.naming).map_err(misunderstood)?;
    if updated == text {
        cx.printer.status(format_args!("{name} is up to date"));
        return Ok(Exit::Success);
    }
    atomically(&path, &updated).map_err(|error| failed("write", &error))?;
    cx.printer.status(format_args!("Updating {name} ...  done"));
    Ok(Exit::Success)
}

struct Live<'a> {
    project: &'a Project,
    schemas: &'a [String],
}

impl Job for Live<'_> {
    type Done = (Schema, Dialect);

    fn run<C>(self, conn: &mut C) -> Result<Self::Done, CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        let dialect = C::Backend::dialect(conn).map_err(failed("ask for the server's version"))?;
        let mut inspection = inspection(self.project, None);
        inspection.schemas.extend(self.schemas.iter().cloned());
        Ok((look(conn, &inspection)?, dialect))
    }
}
