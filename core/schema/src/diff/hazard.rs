//! Hazards: changes that may lose data, or fail on rows.

use std::fmt;

use alembic_sql::{Dialect, wording::quoted};

use super::{ColumnDiff, EnumDiff, TableDiff, steps::Part};
use crate::{Column, Constraint, Name};

/// What a reader of a revision has to know of an operation before it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hazard {
    /// Which kind of hazard.
    pub kind: HazardKind,
    /// What happens to what, in words.
    pub message: String,
}

/// The kinds of hazards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum HazardKind {
    /// Rows or values are lost.
    DataLoss,
    /// It fails if the rows are not as it needs them.
    FailsOnRows,
    /// Values may become others.
    ConvertsValues,
    /// Others wait until it is done.
    Blocks,
    /// Something that names the object does not work any more.
    BreaksDependents,
    /// The downgrade does not bring it back.
    NotRestored,
}

impl HazardKind {
    /// Returns its name in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::DataLoss => "data-loss",
            Self::FailsOnRows => "fails-on-rows",
            Self::ConvertsValues => "converts-values",
            Self::Blocks => "blocks",
            Self::BreaksDependents => "breaks-dependents",
            Self::NotRestored => "not-restored",
        }
    }
}

impl Hazard {
    /// Returns a hazard.
    #[must_use]
    pub fn new(kind: HazardKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}

impl fmt::Display for Hazard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.kind == HazardKind::DataLoss { "destructive" } else { "note" };
        // A comment of one line, whatever is called how.
        write!(f, "{word}: {}", self.message.replace(['\n', '\r'], " "))
    }
}

/// Returns the hazards of an enumeration type with other values.
pub(super) fn of_enum(diff: &EnumDiff) -> Vec<Hazard> {
    let name = &diff.after.name;
    let fails =
        |value: &&String| Hazard::new(HazardKind::FailsOnRows, format!("fails if a row holds `{value}` of `{name}`"));
    diff.dropped_values().iter().map(fails).collect()
}

/// Returns the hazards of altering a part of a table.
pub(super) fn of_part(diff: &TableDiff, part: &Part<'_>, dialect: Dialect, online: bool) -> Vec<Hazard> {
    let table = &diff.after.name;
    // Elsewhere reading and writing goes on, or the whole database is locked anyway.
    let blocks = (dialect == Dialect::Postgres && !online).then(|| blocks_writes(table));
    match part {
        Part::Columns => of_columns(diff, dialect),
        Part::CreateConstraint(Constraint::Unique(unique)) => {
            let fails = format!("fails if rows of `{table}` share {}", quoted(&unique.columns));
            std::iter::once(Hazard::new(HazardKind::FailsOnRows, fails)).chain(blocks).collect()
        }
        Part::CreateIndex(_) => blocks.into_iter().collect(),
        Part::DropConstraint(_)
        | Part::DropIndex(_)
        | Part::RenameConstraint(..)
        | Part::RenameIndex(..)
        | Part::CreateConstraint(_) => Vec::new(),
    }
}

fn blocks_writes(table: &Name) -> Hazard {
    let message = format!("blocks writes to `{table}` while the index is built; `--online` does not");
    Hazard::new(HazardKind::Blocks, message)
}

fn of_columns(diff: &TableDiff, dialect: Dialect) -> Vec<Hazard> {
    let table = &diff.after.name;
    let is_added_again = |column: &&Column| diff.added.iter().any(|added| added.name == column.name);
    let mut hazards = Vec::new();
    for column in diff.dropped.iter().filter(|column| !is_added_again(column) && column.generated.is_none()) {
        let message = format!("drops `{table}.{}` with all its values", column.name);
        hazards.push(Hazard::new(HazardKind::DataLoss, message));
    }
    for column in diff.added.iter().filter(|column| needs_a_value(column)) {
        let text = format!(
            "`{table}.{}` may not be NULL and has no default: rows that are there need a value; add it as nullable, fill \
             it in, then make it NOT NULL",
            column.name
        );
        hazards.push(Hazard::new(HazardKind::FailsOnRows, text));
    }
    hazards.extend(diff.altered.iter().flat_map(|column| of_column(table, column, dialect)));
    hazards
}

