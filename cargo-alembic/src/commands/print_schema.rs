//! `print-schema`.

use std::path::PathBuf;

use alembic_models::{Detail, Printing, print, update};
use alembic_runtime::{
    __private::Inspection,
    cli::{CommandError, Exit},
};
use alembic_schema::Name;

use crate::{
    connect::Access,
    context::Context,
    look::{Look, inspection},
    project::{
        Lock, Project,
        models::{Source, misunderstood},
    },
    replay::{Left, Replay},
    scratch::ScratchArgs,
};

/// Print the schema as `table!` source
///
/// Of the database; with --from migrations of what the revisions leave, on a scratch database. What is printed,
/// autogenerate finds equal. With --from migrations the project's program is built and run if a revision is written in
/// Rust.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo alembic print-schema > src/schema.rs
  cargo alembic print-schema --update src/schema.rs          keep comments and attributes
  cargo alembic print-schema --complete                      with defaults, indexes, constraints, …
  cargo alembic print-schema --from migrations               without a database
  cargo alembic print-schema --objects migrations/objects    views, routines, triggers, …, a file each")]
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
    /// Write views, routines, triggers, … into files of this folder instead, as `revision --autogenerate` reads them
    #[arg(long, value_name = "DIR", conflicts_with_all = ["complete", "update"])]
    objects: Option<PathBuf>,
    /// Another schema than the current one
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
    if args.from == From::Database && args.scratch.scratch_url.is_some() {
        return Err(CommandError::usage("--scratch-url is for --from migrations"));
    }
    let (package, config) = cx.configured()?;
    let file = args.update.as_ref().map(|file| Source::read(&cx.cwd, file)).transpose()?;
    let mut schemas = args.schema.clone();
    schemas.extend(file.iter().flat_map(|file| file.models.schemas()));
    let project = Project::load(package, config.clone(), Lock::Refresh)?;
    let inspection = Inspection { schemas, ..inspection(&project, None) };
    if let Some(folder) = &args.objects {
        return super::print_objects::run(
            folder,
            args.from == From::Migrations,
            &args.scratch,
            cx,
            &project,
            &inspection,
        );
    }
    let (mut schema, dialect) = match args.from {
        From::Database => {
            let target = cx.target(&project.package, &config)?;
            cx.note_missing(&target);
            target.run(Access::Read, Look(&inspection))?
        }
        From::Migrations => {
            let server = args.scratch.server(cx, &project)?;
            let (replay, scratch) = Replay::prepare(cx, &project, &server)?;
            scratch.run(Left { replay: &replay, then: Look(&inspection) })?
        }
    };
    schema.tables.retain(|table| !config.tables.leaves_alone(&table.name));
    if let Some(file) = file {
        let looked_for = |name: &Name| {
            let in_scope = name.schema.as_ref().is_none_or(|schema| inspection.schemas.contains(schema));
            let is_other = schema.others.iter().any(|other| other.name == *name);
            in_scope && !is_other && !config.tables.leaves_alone(name)
        };
        let printing = Printing { dialect, naming: &config.settings.naming };
        let updated = update(&file.text, &file.name, &schema, printing, &looked_for).map_err(misunderstood)?;
        let what = if file.replace(&updated)? { "Updated" } else { "Nothing to change in" };
        cx.printer.status(format_args!("{what} {}", file.name));
        return Ok(Exit::Success);
    }
    let detail = if args.complete { Detail::Complete } else { Detail::Plain };
    cx.printer.text(&print(&schema, dialect, &config.settings.naming, detail))?;
    Ok(Exit::Success)
}
