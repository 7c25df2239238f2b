//! Operations → SQL.

use alembic_sql::Dialect;

use super::{BatchAlterTable, Operation, mysql, postgres, sqlite};
use crate::{ConstraintKind, Name, Naming, shortened};

/// A database cannot do what an operation says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{dialect} has no way for {what}")]
pub struct Unsupported {
    /// The database.
    pub dialect: Dialect,
    /// What it cannot do.
    pub what: String,
    /// What to do instead.
    pub instead: String,
}

pub(super) fn unsupported(dialect: Dialect, what: impl Into<String>, instead: impl Into<String>) -> Unsupported {
    Unsupported { dialect, what: what.into(), instead: instead.into() }
}

/// What an operation has to be said in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Writer<'n> {
    pub(super) dialect: Dialect,
    pub(super) naming: &'n Naming,
}

pub(super) type Statements = Result<Vec<String>, Unsupported>;

/// Returns the statements of an operation, in their order.
///
/// # Errors
///
/// [`Unsupported`], with what to do instead. Nothing is left out silently.
pub fn render(operation: &Operation, dialect: Dialect, naming: &Naming) -> Statements {
    Writer { dialect, naming }.operation(operation)
}

impl Writer<'_> {
    pub(super) fn operation(self, operation: &Operation) -> Statements {
        let dialect = self.dialect;
        match operation {
            Operation::CreateTable(table) => self.create_table(table),
            Operation::DropTable { table, if_exists } => {
                Ok(vec![format!("DROP TABLE {}{}", exists(*if_exists), table.sql(dialect))])
            }
            Operation::RenameTable { table, to } => {
                let to = if dialect.is_mysql_family() { table.beside(to).sql(dialect) } else { dialect.quote(to) };
                Ok(vec![format!("{} RENAME TO {to}", self.alter(table))])
            }
            Operation::TableComment { table, comment } => self.table_comment(table, comment.as_deref()),
            Operation::AddColumn { table, column, if_not_exists } => self.add_column(table, column, *if_not_exists),
            Operation::AlterColumn(change) => match dialect {
                Dialect::Sqlite => sqlite::alter_column(self, change),
                Dialect::Postgres => postgres::alter_column(self, change),
                Dialect::Mysql | Dialect::Mariadb => mysql::alter_column(self, change),
            },
            Operation::DropColumn { table, column, if_exists } => {
                if *if_exists && !self.knows_if_exists() {
                    return Err(self.no_condition("DROP COLUMN IF EXISTS"));
                }
                Ok(vec![format!("{} DROP COLUMN {}{}", self.alter(table), exists(*if_exists), dialect.quote(column))])
            }
            Operation::CreateIndex(index) => Ok(vec![self.create_index(index)?]),
            Operation::DropIndex { table, index, if_exists, concurrently } => {
                self.drop_index(table, index, *if_exists, *concurrently)
            }
            Operation::CreateConstraint { table, constraint } => {
                if dialect == Dialect::Sqlite {
                    return Err(sqlite::needs_batch(format!("ALTER TABLE … ADD of a {}", constraint.kind())));
                }
                Ok(vec![format!("{} ADD {}", self.alter(table), self.constraint(table, constraint)?)])
            }
            Operation::ValidateConstraint { table, constraint } => {
                self.postgres_only("VALIDATE CONSTRAINT", "constraints are always valid there: leave it out")?;
                Ok(vec![format!("{} VALIDATE CONSTRAINT {}", self.alter(table), dialect.quote(constraint))])
            }
            Operation::DropConstraint { table, constraint, kind, if_exists } => {
                self.drop_constraint(table, constraint, *kind, *if_exists)
            }
            Operation::CreateEnum { .. }
            | Operation::AddEnumValue { .. }
            | Operation::RenameEnumValue { .. }
            | Operation::DropEnum { .. } => {
                let instead = match dialect {
                    Dialect::Sqlite => "`Type::Enum` makes a check of it there; change it with `op.batch_alter_table`",
                    _ => "the type of the column lists the values there: use `Type::Enum`, and `op.alter_column`",
                };
                self.postgres_only("enumeration types of their own", instead)?;
                Ok(vec![postgres::enumeration(operation)])
            }
            Operation::BulkInsert(insert) => insert.sql(dialect),
            Operation::Execute(sql) => Ok(vec![sql.clone()]),
            Operation::Batch(batch) => self.batch(batch),
        }
    }

    fn batch(self, batch: &BatchAlterTable) -> Statements {
        match self.dialect {
            Dialect::Sqlite => sqlite::batch(self, batch),
            dialect if !batch.order.is_empty() => {
                Err(unsupported(dialect, "another order of columns", "say `column_order` on SQLite only"))
            }
            Dialect::Mysql | Dialect::Mariadb => mysql::batch(self, batch),
            Dialect::Postgres => {
                Ok(batch.operations().map(|op| self.operation(&op)).collect::<Result<Vec<_>, _>>()?.concat())
            }
        }
    }

    fn drop_constraint(self, table: &Name, constraint: &str, kind: ConstraintKind, if_exists: bool) -> Statements {
        let constraint = &shortened(constraint);
        let dropped = match self.dialect {
            Dialect::Sqlite => return Err(sqlite::needs_batch(format!("ALTER TABLE … DROP of a {kind}"))),
            Dialect::Postgres => format!("DROP CONSTRAINT {}{}", exists(if_exists), self.dialect.quote(constraint)),
            Dialect::Mysql | Dialect::Mariadb => mysql::drop_constraint(self, constraint, kind, if_exists)?,
        };
        Ok(vec![format!("{} {dropped}", self.alter(table))])
    }

    /// Returns `ALTER TABLE t`.
    pub(super) fn alter(self, table: &Name) -> String {
        format!("ALTER TABLE {}", table.sql(self.dialect))
    }

    pub(super) fn postgres_only(self, what: &str, instead: &str) -> Result<(), Unsupported> {
        if self.dialect == Dialect::Postgres { Ok(()) } else { Err(unsupported(self.dialect, what, instead)) }
    }

    pub(super) fn knows_if_exists(self) -> bool {
        matches!(self.dialect, Dialect::Postgres | Dialect::Mariadb)
    }

    pub(super) fn no_condition(self, what: &str) -> Unsupported {
        unsupported(self.dialect, format!("`{what}`"), "leave the condition out: the revision knows what is there")
    }
}

pub(super) fn exists(condition: bool) -> &'static str {
    if condition { "IF EXISTS " } else { "" }
}

pub(super) fn not_exists(condition: bool) -> &'static str {
    if condition { "IF NOT EXISTS " } else { "" }
}
