//! The differences between two forms of a table.

use std::collections::BTreeSet;

use alembic_sql::{Dialect, mentioned};

use super::{
    Comparison,
    names::SharedName,
    pairing::{Pairing, owned},
};
use crate::{
    Column, Constraint, DefaultValue, ForeignKey, Generated, Index, IndexKey, Other, Table,
    operation::{Operation, is_supported},
    sqlite,
};

/// What differs in a table.
#[derive(Debug, Clone, PartialEq)]
pub struct TableDiff {
    /// The table as it is.
    pub before: Table,
    /// The table as it is to be.
    pub after: Table,
    /// Columns that are new.
    pub added: Vec<Column>,
    /// Columns that differ.
    pub altered: Vec<ColumnDiff>,
    /// Columns that are not wanted any more.
    pub dropped: Vec<Column>,
    /// Constraints that are new, or differ; not foreign keys.
    pub created_constraints: Vec<Constraint>,
    /// Constraints that are not wanted any more, or differ; not foreign keys.
    pub dropped_constraints: Vec<Constraint>,
    /// Foreign keys that are new, or differ.
    pub created_keys: Vec<ForeignKey>,
    /// Foreign keys that are not wanted any more, or differ.
    pub dropped_keys: Vec<ForeignKey>,
    /// Indexes that are new, or differ.
    pub created_indexes: Vec<Index>,
    /// Indexes that are not wanted any more, or differ.
    pub dropped_indexes: Vec<Index>,
    /// Parts known as text that are missing.
    pub created_others: Vec<Other>,
    /// Parts known as text that are not wanted any more.
    pub dropped_others: Vec<Other>,
    /// Parts known as text that the database defines otherwise, as they are to be.
    pub altered_others: Vec<Other>,
    /// Constraints that only have another name: as they are, and as they are to be.
    pub renamed_constraints: Vec<(Constraint, Constraint)>,
    /// Indexes that only have another name: as they are, and as they are to be.
    pub renamed_indexes: Vec<(Index, Index)>,
    /// Whether something else is said of the table.
    pub comment: bool,
    /// Whether what follows the columns differs, which no operation changes.
    pub options: bool,
}

/// A column that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnDiff {
    /// As it is.
    pub before: Column,
    /// As it is to be.
    pub after: Column,
}

impl ColumnDiff {
    /// Returns whether it holds something else, or orders it otherwise.
    #[must_use]
    pub fn changes_type(&self) -> bool {
        self.before.column_type != self.after.column_type || self.before.collation != self.after.collation
    }
}

impl TableDiff {
    /// Returns whether a database refuses to change a column while a foreign key needs it, though its type stays:
    /// MySQL begins and ends to number rows, and forbids NULL, by copying the table (errors 1832 and 1833).
    pub(super) fn is_fixed_on(&self, dialect: Dialect, column: &ColumnDiff) -> bool {
        let is_numbered_otherwise = column.before.identity != column.after.identity;
        let forbids_null = column.before.nullable && !column.after.nullable;
        // On its own, NULL is forbidden in place.
        let is_alone = *self == Self { altered: vec![column.clone()], ..Self::none(&self.before, &self.after) };
        dialect == Dialect::Mysql && (is_numbered_otherwise || forbids_null && !is_alone)
    }

    /// Compares two forms of a table; none if they are the same.
    pub(super) fn between(before: &Table, after: &Table, comparison: &Comparison) -> Option<Self> {
        if before == after {
            return None;
        }
        let none = Self::none(before, after);
        let constraints =
            Pairing::by_comparison(&before.constraints, &after.constraints, |old, new| comparison.constraint(old, new));
        let indexes = Pairing::by_comparison(&before.indexes, &after.indexes, |old, new| comparison.index(old, new));
        let others = Pairing::by_comparison(&before.others, &after.others, Other::is_called_like);
        let altered_others = others.kept.iter().filter(|(old, new)| !comparison.other(old, new)).map(|(_, new)| *new);
        let (created_keys, created_constraints) = foreign_keys_apart(&constraints.created);
        let (dropped_keys, dropped_constraints) = foreign_keys_apart(&constraints.dropped);
        let mut this = Self {
            created_constraints,
            dropped_constraints,
            created_keys,
            dropped_keys,
            created_indexes: owned(&indexes.created),
            dropped_indexes: owned(&indexes.dropped),
            created_others: owned(&others.created),
            dropped_others: owned(&others.dropped),
            altered_others: altered_others.cloned().collect(),
            comment: before.comment != after.comment,
            options: before.options != after.options || unread_clauses(before, after) != unread_clauses(after, after),
            ..none.clone()
        };
        this.compare_columns(comparison);
        this.recreate_dependents(&constraints.kept, &indexes.kept, comparison.dialect());
        (this != none).then_some(this)
    }

