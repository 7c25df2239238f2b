//! MySQL and MariaDB, which Diesel treats as one backend.

use alembic_graph::{Hint, version_table::VersionTable};
use alembic_sql::{Dialect, server::ServerStatement};
use diesel::{QueryResult, connection::LoadConnection, mysql::Mysql, result::Error};

use super::{
    Capabilities, MigrationBackend, Need, Reading, answer, loading_methods, rights::read_only, sealed::Sealed,
};

/// Settings of MySQL and MariaDB with their values, in the order in which they are set: a collation comes after its
/// character set.
const PINS: [(&str, &str); 12] = [
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
const PINS_OF_MYSQL: [(&str, &str); 2] =
    [("information_schema_stats_expiry", "0"), ("show_gipk_in_create_table_and_information_schema", "1")];

impl Sealed for Mysql {}

impl MigrationBackend for Mysql {
    const FAMILY: Dialect = Dialect::Mysql;

    const CAPABILITIES: Capabilities = Capabilities {
        transactional_ddl: false,
        session_lock: true,
        transaction_lock: false,
        locates_errors: false,
        explains_reruns: false,
        cascades_on_drop: false,
    };

    loading_methods!();

    fn dialect<C: LoadConnection<Backend = Self>>(conn: &mut C) -> QueryResult<Dialect> {
        let version = answer(conn, "SELECT VERSION() AS answer")?.unwrap_or_default();
        Ok(if version.contains("MariaDB") { Dialect::Mariadb } else { Dialect::Mysql })
    }

    fn current_database<C: LoadConnection<Backend = Self>>(conn: &mut C) -> QueryResult<Option<String>> {
        answer(conn, "SELECT DATABASE() AS answer")
    }

    fn reading<C, T>(conn: &mut C, _what: Reading, read: impl FnOnce(&mut C) -> QueryResult<T>) -> QueryResult<T>
    where
        C: LoadConnection<Backend = Self>,
    {
        conn.batch_execute(&pin())?;
        let result = read(conn);
        let restored = conn.batch_execute(&unpin());
        result.and_then(|value| restored.map(|()| value))
    }

    /// Without autocommit a session goes on to see what it saw when it first looked.
    fn renew_snapshot<C: LoadConnection<Backend = Self>>(conn: &mut C) -> QueryResult<()> {
        conn.batch_execute("COMMIT")
    }

    fn has_statement_timeout(dialect: Dialect) -> bool {
        dialect == Dialect::Mariadb
    }

    fn refusal_hint<C: LoadConnection<Backend = Self>>(_conn: &mut C, message: &str, _need: Need) -> Option<Hint> {
        refusal_hint(message)
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

fn pin() -> String {
    let keep = |name: &str| format!("@alembic_read_{name} = @@{name}");
    let set = |(name, value): &(&str, &str)| format!("{name} = {value}");
    format!("SET {};\nSET {}", each_pin(&|(name, _)| keep(name)), each_pin(&set))
}

fn unpin() -> String {
    format!("SET {}", each_pin(&|(name, _)| format!("{name} = @alembic_read_{name}")))
}

fn each_pin(text: &dyn Fn(&(&str, &str)) -> String) -> String {
    let list = |settings: &[(&str, &str)]| settings.iter().map(text).collect::<Vec<_>>().join(", ");
    format!("{} /*!80030 , {} */", list(&PINS), list(&PINS_OF_MYSQL))
}

fn refusal_hint(message: &str) -> Option<Hint> {
    let server = "connect to the server that takes writes; or, if this is the one,";
    if message.contains("--super-read-only") {
        return read_only(
            "`super_read_only`",
            &format!("{server} run `SET GLOBAL super_read_only = OFF, GLOBAL read_only = OFF`"),
        );
    }
    if message.contains("--read-only") {
        return read_only("`read_only`", &format!("{server} run `SET GLOBAL read_only = OFF`"));
    }
    if message.contains("READ ONLY transaction") {
        return read_only("`transaction_read_only`", &format!("{server} run `SET GLOBAL transaction_read_only = OFF`"));
    }
    // Schema 'shop' is in read only mode.
    let database = message.strip_suffix(" is in read only mode.")?.strip_prefix("Schema '")?.strip_suffix('\'')?;
    let writable = ServerStatement::let_database_be_written(database);
    read_only("`READ ONLY` of the database", &format!("run `{}`", writable.sql()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pinned_is_given_back() {
        let back = unpin();
        for (name, _) in PINS.iter().chain(&PINS_OF_MYSQL) {
            assert!(back.contains(&format!("{name} = @alembic_read_{name}")), "{name}");
        }
    }

    /// The two are settings of a whole server, which other tests share.
    #[test]
    fn a_server_that_takes_no_writes_is_known_by_its_message() {
        let said = |option: &str, server: &str| {
            format!("The {server} server is running with the {option} option so it cannot execute this statement")
        };
        let hint = |message: &str| refusal_hint(message).map(|hint| hint.to_string()).unwrap_or_default();
        assert!(hint(&said("--read-only", "MariaDB")).contains("SET GLOBAL read_only = OFF"));
        assert!(hint(&said("--super-read-only", "MySQL")).contains("SET GLOBAL super_read_only = OFF"));
        assert_eq!(hint(&said("--skip-grant-tables", "MySQL")), "");
    }
}
