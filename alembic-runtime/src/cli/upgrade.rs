//! `upgrade`.

use alembic_graph::plan;
use diesel::connection::LoadConnection;

use super::{
    CommandError, Context, Exit,
    running::{Running, steps},
};
use crate::database::MigrationBackend;

/// Upgrade to a later version
///
/// Applies the target and everything before it that is not applied yet.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  upgrade head                 everything
  upgrade +2                   the next two revisions
  upgrade shop@head            one branch, and what it depends on
  upgrade 3f2a:head --sql      a script for a database that is at 3f2a")]
pub struct Args {
    /// The target: a revision, `head`, `heads`, `+N`, `branch@head`; `from:to` with --sql
    #[arg(value_parser = super::revision, allow_hyphen_values = true)]
    revision: String,
    /// With --sql: skip the steps that the database does not need, wherever it is
    #[arg(long, requires = "sql")]
    idempotent: bool,
    #[command(flatten)]
    pub(super) running: Running,
}

pub(super) fn run<C>(args: &Args, cx: &mut Context<'_, '_, C>) -> Result<Exit, CommandError>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    if args.running.wants_script(&args.revision) {
        return args.running.print_script_of_range(cx, &args.revision, None, steps(args.idempotent), plan::upgrade);
    }
    args.running.run(cx, |migrator, conn| migrator.upgrade(conn, &args.revision))
}
