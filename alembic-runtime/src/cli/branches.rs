//! `branches`.

use std::{io, io::Write};

use diesel::connection::LoadConnection;
use serde::Serialize;

use super::{CommandError, Context, Exit, Report, RevisionView, Styles, Views, view::Parts};
use crate::database::MigrationBackend;

/// Show current branch points
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Use more verbose output
    #[arg(long, short)]
    verbose: bool,
}

#[derive(Serialize)]
struct Branch {
    branch_point: RevisionView,
    children: Vec<RevisionView>,
}

#[derive(Serialize)]
#[serde(transparent)]
struct Branches {
    branches: Vec<Branch>,
    #[serde(skip)]
    verbose: bool,
}

impl Report for Branches {
    const SCHEMA: &'static str = "branches/1";

    fn human(&self, w: &mut dyn Write, styles: &Styles) -> io::Result<()> {
        let parts = Parts { labels: true, points: true, ..Parts::default() };
        for branch in &self.branches {
            if self.verbose {
                branch.branch_point.verbose(w, styles)?;
            } else {
                writeln!(w, "{}", branch.branch_point.line(parts, styles))?;
            }
            let indent = " ".repeat(branch.branch_point.revision.len());
            for child in &branch.children {
                let parts = Parts { message: self.verbose, ..parts };
                writeln!(w, "{indent} -> {}", child.line(parts, styles))?;
            }
            writeln!(w)?;
        }
        Ok(())
    }
}

pub(super) fn run<C>(args: &Args, cx: &mut Context<'_, '_, C>) -> Result<Exit, CommandError>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let graph = cx.migrations.graph()?;
    let views = Views::new(&graph);
    let branches = graph
        .nodes()
        .filter(|node| graph.is_branch_point(*node))
        .map(|node| Branch {
            branch_point: views.of(node),
            children: graph.children(node).iter().map(|child| views.of(*child)).collect(),
        })
        .collect();
    cx.printer.report(&Branches { branches, verbose: args.verbose })?;
    Ok(Exit::Success)
}
