//! The names that a statement mentions.

use super::{
    reader::keyword,
    words::{name, words},
};
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

/// Returns the database that a statement goes to, if it is `USE`.
#[must_use]
pub fn used_database(statement: &str, dialect: Dialect) -> Option<String> {
    let mut words = words(statement, dialect);
    let is_use = keyword(words.next()?) == "USE";
    let database = words.next().filter(|_| is_use && dialect.is_mysql_family())?;
    name(database, dialect)
}
