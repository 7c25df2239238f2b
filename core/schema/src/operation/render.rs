//! Operations → SQL, by the writer of the database.

use alembic_sql::Dialect;

use super::{
    Operation,
    ddl::Unsupported,
    mariadb::Mariadb,
    mysql::Mysql,
    mysql_family::MysqlFamily,
    postgres::Postgres,
    sqlite::Sqlite,
    writer::{DdlWriter, statements},
};
use crate::{Naming, Table};

/// Returns the statements of an operation, in their order.
///
/// # Errors
///
/// [`Unsupported`], with what to do instead. No part of an operation is ignored silently.
pub fn render(operation: &Operation, dialect: Dialect, naming: &Naming) -> Result<Vec<String>, Unsupported> {
    Ok(statements(writer(dialect, naming).write(operation)?, dialect))
}

/// Returns whether a database has a way to do it.
pub(crate) fn is_supported(operation: &Operation, dialect: Dialect) -> bool {
    render(operation, dialect, &Naming::default()).is_ok()
}

/// Returns what renames a column together with all that names it, and makes the table what it is afterwards.
pub fn rename_column(table: &mut Table, column: &str, to: &str, dialect: Dialect) -> Operation {
    writer(dialect, &Naming::default()).rename_column(table, column, to)
}

fn writer(dialect: Dialect, naming: &Naming) -> Box<dyn DdlWriter + '_> {
    match dialect {
        Dialect::Sqlite => Box::new(Sqlite { naming }),
        Dialect::Postgres => Box::new(Postgres { naming }),
        Dialect::Mysql => Box::new(MysqlFamily { naming, member: &Mysql }),
        Dialect::Mariadb => Box::new(MysqlFamily { naming, member: &Mariadb }),
    }
}
