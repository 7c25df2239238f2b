//! Rows to be written.

use crate::{Name, Rows};

/// Rows per statement, and about how many bytes: servers take messages of some megabytes only.
const MOST_ROWS: usize = 500;
const MOST_BYTES: usize = 256 * 1024;

/// Rows for one table.
#[derive(Debug, Clone, PartialEq)]
pub struct BulkInsert {
    /// The table.
    pub table: Name,
    /// The rows.
    pub rows: Rows,
    /// What to do about a row that is there.
    pub conflict: Conflict,
}

/// What to do about a row that is there, by a unique key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Conflict {
    /// Fail.
    #[default]
    Fail,
    /// Leave it as it is.
    DoNothing,
    /// Set its other columns.
    Update {
        /// The columns of the key.
        key: Vec<String>,
    },
}

impl BulkInsert {
    /// Returns rows that are written, or the statement fails.
    #[must_use]
    pub fn new(table: impl Into<Name>, rows: Rows) -> Self {
        Self { table: table.into(), rows, conflict: Conflict::Fail }
    }

    /// Leaves rows alone that are there.
    #[must_use]
    pub fn on_conflict_do_nothing(mut self) -> Self {
        self.conflict = Conflict::DoNothing;
        self
    }

    /// Sets the other columns of rows that are there, by the key.
    #[must_use]
    pub fn on_conflict_update<'c>(mut self, key: impl IntoIterator<Item = &'c str>) -> Self {
        self.conflict = Conflict::Update { key: key.into_iter().map(str::to_owned).collect() };
        self
    }

    /// Returns the columns that are no part of a key.
    pub(super) fn columns_beside(&self, key: &[String]) -> Vec<&String> {
        self.rows.columns.iter().filter(|column| !key.contains(column)).collect()
    }
}

/// Puts rows into statements that are not too large for a server, each with a head before and a tail behind them.
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
