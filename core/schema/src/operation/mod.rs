//! Operations: changes of a schema as values, written as each database's SQL or as Rust.

mod alter_column;
mod batch;
mod ddl;
mod insert;
mod mariadb;
mod mysql;
mod mysql_default;
mod mysql_family;
mod mysql_rename;
mod postgres;
mod postgres_identity;
mod rebuild;
mod render;
mod rust;
mod sqlite;
mod writer;

pub use alter_column::AlterColumn;
pub use batch::{BatchAlterTable, Recreate};
pub use ddl::Unsupported;
pub use insert::{BulkInsert, Conflict};
pub(crate) use mysql_default::is_current_time;
pub(crate) use render::is_supported;
pub use render::{rename_column, render};
pub use rust::rust;

use crate::{Column, Constraint, ConstraintKind, Enumeration, Index, Initially, Name, Table};

/// Change of a schema, of rows, or SQL.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
#[expect(clippy::large_enum_variant, reason = "they are made and used one at a time")]
pub enum Operation {
    /// Creates a table with its indexes.
    CreateTable(Table),
    /// Drops a table.
    DropTable {
        /// Table.
        table: Name,
        /// Emit `IF EXISTS`.
        if_exists: bool,
    },
    /// Renames a table; it stays in its schema.
    RenameTable {
        /// Table.
        table: Name,
        /// New name.
        to: String,
    },
    /// Sets the comment of a table.
    TableComment {
        /// Table.
        table: Name,
        /// Comment; `None` drops it.
        comment: Option<String>,
    },
    /// Adds a column.
    AddColumn {
        /// Table.
        table: Name,
        /// Column.
        column: Column,
        /// Emit `IF NOT EXISTS`.
        if_not_exists: bool,
    },
    /// Alters a column.
    AlterColumn(AlterColumn),
    /// Drops a column.
    DropColumn {
        /// Table.
        table: Name,
        /// Column.
        column: String,
        /// Emit `IF EXISTS`.
        if_exists: bool,
    },
    /// Creates an index.
    CreateIndex(Index),
    /// Drops an index.
    DropIndex {
        /// Table.
        table: Name,
        /// Index.
        index: String,
        /// Emit `IF EXISTS`.
        if_exists: bool,
        /// Use `CONCURRENTLY` (PostgreSQL, outside a transaction).
        concurrently: bool,
    },
    /// Renames an index. Not on SQLite.
    RenameIndex {
        /// Table.
        table: Name,
        /// Index.
        index: String,
        /// New name.
        to: String,
    },
    /// Adds a constraint.
    CreateConstraint {
        /// Table.
        table: Name,
        /// Constraint.
        constraint: Constraint,
    },
    /// Makes a unique constraint of a unique index, which takes its name and its columns. PostgreSQL only.
    CreateUniqueUsingIndex {
        /// Table.
        table: Name,
        /// Index, and name of the constraint.
        index: String,
        /// When it is checked, if it can be deferred.
        deferrable: Option<Initially>,
    },
    /// Validates a constraint that was added as `NOT VALID`: checks existing rows. PostgreSQL only.
    ValidateConstraint {
        /// Table.
        table: Name,
        /// Constraint.
        constraint: String,
    },
    /// Drops a constraint.
    DropConstraint {
        /// Table.
        table: Name,
        /// Constraint.
        constraint: String,
        /// Kind, which MySQL's syntax depends on.
        kind: ConstraintKind,
        /// Emit `IF EXISTS`.
        if_exists: bool,
    },
    /// Renames a constraint. Not on SQLite; on MySQL and MariaDB only unique constraints.
    RenameConstraint {
        /// Table.
        table: Name,
        /// Constraint.
        constraint: String,
        /// Kind, which MySQL's syntax depends on.
        kind: ConstraintKind,
        /// New name.
        to: String,
    },
    /// Creates a schema, unless there is one of this name. PostgreSQL only.
    CreateSchema(String),
    /// Drops a schema, which has to be empty. PostgreSQL only.
    DropSchema(String),
    /// Creates an enumeration type. PostgreSQL only.
    CreateEnum {
        /// Type.
        name: Name,
        /// Values, in order.
        values: Vec<String>,
    },
    /// Adds a value to an enumeration type. PostgreSQL only.
    AddEnumValue {
        /// Type.
        name: Name,
        /// Value.
        value: String,
        /// Value that it is put before; `None` adds it at the end.
        before: Option<String>,
        /// Emit `IF NOT EXISTS`.
        if_not_exists: bool,
    },
    /// Renames a value of an enumeration type. PostgreSQL only.
    RenameEnumValue {
        /// Type.
        name: Name,
        /// Value.
        value: String,
        /// New name.
        to: String,
    },
    /// Renames an enumeration type; it stays in its schema. PostgreSQL only.
    RenameEnum {
        /// Type.
        name: Name,
        /// New name.
        to: String,
    },
    /// Drops an enumeration type. PostgreSQL only.
    DropEnum {
        /// Type.
        name: Name,
        /// Emit `IF EXISTS`.
        if_exists: bool,
    },
    /// Inserts rows.
    BulkInsert(BulkInsert),
    /// Several operations on one table, which SQLite may have to rebuild.
    Batch(BatchAlterTable),
    /// Statement in the database's own SQL.
    Execute(String),
}

/// Creation of an enumeration type.
impl From<&Enumeration> for Operation {
    fn from(enumeration: &Enumeration) -> Self {
        Self::CreateEnum { name: enumeration.name.clone(), values: enumeration.values.clone() }
    }
}

/// Returns what makes a table with its indexes: its own statement, where the database has kept that.
pub(crate) fn creation(table: Table) -> Vec<Operation> {
    let Some(definition) = table.definition else { return vec![Operation::CreateTable(table)] };
    let indexes = table.indexes.into_iter().map(Operation::CreateIndex);
    std::iter::once(Operation::Execute(definition)).chain(indexes).collect()
}

#[cfg(test)]
mod tests;
