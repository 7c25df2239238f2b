//! Schema of a database.

use super::{Constraint, Name, Table};

/// Schema of a database, as far as revisions change it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Schema {
    /// Tables, sorted by name. Their columns have no constraints of their own.
    pub tables: Vec<Table>,
    /// Enumeration types, sorted by name. PostgreSQL only.
    pub enums: Vec<Enumeration>,
    /// Objects that are not modelled; they are left alone and reported by name.
    pub others: Vec<Other>,
}

/// Enumeration type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Enumeration {
    /// Name.
    pub name: Name,
    /// Values, in order.
    pub values: Vec<String>,
}

/// Object that is not modelled.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Other {
    /// Kind: `view`, `trigger`, `function`, …
    pub kind: String,
    /// Name.
    pub name: Name,
    /// Definition in the database's words.
    pub definition: String,
}

/// Kinds with columns, which Diesel can use as a table.
const RELATIONS: [&str; 8] = [
    "view",
    "materialized view",
    "foreign table",
    "partitioned table",
    "partition",
    "inherited table",
    "virtual table",
    "system versioned",
];

impl Other {
    /// Returns whether Diesel can use it as a table.
    #[must_use]
    pub fn is_relation(&self) -> bool {
        RELATIONS.contains(&self.kind.as_str())
    }
}

impl Schema {
    /// Returns a table.
    #[must_use]
    pub fn table(&self, name: &Name) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == *name)
    }

    /// Returns an enumeration type.
    #[must_use]
    pub fn enumeration(&self, name: &Name) -> Option<&Enumeration> {
        self.enums.iter().find(|enumeration| enumeration.name == *name)
    }

    /// Returns the same schema sorted by name throughout: the order of columns and constraints in a table is a
    /// matter of its history.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        for table in &mut self.tables {
            table.columns.sort_by(|a, b| a.name.cmp(&b.name));
            table.constraints.sort_by_cached_key(sort_key);
            table.indexes.sort_by(|a, b| a.name.cmp(&b.name));
        }
        self.tables.sort_by(|a, b| a.name.cmp(&b.name));
        self.enums.sort_unstable();
        self.others.sort_unstable();
        self
    }
}

fn sort_key(constraint: &Constraint) -> String {
    format!("{} {:?}", constraint.kind(), constraint)
}
