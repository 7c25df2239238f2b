//! `SHOW CREATE TABLE` of MySQL and MariaDB, parsed: the server's own text of a table.
//!
//! What the text says beyond the fields of a value stays text: of a column in its attributes, of a table in its options,
//! of an index or a constraint as the statement that adds it. So nothing is lost that a later server may say.

mod bytes;
mod column;
mod key;
mod options;
mod words;

use std::collections::BTreeMap;

use alembic_sql::Dialect;

pub use self::bytes::text;
use self::words::{Words, items};
use crate::{Constraint, Name, Table};

/// What the text of a table leaves to its database and its server.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// MySQL or MariaDB.
    pub dialect: Dialect,
    /// Name of the current database, which goes without saying.
    pub database: String,
    /// Collation of each database that is looked at.
    pub collations: BTreeMap<String, String>,
    /// Default collation of each character set.
    pub character_sets: BTreeMap<String, String>,
    /// Default storage engine.
    pub engine: String,
}

/// Parses what `SHOW CREATE TABLE` says of a table; `None` if it is something else.
#[must_use]
pub fn table(name: &Name, text: &str, around: &Surroundings) -> Option<Table> {
    let words = Words::new(text, around)?;
    let (lines, rest) = items(&words)?;
    let mut table = Table::new(name.clone());
    let options = options::read(&rest, name, around);
    table.comment = options.comment;
    table.options.extend(options.option);
    for line in &lines {
        if line.starts_with_name() {
            table.columns.push(column::read(line, &options.collation, around)?);
        } else if let Some(other) = key::read(line, &mut table, &options.engine, around) {
            table.others.push(other);
        }
    }
    // The order of constraints and indexes is a matter of the table's history.
    table.constraints.sort_by_key(|constraint| (rank(constraint), constraint.own_name().cloned()));
    table.indexes.sort_by(|a, b| a.name.cmp(&b.name));
    Some(table)
}

fn rank(constraint: &Constraint) -> u8 {
    match constraint {
        Constraint::PrimaryKey(_) => 0,
        Constraint::Unique(_) => 1,
        Constraint::ForeignKey(_) => 2,
        Constraint::Check(_) => 3,
    }
}

/// Returns an SQL text of the server's as a person writes it.
///
/// It is without the database in use, without the introducers of the connection's character set, without the versions
/// of clauses, and without the role that defined a view.
#[must_use]
pub fn plain(text: &str, around: &Surroundings) -> String {
    Words::new(text, around).map_or_else(|| text.to_owned(), |words| words.plain())
}

/// Returns the body of what `SHOW CREATE TRIGGER` says: the order of triggers, which it says as it was once, is not in it.
#[must_use]
pub fn trigger_body(text: &str, around: &Surroundings) -> Option<String> {
    let words = Words::new(text, around)?;
    let row = (0..words.len()).find(|at| words.are(*at, &["FOR", "EACH", "ROW"]))? + 3;
    let has_order = words.are(row, &["FOLLOWS"]) || words.are(row, &["PRECEDES"]);
    let body = if has_order { row + 2 } else { row };
    Some(words.part(words.tokens.get(body..)?).plain())
}

#[cfg(test)]
mod tests;
