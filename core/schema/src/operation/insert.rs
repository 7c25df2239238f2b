//! Inserted rows.

use crate::{Name, Rows};

/// Limits of a statement, in rows and about in bytes: servers accept messages of a few megabytes.
const MOST_ROWS: usize = 500;
const MOST_BYTES: usize = 256 * 1024;

/// Rows to insert into a table.
#[derive(Debug, Clone, PartialEq)]
pub struct BulkInsert {
    /// Table.
    pub table: Name,
    /// Rows.
    pub rows: Rows,
    /// What to do when a row exists.
    pub conflict: Conflict,
}

/// What to do when a row with the same unique key exists.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Conflict {
    /// Fail.
    #[default]
    Fail,
    /// Keep the existing row.
    DoNothing,
    /// Update the other columns of the existing row.
    Update {
        /// Columns of the key.
        key: Vec<String>,
    },
}

impl BulkInsert {
    /// Returns an insert that fails when a row exists.
    #[must_use]
    pub fn new(table: impl Into<Name>, rows: Rows) -> Self {
        Self { table: table.into(), rows, conflict: Conflict::Fail }
    }

    /// Keeps existing rows.
    #[must_use]
    pub fn on_conflict_do_nothing(mut self) -> Self {
        self.conflict = Conflict::DoNothing;
        self
    }

    /// Updates the other columns of existing rows, found by the key.
    #[must_use]
    pub fn on_conflict_update<'c>(mut self, key: impl IntoIterator<Item = &'c str>) -> Self {
        self.conflict = Conflict::Update { key: key.into_iter().map(str::to_owned).collect() };
        self
    }

    /// Returns the columns that are not part of a key.
    pub(super) fn columns_beside(&self, key: &[String]) -> Vec<&String> {
        self.rows.columns.iter().filter(|column| !key.contains(column)).collect()
    }
}

/// Splits rows into statements within the limits, each from a head, its rows and a tail.
pub(super) fn in_statements(head: &str, rows: &[Vec<String>], tail: &str) -> Vec<String> {
    let mut statements = Vec::new();
    let (mut values, mut bytes) = (Vec::new(), 0);
    for row in rows {
        let row = format!("({})", row.join(", "));
        if values.len() == MOST_ROWS || bytes + row.len() > MOST_BYTES && !values.is_empty() {
            statements.push(statement(head, &std::mem::take(&mut values), tail));
            bytes = 0;
        }
        bytes += row.len();
        values.push(row);
    }
    if !values.is_empty() {
        statements.push(statement(head, &values, tail));
    }
    statements
}

fn statement(head: &str, values: &[String], tail: &str) -> String {
    match values {
        [only] => format!("{head} {only}{tail}"),
        several => format!("{head}\n    {}{tail}", several.join(",\n    ")),
    }
}
