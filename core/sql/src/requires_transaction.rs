//! Statements whose effect ends with their transaction.

use super::{
    pragma::ends_with_transaction,
    reader::{Reader, keyword},
    words::{Word, words},
};
use crate::Dialect;

/// Returns whether the statement does nothing for those after it if each is a transaction of its own.
#[must_use]
pub fn requires_transaction(statement: &str, dialect: Dialect) -> bool {
    let words: Vec<Word<'_>> = words(statement, dialect).take(16).collect();
    let mut reader = Reader { words: &words, at: 0, dialect };
    if reader.takes_one(&["SAVEPOINT", "RELEASE"]) || reader.takes(&["ROLLBACK", "TO"]) {
        return true;
    }
    match dialect {
        Dialect::Postgres => {
            let is_held = || words.iter().copied().map(keyword).any(|word| word == "HOLD");
            reader.takes(&["SET", "LOCAL"])
                || reader.takes(&["SET", "CONSTRAINTS"])
                || reader.takes(&["LOCK"])
                || reader.takes(&["DECLARE"]) && !is_held()
        }
        Dialect::Sqlite => ends_with_transaction(statement),
        Dialect::Mysql | Dialect::Mariadb => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_with_its_transaction() {
        for (dialect, statement) in [
            (Dialect::Postgres, "set local search_path to x"),
            (Dialect::Postgres, "LOCK TABLE t IN SHARE MODE"),
            (Dialect::Postgres, "DECLARE c CURSOR FOR SELECT 1"),
            (Dialect::Sqlite, "PRAGMA main.defer_foreign_keys(1)"),
            (Dialect::Mariadb, "ROLLBACK TO SAVEPOINT s"),
        ] {
            assert!(requires_transaction(statement, dialect), "{statement}");
        }
        for statement in ["SET search_path TO x", "DECLARE c CURSOR WITH HOLD FOR SELECT 1", "SELECT 1"] {
            assert!(!requires_transaction(statement, Dialect::Postgres), "{statement}");
        }
    }
}
