//! `stamp`.

use alembic_graph::{offline::Steps, plan};
use diesel::connection::LoadConnection;

use super::{
    CommandError, Context, Exit,
    running::{Running, range},
};
use crate::{Purge, database::MigrationBackend};

/// Stamp the version table with the given revision; don't run any migrations
///
/// Declares the targets and everything before them applied, and everything after them not.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stamp head                   a database that was made some other way is up to date
  stamp --purge 3f2a           whatever the table says, the database is at 3f2a")]
pub struct Args {
    /// The targets: revisions, `head`, `heads`, `base`; `from:to` with --sql
    #[arg(value_parser = super::revision, required_unless_present = "from_diesel")]
    revisions: Vec<String>,
    /// Stamp what Diesel's own table lists, after `import diesel`
    #[arg(long, conflicts_with_all = ["revisions", "sql", "purge"])]
    from_diesel: bool,
    /// Unconditionally erase the version table before stamping
    #[arg(long, conflicts_with = "sql")]
    purge: bool,
    #[command(flatten)]
    pub(super) running: Running,
}

pub(super) fn run<C>(args: &Args, cx: &mut Context<'_, '_, C>) -> Result<Exit, CommandError>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    if args.revisions.iter().any(|revision| args.running.wants_script(revision)) {
        return script(args, cx);
    }
    if args.from_diesel {
        return args.running.run(cx, |migrator, conn| migrator.stamp_from_diesel(conn));
    }
    let purge = if args.purge { Purge::Yes } else { Purge::No };
    args.running.run(cx, |migrator, conn| migrator.stamp(conn, &args.revisions, purge))
}

fn script<C>(args: &Args, cx: &mut Context<'_, '_, C>) -> Result<Exit, CommandError>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let graph = cx.migrations.graph()?;
    let ranges: Vec<_> =
        args.revisions.iter().map(|text| range(&graph, text, args.running.sql)).collect::<Result<_, _>>()?;
    let start = ranges[0].0.clone().unwrap_or_default();
    if ranges.iter().any(|(other, _)| other.clone().unwrap_or_default() != start) {
        return Err(CommandError::usage(
            "stamp operation with --sql only supports a single starting revision at a time",
        ));
    }
    let targets: Vec<&str> = ranges.iter().map(|(_, target)| *target).collect();
    let plan = plan::stamp(&graph, &start, &targets)?;
    args.running.print_script(cx, &graph, &start, plan, Steps::All)
}
