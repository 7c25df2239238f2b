//! The options that say which database is meant.

use std::path::PathBuf;

use alembic_runtime::cli::Invocation;
use alembic_sql::url::{self, UrlText};

/// Which package, which database, and how strictly.
#[derive(Debug, clap::Args)]
pub(crate) struct Selection {
    /// The package of the workspace whose migrations are meant
    #[arg(long, short, global = true, value_name = "SPEC", help_heading = "Project")]
    pub(crate) package: Option<String>,
    /// Path to Cargo.toml
    #[arg(long, global = true, value_name = "PATH", help_heading = "Project")]
    pub(crate) manifest_path: Option<PathBuf>,
    /// The database, one of [package.metadata.alembic.databases]
    #[arg(long, short, global = true, help_heading = "Project")]
    pub(crate) name: Option<String>,
    /// The database's URL, instead of the one in the environment
    #[arg(long, global = true, value_name = "URL", help_heading = "Project")]
    pub(crate) database_url: Option<UrlText>,
    /// Fail if alembic.lock is not up to date, instead of writing it
    #[arg(long, global = true, help_heading = "Project")]
    pub(crate) locked: bool,
    /// Fail where the project's program would be built, for a revision in Rust; so does `ALEMBIC_NO_BUILD=1`
    #[arg(long, global = true, help_heading = "Project")]
    pub(crate) no_build: bool,
}

impl Selection {
    /// Returns how the commands of hints are called, to mean the same package and database.
    pub(crate) fn invocation(&self) -> Invocation {
        let path = self.manifest_path.as_ref().map(|path| path.display().to_string());
        let url = self.database_url.as_ref().map(|url| url::shown(url.exposed()));
        [("--package", &self.package), ("--manifest-path", &path), ("--name", &self.name), ("--database-url", &url)]
            .into_iter()
            .filter_map(|(option, value)| Some((option, value.as_deref()?)))
            .fold(Invocation::cargo(), |invocation, (option, value)| invocation.with(option, value))
    }
}
