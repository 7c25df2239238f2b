//! `downgrade`.

use alembic_graph::{Graph, Node, plan, plan::Siblings};
use diesel::connection::LoadConnection;

use super::{
    CommandError, Context, Exit,
    running::{Running, SiblingsArg, steps},
};
use crate::database::MigrationBackend;

/// Revert to a previous version
///
/// Undoes everything that follows the target or depends on what does. Nothing is undone if one of
/// the revisions is irreversible.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  downgrade -1                 the last revision
  downgrade 3f2a               everything after 3f2a
  downgrade base               everything
  downgrade shop@-1            the last revision of one branch
  downgrade head:base --sql    a script")]
pub struct Args {
    /// The target: a revision, `base`, `-N`, `branch@-1`; `from:to` with --sql
    #[arg(value_parser = super::revision, allow_hyphen_values = true)]
    revision: String,
    #[command(flatten)]
    siblings: SiblingsArg,
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
    let siblings = Siblings::from(&args.siblings);
    if args.running.wants_script(&args.revision) {
        let plan = |graph: &Graph, start: &[Node], target: &str| plan::downgrade(graph, start, target, siblings);
        let steps = steps(args.idempotent);
        return args.running.print_script_of_range(cx, &args.revision, Some("downgrade"), steps, plan);
    }
    args.running.run(cx, |migrator, conn| migrator.siblings(siblings).downgrade(conn, &args.revision))
}
