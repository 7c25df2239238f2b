//! Why a run failed, how far it came, and what to do next.

use std::time::Duration;

use alembic_graph::{Hint, Problem, identifier::TargetError, image::ImageError, plan::WorkError};
use alembic_sql::wording::{count, joined};
use diesel::{connection::LoadConnection, result::Error as DieselError};

use super::{Finding, Outcome, StatementError, failure::message, statement_error::Server};
use crate::database::{MigrationBackend, Need, is_table_locked, refusal_hint};

/// Why a migration command failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The target is not understood, or not one for this command.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// Revision files are malformed, or do not form a graph.
    #[error("the migrations are not usable: {}", joined(.0))]
    Files(Vec<Problem>),
    /// The program was built by another version of the macro.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// A revision file was changed while the command ran, or replaced by an older one.
    #[error("`{path}` is not what alembic.lock says of it")]
    Changed {
        /// The file.
        path: String,
    },
    /// A step of the plan has nothing to run.
    #[error(transparent)]
    Work(#[from] WorkError),
    /// A revision is written in Rust, and the program was built without it.
    #[error("revision `{revision}` ({path}) is written in Rust, and this program was built without it")]
    NotCompiled {
        /// The revision.
        revision: String,
        /// Its file.
        path: String,
    },
    /// A revision in Rust asks the database, and there is none: a script is being written.
    #[error("{path}:{line}: this line of revision `{revision}` needs a database, and cannot be written into a script")]
    NotForScripts {
        /// The revision.
        revision: String,
        /// Its file.
        path: String,
        /// The line of the file.
        line: usize,
    },
    /// A seed failed, and was rolled back.
    #[error(
        "seed `{path}` failed: {problem}\n  --> {path}:{line}\nthe seed was rolled back; those before it are committed"
    )]
    Seed {
        /// The file, relative to the folder of seeds.
        path: String,
        /// The line of the file.
        line: usize,
        /// What the server says.
        problem: String,
    },
    /// There is no such seed.
    #[error("there is no seed `{name}` for the environment `{environment}`")]
    NoSeed {
        /// What was asked for.
        name: String,
        /// In which environment.
        environment: String,
    },
    /// A file could not be read.
    #[error("could not read `{path}`")]
    Io {
        /// The file.
        path: String,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The database could not be asked, or not changed, apart from what revisions do.
    #[error("could not {doing}: {}", Server(source))]
    Query {
        /// What was being done.
        doing: &'static str,
        /// The server's reason.
        source: DieselError,
    },
    /// The database refuses to be read, or to be written.
    #[error("could not {doing}: {}", Server(source))]
    Refused {
        /// What was being done.
        doing: &'static str,
        /// The server's reason.
        source: DieselError,
        /// What to do about it.
        hint: Box<Hint>,
    },
    /// A statement of a revision failed.
    #[error(transparent)]
    Statement(Box<StatementError>),
    /// Another migrator held the lock all the time.
    #[error(
        "another migrator holds the lock{}; waited {} s",
        holder.as_ref().map_or_else(String::new, |holder| format!(": {holder}")),
        waited.as_secs()
    )]
    Locked {
        /// Who holds it, as far as the database tells.
        holder: Option<String>,
        /// How long this one waited.
        waited: Duration,
    },
    /// Another connection was writing to the SQLite database all the time: a migrator, or the application.
    #[error("another connection writes to the database, or has a transaction open that does; waited {} s", waited.as_secs())]
    Busy {
        /// How long this one waited.
        waited: Duration,
    },
    /// Revisions are pending, and the policy is not to apply them.
    #[error("{} pending: {}", count(.0.len(), "revision"), joined(.0))]
    Pending(Vec<String>),
    /// A step outside a transaction needs a session of its own.
    #[error(
        "the connection goes through a transaction pooler, where no lock can protect {}",
        revision.as_ref().map_or_else(
            || "a step outside a transaction".to_owned(),
            |(id, path)| format!("revision `{id}` ({path}), which runs outside a transaction")
        )
    )]
    Pooled {
        /// The revision and its file.
        revision: Option<(String, String)>,
    },
    /// Somebody asked the run to end, with [`Interrupt`](crate::Interrupt).
    #[error("the run was interrupted\n{outcome}")]
    Interrupted {
        /// What is in the database now.
        outcome: Outcome,
    },
    /// Another run has taken over the step that this one was in.
    #[error("another run has taken over: this one made no progress for too long, or lost its lock")]
    Overtaken,
    /// A table is dropped while foreign keys would carry the deletion of its rows on.
    #[error(
        "{path}:{line}: dropping `{table}` in revision `{revision}` would change rows of {} through foreign keys\n{outcome}",
        joined(endangered)
    )]
    Cascade {
        /// The revision.
        revision: String,
        /// Its file.
        path: String,
        /// The line of the file.
        line: usize,
        /// The table.
        table: String,
        /// The tables that refer to it.
        endangered: Box<[String]>,
        /// What is in the database now.
        outcome: Outcome,
    },
    /// A revision that ran without foreign keys left rows that refer to nothing.
    #[error(
        "revision `{revision}` ({path}) breaks foreign keys: {}\n{outcome}",
        joined(&violations[..violations.len().min(5)])
    )]
    ForeignKeys {
        /// The revision.
        revision: String,
        /// Its file.
        path: String,
        /// The rows.
        violations: Vec<String>,
        /// What is in the database now.
        outcome: Outcome,
    },
    /// The database and the graph contradict each other.
    #[error("the database does not agree with the migrations: {}", joined(.0))]
    Inconsistent(Vec<Finding>),
    /// A version table further along the search path may be another application's.
    #[error(
        "the version table `{table}` is in the schema `{found}`, and would be made in `{first}`, which comes first in \
         the search path: it is not clear whose history is meant"
    )]
    WhichSchema {
        /// The version table, without schema.
        table: String,
        /// Where it is.
        found: String,
        /// Where it would be made.
        first: String,
    },
    /// The search path leads nowhere.
    #[error(
        "the search path names no schema that exists and that the role may use, so there is no place for `{table}`"
    )]
    NoSchema {
        /// The version table, without schema.
        table: String,
    },
    /// Diesel's table and the graph are not the same history.
    #[error("Diesel's table __diesel_schema_migrations cannot be taken over: {0}")]
    Diesel(String),
    /// MySQL commits a caller's transaction at the first DDL statement.
    #[error("the connection is inside a transaction, and on {0} this cannot run in one")]
    InsideTransaction(alembic_sql::Dialect),
    /// The version table is not what this run left there.
    #[error(
        "the version table was changed by somebody else during the run: it holds ({}) instead of ({})",
        joined(found),
        joined(expected)
    )]
    Interfered {
        /// What the table should hold.
        expected: Vec<String>,
        /// What it holds.
        found: Vec<String>,
    },
}

