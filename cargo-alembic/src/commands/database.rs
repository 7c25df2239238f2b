//! `database`.

use std::{io::Read, path::Path};

use alembic_graph::Hint;
use alembic_runtime::cli::{self, CommandError, Exit};
use alembic_sql::{Dialect, server::ServerStatement};
use clap::Parser;
use diesel::connection::SimpleConnection;

use super::on_database;
use crate::{
    connect::{Target, is_plain, opened},
    context::Context,
};

/// Create, drop or reset the database
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Create the database of the URL
    Create,
    /// Drop the database of the URL, with all data
    Drop(Confirmation),
    /// Drop the database, create it again, and upgrade to head
    Reset(Confirmation),
}

#[derive(Debug, clap::Args)]
struct Confirmation {
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
}

pub(super) fn run(args: &Args, cx: &mut Context<'_>) -> Result<Exit, CommandError> {
    let (package, config) = cx.configured()?;
    let target = cx.target(&package, &config)?;
    if matches!(&target, Target::Sqlite(path) if !is_plain(path)) {
        return Err(CommandError::usage(format!(
            "{} is not a plain path, and only those are made and dropped",
            target.display()
        )));
    }
    match &args.action {
        Action::Create => create(cx, &target),
        Action::Drop(confirmation) => drop_database(cx, &target, confirmation),
        Action::Reset(confirmation) => {
            let project = cx.project()?;
            drop_database(cx, &target, confirmation)?;
            create(cx, &target)?;
            on_database::on_target(&upgrade_head(), cx, &project, &target)
        }
    }
}

fn upgrade_head() -> cli::Command {
    #[derive(Parser)]
    struct Line {
        #[command(subcommand)]
        command: cli::Command,
    }
    Line::parse_from(["", "upgrade", "head"]).command
}

/// Creates the database that a target names.
pub(super) fn create(cx: &mut Context<'_>, target: &Target) -> Result<Exit, CommandError> {
    let failed = |error: diesel::result::Error| {
        CommandError::failed(format!("could not create {}", target.display())).because(error.to_string())
    };
    match target {
        Target::Sqlite(path) => {
            // The file appears with the first table; an empty one is a valid database.
            std::fs::OpenOptions::new().create(true).append(true).open(path).map_err(|error| {
                CommandError::failed(format!("could not create {}", path.display())).caused_by(&error)
            })?;
        }
        Target::Postgres(server) => {
            let create = ServerStatement::create_database(Dialect::Postgres, server.database());
            opened(server.connect_to_maintenance(), server.url())?.batch_execute(create.sql()).map_err(failed)?;
        }
        Target::Mysql(server) => {
            let create = ServerStatement::create_database(Dialect::Mysql, server.database());
            opened(server.connect_to_server(), server.url())?.batch_execute(create.sql()).map_err(failed)?;
        }
    }
    cx.printer.status(format_args!("Creating database {} ...  done", target.display()));
    Ok(Exit::Success)
}

fn drop_database(cx: &mut Context<'_>, target: &Target, confirmation: &Confirmation) -> Result<Exit, CommandError> {
    let question = format!("Drop {} with all its data?", target.display());
    if !confirmation.yes && !cx.printer.confirm(&question) {
        return Err(CommandError::usage("nothing was dropped").hint(Hint::Unconfirmed));
    }
    let failed = |error: diesel::result::Error| {
        CommandError::failed(format!("could not drop {}", target.display())).because(error.to_string())
    };
    match target {
        Target::Sqlite(path) => remove_files(path)?,
        Target::Postgres(server) => {
            let drop = ServerStatement::drop_database(Dialect::Postgres, server.database());
            opened(server.connect_to_maintenance(), server.url())?.batch_execute(drop.sql()).map_err(failed)?;
        }
        Target::Mysql(server) => {
            let drop = ServerStatement::drop_database(Dialect::Mysql, server.database());
            opened(server.connect_to_server(), server.url())?.batch_execute(drop.sql()).map_err(failed)?;
        }
    }
    cx.printer.status(format_args!("Dropping database {} ...  done", target.display()));
    Ok(Exit::Success)
}

/// Removes an SQLite database with the files of its journal, and nothing that is no database.
fn remove_files(path: &Path) -> Result<(), CommandError> {
    // A link would go and leave the data.
    let path = &std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let mut start = Vec::new();
    if path.is_file()
        && let Ok(file) = std::fs::File::open(path)
    {
        file.take(16).read_to_end(&mut start).ok();
    }
    let is_other = path.exists() && !path.is_file();
    if is_other || !start.is_empty() && start != *b"SQLite format 3\0" {
        return Err(CommandError::usage(format!(
            "`{}` is not an SQLite database; nothing was dropped",
            path.display()
        )));
    }
    for ending in ["", "-wal", "-shm", "-journal"] {
        let file = format!("{}{ending}", path.display());
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(CommandError::failed(format!("could not remove `{file}`")).caused_by(&error));
            }
            _ => {}
        }
    }
    Ok(())
}
