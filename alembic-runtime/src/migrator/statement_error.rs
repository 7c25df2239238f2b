//! A statement that failed: where, what the server says, and what to do about it.

use std::fmt;

use alembic_graph::{Hint, collection::is_rust, plan::Direction};
use alembic_sql::wording::count;
use diesel::result::{DatabaseErrorKind, Error as DieselError};

use super::{Outcome, refusal::Reason};
use crate::database::would_hide_rows;

/// A statement of a revision that the server refused.
#[derive(Debug)]
pub struct StatementError {
    /// The revision.
    pub revision: String,
    /// Whether it was being applied or undone.
    pub direction: Direction,
    /// Its file.
    pub path: String,
    /// The line of the file.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
    /// Which statement of the revision, from 1, if the server told.
    pub number: Option<usize>,
    /// How many statements the revision has.
    pub statements: usize,
    /// The statement, or what is known of it.
    pub statement: String,
    /// Where in the first shown line the server saw the error, from 1, if it told.
    pub caret: Option<usize>,
    /// The server's message, with detail and hint.
    pub server: String,
    /// The server's message alone, if it is worth while to let it say more.
    pub(super) message: Option<String>,
    /// The server's code: `SQLSTATE 23505`.
    pub code: Option<String>,
    /// The function or trigger in which it happened.
    pub context: Option<String>,
    /// Who was in the way, if it failed because it waited too long for somebody and the server tells.
    pub blockers: Vec<String>,
    /// Whether it failed because the run was to end.
    pub(super) is_interrupted: bool,
    /// What was run, if it failed because it waited too long for somebody.
    pub(super) contended_sql: Option<String>,
    /// What is in the database now.
    pub outcome: Outcome,
}

impl StatementError {
    pub(super) fn next_step(&self) -> Hint {
        if let Some(way_out) = self.other_transaction() {
            return way_out;
        }
        if would_hide_rows(&self.server) {
            return Hint::RowsHidden;
        }
        let next = self.after_outcome();
        match self.refused_for() {
            Some(Reason::Exists) => Hint::Exists { revision: self.revision.clone(), otherwise: next.to_string() },
            Some(Reason::NotAllowed) => Hint::NotAllowed,
            Some(Reason::AlterTable) => Hint::AlterTable,
            None if self.edits_applied() => {
                Hint::AcceptAfter { first: next.to_string(), revision: self.revision.clone() }
            }
            None => next,
        }
    }

    /// Returns whether fixing the file makes it another text than the one that was applied: a file of Rust has one
    /// checksum for both directions.
    fn edits_applied(&self) -> bool {
        let fixes = matches!(self.outcome, Outcome::RolledBack { .. } | Outcome::Partial { .. });
        fixes && self.contended_sql.is_none() && self.direction == Direction::Downgrade && is_rust(&self.path)
    }

    fn after_outcome(&self) -> Hint {
        match self.outcome {
            Outcome::RolledBack { .. } | Outcome::Partial { .. } if self.is_interrupted => Hint::Stopped,
            _ if self.contended_sql.is_some() => Hint::Contended,
            Outcome::RolledBack { .. } | Outcome::InCallersTransaction { .. } => Hint::FixTheFile,
            Outcome::OnScratch => Hint::FailsOnScratch,
            Outcome::Unknown if self.server.contains("packet") => Hint::PacketTooLarge,
            Outcome::Unknown => Hint::ConnectionLost,
            Outcome::ByHand => Hint::ByHand { revision: self.revision.clone() },
            Outcome::Partial { done: 0 } => Hint::NothingApplied,
            Outcome::Partial { done } => Hint::GoesOn { done: count(done, "statement") },
        }
    }
}

/// How many characters of a statement's line are shown.
const LINE_LENGTH: usize = 160;

impl std::error::Error for StatementError {}

impl fmt::Display for StatementError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { revision, path, line, column, statements, .. } = self;
        let which = self.number.map_or_else(String::new, |n| format!(" in statement {n} of {statements}"));
        let code = self.code.as_ref().map_or_else(String::new, |code| format!(" ({code})"));
        writeln!(f, "revision `{revision}` failed{which}{code}: {}", self.server)?;
        writeln!(f, "  --> {path}:{line}:{column}")?;
        for (offset, text) in self.statement.lines().take(8).enumerate() {
            let (cut, dots) = text.char_indices().nth(LINE_LENGTH).map_or((text.len(), ""), |(end, _)| (end, " …"));
            writeln!(f, "{:>5} | {}{dots}", line + offset, &text[..cut])?;
            if let Some(caret) = self.caret.filter(|caret| offset == 0 && *caret <= LINE_LENGTH) {
                writeln!(f, "      | {:>caret$}", "^")?;
            }
        }
        if let Some(context) = &self.context {
            writeln!(f, "   in: {context}")?;
        }
        self.blockers.iter().try_for_each(|blocker| writeln!(f, "   blocked by: {blocker}"))?;
        write!(f, "{}", self.outcome)
    }
}

/// The server's message with everything that Diesel passes on.
pub(crate) struct Server<'a>(pub(crate) &'a DieselError);

impl fmt::Display for Server<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DieselError::DatabaseError(kind, info) = self.0 else {
            return self.0.fmt(f);
        };
        if matches!(kind, DatabaseErrorKind::ClosedConnection) {
            f.write_str("the connection was lost: ")?;
        }
        f.write_str(info.message())?;
        for (name, text) in [("detail", info.details()), ("hint", info.hint())] {
            if let Some(text) = text {
                write!(f, "; {name}: {text}")?;
            }
        }
        Ok(())
    }
}
