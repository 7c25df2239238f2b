//! `init --runner`.

use std::fs;

use alembic_graph::config::Config;
use alembic_runtime::cli::{CommandError, Exit};
use alembic_sql::Dialect;
use cargo_metadata::{Metadata, MetadataCommand, Target};

use super::init::edit_dependencies;
use crate::{
    context::Context,
    project::{Driver, Package, atomically, set_default_run, set_runner},
};

/// Returns the database that the command line names for the program, if it does.
pub(super) fn named(database: &str) -> Result<Option<Dialect>, CommandError> {
    let unknown = |error: alembic_sql::dialect::UnknownDialect| CommandError::usage(error.to_string());
    (!database.is_empty()).then(|| database.parse().map_err(unknown)).transpose()
}

/// Writes the program that runs revisions in Rust, for the database that is named or configured, and what it needs
/// into `Cargo.toml`.
pub(super) fn write(named: Option<Dialect>, cx: &mut Context<'_>) -> Result<Exit, CommandError> {
    let (package, config) = cx.configured()?;
    let dialect = match named {
        Some(dialect) => dialect,
        None => {
            let target = cx.target(&package, &config);
            target.map_err(|error| error.hint(alembic_graph::Hint::RunnerDatabase))?.dialect()
        }
    };
    let metadata = MetadataCommand::new().manifest_path(&package.manifest).no_deps().exec();
    let metadata = metadata.map_err(|error| CommandError::usage("Cargo cannot read the package").caused_by(&error))?;
    let (package, config) = own_name(package, config, &metadata, cx)?;
    let folder = package.root.join("src/bin");
    let path = folder.join(format!("{}.rs", config.runner));
    if path.exists() {
        return Err(CommandError::usage(format!("`{}` is there already", path.display())));
    }
    let database = cx.selection.name.as_ref().map_or_else(String::new, |name| format!("database = \"{name}\""));
    edit_dependencies(&package, dialect, cx)?;
    let text = program(&config.runner, dialect, Driver::of(&package.manifest_text()?), &database);
    let failed =
        |error: std::io::Error| CommandError::usage(format!("could not write `{}`", path.display())).caused_by(&error);
    fs::create_dir_all(&folder).map_err(failed)?;
    atomically(&path, &text).map_err(failed)?;
    cx.printer.status(format_args!("Generating {} ...  done", path.display()));
    // Which program `cargo run` means was clear as long as there was one.
    if let [only] = programs(&metadata, &package)[..] {
        package.edit_manifest(|text| Ok(Some((set_default_run(text, &only.name)?, ()))))?;
    }
    cx.printer.status(format_args!("`cargo run --bin {} -- upgrade head` migrates.", config.runner));
    Ok(Exit::Success)
}

fn programs<'m>(metadata: &'m Metadata, package: &Package) -> Vec<&'m Target> {
    let own = metadata.packages.iter().find(|found| found.manifest_path.as_std_path() == package.manifest);
    own.into_iter().flat_map(|own| &own.targets).filter(|target| target.is_bin()).collect()
}

/// All programs of a workspace are built into one folder: unless somebody has chosen a name for it, the program of
/// a package that is not alone is called after the package.
fn own_name(
    package: Package,
    config: Config,
    metadata: &Metadata,
    cx: &mut Context<'_>,
) -> Result<(Package, Config), CommandError> {
    let usual = Config::default().runner;
    let is_usual = package.config()?.is_some_and(|config| config.runner == usual);
    let has_one = programs(metadata, &package).iter().any(|target| target.name.starts_with(&usual));
    if !is_usual || has_one || metadata.workspace_packages().len() < 2 {
        return Ok((package, config));
    }
    let name = format!("{}-{usual}", package.name);
    package.edit_manifest(|text| Ok(Some((set_runner(text, &name)?, ()))))?;
    cx.configured()
}

/// Returns the text of the program. `database` is the argument of the macro, if the package has several.
fn program(name: &str, dialect: Dialect, driver: Driver, database: &str) -> String {
    let connection = match dialect {
        Dialect::Sqlite => "SqliteConnection",
        Dialect::Postgres => "PgConnection",
        Dialect::Mysql | Dialect::Mariadb => "MysqlConnection",
    };
    let imports = match driver {
        Driver::Diesel => {
            format!("use alembic_runtime::{{Migrations, embed_migrations}};\nuse diesel::{connection};\n")
        }
        Driver::Pure => format!("use alembic_runtime::{{Migrations, embed_migrations, pure::{connection}}};\n"),
    };
    format!(
        "//! Migrates the database: `cargo run --bin {name} -- upgrade head`.\n\n{imports}\n\
         static MIGRATIONS: Migrations<{connection}> = embed_migrations!({database});\n\n\
         fn main() -> std::process::ExitCode {{\n    alembic_runtime::cli::main(&MIGRATIONS)\n}}\n"
    )
}
