//! `redo`.

use alembic_graph::{Graph, Node, offline::Steps, plan, plan::Siblings};
use diesel::connection::LoadConnection;

use super::{
    CommandError, Context, Exit,
    running::{Running, SiblingsArg},
};
use crate::database::MigrationBackend;

/// Undo the last revision and apply it again
///
/// Does what `downgrade` would with the same target, then applies what was undone, in one transaction where the
/// database and the revisions allow it. For a revision that is still being written: what was edited since it was
/// applied has to be accepted first.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  redo                         the last revision
  redo -2                      the last two
  redo 3f2a                    everything after 3f2a
  redo head:-1 --sql           a script")]
pub struct Args {
    /// Where to turn round: as the target of `downgrade`
    #[arg(value_parser = super::revision, allow_hyphen_values = true, default_value = "-1")]
    revision: String,
    #[command(flatten)]
    siblings: SiblingsArg,
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
        let plan = |graph: &Graph, start: &[Node], target: &str| plan::redo(graph, start, target, siblings);
        return args.running.print_script_of_range(cx, &args.revision, Some("redo"), Steps::All, plan);
    }
    args.running.run(cx, |migrator, conn| migrator.siblings(siblings).redo(conn, &args.revision))
}
