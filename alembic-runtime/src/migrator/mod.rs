//! The operations on a database.

mod accept;
mod apply;
mod command;
mod consistency;
mod contention;
mod drift;
mod error;
mod failure;
mod finding;
mod located;
mod lock;
mod observer;
mod options;
mod other_files;
mod outcome;
mod own_tables;
mod place;
mod planning;
mod policy;
mod quoted;
mod recover;
mod refusal;
mod report;
mod run;
mod session;
mod statement_error;
mod status;
mod step_watch;
mod texts;
mod up_to_date;

use alembic_graph::version_table::VersionTable;
pub use command::Resolution;
use command::{Command, Decision};
use diesel::connection::LoadConnection;
pub use drift::Drift;
pub use error::Error;
pub use finding::Finding;
pub use observer::{Observer, Silent, StepReport};
use options::Options;
pub use outcome::Outcome;
use own_tables::storage_findings;
pub use policy::Policy;
pub use report::Report;
pub use statement_error::StatementError;
pub use status::{Status, Verdict};

use crate::{
    Migrations,
    database::{
        LONGEST_READ, LogDepth, LogRecord, MigrationBackend, Need, Reading, State, log_page, read_state, reading,
        while_table_is_locked,
    },
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
        match self.options.policy {
            Policy::Apply => self.run(conn, Command::Upgrade(target)),
            Policy::Verify => self.verify(conn, target),
            Policy::Wait => self.wait_for_others(conn, target),
        }
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

    /// Undoes everything above `target`, and applies it again, in one transaction where the database and the
    /// revisions allow it.
    ///
    /// # Errors
    ///
    /// [`Error`]; an irreversible revision on the way is found before anything is undone.
    pub fn redo(mut self, conn: &mut C, target: &str) -> Result<Report, Error> {
        let siblings = self.options.siblings;
        self.run(conn, Command::Redo(target, siblings))
    }

    /// Undoes one revision of [`Migrations::graph`], which nothing applied follows.
    ///
    /// # Errors
    ///
    /// [`Error`].
    #[doc(hidden)]
    pub fn undo(mut self, conn: &mut C, node: alembic_graph::Node) -> Result<Report, Error> {
        self.run(conn, Command::Undo(node))
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
        let target = crate::diesel_table::last_applied(&graph, &self.migrations.created_schemas()?, conn)?;
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

    /// Declares what became of the statement during which an earlier run died; `step` is its number,
    /// to be sure which one is meant.
    ///
    /// # Errors
    ///
    /// [`Error`]; there has to be such a statement.
    pub fn resolve(
        mut self,
        conn: &mut C,
        revision: &str,
        step: Option<usize>,
        resolution: Resolution,
    ) -> Result<Report, Error> {
        self.run(conn, Command::Resolve(Decision { revision, step, resolution }))
    }

    /// Records the present text of a revision that was edited after it was applied, or of all such.
    ///
    /// # Errors
    ///
    /// [`Error`]; nothing but edits may be wrong.
    pub fn accept(mut self, conn: &mut C, revision: Option<&str>) -> Result<Report, Error> {
        self.run(conn, Command::Accept(revision))
    }

    fn run(&mut self, conn: &mut C, command: Command<'_>) -> Result<Report, Error> {
        run::run(self.migrations, &self.options, self.observer.as_mut(), conn, command)
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
        Ok(self.state(conn, LogDepth::None)?.rows)
    }

    /// Returns the rows of the version table, sorted, and the steps outside a transaction that did not come
    /// to their end. Changes nothing, and reads no more of the log than these.
    ///
    /// # Errors
    ///
    /// [`Error::Query`].
    #[doc(hidden)]
    pub fn standing(&self, conn: &mut C) -> Result<(Vec<String>, Vec<Finding>), Error> {
        let state = self.state(conn, LogDepth::Open)?;
        let unfinished = state.log.iter().filter_map(consistency::unfinished).collect();
        Ok((state.rows, unfinished))
    }

    /// Compares the database with the graph. Changes nothing and works for a read-only role.
    ///
    /// # Errors
    ///
    /// [`Error::Query`]; a database that contradicts the graph is an answer, not an error.
    pub fn status(&self, conn: &mut C) -> Result<Status, Error> {
        let graph = self.graph()?;
        let dialect = C::Backend::dialect(conn).map_err(Error::query("ask for the server's version"))?;
        let (state, stored) = self.with_table(conn, |conn, table| {
            let state = read_state(conn, C::Backend::FAMILY, table, LogDepth::Latest)?;
            Ok((state, storage_findings(conn, dialect, table)?))
        })?;
        let mut findings = self.contradictions(&graph, dialect, &state);
        findings.extend(stored);
        let mut status = Status::of(&graph, &state, findings);
        if status.verdict == Verdict::UpToDate && matches!(self.drift(conn)?, Drift::Differs { .. }) {
            status.warnings.push(Finding::Drift);
        }
        Ok(status)
    }

    /// Returns an error unless the database is up to date: at the heads, and in agreement with the graph. This is
    /// what a health check asks. Changes nothing and works for a read-only role.
    ///
    /// # Errors
    ///
    /// [`Error::Pending`] if revisions are not applied yet, [`Error::Inconsistent`], [`Error::Query`].
    pub fn check(&self, conn: &mut C) -> Result<Status, Error> {
        let status = self.check_consistency(conn)?;
        if status.pending.is_empty() { Ok(status) } else { Err(Error::Pending(status.pending)) }
    }

    /// Returns an error if the database contradicts the graph. Pending revisions are none: [`Status::pending`] lists
    /// them.
    ///
    /// # Errors
    ///
    /// [`Error::Inconsistent`], [`Error::Query`].
    pub fn check_consistency(&self, conn: &mut C) -> Result<Status, Error> {
        let status = self.status(conn)?;
        if status.findings.is_empty() { Ok(status) } else { Err(Error::Inconsistent(status.findings)) }
    }

    /// Returns the last `limit` entries of the log, the newest first. Changes nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Query`].
    pub fn log(&self, conn: &mut C, limit: usize) -> Result<Vec<LogRecord>, Error> {
        self.with_table(conn, |conn, table| {
            let state = read_state(conn, C::Backend::FAMILY, table, LogDepth::Open)?;
            if state.has_log { log_page(conn, C::Backend::FAMILY, table, limit) } else { Ok(Vec::new()) }
        })
    }

    fn state(&self, conn: &mut C, depth: LogDepth) -> Result<State, Error> {
        self.with_table(conn, |conn, table| read_state(conn, C::Backend::FAMILY, table, depth))
    }

    /// Reads our tables; waits for whoever is committing.
    fn with_table<T>(
        &self,
        conn: &mut C,
        read: impl FnOnce(&mut C, &VersionTable) -> diesel::QueryResult<T>,
    ) -> Result<T, Error> {
        let failed = || Error::query("read the version table");
        let restore = C::Backend::set_busy_timeout(conn, LONGEST_READ).map_err(failed())?;
        let result = self
            .located(conn)
            .and_then(|table| reading(conn, Reading::Own, |conn| read(conn, &table)).map_err(failed()))
            .map_err(|error| error.with_cause(conn, Need::Read));
        if let Some(restore) = restore {
            while_table_is_locked(LONGEST_READ, || conn.batch_execute(&restore)).map_err(failed())?;
        }
        result
    }
}
