//! The names that a statement mentions.

use super::words::{name, words};
use crate::Dialect;

/// Returns every word of a statement that could name something in the catalog, each once.
///
/// Keywords are among them: this is for asking which of them are tables.
#[must_use]
pub fn mentioned(statement: &str, dialect: Dialect) -> Vec<String> {
    let mut names: Vec<String> = words(statement, dialect).filter_map(|word| name(word, dialect)).collect();
    names.sort_unstable();
    names.dedup();
    names
}
