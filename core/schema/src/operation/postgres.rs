//! What only PostgreSQL says, or says its own way.

use alembic_sql::{Dialect, wording::joined};

use super::{
    AlterColumn, Operation,
    numbering::Numbering,
    render::{Unsupported, Writer, exists, not_exists},
};
use crate::Name;

const POSTGRES: Dialect = Dialect::Postgres;

/// One statement for all that rewrites or scans the table: it is rewritten once.
pub(super) fn alter_column(writer: Writer<'_>, change: &AlterColumn) -> Result<Vec<String>, Unsupported> {
    let column = POSTGRES.quote(&change.column);
    let mut actions = Vec::new();
    if let Some(column_type) = &change.column_type {
        let using = change.postgres_using.as_ref().map_or_else(String::new, |using| format!(" USING {using}"));
        // The old default may have no cast to the new type.
        if change.default.is_some() {
            actions.push(format!("ALTER COLUMN {column} DROP DEFAULT"));
        }
        actions.push(format!("ALTER COLUMN {column} TYPE {}{}{using}", column_type.sql(POSTGRES), collate(change)));
    } else if let (Some(_), Some(existing)) = (&change.collation, &change.existing) {
        let column_type = existing.column_type.sql(POSTGRES);
        actions.push(format!("ALTER COLUMN {column} TYPE {column_type}{}", collate(change)));
    }
    if let Some(nullable) = change.nullable {
        actions.push(format!("ALTER COLUMN {column} {} NOT NULL", if nullable { "DROP" } else { "SET" }));
    }
    match &change.default {
        Some(Some(default)) => {
            let default = writer.default(default, change.column_type.as_ref())?;
            actions.push(format!("ALTER COLUMN {column} SET DEFAULT {default}"));
        }
        Some(None) if change.column_type.is_none() => actions.push(format!("ALTER COLUMN {column} DROP DEFAULT")),
        _ => {}
    }
    let numbering = change.identity.map(|identity| Numbering::of(change, identity)).unwrap_or_default();
    actions.extend(numbering.action);
    let mut statements = numbering.before;
    if !actions.is_empty() {
        statements.push(format!("{} {}", writer.alter(&change.table), joined(actions)));
    }
    statements.extend(numbering.after);
    if let Some(comment) = &change.comment {
        statements.push(column_comment(&change.table, &change.column, comment.as_deref()));
    }
    if let Some(name) = &change.rename {
        statements.push(format!("{} RENAME COLUMN {column} TO {}", writer.alter(&change.table), POSTGRES.quote(name)));
    }
    Ok(statements)
}

/// A change of type gives the column the type's own order, unless another is said.
fn collate(change: &AlterColumn) -> String {
    let existing = change.existing.as_ref().and_then(|existing| existing.collation.clone());
    let collation = change.collation.clone().unwrap_or(existing);
    collation.map_or_else(String::new, |collation| format!(" COLLATE {}", POSTGRES.quote(&collation)))
}

pub(super) fn column_comment(table: &Name, column: &str, comment: Option<&str>) -> String {
    let comment = comment.map_or_else(|| "NULL".to_owned(), |comment| POSTGRES.literal(comment));
    format!("COMMENT ON COLUMN {}.{} IS {comment}", table.sql(POSTGRES), POSTGRES.quote(column))
}

pub(super) fn enumeration(operation: &Operation) -> String {
    let literal = |value: &String| POSTGRES.literal(value);
    match operation {
        Operation::CreateEnum { name, values } => {
            format!("CREATE TYPE {} AS ENUM ({})", name.sql(POSTGRES), joined(values.iter().map(literal)))
        }
        Operation::AddEnumValue { name, value, before, if_not_exists } => {
            let before = before.as_ref().map_or_else(String::new, |before| format!(" BEFORE {}", literal(before)));
            let condition = not_exists(*if_not_exists);
            format!("ALTER TYPE {} ADD VALUE {condition}{}{before}", name.sql(POSTGRES), literal(value))
        }
        Operation::RenameEnumValue { name, value, to } => {
            format!("ALTER TYPE {} RENAME VALUE {} TO {}", name.sql(POSTGRES), literal(value), literal(to))
        }
        Operation::DropEnum { name, if_exists } => {
            format!("DROP TYPE {}{}", exists(*if_exists), name.sql(POSTGRES))
        }
        _ => String::new(),
    }
}
