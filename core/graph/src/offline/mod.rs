//! A plan as a script for the database's own client.
//!
//! A script runs later than it is written, on a database that may have changed since. So it checks:
//!
//! - It begins with a guard, which stops the client before the first change unless the version table holds
//!   exactly the rows that the script was made for, no earlier step is unfinished, and no other run is at work.
//! - Each change of the version table has to find the row that it replaces or deletes.
//! - A step outside a transaction, as all are on MySQL, first makes sure of the rows again, and writes the same
//!   journal as a run, so that `upgrade` goes on where a script was cut.
//! - What a revision sets in its session is set back after it.
//!
//! `psql` and `sqlite3` continue after an error by default, so the script changes that, in a line
//! that other clients do not understand and refuse before anything is changed. The clients of MySQL and
//! MariaDB stop by themselves.

mod applied;
mod mysql;
mod postgres;
mod safeguards;
mod sqlite;
mod text;
mod write;

use alembic_sql::{Dialect, used_database};
use write::Writer;

use crate::{
    Graph, Node,
    config::TransactionMode,
    plan::{Statement, Work, first_line},
    version_table::{Actor, VersionTable},
};

/// What a script needs beside the prepared steps.
#[derive(Debug)]
pub struct Offline<'a> {
    /// The graph the work belongs to.
    pub graph: &'a Graph,
    /// For which database.
    pub dialect: Dialect,
    /// The version table.
    pub table: &'a VersionTable,
    /// How steps are grouped into transactions.
    pub transaction: TransactionMode,
    /// What the script's database is at; nothing means base.
    pub start: &'a [Node],
    /// Which steps the script runs.
    pub steps: Steps,
    /// The name of the database, if it is known; MySQL comes back to it after `USE`.
    pub database: Option<&'a str>,
    /// The schemas that revisions of the graph create, on PostgreSQL.
    pub schemas: &'a [String],
    /// Recorded in the log.
    pub actor: &'a Actor,
}

/// Which of its steps a script runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Steps {
    /// All of them, on a database that is where the script starts.
    All,
    /// Those that the database, wherever it is, still needs.
    Needed,
}

/// Why a script cannot be written.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum OfflineError {
    /// A revision leaves the database, and nothing says what it is called.
    #[error("{path}:{line}: after `{statement}` of revision `{id}` the script could not come back to its database")]
    UnknownDatabase {
        /// The revision.
        id: String,
        /// Its file.
        path: String,
        /// The line of the file.
        line: usize,
        /// The statement.
        statement: String,
    },
    /// The database's client has no conditions.
    #[error("a script for {dialect} cannot skip steps")]
    NoConditions {
        /// The database.
        dialect: Dialect,
    },
    /// The statement cannot be put under a condition.
    #[error("{path}:{line}: `{statement}` of revision `{id}` cannot be skipped by a script: {reason}")]
    Unconditional {
        /// The revision.
        id: String,
        /// Its file.
        path: String,
        /// The line of the file.
        line: usize,
        /// The statement.
        statement: String,
        /// Why not.
        reason: &'static str,
    },
}

impl OfflineError {
    /// Returns what to do about it.
    #[must_use]
    pub fn hint(&self) -> crate::Hint {
        match self {
            Self::UnknownDatabase { .. } => crate::Hint::ScriptDatabase,
            Self::NoConditions { .. } | Self::Unconditional { .. } => crate::Hint::NotIdempotent,
        }
    }
}

impl Offline<'_> {
    /// Writes the script.
    ///
    /// # Errors
    ///
    /// [`OfflineError`], if it would not do what a run does.
    pub fn render(&self, work: &[Work]) -> Result<String, OfflineError> {
        if self.steps == Steps::Needed {
            applied::refuse(self.dialect, work)?;
        }
        let database = self.database_to_come_back_to(work)?;
        // Where names without schema mean something else for a while, ours have one.
        let unqualified = self.table.schema().is_none();
        let in_full = database.filter(|_| unqualified).map(|database| self.table.in_schema(database));
        let table = in_full.as_ref().unwrap_or(self.table);
        let keeps_settings = work.iter().any(Work::changes_settings);
        let safeguards = safeguards::of(self, table, keeps_settings, database);
        Ok(Writer::new(self, table, safeguards.as_ref(), work).script(work))
    }

    /// Returns the name of the database, if a revision leaves it.
    fn database_to_come_back_to(&self, work: &[Work]) -> Result<Option<&str>, OfflineError> {
        let leaving = work.iter().find_map(|step| {
            let leaves = |statement: &&Statement| used_database(&statement.text, self.dialect).is_some();
            step.statements.iter().find(leaves).map(|statement| (step, statement))
        });
        let Some((step, statement)) = leaving else { return Ok(None) };
        let unknown = || OfflineError::UnknownDatabase {
            id: step.id.clone(),
            path: step.path.clone(),
            line: statement.line,
            statement: first_line(statement, self.dialect),
        };
        self.database.map(Some).ok_or_else(unknown)
    }
}

/// Writes a script that creates what is absent of our own tables.
#[must_use]
pub fn tables(dialect: Dialect, table: &VersionTable) -> String {
    let mut out = text::Text::default();
    [table.create(dialect), table.create_log(dialect), table.create_lock(dialect)]
        .iter()
        .for_each(|sql| out.statement(sql));
    out.into_string()
}
