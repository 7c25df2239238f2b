//! PostgreSQL: the standard, and the most of what is beyond it.

use alembic_sql::{Dialect, wording::joined};

use super::{
    AlterColumn, Operation,
    ddl::{Ddl, Unsupported, Written, if_exists, if_not_exists},
    postgres_identity::{IdentityChange, alter_sequence, serial},
    writer::{DdlWriter, statements},
};
use crate::{Column, ConstraintKind, Identity, Index, Initially, Name, Naming, Sequence};

pub(super) const POSTGRES: Dialect = Dialect::Postgres;

pub(super) struct Postgres<'n> {
    pub(super) naming: &'n Naming,
}

/// Returns the statements of an operation that needs no names.
pub(super) fn in_sql(operation: &Operation) -> Option<Vec<String>> {
    let written = Postgres { naming: &Naming::default() }.write(operation).ok()?;
    Some(statements(written, POSTGRES))
}

impl DdlWriter for Postgres<'_> {
    fn dialect(&self) -> Dialect {
        POSTGRES
    }

    fn naming(&self) -> &Naming {
        self.naming
    }

    /// One `ALTER TABLE` for all that rewrites or scans the table: it is rewritten once.
    fn alter_column(&self, change: &AlterColumn) -> Written {
        let column = self.quote(&change.column);
        let mut actions = Vec::new();
        if let Some(column_type) = &change.column_type {
            let using = change.postgres_using.as_ref().map_or_else(String::new, |using| format!(" USING {using}"));
            // The old default may have no cast to the new type.
            if change.default.is_some() {
                actions.push(format!("ALTER COLUMN {column} DROP DEFAULT"));
            }
            let column_type = column_type.sql(POSTGRES);
            actions.push(format!("ALTER COLUMN {column} TYPE {column_type}{}{using}", new_collation(change)));
        } else if let (Some(_), Some(existing)) = (&change.collation, &change.existing) {
            let column_type = existing.column_type.sql(POSTGRES);
            actions.push(format!("ALTER COLUMN {column} TYPE {column_type}{}", new_collation(change)));
        }
        if let Some(nullable) = change.nullable {
            actions.push(format!("ALTER COLUMN {column} {} NOT NULL", if nullable { "DROP" } else { "SET" }));
        }
        match &change.default {
            Some(Some(default)) => {
                let default = self.default_value(default, change.column_type.as_ref())?;
                actions.push(format!("ALTER COLUMN {column} SET DEFAULT {default}"));
            }
            Some(None) if change.column_type.is_none() => actions.push(format!("ALTER COLUMN {column} DROP DEFAULT")),
            _ => {}
        }
        let identity = change.identity.map(|identity| IdentityChange::new(change, identity)).unwrap_or_default();
        actions.extend(identity.action);
        let mut written = identity.before;
        if !actions.is_empty() {
            written.push(Ddl::action(&change.table, joined(actions)));
        }
        if let Some(sequence) = &change.sequence {
            let is_new = identity.after.is_some();
            let existing = change.existing.as_ref().map(|existing| &existing.column_type);
            let Some(column_type) = change.column_type.as_ref().or(existing) else {
                let what = format!("the options of the sequence of `{}` without its type", change.column);
                return Err(self.unsupported(&what, "describe it with `.existing(Column::new(…))`"));
            };
            written.push(alter_sequence((&change.table, &change.column), column_type, sequence, is_new));
        }
        written.extend(identity.after);
        if let Some(comment) = &change.comment {
            written.push(self.column_comment(&change.table, &change.column, comment.as_deref()));
        }
        if let Some(name) = &change.rename {
            written.push(Ddl::action(&change.table, format!("RENAME COLUMN {column} TO {}", self.quote(name))));
        }
        Ok(written)
    }

    fn sequence_options(&self, table: &Name, column: &Column) -> Option<Ddl> {
        let Column { name, column_type, sequence, .. } = column;
        let has_own = column.identity.is_some() && *sequence != Sequence::default();
        has_own.then(|| alter_sequence((table, name), column_type, sequence, true))
    }

    fn validate_constraint(&self, constraint: &str) -> Result<String, Unsupported> {
        Ok(format!("VALIDATE CONSTRAINT {}", self.quote(constraint)))
    }

    fn rename_index(&self, table: &Name, index: &str, to: &str) -> Result<Ddl, Unsupported> {
        let (index, to) = (self.name(&table.beside(index)), self.quote(to));
        Ok(Ddl::Statement(format!("ALTER INDEX {index} RENAME TO {to}")))
    }

    fn rename_constraint(
        &self,
        table: &Name,
        constraint: &str,
        _kind: ConstraintKind,
        to: &str,
    ) -> Result<Ddl, Unsupported> {
        let action = format!("RENAME CONSTRAINT {} TO {}", self.quote(constraint), self.quote(to));
        Ok(Ddl::action(table, action))
    }

    fn create_unique_using_index(&self, index: &str, initially: Option<Initially>) -> Result<String, Unsupported> {
        let (name, deferrable) = (self.quote(index), self.deferrable(initially, ConstraintKind::Unique)?);
        Ok(format!("ADD CONSTRAINT {name} UNIQUE USING INDEX {name}{deferrable}"))
    }

    fn create_schema(&self, name: &str) -> Result<String, Unsupported> {
        Ok(format!("CREATE SCHEMA IF NOT EXISTS {}", self.quote(name)))
    }

    fn drop_schema(&self, name: &str) -> Result<String, Unsupported> {
        Ok(format!("DROP SCHEMA {}", self.quote(name)))
    }

    fn create_enum(&self, name: &Name, values: &[String]) -> Result<String, Unsupported> {
        let values = joined(values.iter().map(|value| POSTGRES.literal(value)));
        Ok(format!("CREATE TYPE {} AS ENUM ({values})", self.name(name)))
    }

    fn add_enum_value(
        &self,
        name: &Name,
        value: &str,
        before: Option<&str>,
        absent: bool,
    ) -> Result<String, Unsupported> {
        let (condition, value) = (if_not_exists(absent), POSTGRES.literal(value));
        let before = before.map_or_else(String::new, |before| format!(" BEFORE {}", POSTGRES.literal(before)));
        Ok(format!("ALTER TYPE {} ADD VALUE {condition}{value}{before}", self.name(name)))
    }

    fn rename_enum_value(&self, name: &Name, value: &str, to: &str) -> Result<String, Unsupported> {
        let (value, to) = (POSTGRES.literal(value), POSTGRES.literal(to));
        Ok(format!("ALTER TYPE {} RENAME VALUE {value} TO {to}", self.name(name)))
    }

    fn rename_enum(&self, name: &Name, to: &str) -> Result<String, Unsupported> {
        Ok(format!("ALTER TYPE {} RENAME TO {}", self.name(name), self.quote(to)))
    }

    fn drop_enum(&self, name: &Name, present: bool) -> Result<String, Unsupported> {
        Ok(format!("DROP TYPE {}{}", if_exists(present), self.name(name)))
    }

    /// A `serial` column has a type of its own, and no clause.
    fn column_type(&self, column: &Column) -> String {
        match column.identity {
            Some(Identity::Serial) => serial(&column.column_type).to_owned(),
            _ => column.column_type.sql(POSTGRES),
        }
    }

    fn collation(&self, column: &Column) -> Option<String> {
        column.collation.as_deref().map(collate)
    }

    fn not_valid(&self, not_valid: bool) -> Result<&'static str, Unsupported> {
        Ok(if not_valid { " NOT VALID" } else { "" })
    }

    fn index_definition(&self, index: &Index) -> Result<String, Unsupported> {
        let mut sql = format!("({})", self.index_keys(index));
        if let Some(method) = &index.method {
            sql = format!("USING {method} {sql}");
        }
        if !index.include.is_empty() {
            sql = format!("{sql} INCLUDE ({})", self.columns(&index.include));
        }
        if let Some(predicate) = &index.predicate {
            sql = format!("{sql} WHERE {predicate}");
        }
        Ok(sql)
    }

    fn concurrently(&self, _doing: &str, concurrently: bool) -> Result<&'static str, Unsupported> {
        Ok(if concurrently { "CONCURRENTLY " } else { "" })
    }
}

/// A change of type gives the column the type's own collation, unless another is stated.
fn new_collation(change: &AlterColumn) -> String {
    let existing = change.existing.as_ref().and_then(|existing| existing.collation.clone());
    let collation = change.collation.clone().unwrap_or(existing);
    collation.map_or_else(String::new, |collation| format!(" {}", collate(&collation)))
}

/// Writes a collation. One of a schema outside of the path comes in quotes: a plain name may have a dot.
fn collate(name: &str) -> String {
    match name.starts_with('"') {
        true => format!("COLLATE {name}"),
        false => format!("COLLATE {}", POSTGRES.quote(name)),
    }
}
