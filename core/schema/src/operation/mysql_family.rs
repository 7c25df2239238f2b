//! MySQL and MariaDB, as far as they are alike.

use alembic_sql::{Dialect, wording::joined};

use super::{
    AlterColumn, BatchAlterTable, BulkInsert, Conflict, Operation,
    ddl::{Conditional, Ddl, Unsupported, Written},
    mysql_default, mysql_rename,
    writer::DdlWriter,
};
use crate::{Column, ConstraintKind, DefaultValue, Index, IndexKey, Name, Naming, Table, Type};

/// What the members of the family do differently.
pub(super) trait Member {
    fn dialect(&self) -> Dialect;

    /// Returns whether a clause can be conditional.
    fn takes(&self, conditional: Conditional) -> bool;

    /// Returns whether a computed column can be `NOT NULL`.
    fn computes_not_null(&self) -> bool;

    /// Returns whether an index can have an expression as a key.
    fn indexes_expressions(&self) -> bool;

    /// Returns whether a column takes the expressions along that name it when it is renamed.
    fn renames_in_expressions(&self) -> bool;

    /// Returns whether `ALTER COLUMN … SET DEFAULT` takes a default for a column of this type.
    fn sets_default_alone(&self, default: &DefaultValue, column_type: &Type) -> bool;
}

pub(super) struct MysqlFamily<'n> {
    pub(super) naming: &'n Naming,
    pub(super) member: &'n dyn Member,
}

const DESCRIBE_EXISTING: &str = "describe it with `.existing(Column::new(…))`";

