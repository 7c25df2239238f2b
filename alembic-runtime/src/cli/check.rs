//! `check`.

use std::{
    io,
    io::Write,
    thread::sleep,
    time::{Duration, Instant},
};

use diesel::connection::LoadConnection;

use super::{CommandError, Context, Exit, Report, Styles, running::seconds};
use crate::{Status, Verdict, database::MigrationBackend};

/// How often to look whether somebody else has migrated.
const INTERVAL: Duration = Duration::from_millis(500);

/// Compare the database with the migrations; exit 1 unless it is up to date
///
/// Changes nothing, and works for a role that may only read.
#[derive(Debug, clap::Args)]
#[group(id = "database")]
#[command(after_help = "Examples:
  check                        is the database as these migrations leave it?
  check --wait 120             hold an application back until somebody else has migrated
  check --allow-ahead          an old program beside a new database, in a rolling deploy")]
pub struct Args {
    /// How long to wait until the database is up to date
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub wait: Option<Duration>,
    /// A database that a newer program has migrated is good enough
    #[arg(long)]
    pub allow_ahead: bool,
}

impl Report for Status {
    const SCHEMA: &'static str = "status/1";

    fn human(&self, w: &mut dyn Write, _styles: &Styles) -> io::Result<()> {
        writeln!(w, "{self}")
    }
}

/// Compares the database with the migrations, as long as it may still come to agree; returns whether it does.
///
/// # Errors
///
/// [`CommandError`] if the database cannot be asked.
pub fn settled<C>(args: &Args, cx: &mut Context<'_, '_, C>) -> Result<(Status, bool), CommandError>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let begun = Instant::now();
    loop {
        // A new connection each time: an SQLite file may be made meanwhile, a server restarted.
        let status = cx.migrations.status(&mut (cx.connect)()?.conn)?;
        let ahead = args.allow_ahead && status.verdict == Verdict::Ahead;
        let good = ahead || status.verdict == Verdict::UpToDate;
        let left = args.wait.unwrap_or_default().saturating_sub(begun.elapsed());
        let may_pass = matches!(status.verdict, Verdict::Pending | Verdict::Partial);
        if good || !may_pass || left.is_zero() {
            return Ok((status, good));
        }
        sleep(INTERVAL.min(left));
    }
}

pub(super) fn run<C>(args: &Args, cx: &mut Context<'_, '_, C>) -> Result<Exit, CommandError>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let (status, good) = settled(args, cx)?;
    cx.printer.report(&status)?;
    for warning in &status.warnings {
        cx.printer.status(format_args!("warning: {warning}"));
    }
    for finding in status.findings.iter().chain(&status.warnings) {
        cx.printer.hint(&finding.hint());
    }
    Ok(if good { Exit::Success } else { Exit::Negative })
}
