//! `check`.

use std::{io, io::Write};

use diesel::connection::LoadConnection;

use super::{CommandError, Context, Exit, Report, Styles};
use crate::{Status, Verdict, database::MigrationBackend};

/// Compare the database with the migrations; exit 1 unless it is up to date
///
/// Changes nothing, and works for a role that may only read.
#[derive(Debug, clap::Args)]
pub struct Args {}

impl Report for Status {
    const SCHEMA: &'static str = "status/1";

    fn human(&self, w: &mut dyn Write, _styles: &Styles) -> io::Result<()> {
        writeln!(w, "{self}")
    }
}

pub(super) fn run<C>(_args: &Args, cx: &mut Context<'_, '_, C>) -> Result<Exit, CommandError>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let status = cx.migrations.status(&mut (cx.connect)()?)?;
    cx.printer.report(&status)?;
    for finding in &status.findings {
        cx.printer.status(format_args!("hint: {}", finding.hint()));
    }
    Ok(if status.verdict == Verdict::UpToDate { Exit::Success } else { Exit::Negative })
}