impl DdlWriter for MysqlFamily<'_> {
    fn dialect(&self) -> Dialect {
        self.member.dialect()
    }

    fn naming(&self) -> &Naming {
        self.naming
    }

    /// Without its schema, the table would move to the database in use.
    fn rename_table(&self, table: &Name, to: &str) -> Ddl {
        Ddl::action(table, format!("RENAME TO {}", self.name(&table.beside(to))))
    }

    fn table_comment(&self, table: &Name, comment: Option<&str>) -> Result<Ddl, Unsupported> {
        Ok(Ddl::action(table, comment_option(self.dialect(), comment.unwrap_or_default())))
    }

    /// Tables and columns have their comments in their definitions.
    fn comments(&self, _table: &Name, _comment: Option<&str>, _columns: &[Column]) -> Written {
        Ok(Vec::new())
    }

    /// The default and the name can be changed alone; for all else the whole column is restated.
    fn alter_column(&self, change: &AlterColumn) -> Written {
        let column = self.quote(&change.column);
        if self.restates_column(change) {
            let Some(existing) = &change.existing else {
                let what = format!("changing a part of the column `{}`: the whole column is restated", change.column);
                return Err(self.unsupported(&what, DESCRIBE_EXISTING));
            };
            let after = self.column(&change.apply(existing))?;
            let action = match change.rename {
                Some(_) => format!("CHANGE COLUMN {column} {after}"),
                None => format!("MODIFY COLUMN {after}"),
            };
            return Ok(vec![Ddl::action(&change.table, action)]);
        }
        let mut written = Vec::new();
        if let Some(default) = &change.default {
            let action = match default {
                Some(default) => format!("SET DEFAULT {}", self.default_alone(default, change)?),
                None => "DROP DEFAULT".to_owned(),
            };
            written.push(Ddl::action(&change.table, format!("ALTER COLUMN {column} {action}")));
        }
        if let Some(name) = &change.rename {
            written.push(Ddl::action(&change.table, format!("RENAME COLUMN {column} TO {}", self.quote(name))));
        }
        Ok(written)
    }

    fn rename_column(&self, table: &mut Table, column: &str, to: &str) -> Operation {
        let after = mysql_rename::renamed(table, column, to, self.dialect());
        let before = std::mem::replace(table, after);
        match self.member.renames_in_expressions() {
            true => Operation::AlterColumn(AlterColumn::new(&table.name, column).rename(to)),
            false => mysql_rename::together(&before, table, column, to),
        }
    }

    /// Names of indexes belong to their table.
    fn drop_index(
        &self,
        table: &Name,
        index: &str,
        if_exists: bool,
        concurrently: bool,
    ) -> Result<String, Unsupported> {
        self.concurrently("dropping an index", concurrently)?;
        let condition = self.condition(Conditional::DropIndex, if_exists)?;
        Ok(format!("DROP INDEX {condition}{} ON {}", self.quote(index), self.name(table)))
    }

    fn drop_constraint(&self, constraint: &str, kind: ConstraintKind, if_exists: bool) -> Result<String, Unsupported> {
        let condition = self.condition(Conditional::DropConstraint(kind), if_exists)?;
        let name = self.quote(constraint);
        Ok(match kind {
            ConstraintKind::PrimaryKey => "DROP PRIMARY KEY".to_owned(),
            ConstraintKind::Unique => format!("DROP INDEX {condition}{name}"),
            ConstraintKind::ForeignKey => format!("DROP FOREIGN KEY {condition}{name}"),
            ConstraintKind::Check => format!("DROP CONSTRAINT {condition}{name}"),
        })
    }

    fn rename_index(&self, table: &Name, index: &str, to: &str) -> Result<Ddl, Unsupported> {
        Ok(Ddl::action(table, format!("RENAME INDEX {} TO {}", self.quote(index), self.quote(to))))
    }

    /// A unique constraint is an index.
    fn rename_constraint(
        &self,
        table: &Name,
        constraint: &str,
        kind: ConstraintKind,
        to: &str,
    ) -> Result<Ddl, Unsupported> {
        match kind {
            ConstraintKind::Unique => self.rename_index(table, constraint, to),
            _ => Err(self.unsupported(&format!("RENAME of a {kind}"), "drop it, and create it under the new name")),
        }
    }

    /// `INSERT IGNORE` would hide every other error, too.
    fn on_conflict(&self, insert: &BulkInsert) -> String {
        let set = |column: &String, value: &dyn Fn(&str) -> String| {
            let column = self.quote(column);
            format!("{column} = {}", value(&column))
        };
        let set = match &insert.conflict {
            Conflict::Fail => return String::new(),
            Conflict::Update { key } if !insert.columns_beside(key).is_empty() => {
                let columns = insert.columns_beside(key).into_iter();
                joined(columns.map(|column| set(column, &|column| format!("VALUES({column})"))))
            }
            Conflict::DoNothing | Conflict::Update { .. } => {
                joined(insert.rows.columns.first().map(|column| set(column, &str::to_owned)))
            }
        };
        format!(" ON DUPLICATE KEY UPDATE {set}")
    }

    /// One `ALTER TABLE` for all: the server rebuilds the table once, and makes all changes or none.
    fn batch(&self, batch: &BatchAlterTable) -> Written {
        self.check_order(batch)?;
        let (mut actions, mut others) = (Vec::new(), Vec::new());
        for operation in batch.operations() {
            match &operation {
                Operation::CreateIndex(index) => actions.push(self.add_index(index)?),
                Operation::DropIndex { index, .. } => {
                    actions.push(format!("DROP INDEX {}", self.quote(index)));
                }
                _ => {
                    for ddl in self.write(&operation)? {
                        match ddl {
                            Ddl::Action { action, .. } => actions.push(action),
                            Ddl::Statement(_) => others.push(ddl),
                        }
                    }
                }
            }
        }
        let altered = (!actions.is_empty()).then(|| Ddl::action(&batch.table, joined(actions)));
        Ok(altered.into_iter().chain(others).collect())
    }

    fn table_options(&self, table: &Table) -> Vec<String> {
        // Partitions are the last option.
        let comment = table.comment.as_ref().map(|comment| comment_option(self.dialect(), comment));
        comment.into_iter().chain(table.options_for(self.dialect()).map(str::to_owned)).collect()
    }

    fn collation(&self, column: &Column) -> Option<String> {
        column.collation.as_ref().map(|collation| format!("COLLATE {collation}"))
    }

    /// With `explicit_defaults_for_timestamp` off, a `TIMESTAMP` that does not state `NULL` is `NOT NULL`, and the first
    /// of a table is set when its row changes.
    /// <https://dev.mysql.com/doc/refman/9.0/en/server-system-variables.html#sysvar_explicit_defaults_for_timestamp>
    fn nullability(&self, column: &Column) -> Result<Option<String>, Unsupported> {
        if !column.nullable && column.generated.is_some() && !self.member.computes_not_null() {
            return Err(self.unsupported("computed columns that are NOT NULL", "leave `not_null` out, and add a check"));
        }
        let states_null = column.generated.is_none() && is_timestamp(&column.column_type);
        Ok(match column.nullable {
            false => Some("NOT NULL".to_owned()),
            true => states_null.then(|| "NULL".to_owned()),
        })
    }

    fn default_value(&self, default: &DefaultValue, column_type: Option<&Type>) -> Result<String, Unsupported> {
        Ok(match default {
            DefaultValue::Value(value) if column_type.is_some_and(mysql_default::is_large) => {
                format!("({})", self.constant(value)?)
            }
            DefaultValue::Value(value) => self.constant(value)?,
            DefaultValue::Expression(sql) => mysql_default::expression(sql, column_type),
            DefaultValue::Now => mysql_default::now(column_type),
        })
    }

    fn identity(&self, column: &Column) -> Option<String> {
        column.identity.map(|_| "AUTO_INCREMENT".to_owned())
    }

    fn own_clauses(&self, column: &Column) -> Result<Vec<String>, Unsupported> {
        let on_update = column.on_update.as_ref().map(|expression| format!("ON UPDATE {expression}"));
        let comment = column.comment.as_ref().map(|comment| format!("COMMENT {}", self.dialect().literal(comment)));
        // A check that a column of MariaDB has is the last.
        Ok(on_update.into_iter().chain(comment).chain(column.attributes.clone()).collect())
    }

    fn defers(&self, _kind: ConstraintKind) -> bool {
        false
    }

    fn index_definition(&self, index: &Index) -> Result<String, Unsupported> {
        let has_expression = index.keys.iter().any(|key| matches!(key, IndexKey::Expression(_)));
        if has_expression && !self.member.indexes_expressions() {
            let instead = "add a column with `generated_virtual`, and index that";
            return Err(self.unsupported("indexes over expressions", instead));
        }
        if index.predicate.is_some() {
            let instead = "index all rows, or a generated column that is NULL for the others";
            return Err(self.unsupported("partial indexes", instead));
        }
        self.check_include(index)?;
        let method = index.method.as_ref().map(|method| format!(" USING {method}")).unwrap_or_default();
        Ok(format!("({}){method}", self.index_keys(index)))
    }

    fn takes(&self, conditional: Conditional) -> bool {
        self.member.takes(conditional)
    }
}

