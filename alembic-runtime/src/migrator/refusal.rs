//! Errors that come from how a revision is run, and not from what it says.

use alembic_graph::Hint;

use super::{Outcome, StatementError};

/// Why a server refuses a statement that may be right as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// What it makes is there.
    Exists,
    /// The role lacks a right.
    NotAllowed,
    /// SQLite has no such `ALTER TABLE`.
    AlterTable,
}

/// SQLSTATEs and MySQL's numbers.
const EXISTS: [&str; 13] =
    ["42P04", "42P06", "42P07", "42701", "42710", "42723", "1007", "1050", "1060", "1061", "1304", "1359", "1826"];
const NOT_ALLOWED: [&str; 9] = ["42501", "1044", "1045", "1142", "1143", "1227", "1370", "1410", "1419"];

impl StatementError {
    /// Returns why the statement was refused, if fixing the file is not the way out.
    pub(super) fn refused_for(&self) -> Option<Reason> {
        if let Some(code) = &self.code {
            let is =
                |known: &[&str]| code.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| known.contains(&part));
            return match () {
                () if is(&NOT_ALLOWED) => Some(Reason::NotAllowed),
                () if is(&EXISTS) => Some(Reason::Exists),
                () => None,
            };
        }
        // SQLite has no codes for these, and PostgreSQL's driver does not always pass them on.
        let said = &self.server;
        let denied = ["permission denied for ", "must be owner of "].iter().any(|start| said.starts_with(start));
        let exists = said.ends_with(" already exists") || said.starts_with("duplicate column name: ");
        let misses = said.starts_with("near \"") && said.ends_with("\": syntax error");
        let cannot = ["Cannot add a ", "cannot drop "].iter().any(|start| said.starts_with(start));
        let mut words = self.statement.split_whitespace().map(str::to_ascii_uppercase);
        let alters = words.next().as_deref() == Some("ALTER") && words.next().as_deref() == Some("TABLE");
        match () {
            () if denied => Some(Reason::NotAllowed),
            () if exists => Some(Reason::Exists),
            () if alters && (misses || cannot) => Some(Reason::AlterTable),
            () => None,
        }
    }

    fn is(&self, code: &str, message: &str) -> bool {
        self.code.as_ref().is_some_and(|found| found.ends_with(code)) || self.server.contains(message)
    }

    /// Returns the way out if the statement would succeed in another transaction, or in none.
    pub(super) fn other_transaction(&self) -> Option<Hint> {
        let (Outcome::RolledBack { undone, committed: before }
        | Outcome::InCallersTransaction { undone, done: before }) = self.outcome
        else {
            return None;
        };
        let refused_in_transaction = self.is("25001", "cannot run inside a transaction block")
            || self.is("2D000", "invalid transaction termination")
            || self.server.contains("from within a transaction");
        if refused_in_transaction && !self.server.contains("from a function") {
            return Some(Hint::RefusedInTransaction);
        }
        if self.is("55P04", "unsafe use of new value") {
            let is_first = undone + before == 0;
            return Some(if is_first { Hint::NewEnumValue } else { Hint::NewEnumValueOfRun });
        }
        self.server.contains("pending trigger events").then_some(Hint::PendingTriggerEvents)
    }
}
