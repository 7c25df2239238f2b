//! Names that have to differ from those of other tables.

use std::collections::BTreeSet;

use alembic_sql::Dialect;

use super::Diff;
use crate::{Constraint, ConstraintKind, Index, Name, Naming, Schema, Table};

/// A name, in the list of a database in which no other may be the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SharedName {
    /// Of tables and indexes.
    Relation(Name),
    /// Of checks.
    Check(String),
    /// Of foreign keys.
    ForeignKey(String),
    /// Of what belongs to one table.
    OfTable(Name, String),
}

impl SharedName {
    /// Returns the name of a table or an index.
    pub(super) fn relation(dialect: Dialect, name: &Name) -> Self {
        Self::Relation(match dialect {
            Dialect::Sqlite => name.beside(&name.name.to_lowercase()),
            _ => name.clone(),
        })
    }

    /// Returns the name of a constraint; none if it can be any.
    pub(super) fn constraint(dialect: Dialect, table: &Name, kind: ConstraintKind, name: &str) -> Option<Self> {
        match (dialect, kind) {
            (Dialect::Sqlite, _) => None,
            // They are indexes.
            (Dialect::Postgres, ConstraintKind::PrimaryKey | ConstraintKind::Unique) => {
                Some(Self::relation(dialect, &table.beside(name)))
            }
            (_, ConstraintKind::ForeignKey) if dialect.is_mysql_family() => Some(Self::ForeignKey(name.to_lowercase())),
            (Dialect::Mysql, ConstraintKind::Check) => Some(Self::Check(name.to_lowercase())),
            _ => Some(Self::OfTable(table.clone(), name.to_lowercase())),
        }
    }

    /// Returns the name of an index.
    pub(super) fn index(dialect: Dialect, table: &Name, name: &str) -> Option<Self> {
        Some(match dialect.is_mysql_family() {
            true => Self::OfTable(table.clone(), name.to_lowercase()),
            false => Self::relation(dialect, &table.beside(name)),
        })
    }
}

/// Gives new constraints and indexes a name of their own where the convention gives them one that another table has: one
/// that was renamed keeps the names of what it has.
pub fn disambiguate(wanted: &mut Schema, current: &Schema, dialect: Dialect, naming: &Naming) {
    let diff = Diff::between(current, wanted, dialect);
    let stays = |table: &&Table| wanted.table(&table.name).is_some();
    let mut taken: BTreeSet<SharedName> = wanted.tables.iter().flat_map(|table| given_names(table, dialect)).collect();
    taken.extend(current.tables.iter().filter(stays).flat_map(|table| given_names(table, dialect)));
    for dropped in &diff.altered_tables {
        given_names(&dropped.only_dropped(), dialect).iter().for_each(|name| _ = taken.remove(name));
    }
    for table in &mut wanted.tables {
        let name = table.name.clone();
        let altered = diff.altered(&name);
        let is_new = diff.created_tables.iter().any(|created| created.name == name);
        let creates = |constraint: &Constraint| is_new || altered.is_some_and(|diff| diff.creates(constraint));
        let unnamed = |constraint: &&mut Constraint| constraint.own_name().is_none() && creates(constraint);
        for constraint in table.constraints.iter_mut().filter(unnamed) {
            let (kind, by_convention) = (constraint.kind(), naming.constraint(&name, constraint, dialect));
            let shared = |text: &str| SharedName::constraint(dialect, &name, kind, text);
            if let Some(free) = another_name(&by_convention, &mut taken, shared) {
                constraint.set_name(free);
            }
        }
        let creates = |index: &Index| is_new || altered.is_some_and(|diff| diff.created_indexes.contains(index));
        for index in table.indexes.iter_mut().filter(|index| index.name.is_none() && creates(index)) {
            let shared = |text: &str| SharedName::index(dialect, &name, text);
            if let Some(free) = another_name(&naming.index(index, dialect), &mut taken, shared) {
                index.name = Some(free);
            }
        }
    }
}

pub(super) fn given_names(table: &Table, dialect: Dialect) -> Vec<SharedName> {
    let constraints = table.all_constraints().filter_map(|constraint| {
        SharedName::constraint(dialect, &table.name, constraint.kind(), constraint.own_name()?)
    });
    let indexes =
        table.indexes.iter().filter_map(|index| SharedName::index(dialect, &table.name, index.name.as_ref()?));
    constraints.chain(indexes).collect()
}

/// Takes a name, or returns the first that is free if it is taken: the name with a number.
fn another_name(
    name: &str,
    taken: &mut BTreeSet<SharedName>,
    shared: impl Fn(&str) -> Option<SharedName>,
) -> Option<String> {
    if taken.insert(shared(name)?) {
        return None;
    }
    (1_u32..).map(|number| format!("{name}_{number}")).find(|free| shared(free).is_some_and(|free| taken.insert(free)))
}
