//! What a writer returns.

use std::fmt;

use alembic_sql::Dialect;

use crate::{ConstraintKind, Name};

/// A database does not support an operation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{dialect} has no way for {what}")]
pub struct Unsupported {
    /// Database.
    pub dialect: Dialect,
    /// What it does not support.
    pub what: String,
    /// What to do instead.
    pub instead: String,
}

/// SQL of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ddl {
    /// Whole statement.
    Statement(String),
    /// Action of `ALTER TABLE`; some databases take several of them in one statement.
    Action {
        /// The table.
        table: Name,
        /// What follows its name.
        action: String,
    },
}

pub(super) type Written = Result<Vec<Ddl>, Unsupported>;

impl Ddl {
    pub(super) fn action(table: &Name, action: impl Into<String>) -> Self {
        Self::Action { table: table.clone(), action: action.into() }
    }

    /// Returns the statement.
    pub(super) fn into_sql(self, dialect: Dialect) -> String {
        match self {
            Self::Statement(sql) => sql,
            Self::Action { table, action } => format!("ALTER TABLE {} {action}", table.sql(dialect)),
        }
    }
}

/// Clause that not every database takes with `IF EXISTS` or `IF NOT EXISTS`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Conditional {
    AddColumn,
    DropColumn,
    CreateIndex,
    DropIndex,
    DropConstraint(ConstraintKind),
}

impl Conditional {
    /// Returns the condition with a space after.
    pub(super) fn condition(self) -> &'static str {
        match self {
            Self::AddColumn | Self::CreateIndex => IF_NOT_EXISTS,
            Self::DropColumn | Self::DropIndex | Self::DropConstraint(_) => IF_EXISTS,
        }
    }
}

impl fmt::Display for Conditional {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AddColumn => f.write_str("`ADD COLUMN IF NOT EXISTS`"),
            Self::DropColumn => f.write_str("`DROP COLUMN IF EXISTS`"),
            Self::CreateIndex => f.write_str("`CREATE INDEX IF NOT EXISTS`"),
            Self::DropIndex => f.write_str("`DROP INDEX IF EXISTS`"),
            Self::DropConstraint(kind) => write!(f, "`IF EXISTS` of a {kind}"),
        }
    }
}

const IF_EXISTS: &str = "IF EXISTS ";
const IF_NOT_EXISTS: &str = "IF NOT EXISTS ";

pub(super) fn if_exists(condition: bool) -> &'static str {
    if condition { IF_EXISTS } else { "" }
}

pub(super) fn if_not_exists(condition: bool) -> &'static str {
    if condition { IF_NOT_EXISTS } else { "" }
}
