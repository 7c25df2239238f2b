//! Environment variables and `.env`, as a value.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    path::{Path, PathBuf},
};

use alembic_runtime::cli::CommandError;

/// The variables that commands may look at.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment {
    variables: BTreeMap<String, String>,
    /// The folder of the `.env` that sets a variable, for those that a `.env` sets.
    folders: BTreeMap<String, PathBuf>,
}

impl Environment {
    /// Takes over the variables of the process; those that are not UTF-8 are left out.
    pub(crate) fn of_process() -> Self {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self { variables: std::env::vars_os().filter_map(text).collect(), folders: BTreeMap::new() }
    }

    /// Returns a variable, if it is set and not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Returns the folder of the `.env` that sets a variable; none if the process has it.
    pub(crate) fn dotenv_folder(&self, name: &str) -> Option<&Path> {
        self.folders.get(name).map(PathBuf::as_path)
    }

    /// Adds the nearest `.env` at or above `folder`; variables of the process win.
    pub(crate) fn with_dotenv(&self, folder: &Path) -> Result<Self, CommandError> {
        let mut this = self.clone();
        let Some(path) = folder.ancestors().map(|folder| folder.join(".env")).find(|path| path.is_file()) else {
            return Ok(this);
        };
        let failed = |error: dotenvy::Error| {
            CommandError::usage(format!("could not read `{}`", path.display())).because(match error {
                // The rest of the message would quote the line, and with it a password.
                dotenvy::Error::LineParse(_, column) => {
                    format!("a line is malformed at column {column}")
                }
                other => other.to_string(),
            })
        };
        for entry in dotenvy::from_path_iter(&path).map_err(failed)? {
            let (name, value) = entry.map_err(failed)?;
            if let Entry::Vacant(entry) = this.variables.entry(name.clone()) {
                entry.insert(value);
                this.folders.insert(name, path.parent().unwrap_or(folder).to_path_buf());
            }
        }
        Ok(this)
    }
}
