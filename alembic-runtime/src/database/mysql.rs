//! MySQL and MariaDB, which Diesel treats as one backend.

use alembic_graph::version_table::VersionTable;
use alembic_sql::Dialect;
use diesel::{QueryResult, connection::LoadConnection, mysql::Mysql, result::Error};

use super::{MigrationBackend, answer, loading_methods, sealed::Sealed};

impl Sealed for Mysql {}

impl MigrationBackend for Mysql {
    const FAMILY: Dialect = Dialect::Mysql;

    loading_methods!();

    fn dialect<C: LoadConnection<Backend = Self>>(conn: &mut C) -> QueryResult<Dialect> {
        let version = answer(conn, "SELECT VERSION() AS answer")?.unwrap_or_default();
        Ok(if version.contains("MariaDB") { Dialect::Mariadb } else { Dialect::Mysql })
    }

    fn is_contention(error: &Error) -> bool {
        let said = |words: &str| matches!(error, Error::DatabaseError(_, info) if info.message().contains(words));
        said("Lock wait timeout exceeded") || said("Deadlock found")
    }

    fn tables_query(table: &VersionTable) -> String {
        let literal = |name: &str| Dialect::Mysql.literal(name);
        let schema = table.schema().map_or_else(|| "DATABASE()".to_owned(), literal);
        format!(
            "SELECT table_name AS answer FROM information_schema.tables WHERE table_schema = {schema} \
             AND table_name IN ({}, {}, {})",
            literal(table.name()),
            literal(&table.log_name()),
            literal(&table.lock_name())
        )
    }
}
