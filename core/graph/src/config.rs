//! `[package.metadata.alembic]`.

#[cfg(feature = "manifest")]
mod manifest;

use std::{collections::BTreeMap, time::Duration};

use alembic_schema::{Naming, TableFilter};

use crate::version_table::VersionTable;

/// How a project's migrations are configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Version locations, relative to the manifest; never empty.
    pub migrations: Vec<String>,
    /// The environment variable that holds the URL.
    pub database_url_env: String,
    /// The environment variable that holds the URL of a server of one's own for scratch databases.
    pub scratch_url_env: Option<String>,
    /// The roles or users that a replay takes as given.
    pub roles: Vec<String>,
    /// A database file, used when there is no URL. SQLite only.
    pub sqlite_path: Option<String>,
    /// How new files are named, without ending.
    pub file_template: String,
    /// How long the slug in a file name may get, in characters.
    pub truncate_slug_length: usize,
    /// The time zone of create dates: `UTC`, `local` or an IANA name.
    pub timezone: String,
    /// What matters at run time, too.
    pub settings: Settings,
    /// The program of the package that runs revisions in Rust.
    pub runner: String,
    /// The folder of seeds, relative to the manifest.
    pub seeds: String,
    /// The source files that declare tables, relative to the manifest; none is `src/schema.rs`, if it is there.
    pub models: Option<Vec<String>>,
    /// Which tables autogenerate and `check` look at.
    pub tables: TableFilter,
    /// Whether the schema that the revisions leave is kept beside the lock file.
    pub schema_snapshot: bool,
    /// Whether a link to a file outside its folder is followed: for build tools whose sandbox links every file.
    pub follow_links: bool,
    /// Whether objects that no file of `objects` makes are dropped.
    pub complete_objects: bool,
    /// What is run on every new file.
    pub post_write_hooks: Vec<Hook>,
    /// Further databases, by the name that `-n` takes.
    pub databases: BTreeMap<String, Self>,
}

/// What the configuration says that matters at run time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The version table.
    pub version_table: VersionTable,
    /// How steps are grouped into transactions.
    pub transaction: TransactionMode,
    /// How long a statement may wait for a lock; zero is forever.
    pub lock_timeout: Duration,
    /// How often to try again after that.
    pub lock_retries: u32,
    /// How long a statement may run; zero is forever.
    pub statement_timeout: Duration,
    /// What constraints and indexes are called that were not given a name.
    pub naming: Naming,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            version_table: VersionTable::default(),
            transaction: TransactionMode::PerRun,
            lock_timeout: Duration::from_secs(3),
            lock_retries: 20,
            statement_timeout: Duration::ZERO,
            naming: Naming::default(),
        }
    }
}

/// How steps are grouped into transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TransactionMode {
    /// One transaction for all steps of a run.
    #[default]
    PerRun,
    /// One transaction per step.
    PerMigration,
}

/// A program that is run on every new revision file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// The name used in messages.
    pub name: String,
    /// The command line; `{file}` is replaced by the file, which is added at the end if absent.
    pub command: String,
    /// The ending of the files that it is for, `rs` or `sql`; none is both.
    pub extension: Option<String>,
}

impl Hook {
    /// Returns whether the hook is for a file.
    #[must_use]
    pub fn is_for(&self, file: &str) -> bool {
        let ending = file.rsplit_once('.').map(|(_, ending)| ending);
        self.extension.is_none() || self.extension.as_deref() == ending
    }
}

/// A configuration that is not understood, with its place in the manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {problem}")]
pub struct ConfigError {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// What is wrong, and what was expected.
    pub problem: String,
}

/// The default of `file-template`.
pub const FILE_TEMPLATE: &str = "{year}_{month}_{day}_{hour}{minute}-{rev}_{slug}";

impl Default for Config {
    fn default() -> Self {
        Self {
            migrations: vec!["migrations".into()],
            database_url_env: "DATABASE_URL".into(),
            scratch_url_env: None,
            roles: Vec::new(),
            sqlite_path: None,
            file_template: FILE_TEMPLATE.into(),
            truncate_slug_length: 40,
            timezone: "UTC".into(),
            settings: Settings::default(),
            runner: "migrate".into(),
            seeds: "seeds".into(),
            models: None,
            tables: TableFilter::default(),
            schema_snapshot: false,
            follow_links: false,
            complete_objects: false,
            post_write_hooks: Vec::new(),
            databases: BTreeMap::new(),
        }
    }
}

impl Config {
    /// Returns the migrations folders of the package and of its named databases.
    pub fn all_migrations(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self).chain(self.databases.values()).flat_map(|config| &config.migrations).map(String::as_str)
    }

    /// Returns the folder of objects that are replaced as a whole: in the first version location.
    #[must_use]
    pub fn objects(&self) -> String {
        format!("{}/objects", self.migrations[0])
    }

    /// Returns the configuration of a named database.
    #[must_use]
    pub fn database(&self, name: &str) -> Option<&Self> {
        self.databases.get(name)
    }
}

/// Returns whether a relative path stays below the folder it starts from.
#[must_use]
pub fn is_inside(path: &str) -> bool {
    let absolute = path.starts_with(['/', '\\']) || path.as_bytes().get(1) == Some(&b':');
    !path.is_empty() && !absolute && path.split(['/', '\\']).all(|part| part != "..")
}
