//! Environment variables and `.env`, as a value.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    fmt,
    path::{Path, PathBuf},
};

use alembic_graph::Hint;
use alembic_runtime::{__private::read_regular, cli::CommandError};

use crate::dotenv::{Dotenv, Malformed};

/// The variables that commands may look at.
#[derive(Clone, Default)]
pub(crate) struct Environment {
    variables: BTreeMap<String, String>,
    /// The folder of the `.env` that sets a variable, for those that a `.env` sets.
    folders: BTreeMap<String, PathBuf>,
    /// Why the value of a variable is unknown, for those that a malformed line of a `.env` sets.
    unknown: BTreeMap<String, String>,
    /// Which line of the `.env` is the first malformed one.
    malformed: Option<String>,
    /// Why the `.env` cannot be read at all.
    unreadable: Option<String>,
}

impl fmt::Debug for Environment {
    /// Shows names only: values may be passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}

impl Environment {
    /// Takes over the variables of the process; those that are not UTF-8 are left out.
    pub(crate) fn of_process() -> Self {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self { variables: std::env::vars_os().filter_map(text).collect(), ..Self::default() }
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
    ///
    /// What cannot be read there matters when it is looked for.
    pub(crate) fn with_dotenv(&self, folder: &Path) -> Self {
        let mut this = self.clone();
        let Some(path) = folder.ancestors().map(|folder| folder.join(".env")).find(|path| path.is_file()) else {
            return this;
        };
        match read_regular(&path) {
            Ok(bytes) => {
                let dotenv = Dotenv::parse(&bytes);
                for (name, value) in dotenv.variables {
                    if let Entry::Vacant(entry) = this.variables.entry(name.clone()) {
                        entry.insert(value);
                        this.folders.insert(name, path.parent().unwrap_or(folder).to_path_buf());
                    }
                }
                let told = |malformed: Malformed| format!("in `{}` {malformed}", path.display());
                this.unknown = dotenv.unknown.into_iter().map(|(name, malformed)| (name, told(malformed))).collect();
                this.malformed = dotenv.malformed.map(told);
            }
            Err(error) => this.unreadable = Some(format!("could not read `{}`: {error}", path.display())),
        }
        this
    }

    /// Returns a variable like [`get`](Self::get), unless a `.env` sets it that cannot be read. `otherwise` is how to do
    /// without it.
    pub(crate) fn find(&self, name: &str, otherwise: &str) -> Result<Option<&str>, CommandError> {
        if !self.variables.contains_key(name)
            && let Some(error) = &self.unreadable
        {
            return Err(CommandError::usage(format!("could not find out {name}"))
                .because(error.as_str())
                .hint(Hint::UnreadableDotenv { otherwise: otherwise.into() }));
        }
        self.ensure_known(name, otherwise)?;
        Ok(self.get(name))
    }

    /// Fails if a malformed line of a `.env` sets a variable that the process does not have.
    pub(crate) fn ensure_known(&self, name: &str, otherwise: &str) -> Result<(), CommandError> {
        let malformed = self.unknown.get(name).filter(|_| !self.variables.contains_key(name));
        malformed.map_or(Ok(()), |malformed| {
            Err(CommandError::usage(format!("could not find out {name}"))
                .because(malformed.as_str())
                .hint(Hint::MalformedDotenv { otherwise: otherwise.into() }))
        })
    }

    /// Returns what of the `.env` cannot be read, if anything.
    pub(crate) fn malformed(&self) -> Option<&str> {
        self.malformed.as_deref()
    }
}
