//! `init --gitattributes`.

use alembic_graph::{config::Config, lockfile::FILE_NAME};
use alembic_runtime::{__private::read_regular_text, cli::CommandError};
use alembic_sql::wording::count;

use crate::{
    context::Context,
    project::{Package, atomically},
};

/// Adds what is missing for the files of the migrations folders to the `.gitattributes` of a package.
pub(super) fn write(package: &Package, config: &Config, cx: &mut Context<'_>) -> Result<(), CommandError> {
    let path = package.root.join(".gitattributes");
    let failed = |what: &str, error: &std::io::Error| {
        CommandError::usage(format!("could not {what} `{}`", path.display())).caused_by(error)
    };
    let mut text = match read_regular_text(&path) {
        Ok(text) => text.replace("\r\n", "\n"),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(failed("read", &error)),
    };
    let folders = std::iter::once(config).chain(config.databases.values()).flat_map(|database| &database.migrations);
    let files = |folder: &String| ["*.sql", "*.rs", FILE_NAME].map(|file| format!("/{folder}/{file} text eol=lf"));
    let missing: Vec<String> =
        folders.flat_map(files).filter(|line| !text.lines().any(|known| known.trim() == line)).collect();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    missing.iter().for_each(|line| text.extend([line, "\n"]));
    atomically(&path, &text).map_err(|error| failed("write", &error))?;
    cx.printer.status(format_args!("Adding {} to {} ...  done", count(missing.len(), "line"), path.display()));
    Ok(())
}
