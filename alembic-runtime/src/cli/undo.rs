//! `undo`, which `cargo alembic check` runs on a scratch database.

use diesel::connection::LoadConnection;

use super::{CommandError, Context, Exit, running::Running};
use crate::database::MigrationBackend;

/// Undo one revision, which no applied revision follows, and nothing else
///
/// `downgrade` takes where to stop; from a merge, or beside another branch, no such place names one revision.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The whole id of the revision
    revision: String,
    #[command(flatten)]
    running: Running,
}

pub(super) fn run<C>(args: &Args, cx: &mut Context<'_, '_, C>) -> Result<Exit, CommandError>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let graph = cx.migrations.graph()?;
    let Some(node) = graph.find_id(&args.revision) else {
        return Err(CommandError::usage(format!("there is no revision `{}`", args.revision)));
    };
    args.running.run(cx, |migrator, conn| migrator.undo(conn, node))
}
