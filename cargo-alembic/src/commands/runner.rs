//! `init --runner`.

use std::fs;

use alembic_core::Dialect;
use alembic_runtime::cli::{CommandError, Exit};

use crate::{context::Context, project::atomically};

/// Writes the program that runs revisions in Rust, for the database that is named or configured.
pub(super) fn write(database: &str, cx: &mut Context<'_>) -> Result<Exit, CommandError> {
    let (package, config) = cx.configured()?;
    let dialect = match database {
        "" => cx.target(&package, &config)?.dialect(),
        name => name
            .parse()
            .map_err(|error: alembic_core::dialect::UnknownDialect| CommandError::usage(error.to_string()))?,
    };
    let (connection, feature) = match dialect {
        Dialect::Sqlite => ("SqliteConnection", "sqlite"),
        Dialect::Postgres => ("PgConnection", "postgres"),
        Dialect::Mysql | Dialect::Mariadb => ("MysqlConnection", "mysql"),
    };
    let folder = package.root.join("src/bin");
    let path = folder.join(format!("{}.rs", config.runner));
    if path.exists() {
        return Err(CommandError::usage(format!("`{}` is there already", path.display())));
    }
    let argument = cx.selection.name.as_ref().map_or_else(String::new, |name| format!("database = \"{name}\""));
    let text = format!(
        "//! Migrates the database: `cargo run --bin {} -- upgrade head`.\n\n\
         use alembic_runtime::{{Migrations, embed_migrations}};\nuse diesel::{connection};\n\n\
         static MIGRATIONS: Migrations<{connection}> = embed_migrations!({argument});\n\n\
         fn main() -> std::process::ExitCode {{\n    alembic_runtime::cli::main(&MIGRATIONS)\n}}\n",
        config.runner
    );
    let failed =
        |error: std::io::Error| CommandError::usage(format!("could not write `{}`", path.display())).caused_by(&error);
    fs::create_dir_all(&folder).map_err(failed)?;
    atomically(&path, &text).map_err(failed)?;
    cx.printer.status(format_args!("Generating {} ...  done", path.display()));
    let manifest = fs::read_to_string(&package.manifest).unwrap_or_default();
    if !manifest.contains("alembic-runtime") {
        let version = env!("CARGO_PKG_VERSION");
        cx.printer.status(format_args!(
            "It needs `alembic-runtime = {{ version = \"{version}\", features = [\"{feature}\"] }}` and \
             `diesel = {{ version = \"2.3\", features = [\"{feature}\"] }}` in [dependencies]."
        ));
    }
    Ok(Exit::Success)
}
