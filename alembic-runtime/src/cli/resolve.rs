//! `resolve`.

use diesel::connection::LoadConnection;

use super::{CommandError, Context, Exit};
use crate::{Resolution, database::MigrationBackend};

/// Say what became of a statement during which an earlier run died
///
/// The next run finds out by itself what the catalog can tell. Where it cannot, look whether the
/// statement took effect, then say so; the next run goes on from there.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  resolve 3f2a9c1b7d4e --step 3 --applied   the third statement took effect
  resolve 3f2a9c1b7d4e --abort              all that the revision did was undone by hand")]
pub struct Args {
    /// The revision
    #[arg(value_parser = super::revision)]
    revision: String,
    /// The statement that is meant, from 1; refused if another one is in doubt
    #[arg(long, value_name = "N")]
    step: Option<usize>,
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
    abort: bool,
}

pub(super) fn run<C>(args: &Args, cx: &mut Context<'_, '_, C>) -> Result<Exit, CommandError>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let resolution = match args.outcome {
        Outcome { applied: true, .. } => Resolution::Applied,
        Outcome { retry: true, .. } => Resolution::Retry,
        Outcome { .. } => Resolution::Abort,
    };
    let mut link = (cx.connect)()?;
    let migrator = cx.migrations.migrator().behind_transaction_pooler(link.pooled);
    migrator.resolve(&mut link.conn, &args.revision, args.step, resolution)?;
    cx.printer.status(format_args!("Recorded; the next run knows how `{}` stands.", args.revision));
    Ok(Exit::Success)
}
