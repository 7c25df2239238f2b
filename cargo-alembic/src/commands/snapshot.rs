//! `snapshot`.

use alembic_runtime::cli::{CommandError, Exit};

use crate::{
    context::Context,
    look::{Look, inspection},
    project::snapshot,
    replay::{Left, Replay},
    scratch::ScratchArgs,
};

/// Write down the schema that the revisions leave
///
/// The file stands beside alembic.lock, so that a pull request shows what becomes of the schema. `check` says when it
/// is stale, and `embed_migrations!` takes its fingerprint along: a program can tell whether a database has it. If a
/// revision is written in Rust, the project's program is built and run.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo alembic snapshot
  git diff migrations/schema.sqlite.sql")]
pub(crate) struct Args {
    #[command(flatten)]
    scratch: ScratchArgs,
}

pub(super) fn run(args: &Args, cx: &mut Context<'_>) -> Result<Exit, CommandError> {
    let project = cx.project()?;
    let server = args.scratch.server(cx, &project)?;
    let (replay, scratch) = Replay::prepare(cx, &project, &server)?;
    let (schema, dialect) = scratch.run(Left { replay: &replay, then: Look(&inspection(&project, None)) })?;
    snapshot::write(&project, &schema, dialect)?;
    cx.printer.status(format_args!("Writing {} ...  done", snapshot::name(&project, dialect)));
    Ok(Exit::Success)
}
