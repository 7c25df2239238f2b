//! Rows to be written.

use alembic_sql::{Dialect, wording::joined};

use super::render::{Unsupported, unsupported};
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

    pub(super) fn sql(&self, dialect: Dialect) -> Result<Vec<String>, Unsupported> {
        let columns = joined(self.rows.columns.iter().map(|column| dialect.quote(column)));
        let head = format!("INSERT INTO {} ({columns}) VALUES", self.table.sql(dialect));
        let tail = self.on_conflict(dialect);
        let mut statements = Vec::new();
        let (mut values, mut bytes) = (Vec::new(), 0);
        for row in &self.rows.rows {
            let row: Vec<String> = row
                .iter()
                .map(|value| value.sql(dialect))
                .collect::<Result<_, _>>()
                .map_err(|what| unsupported(dialect, what, "leave it out, or write it another way"))?;
            let row = format!("({})", row.join(", "));
            if values.len() == MOST_ROWS || bytes + row.len() > MOST_BYTES && !values.is_empty() {
                statements.push(statement(&head, &std::mem::take(&mut values), &tail));
                bytes = 0;
            }
            bytes += row.len();
            values.push(row);
        }
        if !values.is_empty() {
            statements.push(statement(&head, &values, &tail));
        }
        Ok(statements)
    }

    fn on_conflict(&self, dialect: Dialect) -> String {
        let quoted = |column: &String| dialect.quote(column);
        let assigned = |columns: &mut dyn Iterator<Item = &String>, value: &dyn Fn(&str) -> String| {
            joined(columns.map(|column| format!("{} = {}", quoted(column), value(&quoted(column)))))
        };
        let mut all = self.rows.columns.iter();
        match &self.conflict {
            Conflict::Fail => String::new(),
            // `INSERT IGNORE` would hide every other error, too.
            Conflict::DoNothing if dialect.is_mysql_family() => {
                let unchanged = assigned(&mut all.by_ref().take(1), &str::to_owned);
                format!(" ON DUPLICATE KEY UPDATE {unchanged}")
            }
            Conflict::DoNothing => " ON CONFLICT DO NOTHING".to_owned(),
            Conflict::Update { key } => {
                let mut others = all.filter(|column| !key.contains(column)).peekable();
                if others.peek().is_none() {
                    return Self { conflict: Conflict::DoNothing, ..self.clone() }.on_conflict(dialect);
                }
                if dialect.is_mysql_family() {
                    return format!(
                        " ON DUPLICATE KEY UPDATE {}",
                        assigned(&mut others, &|column| format!("VALUES({column})"))
                    );
                }
                let key = joined(key.iter().map(quoted));
                format!(
                    " ON CONFLICT ({key}) DO UPDATE SET {}",
                    assigned(&mut others, &|column| format!("excluded.{column}"))
                )
            }
        }
    }
}

fn statement(head: &str, values: &[String], tail: &str) -> String {
    match values {
        [only] => format!("{head} {only}{tail}"),
        several => format!("{head}\n    {}{tail}", several.join(",\n    ")),
    }
}
