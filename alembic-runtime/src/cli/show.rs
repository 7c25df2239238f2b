//! `show`.

use alembic_graph::identifier;
use diesel::connection::LoadConnection;

use super::{
    CommandError, Context, Exit, Views,
    view::{Parts, RevisionList},
};
use crate::database::MigrationBackend;

/// Show the revision denoted by the given symbol
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A revision, `head`, `heads`, `current`, or `-N` to count down from the heads
    #[arg(value_parser = super::revision, allow_hyphen_values = true)]
    revision: String,
}

impl Args {
    pub(super) fn needs_database(&self) -> bool {
        self.revision == "current"
    }
}

pub(super) fn run<C>(args: &Args, cx: &mut Context<'_, '_, C>) -> Result<Exit, CommandError>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let graph = cx.migrations.graph()?;
    let rows = if args.needs_database() { cx.rows(&graph)? } else { Vec::new() };
    let found = identifier::show(&graph, &args.revision, || graph.current(&rows))?;
    let views = Views::new(&graph);
    cx.printer.report(&RevisionList {
        revisions: found.into_iter().map(|node| views.of(node)).collect(),
        parts: Parts::default(),
        verbose: true,
    })?;
    Ok(Exit::Success)
}
