//! What MySQL and MariaDB say their own way.

use alembic_sql::Dialect;

use super::{
    AlterColumn, BatchAlterTable, Operation,
    render::{Unsupported, Writer, exists, unsupported},
};
use crate::{ConstraintKind, DefaultValue, Index, IndexKey, shortened};

/// The default and the name can be changed alone; for all else the whole column is written anew.
pub(super) fn alter_column(writer: Writer<'_>, change: &AlterColumn) -> Result<Vec<String>, Unsupported> {
    let dialect = writer.dialect;
    let (alter, column) = (writer.alter(&change.table), dialect.quote(&change.column));
    let whole = change.column_type.is_some()
        || change.nullable.is_some()
        || change.identity.is_some()
        || change.collation.is_some()
        || change.on_update.is_some()
        || change.comment.is_some()
        || sets_default_with_the_column(dialect, change);
    if whole {
        let Some(existing) = &change.existing else {
            let what = format!("changing a part of the column `{}`: it is written anew as a whole", change.column);
            return Err(unsupported(dialect, what, "say how it is now with `.existing(Column::new(…))`"));
        };
        let after = writer.column(&change.apply(existing))?;
        let verb = if change.rename.is_some() { format!("CHANGE COLUMN {column}") } else { "MODIFY COLUMN".to_owned() };
        return Ok(vec![format!("{alter} {verb} {after}")]);
    }
    let mut statements = Vec::new();
    if let Some(default) = &change.default {
        let existing = change.existing.as_ref().map(|existing| &existing.column_type);
        if matches!(default, Some(DefaultValue::Now)) && existing.is_none() {
            let what = format!("the time as a default of `{}` without knowing its type", change.column);
            return Err(unsupported(dialect, what, "say how it is now with `.existing(Column::new(…))`"));
        }
        let action = match default {
            // All but constants stand in parentheses.
            Some(DefaultValue::Now) => format!("SET DEFAULT ({})", writer.default(&DefaultValue::Now, existing)?),
            Some(default) => format!("SET DEFAULT {}", writer.default(default, existing)?),
            None => "DROP DEFAULT".to_owned(),
        };
        statements.push(format!("{alter} ALTER COLUMN {column} {action}"));
    }
    if let Some(name) = &change.rename {
        statements.push(format!("{alter} RENAME COLUMN {column} TO {}", dialect.quote(name)));
    }
    Ok(statements)
}

fn sets_default_with_the_column(dialect: Dialect, change: &AlterColumn) -> bool {
    let (Some(Some(default)), Some(existing)) = (&change.default, &change.existing) else { return false };
    dialect == Dialect::Mysql && default.needs_whole_column_on_mysql(&existing.column_type)
}

pub(super) fn drop_constraint(
    writer: Writer<'_>,
    constraint: &str,
    kind: ConstraintKind,
    if_exists: bool,
) -> Result<String, Unsupported> {
    let dialect = writer.dialect;
    if if_exists && (dialect == Dialect::Mysql || kind == ConstraintKind::PrimaryKey) {
        let instead = "leave the condition out: the revision knows what is there";
        return Err(unsupported(dialect, format!("`IF EXISTS` of a {kind}"), instead));
    }
    let (condition, name) = (exists(if_exists), dialect.quote(constraint));
    Ok(match kind {
        ConstraintKind::PrimaryKey => "DROP PRIMARY KEY".to_owned(),
        ConstraintKind::Unique => format!("DROP INDEX {condition}{name}"),
        ConstraintKind::ForeignKey => format!("DROP FOREIGN KEY {condition}{name}"),
        ConstraintKind::Check => format!("DROP CONSTRAINT {condition}{name}"),
    })
}

/// One `ALTER TABLE` for all: the server rebuilds the table once, and makes all changes or none.
pub(super) fn batch(writer: Writer<'_>, batch: &BatchAlterTable) -> Result<Vec<String>, Unsupported> {
    let alter = format!("{} ", writer.alter(&batch.table));
    let on = format!(" ON {} (", batch.table.sql(writer.dialect));
    let (mut actions, mut others) = (Vec::new(), Vec::new());
    for operation in batch.operations() {
        match &operation {
            Operation::CreateIndex(index) => {
                let created = writer.create_index(index)?;
                let words = created.trim_start_matches("CREATE ").replacen(&on, " (", 1);
                actions.push(format!("ADD {words}"));
            }
            Operation::DropIndex { index, .. } => {
                actions.push(format!("DROP INDEX {}", writer.dialect.quote(&shortened(index))));
            }
            _ => {
                for statement in writer.operation(&operation)? {
                    match statement.strip_prefix(&alter) {
                        Some(action) => actions.push(action.to_owned()),
                        None => others.push(statement),
                    }
                }
            }
        }
    }
    let altered = (!actions.is_empty()).then(|| format!("{alter}{}", actions.join(", ")));
    Ok(altered.into_iter().chain(others).collect())
}

pub(super) fn check_index(writer: Writer<'_>, index: &Index) -> Result<(), Unsupported> {
    let dialect = writer.dialect;
    let has_expression = index.keys.iter().any(|key| matches!(key, IndexKey::Expression(_)));
    if has_expression && dialect == Dialect::Mariadb {
        let instead = "add a column with `generated_virtual`, and index that";
        return Err(unsupported(dialect, "indexes over expressions", instead));
    }
    if index.predicate.is_some() {
        let instead = "index all rows, or a generated column that is NULL for the others";
        return Err(unsupported(dialect, "partial indexes", instead));
    }
    if index.if_not_exists && dialect == Dialect::Mysql {
        let instead = "leave the condition out: the revision knows what is there";
        return Err(unsupported(dialect, "`CREATE INDEX IF NOT EXISTS`", instead));
    }
    Ok(())
}