impl Error {
    pub(crate) fn query(doing: &'static str) -> impl FnOnce(DieselError) -> Self {
        move |source| Self::Query { doing, source }
    }

    /// Names the cause if the database has refused to be read or written, which may take a question.
    pub(super) fn with_cause<C>(self, conn: &mut C, need: Need) -> Self
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        let Self::Query { doing, source } = self else { return self };
        match refusal_hint(conn, &message(&source), need) {
            Some(hint) => Self::Refused { doing, source, hint: Box::new(hint) },
            None => Self::Query { doing, source },
        }
    }

    /// Says whether the run was to end, so that the server may have been told to end a statement.
    pub(super) fn interrupted(mut self, is_interrupted: bool) -> Self {
        if let Self::Statement(statement) = &mut self {
            statement.is_interrupted = is_interrupted;
        }
        self
    }

    /// Returns what to do about it, if that is known.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        Some(match self {
            Self::Target(error) => return error.hint(),
            Self::Files(problems) => return problems.iter().find_map(|problem| problem.hint.as_deref().cloned()),
            Self::Work(error) => return error.hint(),
            Self::Statement(error) => error.next_step(),
            Self::Locked { .. } => Hint::Locked,
            Self::Busy { .. } => Hint::Busy,
            Self::Pending(_) => Hint::Pending,
            Self::Pooled { .. } => Hint::Pooled,
            Self::NotCompiled { .. } => Hint::NotCompiled,
            Self::NotForScripts { path, .. } => Hint::NotForScripts { path: path.clone() },
            Self::Seed { .. } => Hint::SeedFailed,
            Self::NoSeed { .. } => Hint::SeedElsewhere,
            Self::Cascade { outcome: Outcome::RolledBack { .. }, .. } => Hint::Cascade,
            Self::Cascade { .. } => Hint::CascadeWithoutTransaction,
            Self::ForeignKeys { .. } => Hint::BrokenForeignKeys,
            Self::Inconsistent(findings) => return findings.first().map(Finding::hint),
            Self::InsideTransaction(_) => Hint::InsideTransaction,
            Self::Interfered { .. } | Self::Overtaken => Hint::Interfered,
            Self::Interrupted { .. } => Hint::Stopped,
            Self::Changed { .. } => Hint::Changed,
            Self::Diesel(_) => Hint::DieselTable,
            Self::Image(_) => Hint::OtherVersion,
            Self::WhichSchema { table, found, first } => {
                Hint::WhichSchema { table: table.clone(), found: found.clone(), first: first.clone() }
            }
            Self::NoSchema { table } => Hint::NoSchema { table: table.clone() },
            Self::Refused { hint, .. } => Hint::clone(hint),
            Self::Io { .. } | Self::Query { .. } => return None,
        })
    }

    /// Says what a failure has left behind, if it is one that tells.
    #[doc(hidden)]
    #[must_use]
    pub fn with_outcome(mut self, reached: Outcome) -> Self {
        match &mut self {
            Self::Statement(statement) => statement.outcome = reached,
            Self::Cascade { outcome, .. } | Self::ForeignKeys { outcome, .. } | Self::Interrupted { outcome } => {
                *outcome = reached;
            }
            _ => {}
        }
        self
    }

    /// Returns whether the database may have been changed before the failure.
    #[must_use]
    pub fn touched_the_database(&self) -> bool {
        matches!(
            self,
            Self::Statement(_)
                | Self::Interfered { .. }
                | Self::Query { .. }
                | Self::Refused { .. }
                | Self::Overtaken
                | Self::Interrupted { .. }
                | Self::Seed { .. }
                | Self::Cascade { .. }
                | Self::ForeignKeys { .. }
        )
    }

    /// Returns the SQL that waited too long for somebody, if that is why it failed.
    pub(super) fn contended_sql(&self) -> Option<String> {
        match self {
            Self::Statement(error) => error.contended_sql.clone(),
            Self::Query { source, .. } if is_table_locked(source) => Some(String::new()),
            _ => None,
        }
    }
}
