//! Renames: an added object that replaces a dropped one.

use super::{Block, Change, Difference, Subject};
use crate::{
    Name, Schema,
    operation::{AlterColumn, Operation},
};

/// Renames, applied before anything else so that the server reports dependent expressions with the new names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Renames {
    /// Tables: the old name and the new one.
    pub tables: Vec<(Name, Name)>,
    /// Columns: the table by its new name, then the old and the new name of the column.
    pub columns: Vec<(Name, String, String)>,
}

impl Renames {
    /// Keeps what makes sense: the old name is there, the new one is not.
    #[must_use]
    pub fn that_apply(mut self, before: &Schema) -> Self {
        self.tables.retain(|(old, new)| before.table(old).is_some() && before.table(new).is_none());
        let tables = &self.tables;
        self.columns.retain(|(table, old, new)| {
            let was = tables.iter().find(|(_, new)| new == table).map_or(table, |(old, _)| old);
            let has = |name: &String| before.table(was).is_some_and(|was| was.columns.iter().any(|c| c.name == *name));
            has(old) && !has(new)
        });
        self
    }

    /// Adds others.
    pub fn extend(&mut self, others: Self) {
        self.tables.extend(others.tables);
        self.columns.extend(others.columns);
    }

    /// Returns what is not in `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            tables: self.tables.iter().filter(|rename| !earlier.tables.contains(rename)).cloned().collect(),
            columns: self.columns.iter().filter(|rename| !earlier.columns.contains(rename)).cloned().collect(),
        }
    }

    /// Returns whether nothing is renamed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty() && self.columns.is_empty()
    }

    /// Returns the operations, tables first.
    #[must_use]
    pub fn blocks(&self) -> Vec<Block> {
        let tables =
            self.tables.iter().map(|(old, new)| Operation::RenameTable { table: old.clone(), to: new.name.clone() });
        let columns = self.columns.iter();
        let columns = columns.map(|(table, old, new)| Operation::AlterColumn(AlterColumn::new(table, old).rename(new)));
        tables.chain(columns).map(Block::new).collect()
    }

    /// Returns the operations that undo these.
    #[must_use]
    pub fn undone(&self) -> Vec<Block> {
        let columns = self.columns.iter();
        let columns = columns.map(|(table, old, new)| Operation::AlterColumn(AlterColumn::new(table, new).rename(old)));
        let tables =
            self.tables.iter().map(|(old, new)| Operation::RenameTable { table: new.clone(), to: old.name.clone() });
        columns.chain(tables).map(Block::new).collect()
    }

    /// Returns what they change, in words.
    #[must_use]
    pub fn differences(&self) -> Vec<Difference> {
        let tables = self.tables.iter();
        let tables = tables
            .map(|(old, new)| Difference::new(Change::Renamed, Subject::Table, new, None).previously(&old.to_string()));
        let columns = self.columns.iter();
        let columns = columns.map(|(table, old, new)| {
            Difference::new(Change::Renamed, Subject::Column, table, Some(new)).previously(old)
        });
        tables.chain(columns).collect()
    }
}
