//! Hazards: changes that may lose data, or fail on rows.

use std::fmt;

use alembic_sql::{Dialect, wording::quoted};

use super::{ColumnDiff, TableDiff};
use crate::{Column, Constraint};

/// What a reader of a revision has to know of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caution {
    /// Rows, or values, are lost.
    Destructive(String),
    /// It fails, or changes values, if the rows are not as it needs them.
    Note(String),
}

impl fmt::Display for Caution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, text) = match self {
            Self::Destructive(text) => ("destructive", text),
            Self::Note(text) => ("note", text),
        };
        // It stands in a comment of one line, whatever is called how.
        write!(f, "{kind}: {}", text.replace(['\n', '\r'], " "))
    }
}

/// Returns what is to be known of the change of a table.
pub(super) fn of_table(diff: &TableDiff, dialect: Dialect) -> Vec<Caution> {
    let table = &diff.after.name;
    let again = |column: &&Column| diff.added.iter().any(|added| added.name == column.name);
    let mut cautions = Vec::new();
    for column in diff.dropped.iter().filter(|column| !again(column) && column.generated.is_none()) {
        cautions.push(Caution::Destructive(format!("drops `{table}.{}` with all its values", column.name)));
    }
    for column in diff.added.iter().filter(|column| needs_a_value(column)) {
        let text = format!(
            "`{table}.{}` may not be NULL and has no default: rows that are there need a value; add it as nullable, fill \
             it in, then make it NOT NULL",
            column.name
        );
        cautions.push(Caution::Note(text));
    }
    for column in &diff.altered {
        cautions.extend(of_column(&table.to_string(), column, dialect));
    }
    for constraint in &diff.created_constraints {
        if let Constraint::Unique(unique) = constraint {
            cautions.push(Caution::Note(format!("fails if rows of `{table}` share {}", quoted(&unique.columns))));
        }
    }
    cautions
}

fn needs_a_value(column: &Column) -> bool {
    !column.nullable && column.default.is_none() && column.identity.is_none() && column.generated.is_none()
}

fn of_column(table: &str, diff: &ColumnDiff, dialect: Dialect) -> Vec<Caution> {
    let name = &diff.before.name;
    let mut cautions = Vec::new();
    if diff.before.column_type != diff.after.column_type {
        let (old, new) = (diff.before.column_type.sql(dialect), diff.after.column_type.sql(dialect));
        let text = format!("`{table}.{name}` changes from {old} to {new}");
        if dialect == Dialect::Sqlite {
            let text = format!("{text}: values stay as they are, as far as the new type takes them");
            cautions.push(Caution::Note(text));
        } else if rounds(&old, &new) {
            cautions.push(Caution::Destructive(format!("{text}: values are rounded, or lose a part")));
        } else if !only_widens(&old, &new) {
            cautions.push(Caution::Note(format!("{text}: fails if a value does not fit")));
        }
    }
    if diff.before.nullable && !diff.after.nullable {
        cautions.push(Caution::Note(format!("fails if `{table}.{name}` is NULL somewhere")));
    }
    cautions
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