impl MysqlFamily<'_> {
    fn restates_column(&self, change: &AlterColumn) -> bool {
        let default_needs_it = match (&change.default, &change.existing) {
            (Some(Some(default)), Some(existing)) => !self.member.sets_default_alone(default, &existing.column_type),
            _ => false,
        };
        change.column_type.is_some()
            || change.nullable.is_some()
            || change.identity.is_some()
            || change.collation.is_some()
            || change.on_update.is_some()
            || change.attributes.is_some()
            || change.comment.is_some()
            || default_needs_it
    }

    /// Writes a default for `ALTER COLUMN … SET DEFAULT`, where the current time must be in parentheses.
    fn default_alone(&self, default: &DefaultValue, change: &AlterColumn) -> Result<String, Unsupported> {
        let existing = change.existing.as_ref().map(|existing| &existing.column_type);
        if *default != DefaultValue::Now {
            return self.default_value(default, existing);
        }
        if existing.is_none() {
            let what = format!("the time as a default of `{}` without knowing its type", change.column);
            return Err(self.unsupported(&what, DESCRIBE_EXISTING));
        }
        Ok(format!("({})", self.default_value(default, existing)?))
    }

    /// Writes an index as an action of `ALTER TABLE`.
    fn add_index(&self, index: &Index) -> Result<String, Unsupported> {
        let unique = if index.unique { "UNIQUE " } else { "" };
        self.concurrently("building an index", index.concurrently)?;
        let condition = self.condition(Conditional::CreateIndex, index.if_not_exists)?;
        let name = self.quote(&self.naming.index(index, self.dialect()));
        Ok(format!("ADD {unique}INDEX {condition}{name} {}", self.index_definition(index)?))
    }
}

fn comment_option(dialect: Dialect, comment: &str) -> String {
    format!("COMMENT = {}", dialect.literal(comment))
}

fn is_timestamp(column_type: &Type) -> bool {
    match column_type {
        Type::TimestampTz => true,
        Type::Native(name) => name.to_lowercase().starts_with("timestamp"),
        _ => false,
    }
}
