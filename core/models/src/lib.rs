#![warn(missing_docs)]
#![doc = include_str!("../README.md")]

mod argument;
mod attributes;
mod diesel_type;
mod file;
mod meta;
mod names;
mod postgres;
mod print;
mod problems;
mod renames;
mod table;
mod type_names;
mod update;
mod wanted;

use std::collections::{BTreeMap, BTreeSet};

use alembic_schema::{Constraint, Generated, Identity, Index, Name, Sequence};
use alembic_sql::Dialect;
pub use diesel_type::DieselType;
pub use file::{Found, Module, read};
use print::Printer;
pub use print::{Detail, print};
pub use table::TableMacro;
pub use update::{Printing, update};
pub use wanted::Wanted;

/// What the sources of a package say.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Models {
    /// Tables, in the order in which they were found.
    pub tables: Vec<ModelTable>,
    /// `joinable!`: the table that refers, the one that is referred to, the column.
    pub joins: Vec<(String, String, String)>,
    /// Types that were declared for Diesel, by their Rust names.
    pub types: Vec<SqlType>,
}

/// A table.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelTable {
    /// Its name in Rust.
    pub ident: String,
    /// Its name in the database.
    pub name: Name,
    /// What it was called before.
    pub renamed_from: Option<String>,
    /// Whether the declaration is complete: anything it omits is dropped.
    pub complete: bool,
    /// Its columns.
    pub columns: Vec<ModelColumn>,
    /// The columns of its primary key.
    pub key: Vec<String>,
    /// Its constraints, and those of its columns.
    pub constraints: Vec<Constraint>,
    /// Its indexes, and those of its columns.
    pub indexes: Vec<Index>,
    /// What follows the columns in `CREATE TABLE`.
    pub options: Option<String>,
    /// Comment (`COMMENT ON`).
    pub comment: Option<String>,
    /// Where it is.
    pub place: Place,
}

/// A column.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelColumn {
    /// Its name in Rust.
    pub ident: String,
    /// Its name in the database.
    pub name: String,
    /// What it was called before.
    pub renamed_from: Option<String>,
    /// What Diesel takes it for.
    pub diesel_type: DieselType,
    /// How many characters it may hold, where Diesel says so.
    pub max_length: Option<u32>,
    /// Its type in the database, if Diesel's does not tell enough.
    pub native: PerDialect,
    /// The values that it may hold, if they are listed.
    pub values: Vec<String>,
    /// What it holds if nothing is given.
    pub default: PerDialect,
    /// How the database numbers the rows.
    pub identity: Option<Identity>,
    /// Options of the sequence that numbers the rows. PostgreSQL only.
    pub sequence: Sequence,
    /// How it is computed.
    pub generated: Option<Generated>,
    /// How its text is ordered.
    pub collation: Option<String>,
    /// What it holds after its row was changed. MySQL and MariaDB only.
    pub on_update: Option<String>,
    /// Comment (`COMMENT ON`).
    pub comment: Option<String>,
    /// Where it is.
    pub place: Place,
}

/// A type that was declared for Diesel, as `diesel print-schema` does for enumerations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlType {
    /// Its name in Rust.
    pub ident: String,
    /// Its name in PostgreSQL.
    pub postgres: Option<Name>,
    /// Its name in MySQL: `Enum`, `Set`.
    pub mysql: Option<String>,
    /// Its name in SQLite, by Diesel's attribute: `Text`, `Long`.
    pub sqlite: Option<String>,
    /// Its values, if they are said.
    pub values: Vec<String>,
}

/// A text that may be another one on some databases.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PerDialect {
    general: Option<String>,
    special: BTreeMap<Dialect, String>,
}

impl PerDialect {
    /// Returns the text for a database. MariaDB takes MySQL's if it has none of its own.
    #[must_use]
    pub fn get(&self, dialect: Dialect) -> Option<&str> {
        let family = if dialect == Dialect::Mariadb { Dialect::Mysql } else { dialect };
        let special = self.special.get(&dialect).or_else(|| self.special.get(&family));
        special.or(self.general.as_ref()).map(String::as_str)
    }
}

/// Where something is in the sources.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// The file, relative to the package.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
}

/// A mistake in the sources.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {problem}")]
pub struct ModelError {
    /// The file, relative to the package.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// What is wrong.
    pub problem: String,
}

impl Models {
    /// Adds what another file says.
    pub fn extend(&mut self, other: Self) {
        self.tables.extend(other.tables);
        self.joins.extend(other.joins);
        self.types.extend(other.types);
    }

    /// Returns the table of a name in the database.
    #[must_use]
    pub fn table(&self, name: &Name) -> Option<&ModelTable> {
        self.tables.iter().find(|table| table.name == *name)
    }

    /// Returns the schemas of tables and of types, sorted.
    #[must_use]
    pub fn schemas(&self) -> Vec<String> {
        let types = self.types.iter().filter_map(|declared| declared.postgres.as_ref());
        let names = self.tables.iter().map(|table| &table.name).chain(types);
        names.filter_map(|name| name.schema.clone()).collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn sql_type(&self, ident: &str) -> Option<&SqlType> {
        self.types.iter().find(|declared| declared.ident == ident)
    }
}

#[cfg(test)]
mod tests;
