//! `lock`.

use alembic_graph::lockfile::FILE_NAME;
use alembic_runtime::cli::{CommandError, Exit};

use crate::{context::Context, project::Lock};

/// Rewrite alembic.lock from the revision files
///
/// Every command keeps it up to date; this one is for after a conflict in git, and with --locked
/// for making sure in CI.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(super) fn run(_args: &Args, cx: &mut Context<'_>) -> Result<Exit, CommandError> {
    let project = cx.load(Lock::Rewrite)?;
    let count = alembic_sql::wording::count(project.graph.len(), "revision");
    cx.printer.status(format_args!("{}/{FILE_NAME} is up to date with {count}.", project.config.migrations[0]));
    Ok(Exit::Success)
}
