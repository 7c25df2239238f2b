//! Renaming a column that checks, computed columns, defaults or indexes name in an expression.
//!
//! MySQL refuses it (errors 3108, 3774, 3837 and 3959) unless the same statement takes those away, or restates them.

use alembic_sql::{Dialect, pieces};

use super::{BatchAlterTable, Operation};
use crate::{Constraint, ConstraintKind, DefaultValue, IndexKey, Table};

/// Renames a column of a table, and what names it.
pub(super) fn renamed(table: &Table, column: &str, to: &str, dialect: Dialect) -> Table {
    let quoted = [dialect.quote(column), dialect.quote(to)];
    let respell = |sql: &mut String| *sql = respelled(sql, &quoted, dialect);
    let mut table = table.clone();
    table.rename_column(column, to);
    for known in &mut table.columns {
        known.generated.iter_mut().for_each(|generated| respell(&mut generated.expression));
        if let Some(DefaultValue::Expression(sql)) = &mut known.default {
            respell(sql);
        }
    }
    for constraint in &mut table.constraints {
        if let Constraint::Check(check) = constraint {
            respell(&mut check.expression);
        }
    }
    for key in table.indexes.iter_mut().flat_map(|index| &mut index.keys) {
        if let IndexKey::Expression(sql) | IndexKey::Written(sql) = key {
            respell(sql);
        }
    }
    table
}

/// Returns one statement that renames a column together with what names it.
pub(super) fn together(before: &Table, after: &Table, column: &str, to: &str) -> Operation {
    let mut batch = BatchAlterTable::new(&before.name);
    let checks = || before.checks().zip(after.checks()).filter(|(old, new)| old.expression != new.expression);
    let has_expression = |key: &IndexKey| matches!(key, IndexKey::Expression(_) | IndexKey::Written(_));
    let indexes = || {
        let pairs = before.indexes.iter().zip(&after.indexes);
        pairs.filter(|(old, new)| old.keys != new.keys && old.keys.iter().any(has_expression))
    };
    for (check, _) in checks() {
        batch.drop_constraint(check.name.as_deref().unwrap_or_default(), ConstraintKind::Check);
    }
    for (index, _) in indexes() {
        batch.drop_index(index.name.as_deref().unwrap_or_default());
    }
    batch.alter_column(column, |change| change.rename(to));
    for (old, new) in before.columns.iter().zip(&after.columns) {
        if old.generated != new.generated || old.default != new.default {
            batch.alter_column(&new.name, |change| change.column_type(new.column_type.clone()).existing(new.clone()));
        }
    }
    for (_, index) in indexes() {
        batch.create_index(index.clone());
    }
    for (_, check) in checks() {
        batch.create_check_constraint(check.clone());
    }
    Operation::Batch(batch)
}

/// The server writes every name of a column in quotes.
fn respelled(sql: &str, [name, to]: &[String; 2], dialect: Dialect) -> String {
    let mut text = sql.to_owned();
    for piece in pieces(sql, dialect).unwrap_or_default().iter().rev() {
        if sql[piece.range.clone()] == **name {
            text.replace_range(piece.range.clone(), to);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Check, Column, Index, Naming, Type,
        operation::{rename_column, render},
    };

    #[test]
    fn a_column_is_renamed_with_all_that_names_it() {
        let int = |name: &str| Column::new(name, Type::native("int"));
        let mut table = Table::new("t")
            .column(int("a"))
            .column(int("b").default(DefaultValue::expression("`a` + 1")))
            .column(int("g").generated_stored("`a` * `b`"))
            .constraint(Check::new("`a` > 0 and `s` <> '`a`'").named("ck"))
            .constraint(Check::new("`b` > 0").named("other"));
        table.indexes.push(Index::new("t", [IndexKey::Written("((`a` * 2)) DESC".into()), "a".into()]).named("fx"));
        table.indexes.push(Index::new("t", ["a"]).named("ix"));
        let mut renamed = table.clone();
        let operation = rename_column(&mut renamed, "a", "n", Dialect::Mysql);
        let sql = render(&operation, Dialect::Mysql, &Naming::default()).unwrap();
        assert_eq!(
            sql,
            ["ALTER TABLE `t` DROP CONSTRAINT `ck`, DROP INDEX `fx`, RENAME COLUMN `a` TO `n`, MODIFY COLUMN `b` int \
              DEFAULT (`n` + 1), MODIFY COLUMN `g` int GENERATED ALWAYS AS (`n` * `b`) STORED, ADD INDEX `fx` \
              (((`n` * 2)) DESC, `n`), ADD CONSTRAINT `ck` CHECK (`n` > 0 and `s` <> '`a`')"]
        );
        let _back = rename_column(&mut renamed, "n", "a", Dialect::Mysql);
        assert_eq!(renamed, table);
        let operation = rename_column(&mut renamed, "a", "n", Dialect::Mariadb);
        let sql = render(&operation, Dialect::Mariadb, &Naming::default()).unwrap();
        assert_eq!(sql, ["ALTER TABLE `t` RENAME COLUMN `a` TO `n`"]);
    }
}