fn needs_a_value(column: &Column) -> bool {
    !column.nullable && column.default.is_none() && column.identity.is_none() && column.generated.is_none()
}

fn of_column(table: &Name, diff: &ColumnDiff, dialect: Dialect) -> Vec<Hazard> {
    let name = &diff.before.name;
    let mut hazards = Vec::new();
    if diff.before.column_type != diff.after.column_type {
        let (old, new) = (diff.before.column_type.sql(dialect), diff.after.column_type.sql(dialect));
        let text = format!("`{table}.{name}` changes from {old} to {new}");
        if dialect == Dialect::Sqlite {
            let text = format!("{text}: values stay as they are, as far as the new type takes them");
            hazards.push(Hazard::new(HazardKind::ConvertsValues, text));
        } else if rounds(&old, &new) {
            hazards.push(Hazard::new(HazardKind::DataLoss, format!("{text}: values are rounded, or lose a part")));
        } else if !only_widens(&old, &new) {
            hazards.push(Hazard::new(HazardKind::FailsOnRows, format!("{text}: fails if a value does not fit")));
        }
    }
    if diff.before.nullable && !diff.after.nullable {
        hazards.push(Hazard::new(HazardKind::FailsOnRows, format!("fails if `{table}.{name}` is NULL somewhere")));
    }
    hazards
}

/// Returns whether values lose a part without an error.
fn rounds(old: &str, new: &str) -> bool {
    let base = |name: &str| name.split('(').next().unwrap_or_default().trim().to_lowercase();
    let (old, new) = (base(old), base(new));
    let fractional = ["numeric", "decimal", "real", "float", "double", "double precision"];
    let whole = ["smallint", "integer", "int", "bigint", "tinyint", "mediumint"];
    let moments = ["timestamp with time zone", "timestamp without time zone", "timestamp", "datetime"];
    fractional.contains(&old.as_str()) && whole.contains(&new.as_str())
        || moments.contains(&old.as_str()) && old != new && (new == "date" || moments.contains(&new.as_str()))
        || ["double", "double precision"].contains(&old.as_str()) && ["real", "float"].contains(&new.as_str())
}

/// Returns whether every value of the old type is one of the new type.
fn only_widens(old: &str, new: &str) -> bool {
    let (old, new) = (old.to_lowercase(), new.to_lowercase());
    let split = |name: &str| {
        let (base, arguments) = name.split_once('(').unwrap_or((name, ""));
        let numbers: Vec<u32> =
            arguments.trim_end_matches(')').split(',').filter_map(|n| n.trim().parse().ok()).collect();
        (base.trim().to_owned(), numbers)
    };
    let ((old_base, old_numbers), (new_base, new_numbers)) = (split(&old), split(&new));
    let integers = ["smallint", "integer", "bigint"];
    let place = |base: &str| integers.iter().position(|name| *name == if base == "int" { "integer" } else { base });
    let is_text = |base: &str| ["character varying", "varchar"].contains(&base);
    match (place(&old_base), place(&new_base)) {
        (Some(one), Some(other)) => one <= other,
        _ if ["text", "longtext"].contains(&new_base.as_str()) => true,
        (Some(_), None) => {
            ["numeric", "double precision", "double"].contains(&new_base.as_str()) && new_numbers.is_empty()
        }
        _ if is_text(&old_base) && old_base == new_base => {
            new_numbers.is_empty() || !old_numbers.is_empty() && new_numbers.first() >= old_numbers.first()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wider_type_loses_nothing() {
        assert!(only_widens("integer", "bigint") && only_widens("varchar(10)", "varchar(20)"));
        assert!(only_widens("character varying(10)", "text") && only_widens("varchar(10)", "varchar"));
        assert!(!only_widens("bigint", "integer") && !only_widens("varchar(20)", "varchar(10)"));
        assert!(!only_widens("text", "integer") && !only_widens("character varying", "character varying(10)"));
    }
}
