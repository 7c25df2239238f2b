//! Source of a rebuild: a table as it is.

use super::Master;
use crate::Table;

/// Table that is rebuilt, as it is.
#[derive(Debug, Clone, PartialEq)]
pub enum TableSource {
    /// Description by the caller.
    Table(Box<Table>),
    /// Entries of SQLite's catalog.
    Catalog {
        /// Statement that created it.
        create: String,
        /// Its indexes, each with the statement that created it.
        indexes: Vec<(String, String)>,
        /// Statements that created its triggers.
        triggers: Vec<String>,
        /// Statements that created the triggers of other tables.
        other_triggers: Vec<String>,
        /// All views, each with the statement that created it.
        views: Vec<(String, String)>,
    },
}

/// Returns a table as the catalog spells its name, with everything that may mention it.
#[must_use]
pub fn source(rows: &[Master], table: &str) -> Option<(String, TableSource)> {
    let is_it = |name: &str| name.eq_ignore_ascii_case(table);
    let own = rows.iter().find(|row| row.kind == "table" && is_it(&row.name))?;
    let of_kind = |kind: &'static str| rows.iter().filter(move |row| row.kind == kind);
    let named = |row: &Master| (row.name.clone(), row.sql.clone());
    let (triggers, other_triggers): (Vec<&Master>, Vec<&Master>) =
        of_kind("trigger").partition(|row| is_it(&row.table));
    let source = TableSource::Catalog {
        create: own.sql.clone(),
        indexes: of_kind("index").filter(|row| is_it(&row.table)).map(named).collect(),
        triggers: triggers.into_iter().map(|row| row.sql.clone()).collect(),
        other_triggers: other_triggers.into_iter().map(|row| row.sql.clone()).collect(),
        views: of_kind("view").map(named).collect(),
    };
    Some((own.name.clone(), source))
}