    /// Returns whether columns change, or foreign keys, which SQLite changes with them.
    pub(super) fn changes_columns(&self) -> bool {
        let columns = self.added.len() + self.altered.len() + self.dropped.len();
        columns + self.created_keys.len() + self.dropped_keys.len() > 0
    }

    /// Returns whether a constraint of the table is new.
    pub(super) fn creates(&self, constraint: &Constraint) -> bool {
        match constraint {
            Constraint::ForeignKey(key) => self.created_keys.contains(key),
            other => self.created_constraints.contains(other),
        }
    }

    /// Returns the table with nothing but the constraints and indexes that it loses.
    pub(super) fn only_dropped(&self) -> Table {
        let mut table = Table::new(&self.before.name);
        let keys = self.dropped_keys.iter().cloned().map(Constraint::from);
        table.constraints = self.dropped_constraints.iter().cloned().chain(keys).collect();
        table.indexes.clone_from(&self.dropped_indexes);
        table
    }

    /// Returns no differences.
    pub(super) fn none(before: &Table, after: &Table) -> Self {
        Self {
            before: before.clone(),
            after: after.clone(),
            added: Vec::new(),
            altered: Vec::new(),
            dropped: Vec::new(),
            created_constraints: Vec::new(),
            dropped_constraints: Vec::new(),
            created_keys: Vec::new(),
            dropped_keys: Vec::new(),
            created_indexes: Vec::new(),
            dropped_indexes: Vec::new(),
            created_others: Vec::new(),
            dropped_others: Vec::new(),
            altered_others: Vec::new(),
            renamed_constraints: Vec::new(),
            renamed_indexes: Vec::new(),
            comment: false,
            options: false,
        }
    }

    /// Turns what is dropped and created with another name into renames, where that name is free and the database has a way.
    pub(super) fn find_renames(&mut self, comparison: &Comparison, is_free: &dyn Fn(&SharedName) -> bool) {
        let (dialect, table) = (comparison.dialect(), self.after.name.clone());
        let works = |operation: Operation| is_supported(&operation, dialect);
        let again = self.added_again();
        for old in std::mem::take(&mut self.dropped_constraints) {
            let (kind, constraint) = (old.kind(), old.own_name().cloned().unwrap_or_default());
            let same = |new: &Constraint| {
                let shared = new.own_name().and_then(|name| SharedName::constraint(dialect, &table, kind, name));
                comparison.content(&old, new)
                    && shared.is_some_and(|name| is_free(&name))
                    && !self.before.all_constraints().any(|other| other.own_name() == new.own_name())
            };
            let stays = !old.columns().iter().any(|column| again.contains(column));
            let at = self.created_constraints.iter().position(same).filter(|_| {
                let rename = Operation::RenameConstraint { table: table.clone(), constraint, kind, to: String::new() };
                stays && works(rename)
            });
            match at {
                Some(at) => self.renamed_constraints.push((old, self.created_constraints.remove(at))),
                None => self.dropped_constraints.push(old),
            }
        }
        for old in std::mem::take(&mut self.dropped_indexes) {
            let same = |new: &Index| {
                let shared = new.name.as_ref().and_then(|name| SharedName::index(dialect, &table, name));
                let named = Index { name: old.name.clone(), ..new.clone() };
                comparison.index(&old, &named) && shared.is_some_and(|name| is_free(&name))
            };
            let stays = !old.columns().any(|column| again.contains(column));
            let at = self.created_indexes.iter().position(same).filter(|_| {
                let index = old.name.clone().unwrap_or_default();
                stays && works(Operation::RenameIndex { table: table.clone(), index, to: String::new() })
            });
            match at {
                Some(at) => self.renamed_indexes.push((old, self.created_indexes.remove(at))),
                None => self.dropped_indexes.push(old),
            }
        }
    }

    /// Returns whether a column that is dropped is added again.
    pub(super) fn is_added_again(&self, dropped: &Column) -> bool {
        self.added.iter().any(|added| added.name == dropped.name)
    }

    /// Returns the columns that are dropped, and not added again.
    pub fn gone(&self) -> impl Iterator<Item = &Column> {
        self.dropped.iter().filter(|column| !self.is_added_again(column))
    }

    /// Returns the columns that are dropped and added again.
    pub(super) fn added_again(&self) -> Vec<String> {
        let again = self.dropped.iter().filter(|column| self.is_added_again(column));
        again.map(|column| column.name.clone()).collect()
    }

