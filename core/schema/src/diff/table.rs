//! The differences between two forms of a table.

use alembic_sql::{Dialect, mentioned};

use super::Comparison;
use crate::{Column, Constraint, DefaultValue, ForeignKey, Generated, Index, Table};

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
        let mut this = Self::none(before, after);
        this.compare_columns(comparison);
        this.compare_constraints(comparison);
        this.compare_indexes(comparison);
        this.comment = before.comment != after.comment;
        this.options = comparison.dialect() == Dialect::Sqlite && before.options != after.options;
        (this != Self::none(before, after)).then_some(this)
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
            comment: false,
            options: false,
        }
    }

    fn compare_columns(&mut self, comparison: &Comparison) {
        for wanted in &self.after.columns {
            let existing = self.before.columns.iter().find(|column| column.name == wanted.name);
            match existing {
                None => self.added.push(wanted.clone()),
                Some(existing) if !same_column(existing, wanted, comparison) => {
                    self.altered.push(ColumnDiff { before: existing.clone(), after: wanted.clone() });
                }
                Some(_) => {}
            }
        }
        let gone = |column: &&Column| self.column(&column.name).is_none();
        self.dropped = self.before.columns.iter().filter(gone).cloned().collect();
        // What is computed from a column stands in the way of its change.
        let computed = |column: &&Column| {
            let names =
                column.generated.as_ref().map(|g| mentioned(&g.expression, comparison.dialect())).unwrap_or_default();
            let changes = |diff: &ColumnDiff| {
                diff.before.column_type != diff.after.column_type && names.contains(&diff.before.name)
            };
            let anew = self.altered.iter().any(changes) && comparison.dialect() == Dialect::Postgres;
            anew && !self.altered.iter().any(|diff| diff.before.name == column.name)
                && self.column(&column.name).is_some()
        };
        let again: Vec<Column> = self.before.columns.iter().filter(computed).cloned().collect();
        for column in again {
            let wanted = self.column(&column.name).cloned();
            self.added.extend(wanted);
            self.dropped.push(column);
        }
        let (anew, altered): (Vec<_>, Vec<_>) = std::mem::take(&mut self.altered)
            .into_iter()
            .partition(|diff| is_computed_anew(&diff.before, &diff.after, comparison));
        self.altered = altered;
        for diff in anew {
            self.dropped.push(diff.before);
            self.added.push(diff.after);
        }
        // Last what is computed from others.
        self.added.sort_by_key(|column| column.generated.is_some());
        self.dropped.sort_by_key(|column| column.generated.is_none());
    }

    fn column(&self, name: &str) -> Option<&Column> {
        self.after.columns.iter().find(|column| column.name == name)
    }

    fn compare_constraints(&mut self, comparison: &Comparison) {
        let mut unmatched = self.before.constraints.clone();
        for wanted in &self.after.constraints {
            match unmatched.iter().position(|existing| comparison.constraint(existing, wanted)) {
                Some(at) => drop(unmatched.remove(at)),
                None => match wanted {
                    Constraint::ForeignKey(key) => self.created_keys.push(key.clone()),
                    other => self.created_constraints.push(other.clone()),
                },
            }
        }
        for unwanted in unmatched {
            match unwanted {
                Constraint::ForeignKey(key) => self.dropped_keys.push(key),
                other => self.dropped_constraints.push(other),
            }
        }
    }

    fn compare_indexes(&mut self, comparison: &Comparison) {
        let mut unmatched = self.before.indexes.clone();
        for wanted in &self.after.indexes {
            match unmatched.iter().position(|existing| comparison.index(existing, wanted)) {
                Some(at) => drop(unmatched.remove(at)),
                None => self.created_indexes.push(wanted.clone()),
            }
        }
        self.dropped_indexes = unmatched;
    }
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
        && !is_computed_anew(before, after, comparison)
        && before.column_type == after.column_type
        && before.nullable == after.nullable
        && before.identity == after.identity
        && before.collation == after.collation
        && before.on_update == after.on_update
        && before.comment == after.comment
}

/// Returns whether a column has to be made anew: what it is computed from cannot be changed.
fn is_computed_anew(before: &Column, after: &Column, comparison: &Comparison) -> bool {
    let same = |one: &Generated, other: &Generated| {
        one.stored == other.stored && comparison.expression(&one.expression, &other.expression)
    };
    match (&before.generated, &after.generated) {
        (Some(one), Some(other)) => !same(one, other) || before.column_type != after.column_type,
        (None, None) => false,
        _ => true,
    }
}
