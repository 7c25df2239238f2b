//! Values that are added to enums. PostgreSQL does not allow one to be used before the transaction that adds it has
//! committed.

use super::{
    reader::{first_keyword, keyword},
    words::{Word, words},
};
use crate::Dialect;

/// Returns whether the statement adds a value to an enum, as far as its text shows: a function that it
/// calls may do so, too.
#[must_use]
pub fn adds_enum_value(statement: &str, dialect: Dialect) -> bool {
    if dialect != Dialect::Postgres || !matches!(first_keyword(statement, dialect).as_str(), "ALTER" | "DO") {
        return false;
    }
    let words = keywords(statement, dialect);
    let find = |pair: [&str; 2]| words.windows(2).position(|window| window == pair);
    matches!((find(["ALTER", "TYPE"]), find(["ADD", "VALUE"])), (Some(alter), Some(add)) if alter < add)
}

/// Returns the keywords of a text and of the strings in it: the body of `DO` is one, and may have the
/// statement in another.
fn keywords(text: &str, dialect: Dialect) -> Vec<String> {
    let mut found = Vec::new();
    for word in words(text, dialect) {
        match word {
            Word::Quoted(quoted) if !quoted.starts_with('"') => found.extend(keywords(unquoted(quoted), dialect)),
            word => found.push(keyword(word)),
        }
    }
    found
}

/// Returns what is between the quotes of a string.
fn unquoted(string: &str) -> &str {
    let tag = string.strip_prefix('$').and_then(|rest| rest.find('$')).map(|end| &string[..end + 2]);
    let inner = match tag {
        Some(tag) => string.strip_prefix(tag).and_then(|rest| rest.strip_suffix(tag)),
        None => string.trim_start_matches(['e', 'E']).strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')),
    };
    inner.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_added_by_a_statement_or_in_a_body() {
        let adds = |statement| adds_enum_value(statement, Dialect::Postgres);
        for statement in [
            "ALTER TYPE mood ADD VALUE 'calm'",
            "alter type \"S\".\"m\" /* now */ add value IF NOT EXISTS 'calm' BEFORE 'x'",
            "DO $$ BEGIN ALTER TYPE mood ADD VALUE 'calm'; END $$",
            "DO $x$ BEGIN EXECUTE 'ALTER TYPE mood ADD VALUE ''calm'''; END $x$",
            "DO 'BEGIN EXECUTE format($f$ALTER TYPE %I ADD VALUE %L$f$, 1, 2); END'",
        ] {
            assert!(adds(statement), "{statement}");
        }
        for statement in [
            "ALTER TYPE mood RENAME VALUE 'calm' TO 'x'",
            "ALTER TABLE type ADD value TEXT",
            "INSERT INTO notes VALUES ('ALTER TYPE mood ADD VALUE')",
            "CREATE TYPE mood AS ENUM ('ADD VALUE')",
        ] {
            assert!(!adds(statement), "{statement}");
        }
    }
}
