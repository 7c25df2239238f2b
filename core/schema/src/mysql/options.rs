//! What follows the columns.

use super::{Surroundings, words::Words};
use crate::{Name, TableOption};

/// Options of a table.
pub(super) struct Options {
    pub(super) comment: Option<String>,
    pub(super) engine: String,
    pub(super) collation: String,
    /// What does not go without saying in its database.
    pub(super) option: Option<TableOption>,
}

/// Reads the options of a table. Where its numbers have come to is none.
pub(super) fn read(words: &Words<'_>, name: &Name, around: &Surroundings) -> Options {
    let (mut comment, mut engine, mut character_set, mut collation) = (None, None, None, None);
    let mut rest = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let (names, value) = if words.are(at, &["DEFAULT", "CHARSET"]) {
            (2, &mut character_set)
        } else if words.are(at, &["COLLATE"]) {
            (1, &mut collation)
        } else if words.are(at, &["ENGINE"]) {
            (1, &mut engine)
        } else if words.are(at, &["COMMENT"]) {
            (1, &mut comment)
        } else if words.are(at, &["AUTO_INCREMENT"]) {
            (1, &mut None)
        } else {
            let end = end_of_option(words, at);
            rest.push(words.part(&words.tokens[at..end]).plain());
            at = end;
            continue;
        };
        *value = words.literal(at + names + 1).or_else(|| words.name(at + names + 1));
        at += names + 2;
    }
    let of_set = character_set.as_ref().and_then(|set| around.character_sets.get(set).cloned());
    let collation = collation.or(of_set).unwrap_or_default();
    let engine = engine.unwrap_or_default();
    let of_database = around.collations.get(name.schema.as_ref().unwrap_or(&around.database));
    let mut said = Vec::new();
    // A server may have another default, and so may the one on which the revisions are replayed.
    if ![around.engine.as_str(), "InnoDB"].iter().any(|usual| usual.eq_ignore_ascii_case(&engine)) {
        said.push(format!("ENGINE={engine}"));
    }
    if of_database != Some(&collation) {
        said.extend(character_set.map(|set| format!("DEFAULT CHARSET={set} COLLATE={collation}")));
    }
    said.extend(rest);
    let option = TableOption { dialect: around.dialect, sql: said.join(" ") };
    Options { comment, engine, collation, option: Some(option).filter(|option| !option.sql.is_empty()) }
}

/// Returns where an option ends of which nothing is known: after its value. Partitions are all that is left.
fn end_of_option(words: &Words<'_>, at: usize) -> usize {
    if words.are(at, &["PARTITION", "BY"]) {
        return words.len();
    }
    let has_value = words.tokens.get(at + 1).is_some_and(|token| token.text == "=");
    words.len().min(if has_value { at + 3 } else { at + 1 })
}
