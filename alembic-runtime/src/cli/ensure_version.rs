//! `ensure-version`.

use diesel::connection::LoadConnection;

use super::{CommandError, Context, Exit, running::Running};
use crate::database::MigrationBackend;

/// Create the version table if it doesn't exist
///
/// Creates the log beside it too, and changes nothing else.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub(super) running: Running,
}

pub(super) fn run<C>(args: &Args, cx: &mut Context<'_, '_, C>) -> Result<Exit, CommandError>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    if args.running.sql {
        return args.running.print_tables(cx);
    }
    args.running.run(cx, |migrator, conn| migrator.ensure_version(conn))
}
