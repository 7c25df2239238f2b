//! `heads`.

use diesel::connection::LoadConnection;

use super::{
    CommandError, Context, Exit, Views,
    view::{Parts, RevisionList},
};
use crate::database::MigrationBackend;

/// Show the revisions that nothing follows
///
/// One head is the normal state. Two or more mean that branches have not been merged, and that
/// `upgrade head` would not know which one is meant.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Use more verbose output
    #[arg(long, short)]
    verbose: bool,
}

pub(super) fn run<C>(args: &Args, cx: &mut Context<'_, '_, C>) -> Result<Exit, CommandError>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let graph = cx.migrations.graph()?;
    let views = Views::new(&graph);
    cx.printer.report(&RevisionList {
        revisions: graph.heads().into_iter().map(|head| views.of(head)).collect(),
        parts: Parts { labels: true, ..Parts::default() },
        verbose: args.verbose,
    })?;
    Ok(Exit::Success)
}
