//! What has to be done to a schema so that it becomes another one.
//!
//! Pure and deterministic: the same two schemas give the same differences in the same order. Both have to be in the
//! database's own words, as inspection returns them, or the same condition may look like two.

mod compare;
mod enums;
mod foreign_keys;
mod hazard;
mod names;
mod objects;
mod operations;
mod order;
mod pairing;
mod parts;
mod renames;
mod report;
mod residue;
mod steps;
mod table;

use std::collections::BTreeSet;

use alembic_sql::Dialect;
pub use compare::Comparison;
pub use enums::EnumDiff;
pub use hazard::{Hazard, HazardKind};
pub use names::disambiguate;
use names::{SharedName, given_names};
pub use objects::{ObjectDifference, Replacement, object_differences, with_dependents};
pub use operations::{Block, Locking, Sources};
use pairing::{Pairing, owned};
pub use renames::Renames;
pub use report::{Change, Difference, Subject};
pub use residue::{OtherDifference, other_differences, residue};
pub use table::{ColumnDiff, TableDiff};

use crate::{Enumeration, Name, Schema, Table};

/// The differences between two schemas.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Diff {
    /// Enumeration types that are new.
    pub created_enums: Vec<Enumeration>,
    /// Enumeration types with other values.
    pub altered_enums: Vec<EnumDiff>,
    /// Enumeration types that are not wanted any more.
    pub dropped_enums: Vec<Enumeration>,
    /// Schemas in which no table and no type was before; they may be there already.
    pub created_schemas: Vec<String>,
    /// Schemas that are not wanted any more; two schemas do not tell it, only who has created one.
    pub dropped_schemas: Vec<String>,
    /// Tables that are new.
    pub created_tables: Vec<Table>,
    /// Tables that are not wanted any more.
    pub dropped_tables: Vec<Table>,
    /// Tables that differ.
    pub altered_tables: Vec<TableDiff>,
}

impl Diff {
    /// Returns the changes of the table of this name, if it has any.
    fn altered(&self, name: &Name) -> Option<&TableDiff> {
        self.altered_tables.iter().find(|diff| diff.after.name == *name)
    }

    /// Compares two schemas.
    #[must_use]
    pub fn between(before: &Schema, after: &Schema, dialect: Dialect) -> Self {
        let comparison = Comparison::new(dialect);
        let tables = Pairing::by_key(&before.tables, &after.tables);
        let enums = Pairing::by_key(&before.enums, &after.enums);
        let altered = tables.kept.iter().filter_map(|(old, new)| TableDiff::between(old, new, &comparison));
        let mut this = Self {
            created_enums: owned(&enums.created),
            altered_enums: Vec::new(),
            dropped_enums: owned(&enums.dropped),
            created_schemas: created_schemas(before, &tables, &enums),
            dropped_schemas: Vec::new(),
            created_tables: owned(&tables.created),
            dropped_tables: owned(&tables.dropped),
            altered_tables: altered.collect(),
        };
        let known: BTreeSet<SharedName> = before.tables.iter().flat_map(|table| given_names(table, dialect)).collect();
        for diff in &mut this.altered_tables {
            diff.find_renames(&comparison, &|name| !known.contains(name));
        }
        let altered = enums.kept.iter().filter(|(old, new)| old.values != new.values);
        this.altered_enums = altered.map(|(old, new)| EnumDiff::new(old, new, &this, before, after)).collect();
        this.recreate_foreign_keys(&tables.kept, dialect);
        this
    }

    /// Returns whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

fn created_schemas(before: &Schema, tables: &Pairing<'_, Table>, enums: &Pairing<'_, Enumeration>) -> Vec<String> {
    let names = |tables: &[&Table], enums: &[&Enumeration]| -> BTreeSet<String> {
        let tables = tables.iter().map(|table| &table.name);
        tables.chain(enums.iter().map(|known| &known.name)).filter_map(|name| name.schema.clone()).collect()
    };
    let known = names(&before.tables.iter().collect::<Vec<_>>(), &before.enums.iter().collect::<Vec<_>>());
    names(&tables.created, &enums.created).difference(&known).cloned().collect()
}

#[cfg(test)]
mod tests;
