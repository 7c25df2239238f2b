//! Reasons why a step of a plan cannot be run.

use alembic_sql::{Dialect, SplitError};

use crate::{Hint, replay::Outside};

/// Why a step cannot be run; found before anything is touched.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum WorkError {
    /// The revision has no downgrade.
    #[error("revision `{id}` ({path}) is irreversible{}", reason.as_ref().map_or_else(String::new, |r| format!(": {r}")))]
    Irreversible {
        /// The revision.
        id: String,
        /// Its file.
        path: String,
        /// What the file says.
        reason: Option<String>,
    },
    /// The revision has sections for other databases only.
    #[error("revision `{id}` ({path}) has no {direction} section for {dialect}")]
    NoSection {
        /// The revision.
        id: String,
        /// Its file.
        path: String,
        /// `upgrade` or `downgrade`.
        direction: &'static str,
        /// The database.
        dialect: Dialect,
    },
    /// A statement would end or begin the transaction that the step runs in.
    #[error(
        "{path}:{line}: `{statement}` would break {} of revision `{id}`",
        if *without_transaction { "the journal" } else { "the transaction" }
    )]
    TransactionControl {
        /// Whether every statement is a transaction of its own.
        without_transaction: bool,
        /// The revision.
        id: String,
        /// Its file.
        path: String,
        /// The line of the file.
        line: usize,
        /// The statement.
        statement: String,
    },
    /// The database refuses the statement inside a transaction, or passes over it.
    #[error(
        "{path}:{line}: `{statement}` {} the transaction of revision `{id}`",
        if *ignored { "has no effect in" } else { "cannot run in" }
    )]
    NeedsNoTransaction {
        /// Whether the database passes over it.
        ignored: bool,
        /// The revision.
        id: String,
        /// Its file.
        path: String,
        /// The line of the file.
        line: usize,
        /// The statement.
        statement: String,
    },
    /// The effect of the statement ends with its transaction, and every statement is one.
    #[error("{path}:{line}: `{statement}` has no effect: every statement of revision `{id}` is committed by itself")]
    NeedsTransaction {
        /// The database.
        dialect: Dialect,
        /// The revision.
        id: String,
        /// Its file.
        path: String,
        /// The line of the file.
        line: usize,
        /// The statement.
        statement: String,
    },
    /// The statement changes one of our own tables.
    #[error("{path}:{line}: `{statement}` of revision `{id}` changes what is recorded of the revisions")]
    OwnTable {
        /// The revision.
        id: String,
        /// Its file.
        path: String,
        /// The line of the file.
        line: usize,
        /// The statement.
        statement: String,
    },
    /// SQLite does not heed this setting inside a transaction.
    #[error("{path}:{line}: `{statement}` has no effect in the transaction of revision `{id}`")]
    ForeignKeys {
        /// The revision.
        id: String,
        /// Its file.
        path: String,
        /// The line of the file.
        line: usize,
        /// The statement.
        statement: String,
    },
    /// A backslash means something else in a string than where the text was cut.
    #[error(
        "{path}:{line}: after `{setting}` of revision `{id}` it is not certain what a backslash means in this statement, \
         nor where its strings end: `{statement}`"
    )]
    Escapes {
        /// The database.
        dialect: Dialect,
        /// The revision.
        id: String,
        /// Its file.
        path: String,
        /// The line of the file.
        line: usize,
        /// The statement with a backslash in a string.
        statement: String,
        /// The statement that sets what it means.
        setting: String,
    },
    /// The statement opens or writes a file that is not beside the database.
    #[error(
        "{path}:{line}: `{statement}` of revision `{id}` {}",
        match file {
            Some(file) => format!("opens `{file}`, which is not in the folder of the database"),
            None => "opens a file whose name only shows when it runs".to_owned(),
        }
    )]
    OtherFile {
        /// The revision.
        id: String,
        /// Its file.
        path: String,
        /// The line of the file.
        line: usize,
        /// The statement.
        statement: String,
        /// The file that it opens, if the statement has its name as a plain string.
        file: Option<String>,
    },
    /// A replay would change something outside of its scratch database.
    #[error("{path}:{line}: a replay does not run `{statement}` of revision `{id}`: it {}", outside.what)]
    Outside {
        /// The revision.
        id: String,
        /// Its file.
        path: String,
        /// The line of the file.
        line: usize,
        /// The statement.
        statement: String,
        /// What it would change.
        outside: Box<Outside>,
    },
    /// The SQL cannot be cut into statements.
    #[error("{path}:{error}")]
    Sql {
        /// The file.
        path: String,
        /// What is wrong and where in the file.
        error: SplitError,
    },
}

impl WorkError {
    /// Returns what to do about it, if that is known. Nothing was changed.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        Some(match self {
            Self::Irreversible { .. } => Hint::Irreversible,
            Self::NoSection { direction, dialect, .. } => Hint::NoSection { direction, dialect: dialect.name() },
            Self::TransactionControl { without_transaction: false, .. } => Hint::EndsTransaction,
            Self::TransactionControl { .. } => Hint::OwnTransaction,
            Self::ForeignKeys { .. } => Hint::ForeignKeysPragma,
            Self::NeedsNoTransaction { .. } => Hint::NeedsNoTransaction,
            Self::NeedsTransaction { dialect, .. } if dialect.is_mysql_family() => Hint::NoEffect,
            Self::NeedsTransaction { .. } => Hint::NeedsTransaction,
            Self::OwnTable { .. } => Hint::OwnTable,
            Self::Escapes { dialect: Dialect::Postgres, setting, .. } => {
                Hint::EscapesOfPostgres { setting: setting.clone() }
            }
            Self::Escapes { setting, .. } => Hint::EscapesOfMysql { setting: setting.clone() },
            Self::OtherFile { .. } => Hint::OtherFile,
            Self::Outside { outside, .. } => Hint::Outside { instead: outside.instead.clone() },
            Self::Sql { error, .. } => Hint::UnclearEnd { instead: error.hint? },
        })
    }

    /// Returns the file and the line, from 1, if the error is about a line.
    #[must_use]
    pub fn place(&self) -> Option<(&str, usize)> {
        match self {
            Self::Irreversible { .. } | Self::NoSection { .. } => None,
            Self::TransactionControl { path, line, .. }
            | Self::NeedsNoTransaction { path, line, .. }
            | Self::NeedsTransaction { path, line, .. }
            | Self::OwnTable { path, line, .. }
            | Self::ForeignKeys { path, line, .. }
            | Self::Escapes { path, line, .. }
            | Self::OtherFile { path, line, .. }
            | Self::Outside { path, line, .. } => Some((path, *line)),
            Self::Sql { path, error } => Some((path, error.line)),
        }
    }
}
