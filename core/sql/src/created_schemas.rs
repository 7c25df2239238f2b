//! The schemas that a text creates on PostgreSQL.

use super::{
    reader::Reader,
    words::{Word, words},
};
use crate::Dialect;

/// Returns the schemas that SQL creates, blocks of `DO` and bodies of functions included.
#[must_use]
pub fn created_schemas(sql: &str) -> Vec<String> {
    let dialect = Dialect::Postgres;
    let words: Vec<Word<'_>> = words(sql, dialect).collect();
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        if let Word::Quoted(body) = word
            && let Some(inner) = body.strip_prefix('$')
        {
            found.extend(created_schemas(inner.split_once('$').map_or("", |(_tag, rest)| rest)));
        }
        let mut reader = Reader { words: &words, at, dialect };
        if reader.takes(&["CREATE", "SCHEMA"]) {
            reader.takes(&["IF", "NOT", "EXISTS"]);
            // Without a name it is called after its owner.
            reader.takes(&["AUTHORIZATION"]);
            found.extend(reader.name().map(|name| name.name));
        }
    }
    found
}

/// Returns the schemas that strings of code create.
#[must_use]
pub fn schemas_created_by_code(code: &str) -> Vec<String> {
    const CREATE: &str = "create schema ";
    let folded = code.to_ascii_lowercase();
    folded.match_indices(CREATE).filter_map(|(at, _)| name_in_code(&code[at + CREATE.len()..])).collect()
}

/// Reads a name inside a string of Rust's, where a quote is behind a backslash unless the string is raw.
fn name_in_code(mut rest: &str) -> Option<String> {
    for words in ["if not exists ", "authorization "] {
        let next = rest.get(..words.len()).filter(|next| next.eq_ignore_ascii_case(words));
        rest = next.map_or(rest, |next| &rest[next.len()..]);
    }
    let name = match rest.strip_prefix("\\\"").or_else(|| rest.strip_prefix('"')) {
        Some(quoted) => quoted.split(['\\', '"']).next()?.to_owned(),
        None => rest.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '$').next()?.to_lowercase(),
    };
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemas_are_found_wherever_they_are_created() {
        let found = |sql| created_schemas(sql).join(" ");
        assert_eq!(found("-- create schema no;\ncreate schema Data; CREATE SCHEMA IF NOT EXISTS \"B b\""), "data B b");
        assert_eq!(found("CREATE SCHEMA AUTHORIZATION me; SELECT 'CREATE SCHEMA no'"), "me");
        assert_eq!(found("DO $x$ BEGIN CREATE SCHEMA inner_one; END $x$"), "inner_one");
    }

    #[test]
    fn code_says_it_in_strings() {
        let found = |code| schemas_created_by_code(code).join(" ");
        assert_eq!(
            found("op.execute(\"CREATE SCHEMA data\")?;\nop.execute(r\"create schema if not exists b\")"),
            "data b"
        );
        assert_eq!(found("sql_query(\"CREATE SCHEMA \\\"Data\\\"\")"), "Data");
        assert_eq!(found("r#\"CREATE SCHEMA \"Data\"\"#; format!(\"CREATE SCHEMA {name}\")"), "Data");
    }
}
