//! Gates that ask the project's database.

use alembic_runtime::{
    MigrationBackend,
    cli::{self, CheckArgs, CommandError, Link},
    pure::{MysqlConnection, PgConnection},
};
use diesel::connection::LoadConnection;

use super::{Finding, Said};
use crate::{
    connect::{self, Access, Target},
    context::Context,
    project::Project,
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
