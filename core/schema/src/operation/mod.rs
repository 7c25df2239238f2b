//! What a revision does to a schema, as values, and how each database says it.

mod alter_column;
mod batch;
mod ddl;
mod insert;
mod mariadb;
mod mysql;
mod mysql_default;
mod mysql_family;
mod postgres;
mod postgres_identity;
mod rebuild;
mod render;
mod rust;
mod sqlite;
mod writer;

pub use alter_column::AlterColumn;
pub use batch::{BatchAlterTable, Recreate};
pub use insert::{BulkInsert, Conflict};
pub use render::{Unsupported, render};
pub use rust::rust;

use crate::{Column, Constraint, ConstraintKind, Enumeration, Index, Name, Table};

/// One operation.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
#[expect(clippy::large_enum_variant, reason = "they are made and used one at a time")]
pub enum Operation {
    /// Creates a table with its indexes.
    CreateTable(Table),
    /// Drops a table.
    DropTable {
        /// The table.
        table: Name,
        /// Whether it may be absent.
        if_exists: bool,
    },
    /// Renames a table; it stays in its schema.
    RenameTable {
        /// What it is called.
        table: Name,
        /// What it will be called.
        to: String,
    },
    /// Sets what is said of a table.
    TableComment {
        /// The table.
        table: Name,
        /// The words; none takes them away.
        comment: Option<String>,
    },
    /// Adds a column.
    AddColumn {
        /// The table.
        table: Name,
        /// The column.
        column: Column,
        /// Whether one of this name is taken for it.
        if_not_exists: bool,
    },
    /// Changes a column.
    AlterColumn(AlterColumn),
    /// Drops a column.
    DropColumn {
        /// The table.
        table: Name,
        /// The column.
        column: String,
        /// Whether it may be absent.
        if_exists: bool,
    },
    /// Creates an index.
    CreateIndex(Index),
    /// Drops an index.
    DropIndex {
        /// The table that it belongs to.
        table: Name,
        /// The index.
        index: String,
        /// Whether it may be absent.
        if_exists: bool,
        /// Whether writers are not kept waiting. PostgreSQL only, outside a transaction.
        concurrently: bool,
    },
    /// Adds a constraint.
    CreateConstraint {
        /// The table.
        table: Name,
        /// The constraint.
        constraint: Constraint,
    },
    /// Checks the rows that were there before a constraint that is not valid. PostgreSQL only.
    ValidateConstraint {
        /// The table.
        table: Name,
        /// The constraint.
        constraint: String,
    },
    /// Drops a constraint.
    DropConstraint {
        /// The table.
        table: Name,
        /// The constraint.
        constraint: String,
        /// Of which kind it is: MySQL wants to know.
        kind: ConstraintKind,
        /// Whether it may be absent.
        if_exists: bool,
    },
    /// Creates an enumeration type. PostgreSQL only.
    CreateEnum {
        /// The type.
        name: Name,
        /// Its values, in their order.
        values: Vec<String>,
    },
    /// Adds a value to an enumeration type. PostgreSQL only.
    AddEnumValue {
        /// The type.
        name: Name,
        /// The value.
        value: String,
        /// The value that it comes before; none is the end.
        before: Option<String>,
        /// Whether the value may be there.
        if_not_exists: bool,
    },
    /// Renames a value of an enumeration type. PostgreSQL only.
    RenameEnumValue {
        /// The type.
        name: Name,
        /// The value.
        value: String,
        /// What it will be called.
        to: String,
    },
    /// Drops an enumeration type. PostgreSQL only.
    DropEnum {
        /// The type.
        name: Name,
        /// Whether it may be absent.
        if_exists: bool,
    },
    /// Writes rows.
    BulkInsert(BulkInsert),
    /// Several operations on one table; SQLite may have to rebuild it.
    Batch(BatchAlterTable),
    /// One statement, in the words of the database.
    Execute(String),
}

/// What makes an enumeration type.
impl From<&Enumeration> for Operation {
    fn from(enumeration: &Enumeration) -> Self {
        Self::CreateEnum { name: enumeration.name.clone(), values: enumeration.values.clone() }
    }
}

#[cfg(test)]
mod tests;
