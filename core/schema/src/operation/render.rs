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
use crate::Naming;

/// Returns the statements of an operation, in their order.
///
/// # Errors
///
/// [`Unsupported`], with what to do instead. No part of an operation is ignored silently.
pub fn render(operation: &Operation, dialect: Dialect, naming: &Naming) -> Result<Vec<String>, Unsupported> {
    let writer: Box<dyn DdlWriter + '_> = match dialect {
        Dialect::Sqlite => Box::new(Sqlite { naming }),
        Dialect::Postgres => Box::new(Postgres { naming }),
        Dialect::Mysql => Box::new(MysqlFamily { naming, member: &Mysql }),
        Dialect::Mariadb => Box::new(MysqlFamily { naming, member: &Mariadb }),
    };
    Ok(statements(writer.write(operation)?, dialect))
}
