//! What a database holds.

use super::{Constraint, Name, Table};

/// What a database holds, as far as revisions change it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Schema {
    /// Its tables, sorted by name. Constraints are the tables', not the columns'.
    pub tables: Vec<Table>,
    /// Its enumeration types, sorted by name. PostgreSQL only.
    pub enums: Vec<Enumeration>,
    /// What is there and is not understood: it is left alone, and said by name.
    pub others: Vec<Other>,
}

/// A type whose values are listed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Enumeration {
    /// Its name.
    pub name: Name,
    /// Its values, in their order.
    pub values: Vec<String>,
}

/// An object that is not understood.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Other {
    /// What it is: `view`, `trigger`, `function`, …
    pub kind: String,
    /// Its name.
    pub name: Name,
    /// The database's own words for it.
    pub definition: String,
}

/// What has columns, so that Diesel can have it as a table.
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
    /// Returns whether Diesel can have it as a table.
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

    /// Returns the same with everything in order of names: where columns and constraints stand in a table is a
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
