//! In which order tables are made.

use crate::Table;

/// Sorts tables so that those come first that others refer to; within a circle by name.
pub(super) fn parents_first(tables: &mut Vec<Table>) {
    let mut waiting = std::mem::take(tables);
    waiting.sort_by(|a, b| a.name.cmp(&b.name));
    while !waiting.is_empty() {
        let refers = |table: &Table, to: &Table| {
            to.name != table.name && table.foreign_keys().any(|key| key.referred_table == to.name)
        };
        let free = |table: &&Table| !waiting.iter().any(|other| refers(table, other));
        // In a circle somebody has to be first.
        let next = waiting.iter().position(|table| free(&table)).unwrap_or(0);
        tables.push(waiting.remove(next));
    }
}
