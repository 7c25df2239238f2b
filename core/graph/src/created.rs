//! What revisions make that a database may have been given before the first of them: schemas, extensions, numbers in the
//! header of an SQLite file.

use std::collections::BTreeSet;

/// What some texts make.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Created {
    /// Schemas.
    pub schemas: BTreeSet<String>,
    /// Extensions.
    pub extensions: BTreeSet<String>,
    /// Pragmas of SQLite that are assigned.
    pub pragmas: BTreeSet<String>,
}

impl Created {
    /// Adds what a text makes: a statement, or Rust that has statements in its strings.
    pub fn read(&mut self, text: &str) {
        let words = words(text);
        let is = |at: usize, keywords: &[&str]| {
            let here = words.get(at..at + keywords.len());
            here.is_some_and(|words| words.iter().zip(keywords).all(|((_, word), k)| word.eq_ignore_ascii_case(k)))
        };
        for at in 0..words.len() {
            let (start, word) = words[at];
            if is(at, &["create", "schema"]) || is(at, &["create", "extension"]) {
                let into = if is(at + 1, &["schema"]) { &mut self.schemas } else { &mut self.extensions };
                let name = if is(at + 2, &["if", "not", "exists"]) { at + 5 } else { at + 2 };
                // A schema without a name of its own is called like its owner.
                let name = if is(name, &["authorization"]) { name + 1 } else { name };
                into.extend(words.get(name).map(|(start, word)| written(text, *start, word)));
            }
            let is_assigned = || text[start + word.len()..].trim_start().starts_with(['=', '(']);
            let is_pragma = |back: usize| at.checked_sub(back).is_some_and(|before| is(before, &["pragma"]));
            let in_schema = text[..start].ends_with('.');
            if is_pragma(if in_schema { 2 } else { 1 }) && is_assigned() {
                self.pragmas.insert(word.to_ascii_lowercase());
            }
        }
    }
}

/// Returns the words of a text, and where each begins.
fn words(text: &str) -> Vec<(usize, &str)> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(from) = rest.find(is_word) {
        let start = text.len() - rest.len() + from;
        let after = &text[start..];
        let word = &after[..after.find(|c| !is_word(c)).unwrap_or(after.len())];
        words.push((start, word));
        rest = &after[word.len()..];
    }
    words
}

/// Returns the name that a word begins: all up to the next quotation mark after one.
fn written(text: &str, start: usize, word: &str) -> String {
    let is_quoted = text[..start].ends_with('"');
    match text[start..].split_once('"').filter(|_| is_quoted) {
        // In Rust the mark has a backslash before it.
        Some((name, _)) => name.trim_end_matches('\\').to_owned(),
        None => word.to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_is_found_wherever_it_is_said() {
        let mut created = Created::default();
        for text in [
            "CREATE SCHEMA Data",
            "create schema if not exists \"My app\"",
            "DO $$ BEGIN CREATE SCHEMA in_body; END $$",
            "CREATE SCHEMA AUTHORIZATION joe",
            "op.execute(\"CREATE EXTENSION IF NOT EXISTS \\\"uuid-ossp\\\" SCHEMA x\")?;",
            "CREATE EXTENSION citext",
            "PRAGMA user_version = 3",
            "PRAGMA main.application_id(7)",
            "SELECT user_version FROM pragma_user_version",
            "CREATE SCHEMA",
        ] {
            created.read(text);
        }
        let names = |names: &BTreeSet<String>| names.iter().cloned().collect::<Vec<_>>().join(",");
        assert_eq!(names(&created.schemas), "My app,data,in_body,joe");
        assert_eq!(names(&created.extensions), "citext,uuid-ossp");
        assert_eq!(names(&created.pragmas), "application_id,user_version");
    }
}
