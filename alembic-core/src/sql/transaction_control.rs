//! Statements that begin, end or escape the transaction that the engine has begun.

use super::{compound::is_compound, reader::keyword, session::setting, words::words};
use crate::Dialect;

/// Returns whether the statement begins or ends a transaction; a savepoint does neither.
#[must_use]
pub fn controls_transaction(statement: &str, dialect: Dialect) -> bool {
    let words: Vec<String> = words(statement, dialect).take(2).map(keyword).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        // `BEGIN NOT ATOMIC` is MariaDB's block of statements.
        ["ROLLBACK", "TO"] | ["BEGIN", "NOT"] => false,
        ["BEGIN" | "COMMIT" | "ROLLBACK" | "END" | "ABORT", ..] => true,
        ["START" | "PREPARE", "TRANSACTION"] => true,
        _ => false,
    }
}

/// Returns whether the statement would take the notes in the log out of MySQL's hands: locked tables hide
/// the log, and a changed `autocommit` parts a statement from its note.
#[must_use]
pub fn breaks_journal(statement: &str, dialect: Dialect) -> bool {
    let words: Vec<String> = words(statement, dialect).take(2).map(keyword).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let locks = matches!(words[..], ["LOCK" | "UNLOCK", "TABLES" | "TABLE"]);
    locks || setting(statement, dialect).as_deref() == Some("AUTOCOMMIT")
}

/// Returns whether the statement runs others, which may commit before it fails.
#[must_use]
pub fn may_commit_inside(statement: &str, dialect: Dialect) -> bool {
    let first = words(statement, dialect).next().map(keyword).unwrap_or_default();
    matches!(first.as_str(), "CALL" | "EXECUTE" | "BEGIN" | "DO") || is_compound(statement, dialect)
}
