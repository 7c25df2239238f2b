//! `redo`.

use alembic_core::{
    offline::Steps,
    plan::{self, Siblings},
};
use diesel::connection::LoadConnection;

use super::{
    CommandError, Context, Exit,
    running::{Running, range},
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
    #[arg(allow_hyphen_values = true, default_value = "-1")]
    revision: String,
    /// Let `branch@base` undo other branches that share its base
    #[arg(long)]
    allow_siblings: bool,
    #[command(flatten)]
    pub(super) running: Running,
}

pub(super) fn run<C>(args: &Args, cx: &mut Context<'_, '_, C>) -> Result<Exit, CommandError>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let siblings = if args.allow_siblings { Siblings::Allow } else { Siblings::Refuse };
    if args.running.sql || args.revision.contains(':') {
        let graph = cx.migrations.graph()?;
        let (start, target) = range(&graph, &args.revision, args.running.sql)?;
        let start = start.ok_or_else(|| CommandError::usage("redo with --sql requires <fromrev>:<torev>"))?;
        let plan = plan::redo(&graph, &start, target, siblings)?;
        return args.running.print_script(cx, &graph, &start, plan, Steps::All);
    }
    args.running.run(cx, |migrator, conn| migrator.siblings(siblings).redo(conn, &args.revision))
}
