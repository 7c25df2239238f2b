//! `history`.

use alembic_graph::{graph::NodeSet, identifier};
use diesel::connection::LoadConnection;

use super::{
    CommandError, Context, Exit, Views,
    view::{Parts, RevisionList},
};
use crate::database::MigrationBackend;

/// List the revisions in chronological order, newest first
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  history                      everything
  history -r 3f2a:             3f2a and what follows
  history -r-3:                the last three and the one before
  history -r current:head      what an upgrade would apply, and where it starts")]
pub struct Args {
    /// Only a range, [start]:[end], both inclusive; `current`, `-N:` and `:+N` work too
    #[arg(long, short, value_name = "RANGE", allow_hyphen_values = true, value_parser = super::revision)]
    rev_range: Option<String>,
    /// Use more verbose output
    #[arg(long, short)]
    verbose: bool,
    /// Mark what the database is at
    #[arg(long, short)]
    indicate_current: bool,
}

impl Args {
    pub(super) fn needs_database(&self) -> bool {
        self.indicate_current
            || self.rev_range.as_ref().is_some_and(|range| range.split(':').any(|end| end == "current"))
    }
}

pub(super) fn run<C>(args: &Args, cx: &mut Context<'_, '_, C>) -> Result<Exit, CommandError>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let graph = cx.migrations.graph()?;
    let rows = if args.needs_database() { cx.rows(&graph)? } else { Vec::new() };
    let set = match &args.rev_range {
        Some(range) => identifier::history(&graph, range, || rows.clone())?,
        None => {
            let mut all = NodeSet::none(graph.len());
            all.extend(graph.nodes());
            all
        }
    };
    let mut views = Views::new(&graph);
    if args.indicate_current {
        views = views.with_current(graph.current(&rows));
    }
    cx.printer.report(&RevisionList {
        revisions: set.iter().rev().map(|node| views.of(node)).collect(),
        parts: Parts { parents: true, labels: true, points: true, message: true },
        verbose: args.verbose,
    })?;
    Ok(Exit::Success)
}
