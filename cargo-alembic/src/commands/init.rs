//! `init`.

use std::fs;

use alembic_graph::config::Config;
use alembic_runtime::cli::{CommandError, Exit};
use alembic_sql::{Dialect, wording::quoted};

use super::{
    adopt, gitattributes,
    list_templates::{self, Template},
    runner,
};
use crate::{
    context::Context,
    project::{Lock, Package, Project, add_dependencies, add_settings, add_to_gitignore, atomically},
};

/// Start a migrations folder and configure it in Cargo.toml
///
/// Adds [package.metadata.alembic], keeping everything that is there, and makes the folder. As far as the database is
/// known, by --sqlite-path, the URL in the environment or --runner, the dependencies of a program that embeds the
/// migrations are added, too.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo alembic init                           the URL comes from DATABASE_URL
  cargo alembic init --sqlite-path shop.db     a file beside Cargo.toml
  cargo alembic init -t multidb                two databases
  cargo alembic init --adopt                   begin with the tables of a database that is there
  cargo alembic init --runner postgres         with a program for revisions in Rust")]
pub(crate) struct Args {
    /// Where the settings come from; see `list-templates`
    #[arg(long, short, default_value = "generic")]
    template: String,
    /// The migrations folder, relative to Cargo.toml
    #[arg(default_value = "migrations")]
    directory: String,
    /// Write .gitattributes, too, so that git checks out revisions and alembic.lock with the same line ends
    /// everywhere; later, nothing else
    #[arg(long, conflicts_with_all = ["runner", "adopt"])]
    gitattributes: bool,
    /// Use this SQLite file when no URL is set
    #[arg(long, value_name = "PATH")]
    sqlite_path: Option<String>,
    /// Write src/bin/migrate.rs, too: the program that runs revisions in Rust, and the commands of operators. In a
    /// package that is configured already, write only that
    #[arg(long, value_name = "DATABASE", num_args = 0..=1, default_missing_value = "")]
    runner: Option<String>,
    /// Take over the database that is there: models of it, a first revision that makes what it holds, and a
    /// stamp; what does not come along is listed
    #[arg(long, conflicts_with = "runner")]
    adopt: bool,
}

pub(super) fn run(args: &Args, cx: &mut Context<'_>) -> Result<Exit, CommandError> {
    let package = cx.package()?;
    if let Some(config) = package.config()?.filter(|_| args.gitattributes) {
        gitattributes::write(&package, &config, cx)?;
        return Ok(Exit::Success);
    }
    if args.adopt {
        write_settings_if_missing(args, cx)?;
        return adopt::run(cx);
    }
    let Some(database) = &args.runner else {
        write_settings(args, cx)?;
        cx.printer.status("For revisions in Rust, `cargo alembic init --runner` writes the program that runs them.");
        return Ok(Exit::Success);
    };
    let named = runner::named(database)?;
    write_settings_if_missing(args, cx)?;
    runner::write(named, cx)
}

fn write_settings_if_missing(args: &Args, cx: &mut Context<'_>) -> Result<(), CommandError> {
    if cx.package()?.config()?.is_none() {
        return write_settings(args, cx);
    }
    if args.template != "generic" || args.directory != "migrations" || args.sqlite_path.is_some() {
        return Err(CommandError::usage("the package has its settings already").hint(alembic_graph::Hint::HasSettings));
    }
    Ok(())
}

/// Writes folder and settings, and the dependencies as far as the database is known.
fn write_settings(args: &Args, cx: &mut Context<'_>) -> Result<(), CommandError> {
    let package = cx.package()?;
    let template = list_templates::find(&args.template)?;
    if cx.selection.name.is_some() {
        return Err(CommandError::usage("init configures all databases of a package; leave out --name"));
    }
    if args.template == "multidb" && (args.directory != "migrations" || args.sqlite_path.is_some()) {
        return Err(CommandError::usage(
            "the template multidb has folders and URLs of its own; edit them in Cargo.toml",
        ));
    }
    let manifest = package.manifest_text()?;
    let edited = add_settings(&manifest, &settings(&template, args)).map_err(|cause| {
        CommandError::usage(format!("could not edit `{}`", package.manifest.display())).because(cause)
    })?;
    let invalid = |error: alembic_graph::config::ConfigError| {
        CommandError::usage("these settings would not be valid").caused_by(&error)
    };
    let config = Config::from_manifest(&edited).map_err(invalid)?.unwrap_or_default();
    // A URL that is not understood is an error before anything is written.
    let target = cx.find_target(&package, &config)?;
    let databases: Vec<_> = std::iter::once(&config).chain(config.databases.values()).collect();
    for folder in databases.iter().flat_map(|database| &database.migrations) {
        let path = package.root.join(folder);
        fs::create_dir_all(&path)
            .map_err(|error| CommandError::usage(format!("could not create `{}`", path.display())).caused_by(&error))?;
        cx.printer.status(format_args!("Creating directory {} ...  done", path.display()));
    }
    // The folder first: a configuration without folder is an error for every other command.
    atomically(&package.manifest, &edited)
        .map_err(|e| CommandError::usage(format!("could not write `{}`", package.manifest.display())).caused_by(&e))?;
    cx.printer.status(format_args!("Adding [package.metadata.alembic] to {} ...  done", package.manifest.display()));
    if args.gitattributes {
        gitattributes::write(&package, &config, cx)?;
    }
    for database in databases {
        Project::load(package.clone(), database.clone(), Lock::Rewrite)?;
    }
    if let Some(path) = &config.sqlite_path
        && add_to_gitignore(&package.root, path)
            .map_err(|e| CommandError::usage("could not edit `.gitignore`").caused_by(&e))?
    {
        cx.printer.status(format_args!("Adding {path} to .gitignore ...  done"));
    }
    match target {
        Some(target) => edit_dependencies(&package, target.dialect(), cx),
        // `--runner` says which database it is, or asks.
        None if args.runner.is_some() => Ok(()),
        None => {
            cx.printer.status(format_args!("Set {} before proceeding.", config.database_url_env));
            Ok(())
        }
    }
}

/// Adds the dependencies of a program that embeds migrations for a database.
pub(super) fn edit_dependencies(package: &Package, dialect: Dialect, cx: &mut Context<'_>) -> Result<(), CommandError> {
    let workspace = package.workspace_manifest();
    let change = |text: &str| {
        let (edited, added) = add_dependencies(text, workspace.as_deref(), dialect)?;
        Ok((!added.is_empty()).then_some((edited, added)))
    };
    if let Some(added) = package.edit_manifest(change)? {
        cx.printer.status(format_args!("Adding {} to {} ...  done", quoted(&added), package.manifest.display()));
    }
    Ok(())
}

fn settings(template: &Template, args: &Args) -> String {
    let quoted = |text: &str| toml_edit::Value::from(text).to_string();
    let mut settings = template.settings.to_owned();
    if args.directory != "migrations" {
        settings = settings.replacen("\"migrations\"", &quoted(&args.directory), 1);
    }
    if let Some(path) = &args.sqlite_path {
        let lines = settings.lines().filter(|line| !line.contains("sqlite-path") && !line.contains("database-url-env"));
        settings = lines.map(|line| format!("{line}\n")).collect();
        let at = settings.find('\n').map_or(0, |newline| newline + 1);
        settings.insert_str(at, &format!("sqlite-path = {}\n", quoted(path)));
    }
    settings
}
