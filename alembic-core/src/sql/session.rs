//! What statements set in their session, and what they read from it.

use super::{
    reader::{Reader, keyword},
    words::{Word, words},
};
use crate::Dialect;

/// The settings of MySQL and MariaDB that are set back after a revision, each kept in a variable of the
/// session called `@alembic_<setting>`.
pub const MYSQL_SETTINGS: [&str; 9] = [
    "sql_mode",
    "foreign_key_checks",
    "unique_checks",
    "sql_notes",
    "time_zone",
    "character_set_client",
    "character_set_results",
    "character_set_connection",
    "collation_connection",
];

/// Returns the setting that the statement makes, in capitals: `SEARCH_PATH`, `FOREIGN_KEYS`.
#[must_use]
pub fn setting(statement: &str, dialect: Dialect) -> Option<String> {
    let words: Vec<Word<'_>> = words(statement, dialect).take(8).collect();
    let mut reader = Reader { words: &words, at: 0, dialect };
    if !reader.takes(&["SET"]) && !reader.takes(&["PRAGMA"]) {
        return None;
    }
    let _scope = reader.takes(&["SESSION"]) || reader.takes(&["LOCAL"]);
    let name = reader.name()?;
    Some(name.name.to_ascii_uppercase())
}

/// Returns whether what a statement leaves in its session cannot be made again by running it again: a
/// temporary table, or a variable whose value was asked for.
#[must_use]
pub fn leaves_in_session(statement: &str, dialect: Dialect) -> bool {
    let words: Vec<Word<'_>> = words(statement, dialect).collect();
    let mut reader = Reader { words: &words, at: 0, dialect };
    let temporary = reader.takes(&["CREATE", "TEMPORARY"]) || reader.takes(&["CREATE", "TEMP"]);
    let variable = words.windows(3).any(|w| {
        let user = w[0] == Word::Symbol(b'@') && w[2] != Word::Symbol(b'@') && matches!(w[1], Word::Bare(_));
        user && dialect.is_mysql_family()
    });
    let asked = words.contains(&Word::Symbol(b'('));
    temporary || variable && asked
}

/// Returns whether a statement uses what earlier ones have left in its session.
#[must_use]
pub fn uses_session(statement: &str, dialect: Dialect) -> bool {
    let words: Vec<String> = words(statement, dialect)
        .map(|word| if word == Word::Symbol(b'@') { "@".into() } else { keyword(word) })
        .collect();
    let function = ["LAST_INSERT_ID", "FOUND_ROWS", "ROW_COUNT"];
    dialect.is_mysql_family() && words.iter().any(|word| word == "@" || function.contains(&word.as_str()))
}

/// Returns whether a statement lets names without schema mean something else from then on.
#[must_use]
pub fn moves_names(statement: &str, dialect: Dialect) -> bool {
    let first = words(statement, dialect).next().map(keyword).unwrap_or_default();
    let moving = ["SEARCH_PATH", "SCHEMA", "ROLE", "AUTHORIZATION"];
    first == "USE"
        || setting(statement, dialect).is_some_and(|name| moving.contains(&name.as_str()))
        || statement.to_ascii_lowercase().contains("search_path")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_with_the_session() {
        let leaves = |statement| leaves_in_session(statement, Dialect::Mariadb);
        assert!(leaves("SET @id = LAST_INSERT_ID()") && leaves("CREATE TEMPORARY TABLE t (x INT)"));
        assert!(!leaves("SET @old = @@sql_mode") && !leaves("INSERT INTO t VALUES ('a@b')"));
        let uses = |statement| uses_session(statement, Dialect::Mariadb);
        assert!(uses("INSERT INTO t VALUES (@id)") && uses("INSERT INTO t VALUES (last_insert_id())"));
        assert!(!uses("INSERT INTO t VALUES (1)"));
    }

    #[test]
    fn settings_are_named() {
        assert_eq!(setting("set session search_path to x", Dialect::Postgres).as_deref(), Some("SEARCH_PATH"));
        assert_eq!(setting("PRAGMA main.foreign_keys=off", Dialect::Sqlite).as_deref(), Some("FOREIGN_KEYS"));
        assert_eq!(setting("SELECT 1", Dialect::Sqlite), None);
        assert!(moves_names("use other", Dialect::Mariadb) && moves_names("SET ROLE me", Dialect::Postgres));
        assert!(!moves_names("SET sql_mode = ''", Dialect::Mariadb) && !moves_names("SELECT 1", Dialect::Postgres));
    }
}
