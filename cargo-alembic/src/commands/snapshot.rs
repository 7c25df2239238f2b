//! `snapshot`.

use alembic_core::{Dialect, schema::Schema};
use alembic_runtime::{
    MigrationBackend,
    cli::{CommandError, Exit},
};
use diesel::connection::LoadConnection;

use crate::{
    autogenerate::{failed, inspection, look},
    connect::Job,
    context::Context,
    project::{models, snapshot},
    replay::Replay,
    scratch::ScratchArgs,
};

/// Write down the schema that the revisions leave
///
/// The file stands beside alembic.lock, so that a pull request shows what becomes of the schema. `check` says when it
/// is stale, and `embed_migrations!` takes its fingerprint along: a program can tell whether a database has it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo alembic snapshot
  git diff migrations/schema.sqlite.sql")]
pub(crate) struct Args {
    #[command(flatten)]
    scratch: ScratchArgs,
}

pub(super) fn run(args: &Args, cx: &mut Context<'_>) -> Result<Exit, CommandError> {
    let project = cx.project()?;
    let server = args.scratch.server(cx, &project)?;
    let models = models::load(&project.package, &project.config)?;
    let (replay, scratch) = Replay::prepare(cx, &project, &server)?;
    let (schema, dialect) = scratch.run(Left { replay: &replay, models: models.as_ref() })?;
    snapshot::write(&project, &schema, dialect)?;
    cx.printer.status(format_args!("Writing {} ...  done", snapshot::name(&project, dialect)));
    Ok(Exit::Success)
}

/// Applies all revisions, and looks.
pub(super) struct Left<'a> {
    pub(super) replay: &'a Replay<'a>,
    pub(super) models: Option<&'a alembic_core::models::Models>,
}

impl Job for Left<'_> {
    type Done = (Schema, Dialect);

    fn run<C>(self, conn: &mut C) -> Result<Self::Done, CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        self.replay.upgrade(conn, "heads")?;
        let dialect = C::Backend::dialect(conn).map_err(failed("ask for the server's version"))?;
        Ok((look(conn, &inspection(self.replay.project, self.models))?, dialect))
    }
}
