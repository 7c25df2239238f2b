//! What a backslash means in a string. The session of a run fixes it, and texts are cut accordingly: on PostgreSQL
//! it is an ordinary character (`standard_conforming_strings`), on MySQL and MariaDB it escapes (no `NO_BACKSLASH_ESCAPES`).

use super::{
    lexer::{Lexer, TokenKind},
    reader::{first_keyword, keyword},
    words::{Word, words},
};
use crate::Dialect;

/// Returns whether a backslash may mean something else after the statement, as far as its text shows.
#[must_use]
pub fn changes_escapes(statement: &str, dialect: Dialect) -> bool {
    let first = first_keyword(statement, dialect);
    match dialect {
        Dialect::Sqlite => false,
        Dialect::Mysql | Dialect::Mariadb => {
            first == "SET"
                && contains(statement, "NO_BACKSLASH_ESCAPES")
                && !contains(statement, "'NO_BACKSLASH_ESCAPES', ''")
        }
        Dialect::Postgres => match first.as_str() {
            // What the server has is not known here.
            "RESET" => contains(statement, SETTING) || second(statement, dialect) == "ALL",
            "SET" => contains(statement, SETTING) && !sets_on(statement, dialect),
            "SELECT" | "DO" | "CALL" | "WITH" => {
                contains(statement, SETTING) && !(first == "SELECT" && calls_with_on(statement, dialect))
            }
            _ => false,
        },
    }
}

/// Returns whether a string without `E` before it has a backslash.
#[must_use]
pub fn has_backslash_in_string(statement: &str, dialect: Dialect) -> bool {
    if !statement.contains('\\') {
        return false;
    }
    let mut lexer = Lexer::new(statement, dialect);
    while let Ok(Some(token)) = lexer.next() {
        let text = &statement[token.start..token.end];
        let is_string = match dialect {
            Dialect::Postgres => text.starts_with('\''),
            // With code in comments, whose strings are not looked at one by one.
            _ => !text.starts_with('`'),
        };
        if token.kind == TokenKind::Quoted && is_string && text.contains('\\') {
            return true;
        }
    }
    false
}

const SETTING: &str = "standard_conforming_strings";
const ON: [&str; 4] = ["on", "true", "yes", "1"];

fn contains(statement: &str, word: &str) -> bool {
    let word = word.as_bytes();
    statement.as_bytes().windows(word.len()).any(|window| window.eq_ignore_ascii_case(word))
}

fn second(statement: &str, dialect: Dialect) -> String {
    words(statement, dialect).nth(1).map(keyword).unwrap_or_default()
}

/// `SET standard_conforming_strings = on`.
fn sets_on(statement: &str, dialect: Dialect) -> bool {
    words(statement, dialect).filter(|word| *word != Word::Symbol(b';')).last().is_some_and(is_on)
}

/// `SELECT set_config('standard_conforming_strings', 'on', false)`, and what only asks.
fn calls_with_on(statement: &str, dialect: Dialect) -> bool {
    let words: Vec<Word<'_>> = words(statement, dialect).collect();
    let calls = words.iter().any(|word| keyword(*word) == "SET_CONFIG");
    let is_name =
        |word: &Word<'_>| matches!(word, Word::Quoted(text) if text[1..].to_ascii_lowercase().starts_with(SETTING));
    let value = words.iter().position(is_name).and_then(|at| words.get(at + 2));
    !calls || value.copied().is_some_and(is_on)
}

fn is_on(word: Word<'_>) -> bool {
    match word {
        Word::Bare(text) | Word::Quoted(text) => {
            ON.contains(&text.trim_matches(['\'', '"']).to_ascii_lowercase().as_str())
        }
        Word::Symbol(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_gives_a_backslash_another_meaning() {
        let postgres = |statement| changes_escapes(statement, Dialect::Postgres);
        for statement in [
            "SET standard_conforming_strings = off",
            "set local Standard_Conforming_Strings to 'off'",
            "SET standard_conforming_strings TO DEFAULT",
            "RESET standard_conforming_strings",
            "RESET ALL",
            "SELECT pg_catalog.set_config('standard_conforming_strings', 'off', false)",
            "DO $$ BEGIN SET standard_conforming_strings = off; END $$",
        ] {
            assert!(postgres(statement), "{statement}");
        }
        for statement in [
            "SET standard_conforming_strings = on;",
            "SELECT set_config('standard_conforming_strings', 'on', false)",
            "SELECT current_setting('standard_conforming_strings')",
            "INSERT INTO t VALUES ('standard_conforming_strings')",
            "RESET search_path",
        ] {
            assert!(!postgres(statement), "{statement}");
        }
        let mysql = |statement| changes_escapes(statement, Dialect::Mysql);
        assert!(mysql("SET SESSION sql_mode = CONCAT(@@sql_mode, ',no_backslash_escapes')"));
        assert!(mysql("/*!50003 SET sql_mode = 'NO_BACKSLASH_ESCAPES' */"));
        assert!(!mysql("SET sql_mode = REPLACE(@@sql_mode, 'NO_BACKSLASH_ESCAPES', '')"));
        assert!(!mysql("SET sql_mode = 'ANSI'") && !changes_escapes("SELECT 'no_backslash_escapes'", Dialect::Mysql));
    }

    #[test]
    fn backslashes_that_stand_in_ordinary_strings() {
        let postgres = |statement| has_backslash_in_string(statement, Dialect::Postgres);
        assert!(postgres("SELECT 'a\\'") && postgres("SELECT 1, 'C:\\dir'"));
        assert!(!postgres("SELECT E'a\\'', $$ \\ $$, \"\\\" -- \\"));
        assert!(has_backslash_in_string("SELECT \"a\\\\\"", Dialect::Mariadb));
        assert!(!has_backslash_in_string("SELECT `a\\`", Dialect::Mariadb));
    }
}
