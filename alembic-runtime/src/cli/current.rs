//! `current`.

use std::{collections::HashSet, io, io::Write};

use alembic_graph::{Node, graph::Edges};
use diesel::connection::LoadConnection;
use serde::Serialize;

use super::{CommandError, Context, Exit, Report, RevisionView, Styles, Views, view::Parts};
use crate::{Finding, database::MigrationBackend};

/// Display the current revision of the database
///
/// Prints the rows of the version table and every branch end that they imply, and says how many revisions are
/// not applied yet. Changes nothing, and works for a role that may only read.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Use more verbose output
    #[arg(long, short)]
    verbose: bool,
    /// Exit with status 1 unless all heads are applied
    #[arg(long, short)]
    check_heads: bool,
}

#[derive(Serialize)]
struct Current {
    database: String,
    at_heads: bool,
    /// How many revisions are not applied yet.
    behind: usize,
    revisions: Vec<RevisionView>,
    /// Rows that no revision of this project has.
    unknown: Vec<String>,
    /// Steps outside a transaction that did not come to their end.
    unfinished: Vec<Finding>,
    #[serde(skip)]
    verbose: bool,
}

impl Report for Current {
    const SCHEMA: &'static str = "current/1";

    fn human(&self, w: &mut dyn Write, styles: &Styles) -> io::Result<()> {
        if self.verbose {
            writeln!(w, "Current revision(s) for {}:", self.database)?;
        }
        for revision in &self.revisions {
            if self.verbose {
                revision.verbose(w, styles)?;
            } else {
                let parts = Parts { points: true, ..Parts::default() };
                writeln!(w, "{}", revision.line(parts, styles))?;
            }
        }
        self.unknown.iter().try_for_each(|row| writeln!(w, "{row} (unknown to these migrations)"))?;
        self.unfinished.iter().try_for_each(|finding| writeln!(w, "unfinished: {finding}"))
    }
}

pub(super) fn run<C>(args: &Args, cx: &mut Context<'_, '_, C>) -> Result<Exit, CommandError>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let graph = cx.migrations.graph()?;
    let (rows, unfinished) = cx.migrations.standing(&mut (cx.connect)()?.conn)?;
    let known: Vec<Node> = rows.iter().filter_map(|row| graph.find_id(row)).collect();
    let applied = graph.ancestors(known.iter().copied(), Edges::All);
    let current: HashSet<Node> = graph.current(&known).into_iter().collect();
    let views = Views::new(&graph);
    let unknown: Vec<String> = rows.into_iter().filter(|row| graph.find_id(row).is_none()).collect();
    let report = Current {
        database: cx.place.name.clone(),
        behind: graph.nodes().filter(|node| !applied.contains(*node)).count(),
        at_heads: unknown.is_empty() && graph.heads().iter().all(|head| applied.contains(*head)),
        revisions: graph.nodes().filter(|node| current.contains(node)).map(|node| views.of(node)).collect(),
        unknown,
        unfinished,
        verbose: args.verbose,
    };
    cx.printer.report(&report)?;
    if report.behind > 0 {
        let heads = if graph.heads().len() > 1 { "heads" } else { "head" };
        cx.printer.status(format_args!("{} behind {heads}.", report.behind));
    }
    if args.check_heads && !report.at_heads {
        cx.printer.status("Database is not on all head revisions.");
        return Ok(Exit::Negative);
    }
    Ok(Exit::Success)
}
