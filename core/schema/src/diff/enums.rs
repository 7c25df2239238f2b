//! Enumeration types with other values. PostgreSQL only.

use alembic_sql::{Dialect, mentioned, wording::joined};

use super::{Diff, TableDiff};
use crate::{Column, Constraint, DefaultValue, Enumeration, Index, Name, Schema, Table, operation::Operation};

const POSTGRES: Dialect = Dialect::Postgres;

/// An enumeration type with other values.
#[derive(Debug, Clone, PartialEq)]
pub struct EnumDiff {
    /// As it is.
    pub before: Enumeration,
    /// As it is to be.
    pub after: Enumeration,
    /// What there is to do if values cannot just be added: the type is made anew.
    again: Option<Again>,
}

/// What has to be changed with a type that is made anew.
#[derive(Debug, Clone, PartialEq, Default)]
struct Again {
    /// Each with the default that it is to have.
    columns: Vec<(Name, Column, Option<DefaultValue>)>,
    constraints: Vec<(Name, Constraint, bool)>,
    indexes: Vec<(Index, bool)>,
}

impl EnumDiff {
    pub(super) fn new(
        existing: &Enumeration,
        wanted: &Enumeration,
        diff: &mut Diff,
        before: &Schema,
        after: &Schema,
    ) -> Self {
        let mut this = Self { before: existing.clone(), after: wanted.clone(), again: None };
        if !this.only_adds() || this.uses_new_values(after) {
            this.again = Some(Again::of(existing, diff, before));
        }
        this
    }

    /// Returns the values that are there no more.
    #[must_use]
    pub fn dropped_values(&self) -> Vec<&String> {
        self.before.values.iter().filter(|value| !self.after.values.contains(value)).collect()
    }

    /// Returns the values that are new.
    #[must_use]
    pub fn added_values(&self) -> Vec<&String> {
        self.after.values.iter().filter(|value| !self.before.values.contains(value)).collect()
    }

    fn only_adds(&self) -> bool {
        let kept: Vec<&String> = self.after.values.iter().filter(|value| self.before.values.contains(value)).collect();
        kept.into_iter().eq(&self.before.values)
    }

    /// A value that was added in a transaction cannot be used before its end.
    fn uses_new_values(&self, after: &Schema) -> bool {
        let literals: Vec<String> = self.added_values().iter().map(|value| POSTGRES.literal(value)).collect();
        let uses = |text: &str| literals.iter().any(|literal| text.contains(literal.as_str()));
        let default = |column: &Column| column.default.as_ref().and_then(|default| default.text(POSTGRES));
        after.tables.iter().any(|table| {
            let checks = table.checks().map(|check| check.expression.as_str());
            let predicates = table.indexes.iter().filter_map(|index| index.predicate.as_deref());
            let computed =
                table.columns.iter().filter_map(|column| Some(column.generated.as_ref()?.expression.as_str()));
            checks.chain(predicates).chain(computed).any(uses)
                || table.columns.iter().filter_map(default).any(|default| uses(&default))
        })
    }

    pub(super) fn operations(&self) -> Vec<Operation> {
        let Some(again) = &self.again else {
            return self.additions();
        };
        let name = &self.before.name;
        let old = name.beside(&format!("{}_alembic_old", name.name));
        let mut operations: Vec<Operation> = Vec::new();
        for (index, _) in &again.indexes {
            let (table, index) = (index.table.clone(), index.name.clone().unwrap_or_default());
            operations.push(Operation::DropIndex { table, index, if_exists: false, concurrently: false });
        }
        for (table, constraint, _) in &again.constraints {
            let (table, kind) = (table.clone(), constraint.kind());
            let constraint = constraint.own_name().cloned().unwrap_or_default();
            operations.push(Operation::DropConstraint { table, constraint, kind, if_exists: false });
        }
        let to = POSTGRES.quote(&old.name);
        operations.push(Operation::Execute(format!("ALTER TYPE {} RENAME TO {to}", name.sql(POSTGRES))));
        operations.push((&self.after).into());
        operations.extend(
            again
                .columns
                .iter()
                .map(|(table, column, default)| Operation::Execute(self.retype(table, column, default.as_ref()))),
        );
        operations.push(Operation::DropEnum { name: old, if_exists: false });
        let kept = again.constraints.iter().filter(|(.., kept)| *kept);
        operations.extend(kept.map(|(table, constraint, _)| Operation::CreateConstraint {
            table: table.clone(),
            constraint: constraint.clone(),
        }));
        let kept = again.indexes.iter().filter(|(_, kept)| *kept);
        operations.extend(kept.map(|(index, _)| Operation::CreateIndex(index.clone())));
        operations
    }

