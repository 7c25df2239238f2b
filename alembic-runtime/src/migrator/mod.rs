//! Options of a run, and the operations on a database.

mod engine;
mod error;
mod journal;
mod observer;
mod report;
mod status;
mod step;

use std::time::Duration;

use alembic_core::{config::TransactionMode, plan::Siblings, version_table::Actor};
use diesel::connection::LoadConnection;
use engine::{Command, Engine};
pub use error::{Error, Outcome, StatementError};
pub use observer::{Observer, Silent, StepReport};
pub use report::Report;
pub use status::{Finding, Status, Verdict};

use crate::{
    Migrations,
    database::{LogDepth, LogRecord, MigrationBackend, log_page, read_state},
};

/// Whether rows that the graph does not know are removed by a stamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Purge {
    /// Unknown rows are an error.
    #[default]
    No,
    /// All rows are deleted first.
    Yes,
}

/// How an interrupted statement is declared to stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// It took effect; go on after it.
    Applied,
    /// It did not; run it again.
    Retry,
    /// What the step did was undone by hand; forget it.
    Abandon,
}

impl Resolution {
    fn name(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Retry => "retry",
            Self::Abandon => "abandon",
        }
    }
}

/// Options of a run.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) lock_timeout: Duration,
    pub(crate) transaction: Option<TransactionMode>,
    pub(crate) actor: Actor,
    pub(crate) siblings: Siblings,
    /// Plan, and stop there.
    pub(crate) dry_run: bool,
}

/// Runs migrations with options; made by [`Migrations::migrator`].
///
/// ```text
/// let report = MIGRATIONS.migrator().lock_timeout(Duration::from_secs(60)).upgrade(&mut conn, "head")?;
/// ```
pub struct Migrator<'m, C> {
    migrations: &'m Migrations<C>,
    options: Options,
    observer: Box<dyn Observer + 'm>,
}

impl<C> std::fmt::Debug for Migrator<'_, C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Migrator").field("options", &self.options).finish_non_exhaustive()
    }
}

impl<C> Migrations<C> {
    /// Returns a migrator, to set options before it runs.
    pub fn migrator(&self) -> Migrator<'_, C> {
        let (application, version) = self.application_name();
        let options = Options {
            lock_timeout: Duration::from_secs(600),
            transaction: None,
            actor: actor(application, version),
            siblings: Siblings::Refuse,
            dry_run: false,
        };
        Migrator { migrations: self, options, observer: Box::new(Silent) }
    }
}

/// The environment says who runs this; nothing depends on it but the log.
#[expect(clippy::disallowed_methods, reason = "the user's name is for the log only")]
fn actor(application: &str, version: &str) -> Actor {
    let user = ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| std::env::var(name).ok());
    let program = || std::env::current_exe().ok()?.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let application = if application.is_empty() { program().unwrap_or_default() } else { application.to_owned() };
    Actor {
        user: user.unwrap_or_default(),
        host: gethostname::gethostname().to_string_lossy().into_owned(),
        application,
        version: version.to_owned(),
        tag: String::new(),
    }
}

impl<'m, C> Migrator<'m, C> {
    /// Sets how long to wait for another migrator, ten minutes by default.
    #[must_use]
    pub fn lock_timeout(mut self, timeout: Duration) -> Self {
        self.options.lock_timeout = timeout;
        self
    }

    /// Sets how steps are grouped into transactions, instead of as the project is configured.
    #[must_use]
    pub fn transaction(mut self, mode: TransactionMode) -> Self {
        self.options.transaction = Some(mode);
        self
    }

    /// Sets the name and version of the program, for the log.
    #[must_use]
    pub fn application(mut self, name: &str, version: &str) -> Self {
        name.clone_into(&mut self.options.actor.application);
        version.clone_into(&mut self.options.actor.version);
        self
    }

    /// Sets whether `downgrade branch@base` may undo other branches that share the base.
    #[must_use]
    pub fn siblings(mut self, siblings: Siblings) -> Self {
        self.options.siblings = siblings;
        self
    }

    /// Sets a word for the log, by which the run can be found again.
    #[must_use]
    pub fn tag(mut self, tag: &str) -> Self {
        tag.clone_into(&mut self.options.actor.tag);
        self
    }

    /// Lets the run end with the plan: its report lists the steps, and nothing is changed.
    #[must_use]
    pub fn dry_run(mut self) -> Self {
        self.options.dry_run = true;
        self
    }

    /// Sets who hears of progress.
    #[must_use]
    pub fn observer(mut self, observer: impl Observer + 'm) -> Self {
        self.observer = Box::new(observer);
        self
    }
}

