//! `seed`.

use std::{io, io::Write};

use alembic_graph::Hint;
use alembic_sql::wording::quoted;
use diesel::connection::LoadConnection;

use super::{CommandError, Context, Exit, Report, Styles};
use crate::{database::MigrationBackend, op::PRODUCTION};

/// The environment of a developer's machine.
const DEVELOPMENT: &str = "development";

/// Fill the database with the files of seeds/
///
/// Runs seeds/*.sql and seeds/<environment>/*.sql in the order of their names, each in a transaction. They
/// are not recorded, and may be run again.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  seed                              all seeds of the environment
  seed users                        seeds/users.sql, and that of the environment
  seed --environment production     not without saying so")]
pub struct Args {
    /// One seed, by its file's name without ending
    #[arg(value_name = "NAME")]
    seed: Option<String>,
    /// The environment, instead of what `ALEMBIC_ENV` says; for production it has to be said here
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
}

#[derive(serde::Serialize)]
struct Seeded<'a> {
    environment: &'a str,
    seeds: Vec<String>,
}

impl Report for Seeded<'_> {
    const SCHEMA: &'static str = "seed/1";

    fn human(&self, w: &mut dyn Write, _styles: &Styles) -> io::Result<()> {
        self.seeds.iter().try_for_each(|path| writeln!(w, "{path}"))
    }
}

/// Refuses an environment that no seed knows: a mistake in its name would leave its seeds out in silence.
fn require_known<C>(environment: &str, cx: &Context<'_, '_, C>) -> Result<(), CommandError> {
    let mut known = cx.migrations.seed_environments();
    if known.contains(&environment) || [PRODUCTION, DEVELOPMENT].contains(&environment) {
        return Ok(());
    }
    known.extend([PRODUCTION, DEVELOPMENT]);
    known.sort_unstable();
    known.dedup();
    let near = alembic_sql::suggest::did_you_mean(environment, known.iter().copied());
    Err(CommandError::usage(format!("no seed is for the environment `{environment}`{near}"))
        .hint(Hint::UnknownEnvironment { environment: environment.to_owned(), known: quoted(&known) }))
}

pub(super) fn run<C>(args: &Args, cx: &mut Context<'_, '_, C>) -> Result<Exit, CommandError>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let environment = args.environment.as_deref().unwrap_or(cx.environment);
    if args.environment.is_none() && environment == PRODUCTION {
        return Err(
            CommandError::usage("seeds are not run in production unless you say so").hint(Hint::SeedInProduction)
        );
    }
    require_known(environment, cx)?;
    let known = cx.migrations.seed_names();
    if let Some(name) = args.seed.as_deref().filter(|name| !known.contains(name)) {
        let near = alembic_sql::suggest::did_you_mean(name, known.iter().copied());
        return Err(CommandError::usage(format!("there is no seed `{name}`{near}")).hint(if known.is_empty() {
            Hint::NoSeeds
        } else {
            Hint::UnknownSeed { seeds: quoted(&known) }
        }));
    }
    let seeds = cx.migrations.seed(&mut (cx.connect)()?.conn, environment, args.seed.as_deref())?;
    if seeds.is_empty() {
        cx.printer.status(format_args!("There are no seeds for the environment {environment}."));
    }
    cx.printer.report(&Seeded { environment, seeds })?;
    Ok(Exit::Success)
}