    fn additions(&self) -> Vec<Operation> {
        let is_old = |value: &&String| self.before.values.contains(value);
        let new = self.after.values.iter().enumerate().filter(|(_, value)| !is_old(value));
        new.map(|(at, value)| Operation::AddEnumValue {
            name: self.after.name.clone(),
            value: value.clone(),
            before: self.after.values[at..].iter().find(is_old).cloned(),
            if_not_exists: false,
        })
        .collect()
    }

    /// A default of the old type has no cast to the new one.
    fn retype(&self, table: &Name, column: &Column, default: Option<&DefaultValue>) -> String {
        let (table, name) = (table.sql(POSTGRES), POSTGRES.quote(&column.name));
        let array = if column.column_type.sql(POSTGRES).ends_with("[]") { "[]" } else { "" };
        let new = format!("{}{array}", self.after.name.sql(POSTGRES));
        let before = column.default.as_ref().map(|_| format!("ALTER COLUMN {name} DROP DEFAULT"));
        let change = format!("ALTER COLUMN {name} TYPE {new} USING {name}::text{array}::{new}");
        let default = default.and_then(|default| default.text(POSTGRES));
        let after = default.map(|default| format!("ALTER COLUMN {name} SET DEFAULT {default}"));
        format!("ALTER TABLE {table} {}", joined(before.into_iter().chain([change]).chain(after)))
    }
}

impl Again {
    /// Finds what uses a type, in the tables that stay. What is not wanted any more is dropped here, and not later.
    fn of(existing: &Enumeration, diff: &mut Diff, before: &Schema) -> Self {
        let mut this = Self::default();
        let stays = |table: &&Table| !diff.dropped_tables.iter().any(|dropped| dropped.name == table.name);
        let tables: Vec<&Table> = before.tables.iter().filter(stays).collect();
        for table in tables {
            let mut of_table = diff.altered_tables.iter_mut().find(|diff| diff.before.name == table.name);
            this.columns.extend(
                table
                    .columns
                    .iter()
                    .filter(|column| column.column_type.is_named(&existing.name))
                    .map(|column| (table.name.clone(), column.clone(), wanted_default(column, of_table.as_deref()))),
            );
            for constraint in &table.constraints {
                let Constraint::Check(check) = constraint else { continue };
                if mentions(&check.expression, &existing.name) {
                    let kept = of_table.as_mut().is_none_or(|diff| !taken(&mut diff.dropped_constraints, constraint));
                    this.constraints.push((table.name.clone(), constraint.clone(), kept));
                }
            }
            for index in &table.indexes {
                if index.predicate.as_ref().is_some_and(|predicate| mentions(predicate, &existing.name)) {
                    let kept = of_table.as_mut().is_none_or(|diff| !taken(&mut diff.dropped_indexes, index));
                    this.indexes.push((index.clone(), kept));
                }
            }
        }
        this
    }
}

/// A default that changes may be a value that is no more; one of another type is set with that type.
fn wanted_default(column: &Column, diff: Option<&TableDiff>) -> Option<DefaultValue> {
    let altered = diff.and_then(|diff| diff.altered.iter().find(|altered| altered.before.name == column.name));
    let dropped = diff.is_some_and(|diff| diff.dropped.iter().any(|dropped| dropped.name == column.name));
    match altered {
        Some(altered) if altered.changes_type() => None,
        Some(altered) => altered.after.default.clone(),
        None if dropped => None,
        None => column.default.clone(),
    }
}

fn taken<T: PartialEq>(list: &mut Vec<T>, item: &T) -> bool {
    let at = list.iter().position(|other| other == item);
    at.map(|at| list.remove(at)).is_some()
}

fn mentions(expression: &str, name: &Name) -> bool {
    mentioned(expression, POSTGRES).contains(&name.name)
}
