//! Hazards: changes that may lose data, or fail on rows.

use std::fmt;

use alembic_sql::{Dialect, wording::quoted};

use super::{ColumnDiff, EnumDiff, TableDiff, steps::Part};
use crate::{Column, Constraint, Name, conversion::Conversion};

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
    let strict = diff.after.options_for(dialect).any(|options| options.contains("STRICT"));
    let mut hazards = Vec::new();
    for column in diff.gone().filter(|column| column.generated.is_none()) {
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
    hazards.extend(diff.altered.iter().flat_map(|column| of_column(table, column, dialect, strict)));
    hazards
}

fn needs_a_value(column: &Column) -> bool {
    !column.nullable && column.default.is_none() && column.identity.is_none() && column.generated.is_none()
}

fn of_column(table: &Name, diff: &ColumnDiff, dialect: Dialect, strict: bool) -> Vec<Hazard> {
    let name = &diff.before.name;
    let mut hazards = Vec::new();
    if diff.before.column_type != diff.after.column_type {
        hazards.extend(of_type(table, diff, dialect, strict));
    }
    if diff.before.nullable && !diff.after.nullable {
        hazards.push(Hazard::new(HazardKind::FailsOnRows, format!("fails if `{table}.{name}` is NULL somewhere")));
    }
    hazards
}

/// Returns what a change of type may do to values, as it was measured.
fn of_type(table: &Name, diff: &ColumnDiff, dialect: Dialect, strict: bool) -> Option<Hazard> {
    let (old, new) = (diff.before.column_type.sql(dialect), diff.after.column_type.sql(dialect));
    let measured = |name: &str| if strict { format!("STRICT {name}") } else { name.to_owned() };
    let (kind, outcome) = match Conversion::between(&measured(&old), &measured(&new), dialect) {
        Some(Conversion::Lossless) => return None,
        Some(Conversion::Fails) => (HazardKind::FailsOnRows, "fails if a value does not fit"),
        Some(Conversion::Changes) => {
            (HazardKind::DataLoss, "values that do not fit are rounded, cut or read otherwise, without an error")
        }
        Some(Conversion::FailsOrChanges) => (
            HazardKind::DataLoss,
            "fails if a value does not fit, and others are rounded, cut or read otherwise, without an error",
        ),
        Some(Conversion::NotPossible) => (HazardKind::FailsOnRows, "fails if there is a value: none can be converted"),
        None => (HazardKind::ConvertsValues, "may fail or change values: what becomes of them is not known"),
    };
    let name = &diff.before.name;
    Some(Hazard::new(kind, format!("`{table}.{name}` changes from {old} to {new}: {outcome}")))
}
