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
    /// The statement took effect: go on after it
    #[arg(long, required_unless_present = "retry", conflicts_with = "retry")]
    applied: bool,
    /// The statement did not take effect: run it again
    #[arg(long)]
    retry: bool,
}

pub(super) fn run<C>(args: &Args, cx: &mut Context<'_, '_, C>) -> Result<Exit, CommandError>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let resolution = if args.applied { Resolution::Applied } else { Resolution::Retry };
    cx.migrations.migrator().resolve(&mut (cx.connect)()?, &args.revision, resolution)?;
    cx.printer.status(format_args!("Recorded; the next run of `{}` goes on from there.", args.revision));
    Ok(Exit::Success)
}
