//! How a database stands.

use alembic_core::diff::Diff;
use alembic_runtime::{
    MigrationBackend,
    cli::{self, CheckArgs, CommandError, Link},
    pure::{MysqlConnection, PgConnection},
};
use diesel::connection::LoadConnection;

use super::{Finding, Said};
use crate::{
    connect::{self, Access, Job, Target},
    context::Context,
    look::{dialect_of, inspection, look},
    project::Project,
    replay::Replay,
    scratch::{ScratchArgs, ScratchServer},
};

/// Compares rows and log with the graph.
pub(super) fn pending(
    args: &CheckArgs,
    cx: &mut Context<'_>,
    project: &Project,
    target: &Target,
) -> Result<Said, CommandError> {
    match target {
        Target::Sqlite(path) => {
            standing(args, cx, project, target, &mut || connect::sqlite(path, Access::Read).map(Link::direct))
        }
        Target::Postgres(server) => {
            let mut connect = || target.opened(server.connect()).map(Link::direct);
            standing::<PgConnection>(args, cx, project, target, &mut connect)
        }
        Target::Mysql(server) => {
            let mut connect = || target.opened(server.connect()).map(Link::direct);
            standing::<MysqlConnection>(args, cx, project, target, &mut connect)
        }
    }
}

fn standing<C>(
    args: &CheckArgs,
    cx: &mut Context<'_>,
    project: &Project,
    target: &Target,
    connect: &mut dyn FnMut() -> Result<Link<C>, CommandError>,
) -> Result<Said, CommandError>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let migrations = project.migrations::<C>();
    let place = target.place();
    let printer = &mut cx.printer;
    let mut context = cli::Context { migrations: &migrations, connect, place, printer, environment: "" };
    let (status, good) = cli::settled(args, &mut context)?;
    for warning in &status.warnings {
        cx.printer.status(format_args!("warning: {warning}"));
        cx.printer.hint(&warning.hint());
    }
    if good {
        return Ok(Ok(status.to_string().trim_end_matches('.').to_owned().into()));
    }
    let finding = Finding::new(status.to_string());
    Ok(Err(vec![status.findings.iter().fold(finding, |finding, found| finding.hint(found.hint()))]))
}

/// Compares the schema with the one that the database's revisions leave on a scratch database. None if it is at
/// revisions that nobody knows.
pub(super) fn drift(
    scratch: &ScratchArgs,
    cx: &mut Context<'_>,
    project: &Project,
    target: &Target,
) -> Result<Option<Said>, CommandError> {
    let (rows, schema) = target.run(Access::Read, Live { project })?;
    if rows.iter().any(|row| project.graph.find_id(row).is_none()) {
        return Ok(None);
    }
    let server = scratch.find_server(cx, project)?.unwrap_or_else(|| ScratchServer::shared(target.clone()));
    let (replay, made) = Replay::prepare(cx, project, &server)?;
    let found = made.run(AsLeft { replay: &replay, rows: &rows, live: &schema })?;
    Ok(Some(found))
}

struct Live<'p> {
    project: &'p Project,
}

impl Job for Live<'_> {
    type Done = (Vec<String>, alembic_core::schema::Schema);

    fn run<C>(self, conn: &mut C) -> Result<Self::Done, CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        let rows = self.project.migrations::<C>().current(conn)?;
        Ok((rows, look(conn, &inspection(self.project, None))?))
    }
}

struct AsLeft<'a> {
    replay: &'a Replay<'a>,
    rows: &'a [String],
    live: &'a alembic_core::schema::Schema,
}

impl Job for AsLeft<'_> {
    type Done = Said;

    fn run<C>(self, conn: &mut C) -> Result<Said, CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        for row in self.rows {
            self.replay.upgrade(conn, row)?;
        }
        let project = self.replay.project;
        let left = look(conn, &inspection(project, None))?;
        let dialect = dialect_of(conn)?;
        let alone =
            |difference: &&alembic_core::diff::Difference| !project.config.tables.leaves_alone(&difference.table);
        let differences = Diff::between(&left, self.live, dialect).differences(dialect);
        let findings: Vec<Finding> = differences
            .iter()
            .filter(alone)
            .map(|difference| Finding::new(format!("the database differs from what its revisions leave: {difference}")))
            .collect();
        match findings.is_empty() {
            true => Ok(Ok("the schema is the one that the revisions leave".to_owned().into())),
            false => Ok(Err(findings)),
        }
    }
}
