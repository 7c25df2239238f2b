//! What has to be done to a schema so that it becomes another one.
//!
//! Pure and deterministic: the same two schemas give the same differences in the same order. Both have to be in the
//! database's own words, as inspection returns them, or the same condition may look like two.

mod compare;
mod enums;
mod hazard;
mod operations;
mod order;
mod renames;
mod report;
mod residue;
mod table;

use std::collections::BTreeMap;

use alembic_sql::Dialect;
pub use compare::Comparison;
pub use enums::EnumDiff;
pub use hazard::Caution;
pub use operations::{Block, Locking, Sources};
pub use renames::Renames;
pub use report::{Difference, Subject};
pub use residue::{OtherDifference, other_differences, residue};
pub use table::{ColumnDiff, TableDiff};

use crate::{Enumeration, ForeignKey, Name, Schema, Table};

/// The differences between two schemas.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Diff {
    /// Enumeration types that are new.
    pub created_enums: Vec<Enumeration>,
    /// Enumeration types with other values.
    pub altered_enums: Vec<EnumDiff>,
    /// Enumeration types that are not wanted any more.
    pub dropped_enums: Vec<Enumeration>,
    /// Schemas in which no table was before; they may be there already.
    pub created_schemas: Vec<String>,
    /// Tables that are new, those first that others refer to.
    pub created_tables: Vec<Table>,
    /// Tables that are not wanted any more, those first that refer to others.
    pub dropped_tables: Vec<Table>,
    /// Tables that differ.
    pub altered_tables: Vec<TableDiff>,
}

impl Diff {
    /// Compares two schemas.
    #[must_use]
    pub fn between(before: &Schema, after: &Schema, dialect: Dialect) -> Self {
        let comparison = Comparison::new(dialect);
        let pairs = Pairs::of(before, after);
        let mut this = Self {
            created_tables: pairs.created.into_iter().cloned().collect(),
            dropped_tables: pairs.dropped.into_iter().cloned().collect(),
            ..Self::default()
        };
        let in_schema = |schema: &String| before.tables.iter().any(|table| table.name.schema.as_ref() == Some(schema));
        let schemas = this.created_tables.iter().filter_map(|table| table.name.schema.clone());
        this.created_schemas = schemas.filter(|schema| !in_schema(schema)).collect();
        this.created_schemas.dedup();
        let kept = pairs.kept.iter();
        this.altered_tables = kept.filter_map(|(one, other)| TableDiff::between(one, other, &comparison)).collect();
        order::parents_first(&mut this.created_tables);
        order::parents_first(&mut this.dropped_tables);
        this.dropped_tables.reverse();
        this.compare_enums(before, after);
        this.restate_keys(&pairs.kept, dialect);
        this
    }

    fn compare_enums(&mut self, before: &Schema, after: &Schema) {
        for wanted in &after.enums {
            match before.enumeration(&wanted.name) {
                None => self.created_enums.push(wanted.clone()),
                Some(existing) if existing.values != wanted.values => {
                    let diff = EnumDiff::new(existing, wanted, self, before, after);
                    self.altered_enums.push(diff);
                }
                Some(_) => {}
            }
        }
        let unwanted = before.enums.iter().filter(|existing| after.enumeration(&existing.name).is_none());
        self.dropped_enums = unwanted.cloned().collect();
    }

    /// A foreign key blocks changes of what it refers to: a unique key that is dropped and created, a type that changes,
    /// and on MySQL whatever makes it copy the table. It is dropped before, and created again.
    fn restate_keys(&mut self, kept: &[(&Table, &Table)], dialect: Dialect) {
        if dialect == Dialect::Sqlite {
            return;
        }
        let in_the_way = |table: &Table, key: &ForeignKey| {
            let diff = |name: &Name| self.altered_tables.iter().find(|diff| diff.after.name == *name);
            let retyped = |name: &Name, columns: &[String]| {
                diff(name).is_some_and(|diff| {
                    let concerned = diff.altered.iter().filter(|column| columns.contains(&column.before.name));
                    concerned.into_iter().any(|column| column.changes_type() || diff.is_fixed_on(dialect, column))
                })
            };
            let retyped = retyped(&table.name, &key.columns) || retyped(&key.referred_table, &key.referred_columns);
            let remade = diff(&key.referred_table).is_some_and(|diff| {
                diff.dropped_constraints.iter().any(|constraint| constraint.columns() == key.referred_columns)
            });
            retyped || remade
        };
        let mut restated = Vec::new();
        for (before, after) in kept {
            for key in before.foreign_keys().filter(|key| in_the_way(before, key)) {
                let same = |other: &&ForeignKey| {
                    Comparison::new(dialect).content(&key.clone().into(), &(*other).clone().into())
                };
                if let Some(again) = after.foreign_keys().find(same) {
                    restated.push((
                        *before,
                        *after,
                        key.clone(),
                        ForeignKey { name: key.name.clone(), ..again.clone() },
                    ));
                }
            }
        }
        for (before, after, key, again) in restated {
            let at = self.altered_tables.iter().position(|diff| diff.after.name == after.name);
            let at = at.unwrap_or_else(|| {
                self.altered_tables.push(TableDiff::none(before, after));
                self.altered_tables.len() - 1
            });
            self.altered_tables[at].dropped_keys.push(key);
            self.altered_tables[at].created_keys.push(again);
        }
    }

    /// Returns whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The tables of two schemas, side by side. Both are sorted by name.
struct Pairs<'s> {
    created: Vec<&'s Table>,
    dropped: Vec<&'s Table>,
    kept: Vec<(&'s Table, &'s Table)>,
}

impl<'s> Pairs<'s> {
    fn of(before: &'s Schema, after: &'s Schema) -> Self {
        let by_name =
            |schema: &'s Schema| schema.tables.iter().map(|table| (&table.name, table)).collect::<BTreeMap<_, _>>();
        let (old, new) = (by_name(before), by_name(after));
        Self {
            created: new.iter().filter(|(name, _)| !old.contains_key(*name)).map(|(_, table)| *table).collect(),
            dropped: old.iter().filter(|(name, _)| !new.contains_key(*name)).map(|(_, table)| *table).collect(),
            kept: old.iter().filter_map(|(name, table)| Some((*table, *new.get(*name)?))).collect(),
        }
    }
}

#[cfg(test)]
mod tests;
