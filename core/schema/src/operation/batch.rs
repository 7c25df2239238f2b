//! Batches: several changes of one table.

use super::{AlterColumn, Operation};
use crate::{
    Check, Column, Constraint, ConstraintKind, ForeignKey, Index, Name, PrimaryKey, Table, Unique, sqlite::TableSource,
};

/// Batch of changes of one table.
///
/// SQLite, which can alter little of a table, rebuilds it if a change needs that; MySQL and MariaDB make all changes
/// in one `ALTER TABLE`; PostgreSQL makes one after the other.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchAlterTable {
    /// Table.
    pub table: Name,
    /// Whether SQLite rebuilds the table.
    pub recreate: Recreate,
    /// The table as it is, for a rebuild; `None` reads it from the database.
    pub source: Option<TableSource>,
    /// First columns after a rebuild, in order; the others follow.
    pub order: Vec<String>,
    pub(super) changes: Vec<Change>,
}

/// Whether SQLite rebuilds a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Recreate {
    /// Only if a change needs it.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never: a change that needs it is an error.
    Never,
}

/// One change, without the table.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Change {
    AddColumn(Box<Column>),
    AlterColumn(Box<AlterColumn>),
    DropColumn(String),
    CreateIndex(Index),
    DropIndex(String),
    CreateConstraint(Constraint),
    DropConstraint(String, ConstraintKind),
}

impl BatchAlterTable {
    /// Returns a batch without changes.
    #[must_use]
    pub fn new(table: impl Into<Name>) -> Self {
        Self { table: table.into(), recreate: Recreate::Auto, source: None, order: Vec::new(), changes: Vec::new() }
    }

    /// Sets whether SQLite rebuilds the table.
    pub fn recreate(&mut self, recreate: Recreate) -> &mut Self {
        self.recreate = recreate;
        self
    }

    /// Describes the table as it is, instead of reading it from the database: for scripts. Indexes are those of the
    /// description; it has no triggers.
    pub fn copy_from(&mut self, table: &Table) -> &mut Self {
        self.source = Some(TableSource::Table(Box::new(table.clone())));
        self
    }

    /// Sets the first columns after a rebuild; the others follow in their order. SQLite
    /// only: elsewhere it is an error.
    pub fn column_order<'c>(&mut self, columns: impl IntoIterator<Item = &'c str>) -> &mut Self {
        self.order = columns.into_iter().map(str::to_owned).collect();
        self
    }

    /// Returns whether nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.order.is_empty()
    }

    /// Adds a column.
    pub fn add_column(&mut self, column: Column) -> &mut Self {
        self.change(Change::AddColumn(Box::new(column)))
    }

    /// Alters a column.
    pub fn alter_column(&mut self, column: &str, change: impl FnOnce(AlterColumn) -> AlterColumn) -> &mut Self {
        let change = change(AlterColumn::new(&self.table, column));
        self.change(Change::AlterColumn(Box::new(change)))
    }

    /// Drops a column.
    pub fn drop_column(&mut self, column: &str) -> &mut Self {
        self.change(Change::DropColumn(column.to_owned()))
    }

    /// Creates an index over columns.
    pub fn create_index(&mut self, index: Index) -> &mut Self {
        let table = self.table.clone();
        self.change(Change::CreateIndex(Index { table, ..index }))
    }

    /// Drops an index.
    pub fn drop_index(&mut self, index: &str) -> &mut Self {
        self.change(Change::DropIndex(index.to_owned()))
    }

    /// Adds a foreign key.
    pub fn create_foreign_key(&mut self, key: ForeignKey) -> &mut Self {
        self.create_constraint(key)
    }

    /// Adds a unique constraint.
    pub fn create_unique_constraint(&mut self, unique: Unique) -> &mut Self {
        self.create_constraint(unique)
    }

    /// Adds a check constraint.
    pub fn create_check_constraint(&mut self, check: Check) -> &mut Self {
        self.create_constraint(check)
    }

    /// Adds a primary key.
    pub fn create_primary_key(&mut self, key: PrimaryKey) -> &mut Self {
        self.create_constraint(key)
    }

    /// Adds a constraint of any kind.
    pub fn create_constraint(&mut self, constraint: impl Into<Constraint>) -> &mut Self {
        self.change(Change::CreateConstraint(constraint.into()))
    }

    /// Drops a constraint.
    pub fn drop_constraint(&mut self, constraint: &str, kind: ConstraintKind) -> &mut Self {
        self.change(Change::DropConstraint(constraint.to_owned(), kind))
    }

    fn change(&mut self, change: Change) -> &mut Self {
        self.changes.push(change);
        self
    }

    /// Returns each change as an operation of its own.
    pub(super) fn operations(&self) -> impl Iterator<Item = Operation> {
        self.changes.iter().map(|change| self.operation(change))
    }

    pub(super) fn operation(&self, change: &Change) -> Operation {
        let table = self.table.clone();
        match change.clone() {
            Change::AddColumn(column) => Operation::AddColumn { table, column: *column, if_not_exists: false },
            Change::AlterColumn(change) => Operation::AlterColumn(*change),
            Change::DropColumn(column) => Operation::DropColumn { table, column, if_exists: false },
            Change::CreateIndex(index) => Operation::CreateIndex(index),
            Change::DropIndex(index) => Operation::DropIndex { table, index, if_exists: false, concurrently: false },
            Change::CreateConstraint(constraint) => Operation::CreateConstraint { table, constraint },
            Change::DropConstraint(constraint, kind) => {
                Operation::DropConstraint { table, constraint, kind, if_exists: false }
            }
        }
    }
}
