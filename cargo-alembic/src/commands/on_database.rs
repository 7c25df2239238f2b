//! Runs the runtime's commands on the project's database.

use alembic_runtime::{
    MigrationBackend,
    cli::{self, CommandError, Exit, Link, Place},
    pure::{MysqlConnection, PgConnection},
};
use diesel::{SqliteConnection, connection::LoadConnection};

use super::database;
use crate::{
    connect::{self, Access, Target},
    context::Context,
    project::Project,
    runner::{DEVELOPMENT, Runner},
};

pub(super) fn run(command: &cli::Command, cx: &mut Context<'_>) -> Result<Exit, CommandError> {
    let project = cx.project()?;
    if command.needs_database() {
        let target = cx.target(&project.package, &project.config)?;
        if !command.changes_database() {
            cx.note_missing(&target);
        }
        let mut result = on_target(command, cx, &project, &target);
        if result.is_err() && command.changes_database() && offer_to_create(cx, &target)? {
            result = on_target(command, cx, &project, &target);
        }
        return or_with_runner(result, cx, &project, Some(&target), command);
    }
    let target = if command.prints_script() { cx.find_target(&project.package, &project.config)? } else { None };
    let dialect = target.as_ref().map(Target::dialect);
    let database = target.as_ref().and_then(Target::database).map(str::to_owned);
    let mut connect = || Err::<Link<SqliteConnection>, _>(CommandError::usage("this command connects to no database"));
    let result = on(command, cx, &project, &mut connect, Place { name: String::new(), dialect, database });
    or_with_runner(result, cx, &project, target.as_ref(), command)
}

/// Asks, on a terminal, whether to create a database that is missing; returns whether it was created.
fn offer_to_create(cx: &mut Context<'_>, target: &Target) -> Result<bool, CommandError> {
    if !cx.printer.can_ask() || !target.lacks_database() {
        return Ok(false);
    }
    let question = format!("There is no database {}. Create it?", target.display());
    if !cx.printer.confirm(&question) {
        return Ok(false);
    }
    database::create(cx, target)?;
    Ok(true)
}

/// What this program cannot run, because it is written in Rust, the project's own program can.
fn or_with_runner(
    result: Result<Exit, CommandError>,
    cx: &Context<'_>,
    project: &Project,
    target: Option<&Target>,
    command: &cli::Command,
) -> Result<Exit, CommandError> {
    match result {
        Err(CommandError { not_compiled: Some(revision), .. }) => {
            let dialect = target.map(Target::dialect).filter(|_| command.prints_script());
            Runner::find(cx, project, &revision)?.run(cx, &project.graph, target, dialect)
        }
        result => result,
    }
}

/// Runs a command on a database with the driver for it.
pub(super) fn on_target(
    command: &cli::Command,
    cx: &mut Context<'_>,
    project: &Project,
    target: &Target,
) -> Result<Exit, CommandError> {
    let place = target.place();
    match target {
        Target::Sqlite(path) => {
            let access = if command.changes_database() { Access::Write } else { Access::Read };
            on(command, cx, project, &mut || connect::sqlite(path, access).map(Link::direct), place)
        }
        Target::Postgres(server) => {
            let mut connect = || match command.changes_database() {
                true => target.opened(server.link()),
                false => target.opened(server.connect()).map(Link::direct),
            };
            on::<PgConnection>(command, cx, project, &mut connect, place)
        }
        Target::Mysql(server) => {
            let mut connect = || {
                let other = server.clone();
                let link = target.opened(server.connect()).map(Link::direct)?;
                Ok(link.with_another(move || other.connect().ok()))
            };
            on::<MysqlConnection>(command, cx, project, &mut connect, place)
        }
    }
}

fn on<C>(
    command: &cli::Command,
    cx: &mut Context<'_>,
    project: &Project,
    connect: &mut dyn FnMut() -> Result<Link<C>, CommandError>,
    place: Place,
) -> Result<Exit, CommandError>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let migrations = project.migrations::<C>().application("cargo-alembic", env!("CARGO_PKG_VERSION"));
    let seeds = if matches!(command, cli::Command::Seed(_)) { project.seeds()? } else { Vec::new() };
    let migrations = migrations.with_seeds(seeds);
    let environment = cx.environment.get("ALEMBIC_ENV").unwrap_or(DEVELOPMENT).to_owned();
    let printer = &mut cx.printer;
    cli::run(command, &mut cli::Context { migrations: &migrations, connect, place, printer, environment: &environment })
}
