//! Statements that would take the transaction, the lock or the log out of the engine's hands.

use super::{
    compound::is_compound,
    pragma::forbids_writing,
    reader::{first_keyword, keyword},
    session::assigned_settings,
    words::words,
};
use crate::Dialect;

/// Returns whether the statement begins or ends a transaction, or changes what one may do.
#[must_use]
pub fn controls_transaction(statement: &str, dialect: Dialect) -> bool {
    let words: Vec<String> = words(statement, dialect).take(3).map(keyword).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let postgres = dialect == Dialect::Postgres;
    match words[..] {
        // A block of statements of MariaDB.
        ["BEGIN", ..] if is_compound(statement, dialect) => false,
        ["ROLLBACK", "TO", ..] | ["COMMIT" | "ROLLBACK", "PREPARED", ..] => false,
        ["BEGIN" | "COMMIT" | "ROLLBACK" | "END" | "ABORT", ..] => true,
        ["START" | "PREPARE", "TRANSACTION", ..] => true,
        // It has to come before the first query of the transaction, and that was ours.
        ["SET", "TRANSACTION", ..] => true,
        ["SET", "SESSION" | "LOCAL", "TRANSACTION"] => postgres,
        _ => {
            let modes = ["TRANSACTION_ISOLATION", "TRANSACTION_READ_ONLY", "TRANSACTION_DEFERRABLE"];
            postgres && assigned_settings(statement, dialect).iter().any(|name| modes.contains(&name.as_str()))
                || dialect == Dialect::Sqlite && forbids_writing(statement)
        }
    }
}

/// Returns whether the notes in the log could not be written after the statement, or would not share its
/// transaction; or the lock of the session would be gone.
#[must_use]
pub fn breaks_journal(statement: &str, dialect: Dialect) -> bool {
    let candidates = ["LOCK", "UNLOCK", "BACKUP", "XA", "FLUSH", "SET", "SELECT", "DO", "DISCARD"];
    if !candidates.contains(&first_keyword(statement, dialect).as_str()) {
        return false;
    }
    let words: Vec<String> = words(statement, dialect).map(keyword).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let has = |pair: [&str; 2]| words.windows(2).any(|window| window == pair);
    // A symbol is no keyword: a parenthesis follows.
    let calls = |function: &str| has([function, ""]);
    match dialect {
        Dialect::Sqlite => false,
        Dialect::Postgres => words.starts_with(&["DISCARD", "ALL"]) || calls("PG_ADVISORY_UNLOCK_ALL"),
        Dialect::Mysql | Dialect::Mariadb => match words[..] {
            ["LOCK" | "UNLOCK", "TABLES" | "TABLE" | "INSTANCE", ..] => true,
            ["BACKUP", "STAGE" | "LOCK" | "UNLOCK", ..] => true,
            ["XA", command, ..] => command != "RECOVER",
            ["FLUSH", ..] => has(["READ", "LOCK"]) || has(["FOR", "EXPORT"]),
            ["SET", "SESSION" | "LOCAL", "TRANSACTION", ..] => has(["READ", "ONLY"]),
            _ => {
                let own = ["AUTOCOMMIT", "TRANSACTION_READ_ONLY", "TX_READ_ONLY"];
                let assigned = assigned_settings(statement, dialect);
                assigned.iter().any(|name| own.contains(&name.as_str())) || calls("RELEASE_ALL_LOCKS")
            }
        },
    }
}

/// Returns whether the statement runs others, which may commit before it fails.
#[must_use]
pub fn may_commit_inside(statement: &str, dialect: Dialect) -> bool {
    matches!(first_keyword(statement, dialect).as_str(), "CALL" | "EXECUTE" | "BEGIN" | "DO")
        || is_compound(statement, dialect)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_a_transaction_and_what_only_looks_like_it() {
        for statement in ["begin", "END", "SET TRANSACTION READ ONLY", "PREPARE TRANSACTION 'x'", "ABORT"] {
            assert!(controls_transaction(statement, Dialect::Postgres), "{statement}");
        }
        for statement in
            ["COMMIT PREPARED 'x'", "ROLLBACK TO s", "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"]
        {
            assert!(!controls_transaction(statement, Dialect::Postgres), "{statement}");
        }
        assert!(!controls_transaction("SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE", Dialect::Mariadb));
    }

    #[test]
    fn what_would_break_the_journal() {
        for statement in [
            "SET @x = 1, @@session.autocommit = 1",
            "/*!40101 SET autocommit = 0 */",
            "XA START 'x'",
            "FLUSH TABLES WITH READ LOCK",
            "SELECT release_all_locks()",
        ] {
            assert!(breaks_journal(statement, Dialect::Mariadb), "{statement}");
        }
        for statement in ["SET GLOBAL autocommit = 1", "XA RECOVER", "FLUSH TABLES", "SET @autocommit = 1"] {
            assert!(!breaks_journal(statement, Dialect::Mariadb), "{statement}");
        }
        assert!(breaks_journal("DISCARD ALL", Dialect::Postgres) && !breaks_journal("DISCARD TEMP", Dialect::Postgres));
    }
}
