//! What our session pins while it reads: whatever changes how values are printed, or which rows are seen.
//!
//! A database, a role and a server may be given settings, and the application that lent us the connection may have made
//! some. Our own queries are not to depend on them; the statements of a revision are.

use alembic_sql::Dialect;
use diesel::{
    QueryResult,
    connection::{LoadConnection, TransactionManager},
};

use super::{MigrationBackend, Transaction};

/// What is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// Version table, log and lock.
    Own,
    /// A catalog: names that are printed depend on the search path.
    Catalog,
}

/// Those of `pg_dump`, and what else there is. Without `row_security` a filter is an error, and never an empty table.
/// Numbers are printed in full since `extra_float_digits` has another default, but not where somebody has set it.
const POSTGRES: &str = "SET LOCAL row_security = off; SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL intervalstyle = 'postgres'; \
    SET LOCAL extra_float_digits = 3; SET LOCAL bytea_output = 'hex'; SET LOCAL quote_all_identifiers = off; \
    SET LOCAL timezone = 'UTC'; SET LOCAL xmlbinary = 'base64'; SET LOCAL xmloption = 'content'; \
    SET LOCAL standard_conforming_strings = on; SET LOCAL escape_string_warning = off; SET LOCAL lc_monetary = 'C'; \
    SET LOCAL lc_numeric = 'C'; SET LOCAL lc_time = 'C'; SET LOCAL transform_null_equals = off; SET LOCAL array_nulls = on; \
    SET LOCAL client_min_messages = warning; SET LOCAL synchronize_seqscans = off";

/// Names are printed as the current schema sees them, which they are compared in.
const POSTGRES_PATH: &str = "; SELECT pg_catalog.set_config('search_path', \
    coalesce(pg_catalog.quote_ident(pg_catalog.current_schema()), ''), true)";

/// Settings of MySQL and MariaDB with their values, in the order in which they are set: a collation comes after its
/// character set.
const MYSQL_FAMILY: [(&str, &str); 12] = [
    ("sql_mode", "''"),
    ("time_zone", "'+00:00'"),
    ("sql_quote_show_create", "1"),
    ("sql_select_limit", "DEFAULT"),
    ("sql_big_selects", "1"),
    ("group_concat_max_len", "1048576"),
    ("character_set_client", "utf8mb4"),
    ("character_set_connection", "utf8mb4"),
    ("collation_connection", "utf8mb4_general_ci"),
    ("character_set_results", "utf8mb4"),
    ("sql_safe_updates", "0"),
    ("lc_messages", "'en_US'"),
];

/// Those that only MySQL has; the server is asked in a comment that MariaDB passes over.
const MYSQL: [(&str, &str); 2] =
    [("information_schema_stats_expiry", "0"), ("show_gipk_in_create_table_and_information_schema", "1")];

/// Reads with our own settings, which the session does not keep.
///
/// On PostgreSQL that is one transaction: a query is prepared and then run; behind a transaction pooler the two reach the
/// same session only inside one.
pub(crate) fn reading<C, T>(conn: &mut C, what: Reading, read: impl FnOnce(&mut C) -> QueryResult<T>) -> QueryResult<T>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    match C::Backend::FAMILY {
        Dialect::Sqlite => read(conn),
        Dialect::Postgres => on_postgres(conn, what, read),
        Dialect::Mysql | Dialect::Mariadb => on_mysql(conn, read),
    }
}

/// In a transaction of the caller a savepoint takes the settings back.
fn on_postgres<C, T>(conn: &mut C, what: Reading, read: impl FnOnce(&mut C) -> QueryResult<T>) -> QueryResult<T>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let nested = Transaction::is_open(conn);
    C::TransactionManager::begin_transaction(conn)?;
    let path = if what == Reading::Catalog { POSTGRES_PATH } else { "" };
    let result = conn.batch_execute(&format!("{POSTGRES}{path}")).and_then(|()| read(conn));
    match &result {
        Ok(_) if !nested => Transaction::commit(conn)?,
        _ => Transaction::rollback(conn),
    }
    result
}

fn on_mysql<C, T>(conn: &mut C, read: impl FnOnce(&mut C) -> QueryResult<T>) -> QueryResult<T>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    conn.batch_execute(&pin_mysql())?;
    let result = read(conn);
    let restored = conn.batch_execute(&unpin_mysql());
    result.and_then(|value| restored.map(|()| value))
}

fn pin_mysql() -> String {
    let keep = |name: &str| format!("@alembic_read_{name} = @@{name}");
    let set = |(name, value): &(&str, &str)| format!("{name} = {value}");
    format!("SET {};\nSET {}", of_mysql(&|(name, _)| keep(name)), of_mysql(&set))
}

fn unpin_mysql() -> String {
    format!("SET {}", of_mysql(&|(name, _)| format!("{name} = @alembic_read_{name}")))
}

fn of_mysql(text: &dyn Fn(&(&str, &str)) -> String) -> String {
    let list = |settings: &[(&str, &str)]| settings.iter().map(text).collect::<Vec<_>>().join(", ");
    format!("{} /*!80030 , {} */", list(&MYSQL_FAMILY), list(&MYSQL))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pinned_is_given_back() {
        let back = unpin_mysql();
        for (name, _) in MYSQL_FAMILY.iter().chain(&MYSQL) {
            assert!(back.contains(&format!("{name} = @alembic_read_{name}")), "{name}");
        }
    }
}
