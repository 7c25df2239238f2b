//! Enumeration types with other values. PostgreSQL only.

use alembic_sql::{Dialect, mentioned};

use super::{Diff, TableDiff};
use crate::{
    Column, Constraint, DefaultValue, Enumeration, Index, Name, Schema, Table, Type,
    operation::{AlterColumn, Operation},
};

const POSTGRES: Dialect = Dialect::Postgres;

/// An enumeration type with other values.
#[derive(Debug, Clone, PartialEq)]
pub struct EnumDiff {
    /// As it is.
    pub before: Enumeration,
    /// As it is to be.
    pub after: Enumeration,
    recreation: Option<TypeRecreation>,
}

/// What has to be changed with a type that is created again: a value can only be added.
#[derive(Debug, Clone, PartialEq, Default)]
struct TypeRecreation {
    /// Columns of the type, each with the default that it is to have.
    columns: Vec<(Name, Column, Option<DefaultValue>)>,
    /// Checks that mention it, and stay.
    constraints: Vec<(Name, Constraint)>,
    /// Indexes that mention it, and stay.
    indexes: Vec<Index>,
}

impl EnumDiff {
    /// Compares two forms of a type; `diff` has what becomes of the tables.
    pub(super) fn new(
        existing: &Enumeration,
        wanted: &Enumeration,
        diff: &Diff,
        before: &Schema,
        after: &Schema,
    ) -> Self {
        let mut this = Self { before: existing.clone(), after: wanted.clone(), recreation: None };
        if !this.only_adds() || this.uses_new_values(after) {
            this.recreation = Some(TypeRecreation::new(existing, diff, before));
        }
        this
    }

    /// Returns whether the type is created again.
    pub(super) fn recreates(&self) -> bool {
        self.recreation.is_some()
    }

    /// Returns whether a column has the type while it is created again.
    pub(super) fn recreates_type_of(&self, table: &Name, column: &str) -> bool {
        let columns = self.recreation.iter().flat_map(|recreation| &recreation.columns);
        columns.into_iter().any(|(of, known, _)| of == table && known.name == column)
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
        let Some(recreation) = &self.recreation else {
            return self.additions();
        };
        let name = &self.before.name;
        let old = name.beside(&self.before.name_aside());
        let mut operations: Vec<Operation> = Vec::new();
        for index in &recreation.indexes {
            let (table, index) = (index.table.clone(), index.name.clone().unwrap_or_default());
            operations.push(Operation::DropIndex { table, index, if_exists: false, concurrently: false });
        }
        for (table, constraint) in &recreation.constraints {
            let (table, kind) = (table.clone(), constraint.kind());
            let constraint = constraint.own_name().cloned().unwrap_or_default();
            operations.push(Operation::DropConstraint { table, constraint, kind, if_exists: false });
        }
        operations.push(Operation::RenameEnum { name: name.clone(), to: old.name.clone() });
        operations.push((&self.after).into());
        let columns = recreation.columns.iter();
        operations.extend(columns.map(|(table, column, default)| self.change_type(table, column, default.clone())));
        operations.push(Operation::DropEnum { name: old, if_exists: false });
        let constraints = recreation.constraints.iter().cloned();
        operations.extend(constraints.map(|(table, constraint)| Operation::CreateConstraint { table, constraint }));
        operations.extend(recreation.indexes.iter().cloned().map(Operation::CreateIndex));
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
    fn change_type(&self, table: &Name, column: &Column, default: Option<DefaultValue>) -> Operation {
        let array = if column.column_type.sql(POSTGRES).ends_with("[]") { "[]" } else { "" };
        let new = format!("{}{array}", self.after.name.sql(POSTGRES));
        let using = format!("{}::text{array}::{new}", POSTGRES.quote(&column.name));
        let mut change = AlterColumn::new(table, &column.name).column_type(Type::Native(new)).postgres_using(&using);
        change.default = (column.default.is_some() || default.is_some()).then_some(default);
        Operation::AlterColumn(change)
    }
}

impl TypeRecreation {
    /// Finds what uses a type, in the tables that stay, and stays itself.
    fn new(existing: &Enumeration, diff: &Diff, before: &Schema) -> Self {
        let mut this = Self::default();
        let is_dropped = |table: &Table| diff.dropped_tables.iter().any(|dropped| dropped.name == table.name);
        for table in before.tables.iter().filter(|table| !is_dropped(table)) {
            let altered = diff.altered_tables.iter().find(|diff| diff.before.name == table.name);
            let of_type = table.columns.iter().filter(|column| column.column_type.is_named(&existing.name));
            let columns = of_type.map(|column| (table.name.clone(), column.clone(), wanted_default(column, altered)));
            this.columns.extend(columns);
            let checks = table.constraints.iter().filter(|constraint| {
                matches!(constraint, Constraint::Check(check) if mentions(&check.expression, &existing.name))
            });
            let stays =
                |constraint: &&Constraint| altered.is_none_or(|diff| !diff.dropped_constraints.contains(constraint));
            this.constraints.extend(checks.filter(stays).map(|check| (table.name.clone(), check.clone())));
            let mentioning = table
                .indexes
                .iter()
                .filter(|index| index.predicate.as_ref().is_some_and(|predicate| mentions(predicate, &existing.name)));
            let stays = |index: &&Index| altered.is_none_or(|diff| !diff.dropped_indexes.contains(index));
            this.indexes.extend(mentioning.filter(stays).cloned());
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

/// Returns whether an expression mentions a type.
pub(super) fn mentions(expression: &str, name: &Name) -> bool {
    mentioned(expression, POSTGRES).contains(&name.name)
}