impl<C> Migrator<'_, C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    /// Applies everything up to `target` that is not applied yet.
    ///
    /// If the target is `head` and the database is there already, one query finds that out. Nothing to
    /// do never takes a lock.
    ///
    /// # Errors
    ///
    /// [`Error`]; a failed transaction is rolled back, and the message says what is committed.
    pub fn upgrade(mut self, conn: &mut C, target: &str) -> Result<Report, Error> {
        self.run(conn, Command::Upgrade(target))
    }

    /// Undoes everything above `target`.
    ///
    /// # Errors
    ///
    /// [`Error`]; an irreversible revision on the way is found before anything is undone.
    pub fn downgrade(mut self, conn: &mut C, target: &str) -> Result<Report, Error> {
        let siblings = self.options.siblings;
        self.run(conn, Command::Downgrade(target, siblings))
    }

    /// Sets the version table to the targets without running anything.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub fn stamp<S: AsRef<str>>(mut self, conn: &mut C, targets: &[S], purge: Purge) -> Result<Report, Error> {
        let targets: Vec<&str> = targets.iter().map(AsRef::as_ref).collect();
        self.run(conn, Command::Stamp(&targets, purge))
    }

    /// Takes over a database that Diesel's harness has migrated, after its migrations were imported.
    ///
    /// # Errors
    ///
    /// [`Error::Diesel`] unless what Diesel's table lists is a beginning of this history.
    pub fn stamp_from_diesel(self, conn: &mut C) -> Result<Report, Error> {
        let graph = self.migrations.graph()?;
        let target = crate::diesel_table::last_applied(&graph, conn)?;
        self.stamp(conn, &[target], Purge::No)
    }

    /// Creates the version table and the log if they are absent, and changes nothing else.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub fn ensure_version(mut self, conn: &mut C) -> Result<Report, Error> {
        self.run(conn, Command::EnsureVersion)
    }

    /// Declares what became of the statement during which an earlier run died.
    ///
    /// # Errors
    ///
    /// [`Error`]; there has to be such a statement.
    pub fn resolve(mut self, conn: &mut C, revision: &str, resolution: Resolution) -> Result<Report, Error> {
        self.run(conn, Command::Resolve(revision, resolution))
    }

    fn run(&mut self, conn: &mut C, command: Command<'_>) -> Result<Report, Error> {
        Engine::run(self.migrations, &self.options, self.observer.as_mut(), conn, command)
    }
}

impl<C> Migrations<C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    /// Applies everything up to `target`, usually `"head"`, with default options.
    ///
    /// # Errors
    ///
    /// See [`Migrator::upgrade`].
    pub fn upgrade(&self, conn: &mut C, target: &str) -> Result<Report, Error> {
        self.migrator().upgrade(conn, target)
    }

    /// Undoes everything above `target`, with default options.
    ///
    /// # Errors
    ///
    /// See [`Migrator::downgrade`].
    pub fn downgrade(&self, conn: &mut C, target: &str) -> Result<Report, Error> {
        self.migrator().downgrade(conn, target)
    }

    /// Sets the version table without running anything, with default options.
    ///
    /// # Errors
    ///
    /// See [`Migrator::stamp`].
    pub fn stamp(&self, conn: &mut C, target: &str) -> Result<Report, Error> {
        self.migrator().stamp(conn, &[target], Purge::No)
    }

    /// Returns the rows of the version table, sorted; none if there is no table. Changes nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Query`].
    pub fn current(&self, conn: &mut C) -> Result<Vec<String>, Error> {
        let table = self.settings()?.version_table;
        let state = patient(conn, |conn| read_state(conn, C::Backend::FAMILY, &table, LogDepth::None))?;
        Ok(state.rows)
    }

    /// Compares the database with the graph. Changes nothing and works for a read-only role.
    ///
    /// # Errors
    ///
    /// [`Error::Query`]; a database that contradicts the graph is an answer, not an error.
    pub fn status(&self, conn: &mut C) -> Result<Status, Error> {
        let (graph, table) = (self.graph()?, self.settings()?.version_table);
        let state = patient(conn, |conn| read_state(conn, C::Backend::FAMILY, &table, LogDepth::Latest))?;
        Ok(Status::of(&graph, &state))
    }

    /// Returns an error if the database contradicts the graph; pending revisions are no error.
    ///
    /// # Errors
    ///
    /// [`Error::Inconsistent`], [`Error::Query`].
    pub fn check(&self, conn: &mut C) -> Result<Status, Error> {
        let status = self.status(conn)?;
        if status.findings.is_empty() { Ok(status) } else { Err(Error::Inconsistent(status.findings)) }
    }

    /// Returns the last `limit` entries of the log, the newest first. Changes nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Query`].
    pub fn log(&self, conn: &mut C, limit: usize) -> Result<Vec<LogRecord>, Error> {
        let table = self.settings()?.version_table;
        patient(conn, |conn| {
            let state = read_state(conn, C::Backend::FAMILY, &table, LogDepth::None)?;
            if state.has_log { log_page(conn, C::Backend::FAMILY, &table, limit) } else { Ok(Vec::new()) }
        })
    }
}

/// Reads while somebody else may be committing.
fn patient<C, T>(conn: &mut C, read: impl FnOnce(&mut C) -> diesel::QueryResult<T>) -> Result<T, Error>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let failed = || Error::query("read the version table");
    let restore = C::Backend::be_patient(conn, Duration::from_secs(60)).map_err(failed())?;
    let result = read(conn).map_err(failed());
    if let Some(restore) = restore {
        conn.batch_execute(&restore).map_err(failed())?;
    }
    result
}
