//! `resolve`.

use diesel::connection::LoadConnection;

use super::{CommandError, Context, Exit};
use crate::{Resolution, database::MigrationBackend};

/// Say what became of a statement during which an earlier run died
///
/// Outside a transaction, nobody but you can tell whether that statement took effect. Look, then
/// say so; the next run goes on from there.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The revision
    revision: String,
    #[command(flatten)]
    outcome: Outcome,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Outcome {
    /// The statement took effect: go on after it
    #[arg(long)]
    applied: bool,
    /// The statement did not take effect: run it again
    #[arg(long)]
    retry: bool,
    /// What the step has done was undone by hand: forget that it ran, interrupted or failed
    #[arg(long)]
    abandon: bool,
}

pub(super) fn run<C>(args: &Args, cx: &mut Context<'_, '_, C>) -> Result<Exit, CommandError>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let resolution = match args.outcome {
        Outcome { applied: true, .. } => Resolution::Applied,
        Outcome { retry: true, .. } => Resolution::Retry,
        Outcome { .. } => Resolution::Abandon,
    };
    cx.migrations.migrator().resolve(&mut (cx.connect)()?, &args.revision, resolution)?;
    cx.printer.status(format_args!("Recorded; the next run knows how `{}` stands.", args.revision));
    Ok(Exit::Success)
}
