//! Several files that are written all or not at all: they are made in a folder beside, which gets its name in one
//! step, and are moved from there. What a killed program leaves is nothing, or a folder from which another one goes on.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use alembic_graph::{Hint, collection::STAGED_FOLDER, config::Config};
use alembic_runtime::{__private::read_regular_text, cli::CommandError};

use super::Package;

/// The list of the files in the folder, and a note of who made it.
const LIST: &str = "list";

/// A folder with files that are to be moved.
#[derive(Debug)]
pub(crate) struct Staged {
    root: PathBuf,
    folder: PathBuf,
    /// Says that files are staged, for the next command.
    pub(crate) note: String,
    /// Where each file belongs, relative to the package.
    pub(crate) names: Vec<String>,
}

impl Staged {
    /// Makes the files, none of which may be there, ready to be moved.
    pub(super) fn write(
        package: &Package,
        config: &Config,
        note: &str,
        files: &[(String, String)],
    ) -> Result<Self, CommandError> {
        let folder = folder(package, config);
        let partial = folder.with_extension("partial");
        let names: Vec<String> = files.iter().map(|(name, _)| name.clone()).collect();
        if let Some(name) = names.iter().find(|name| package.root.join(name).exists()) {
            let path = package.root.join(name);
            return Err(not_written(&path, &io::Error::from(io::ErrorKind::AlreadyExists)));
        }
        let make = || {
            if partial.exists() {
                fs::remove_dir_all(&partial)?;
            }
            fs::create_dir(&partial)?;
            for (number, (_, text)) in files.iter().enumerate() {
                fs::write(partial.join(number.to_string()), text)?;
            }
            let list = [note].into_iter().chain(names.iter().map(String::as_str)).collect::<Vec<_>>().join("\n");
            fs::write(partial.join(LIST), list)?;
            fs::rename(&partial, &folder)
        };
        make().map_err(|error| {
            fs::remove_dir_all(&partial).ok();
            not_written(&folder, &error)
        })?;
        Ok(Self { root: package.root.clone(), folder, note: note.to_owned(), names })
    }

    /// Returns what a program has left that was killed while it moved the files.
    pub(crate) fn find(package: &Package, config: &Config) -> Result<Option<Self>, CommandError> {
        let folder = folder(package, config);
        if !folder.exists() {
            return Ok(None);
        }
        let list = folder.join(LIST);
        let text = read_regular_text(&list)
            .map_err(|error| CommandError::usage(format!("could not read `{}`", list.display())).caused_by(&error))?;
        let mut lines = text.lines().map(str::to_owned);
        let note = lines.next().unwrap_or_default();
        Ok(Some(Self { root: package.root.clone(), folder, note, names: lines.collect() }))
    }

    /// Moves the files that are not in place yet.
    pub(crate) fn move_files(&self) -> Result<(), CommandError> {
        for (number, name) in self.names.iter().enumerate() {
            let (from, to) = (self.folder.join(number.to_string()), self.root.join(name));
            if from.exists() {
                // A rename would take the place of a file that came in between.
                let moved = fs::hard_link(&from, &to).or_else(|error| match error.kind() {
                    io::ErrorKind::AlreadyExists if fs::read(&from).ok() == fs::read(&to).ok() => Ok(()),
                    io::ErrorKind::AlreadyExists => Err(error),
                    // Some file systems have no links.
                    _ => fs::copy(&from, &to).map(drop),
                });
                moved.and_then(|()| fs::remove_file(&from)).map_err(|error| not_written(&to, &error))?;
            }
        }
        Ok(())
    }

    /// Removes the folder: everything is done.
    pub(crate) fn remove(self) -> Result<(), CommandError> {
        // Without the list it would not be known for what it is.
        let partial = self.folder.with_extension("partial");
        fs::remove_dir_all(&partial).ok();
        fs::rename(&self.folder, &partial).and_then(|()| fs::remove_dir_all(&partial)).map_err(|error| {
            CommandError::usage(format!("could not remove `{}`", self.folder.display())).caused_by(&error)
        })
    }
}

/// Refuses to read revisions of which some are not in place.
pub(super) fn refuse_unfinished(package: &Package, config: &Config) -> Result<(), CommandError> {
    let folder = folder(package, config);
    if !folder.exists() {
        return Ok(());
    }
    let problem = format!("an import was interrupted: some of its files are still in `{}`", folder.display());
    Err(CommandError::usage(problem).hint(Hint::ImportInterrupted))
}

fn folder(package: &Package, config: &Config) -> PathBuf {
    package.root.join(&config.migrations[0]).join(STAGED_FOLDER)
}

fn not_written(path: &Path, error: &io::Error) -> CommandError {
    CommandError::usage(format!("could not write `{}`", path.display())).caused_by(error)
}
