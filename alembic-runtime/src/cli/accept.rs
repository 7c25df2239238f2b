//! `accept`.

use std::{io, io::Write};

use diesel::connection::LoadConnection;
use serde::Serialize;

use super::{CommandError, Context, Exit, Report, Styles};
use crate::database::MigrationBackend;

/// Record the present text of revisions that were edited after they were applied
///
/// Runs nothing. The log keeps the earlier text's checksum, and who accepted the new one when.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  accept 3f2a9c1b7d4e   this one
  accept --all          every revision that was edited")]
pub struct Args {
    /// The edited revision
    #[arg(value_parser = super::revision, required_unless_present = "all")]
    revision: Option<String>,
    /// Every edited revision
    #[arg(long, conflicts_with = "revision")]
    all: bool,
}

#[derive(Serialize)]
struct Accepted {
    revisions: Vec<String>,
}

impl Report for Accepted {
    const SCHEMA: &'static str = "accept/1";

    fn human(&self, w: &mut dyn Write, _styles: &Styles) -> io::Result<()> {
        self.revisions.iter().try_for_each(|revision| writeln!(w, "Accepted {revision} as it is now."))
    }
}

pub(super) fn run<C>(args: &Args, cx: &mut Context<'_, '_, C>) -> Result<Exit, CommandError>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let mut link = (cx.connect)()?;
    let migrator = cx.migrations.migrator().behind_transaction_pooler(link.pooled);
    let report = migrator.accept(&mut link.conn, args.revision.as_deref())?;
    let revisions = report.steps.into_iter().map(|step| step.revision).collect();
    cx.printer.report(&Accepted { revisions })?;
    Ok(Exit::Success)
}
