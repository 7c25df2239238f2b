//! What statements set in their session, and what they read from it.

use super::{
    reader::{Reader, first_keyword, keyword},
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

/// The session's `sql_mode` on MySQL and MariaDB in which a backslash escapes: so are files split into statements, and
/// literals written.
pub const MODE_WITH_BACKSLASHES: &str = "REPLACE(@@sql_mode, 'NO_BACKSLASH_ESCAPES', '')";

/// Returns the settings of the session that the statement assigns, in capitals: `SEARCH_PATH`, `SQL_MODE`.
#[must_use]
pub fn assigned_settings(statement: &str, dialect: Dialect) -> Vec<String> {
    let mut settings = Vec::new();
    if first_keyword(statement, dialect) != "SET" {
        return settings;
    }
    let words: Vec<Word<'_>> = words(statement, dialect).collect();
    let mut reader = Reader { words: &words, at: 1, dialect };
    loop {
        // `@@name` is a setting, `@name` a variable.
        let is_variable = reader.takes_symbol(b'@') && !reader.takes_symbol(b'@');
        let is_global = reader.takes_one(&["GLOBAL", "PERSIST", "PERSIST_ONLY"]);
        let _scope = reader.takes_one(&["SESSION", "LOCAL"]);
        reader.takes_symbol(b'.');
        let name = reader.name().filter(|_| !is_variable && !is_global);
        settings.extend(name.map(|name| name.name.to_ascii_uppercase()));
        // Elsewhere than on MySQL a comma parts values.
        if !dialect.is_mysql_family() || !reader.skip_to_comma() {
            return settings;
        }
    }
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
    let moving = ["SEARCH_PATH", "SCHEMA", "ROLE", "AUTHORIZATION"];
    first_keyword(statement, dialect) == "USE"
        || assigned_settings(statement, dialect).iter().any(|name| moving.contains(&name.as_str()))
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
        let assigned = |statement, dialect| assigned_settings(statement, dialect).join(" ");
        assert_eq!(assigned("set session search_path to x, y", Dialect::Postgres), "SEARCH_PATH");
        let several = "SET @a = f(1, 2), @@session.sql_mode = 'x', GLOBAL x = 1, y = 2";
        assert_eq!(assigned(several, Dialect::Mysql), "SQL_MODE Y");
        assert_eq!(assigned("SELECT 1", Dialect::Postgres), "");
        assert!(moves_names("use other", Dialect::Mariadb) && moves_names("SET ROLE me", Dialect::Postgres));
        assert!(!moves_names("SET sql_mode = ''", Dialect::Mariadb) && !moves_names("SELECT 1", Dialect::Postgres));
    }
}