    /// Drops and creates the constraints and indexes that hang on a column that is added again: they would go with it.
    fn recreate_dependents(
        &mut self,
        constraints: &[(&Constraint, &Constraint)],
        indexes: &[(&Index, &Index)],
        dialect: Dialect,
    ) {
        let again = self.added_again();
        let names_one = |text: &str| mentioned(text, dialect).iter().any(|name| again.contains(name));
        for (old, new) in constraints {
            let is_named = match old {
                Constraint::Check(check) => names_one(&check.expression),
                other => other.columns().iter().any(|column| again.contains(column)),
            };
            let mut new = (*new).clone();
            if let (None, Some(name)) = (new.own_name(), old.own_name()) {
                new.set_name(name.clone());
            }
            match (is_named, *old, new) {
                (false, ..) => {}
                (true, Constraint::ForeignKey(old), Constraint::ForeignKey(new)) => {
                    self.dropped_keys.push(old.clone());
                    self.created_keys.push(new);
                }
                (true, old, new) => {
                    self.dropped_constraints.push(old.clone());
                    self.created_constraints.push(new);
                }
            }
        }
        for (old, new) in indexes {
            let written = old.keys.iter().filter_map(IndexKey::text).chain(old.predicate.as_deref()).any(names_one);
            if written || old.columns().any(|column| again.contains(column)) {
                self.dropped_indexes.push((*old).clone());
                self.created_indexes
                    .push(Index { name: new.name.clone().or_else(|| old.name.clone()), ..(*new).clone() });
            }
        }
    }

    fn compare_columns(&mut self, comparison: &Comparison) {
        let columns = Pairing::by_key(&self.before.columns, &self.after.columns);
        (self.added, self.dropped) = (owned(&columns.created), owned(&columns.dropped));
        let is_retyped = |name: &String| {
            let of_name = columns.kept.iter().find(|(old, _)| old.name == *name);
            of_name.is_some_and(|(old, new)| old.column_type != new.column_type)
        };
        let is_computed_from = |column: &Column, is: &dyn Fn(&String) -> bool| {
            let text = column.generated.as_ref().map(|generated| generated.expression.as_str());
            mentioned(text.unwrap_or_default(), comparison.dialect()).iter().any(is)
        };
        let is_otherwise = |name: &String| {
            let of_name = columns.kept.iter().find(|(old, _)| old.name == *name);
            of_name.is_some_and(|(old, new)| is_computed_otherwise(old, new, comparison))
        };
        for (old, new) in &columns.kept {
            // The type of a column cannot be changed while another column is computed from it, and no database drops one.
            let is_in_the_way = comparison.dialect() == Dialect::Postgres && is_computed_from(old, &is_retyped)
                || is_computed_from(old, &is_otherwise);
            if is_computed_otherwise(old, new, comparison) || is_in_the_way {
                self.dropped.push((*old).clone());
                self.added.push((*new).clone());
            } else if !same_column(old, new, comparison) {
                self.altered.push(ColumnDiff { before: (*old).clone(), after: (*new).clone() });
            }
        }
        // Last what is computed from others.
        self.added.sort_by_key(|column| column.generated.is_some());
        self.dropped.sort_by_key(|column| column.generated.is_none());
    }
}

/// Returns the clauses that no value has, but for those that go with their columns.
fn unread_clauses(table: &Table, after: &Table) -> BTreeSet<(Option<String>, String)> {
    let stays = |name: &String| after.columns.iter().any(|column| column.name.eq_ignore_ascii_case(name));
    let unread = sqlite::unread_clauses(table.definition.as_deref()).into_iter();
    unread.filter(|(column, _)| column.as_ref().is_none_or(stays)).collect()
}

fn foreign_keys_apart(constraints: &[&Constraint]) -> (Vec<ForeignKey>, Vec<Constraint>) {
    let keys = constraints.iter().filter_map(|constraint| match constraint {
        Constraint::ForeignKey(key) => Some(key.clone()),
        _ => None,
    });
    let others = constraints.iter().filter(|constraint| !matches!(constraint, Constraint::ForeignKey(_)));
    (keys.collect(), others.map(|constraint| (*constraint).clone()).collect())
}

fn same_column(before: &Column, after: &Column, comparison: &Comparison) -> bool {
    let default = match (&before.default, &after.default) {
        (Some(one), Some(other)) => {
            let text = |default: &DefaultValue| default.text(comparison.dialect()).unwrap_or_default();
            one == other || comparison.expression(&text(one), &text(other))
        }
        (one, other) => one == other,
    };
    default
        && before.column_type == after.column_type
        && before.nullable == after.nullable
        && before.identity == after.identity
        && before.sequence == after.sequence
        && before.collation == after.collation
        && before.on_update == after.on_update
        && before.attributes == after.attributes
        && before.comment == after.comment
}

/// Returns whether a column has to be dropped and added again: what it is computed from cannot be changed.
fn is_computed_otherwise(before: &Column, after: &Column, comparison: &Comparison) -> bool {
    let same = |one: &Generated, other: &Generated| {
        one.stored == other.stored && comparison.expression(&one.expression, &other.expression)
    };
    match (&before.generated, &after.generated) {
        (Some(one), Some(other)) => !same(one, other) || before.column_type != after.column_type,
        (None, None) => false,
        _ => true,
    }
}
