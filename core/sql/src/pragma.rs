//! SQLite's pragmas that mean something else inside a transaction, found by running every one that
//! `PRAGMA pragma_list` names.

use super::{
    reader::Reader,
    words::{Word, words},
};
use crate::Dialect;

/// `PRAGMA schema.name = value`.
struct Pragma {
    /// In lower case, without schema.
    name: String,
    /// Whether it is given a value; else it asks.
    assigns: bool,
}

fn parse(statement: &str) -> Option<Pragma> {
    let dialect = Dialect::Sqlite;
    let words: Vec<Word<'_>> = words(statement, dialect).take(6).collect();
    let mut reader = Reader { words: &words, at: 0, dialect };
    reader.takes(&["PRAGMA"]).then_some(())?;
    let name = reader.name()?.name.to_ascii_lowercase();
    Some(Pragma { name, assigns: reader.takes_symbol(b'=') || reader.takes_symbol(b'(') })
}

fn assigns_one_of(statement: &str, names: &[&str]) -> bool {
    parse(statement).is_some_and(|pragma| pragma.assigns && names.contains(&pragma.name.as_str()))
}

/// Returns whether the database passes over the statement inside a transaction, without an error.
#[must_use]
pub fn is_ignored_in_transaction(statement: &str, dialect: Dialect) -> bool {
    dialect == Dialect::Sqlite && assigns_one_of(statement, &["journal_mode", "foreign_keys"])
}

/// Returns whether the statement is the pragma that switches foreign keys on or off.
#[must_use]
pub fn assigns_foreign_keys(statement: &str, dialect: Dialect) -> bool {
    dialect == Dialect::Sqlite && assigns_one_of(statement, &["foreign_keys"])
}

/// Returns whether SQLite answers with an error inside a transaction that has written.
pub(super) fn is_refused_in_transaction(statement: &str) -> bool {
    parse(statement).is_some_and(|pragma| match pragma.name.as_str() {
        "synchronous" => pragma.assigns,
        "wal_checkpoint" => true,
        _ => false,
    })
}

/// Returns whether the pragma is switched back at the end of the transaction.
pub(super) fn ends_with_transaction(statement: &str) -> bool {
    assigns_one_of(statement, &["defer_foreign_keys"])
}

/// Returns whether the pragma takes away the right to write, which recording the revision needs.
pub(super) fn forbids_writing(statement: &str) -> bool {
    assigns_one_of(statement, &["query_only"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_of_writing_a_pragma_is_read() {
        let ignored = |statement| is_ignored_in_transaction(statement, Dialect::Sqlite);
        for statement in [
            "PRAGMA journal_mode = WAL",
            "pragma JOURNAL_MODE=wal",
            "PRAGMA journal_mode(WAL)",
            "PRAGMA main.journal_mode = 'wal'",
            "PRAGMA \"main\".[journal_mode] /* all */ = wal",
            "PRAGMA foreign_keys = -1",
        ] {
            assert!(ignored(statement), "{statement}");
        }
        for statement in ["PRAGMA journal_mode", "PRAGMA main.foreign_keys;", "PRAGMA user_version = 3", "SELECT 1"] {
            assert!(!ignored(statement), "{statement}");
        }
    }
}
