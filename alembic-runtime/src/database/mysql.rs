//! MySQL and MariaDB, which Diesel treats as one backend.

use alembic_graph::{Hint, version_table::VersionTable};
use alembic_schema::{Other, Schema};
use alembic_sql::{Dialect, MODE_WITH_BACKSLASHES, Name, Object, server::ServerStatement};
use diesel::{QueryResult, connection::LoadConnection, mysql::Mysql, result::Error};
use md5::{Digest, Md5};

use super::{
    Capabilities, Diagnosis, Lock, MigrationBackend, Need, Reading, Trial, answer, loading_methods, rights::read_only,
    sealed::Sealed,
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

    const UNASKED: &'static [&'static str] = &["trigger", "function", "procedure", "event"];

    fn cancel_query() -> Option<&'static str> {
        Some("SELECT CONCAT('KILL QUERY ', CONNECTION_ID()) AS answer")
    }

    fn trials(schema: &Schema) -> Vec<Trial> {
        let views = schema.others.iter().filter(|other| other.kind == "view");
        let trial = |view: &Other| Trial {
            kind: view.kind.clone(),
            name: view.name.clone(),
            statement: format!("SELECT NULL FROM {} LIMIT 0", view.name.sql(Dialect::Mysql)),
        };
        views.map(trial).collect()
    }

    const CAPABILITIES: Capabilities = Capabilities {
        transactional_ddl: false,
        session_lock: true,
        transaction_lock: false,
        locates_errors: false,
        explains_reruns: false,
        cascades_on_drop: false,
        roles: true,
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

    fn around_seed() -> (String, &'static str) {
        (
            format!("SET @alembic_sql_mode = @@sql_mode, sql_mode = {MODE_WITH_BACKSLASHES}"),
            "SET sql_mode = @alembic_sql_mode",
        )
    }

    fn has_statement_timeout(dialect: Dialect) -> bool {
        dialect == Dialect::Mariadb
    }

    fn refusal_hint<C: LoadConnection<Backend = Self>>(_conn: &mut C, message: &str, _need: Need) -> Option<Hint> {
        read_only_hint(message).or_else(|| tables_forbidden(message))
    }

    /// A finite timeout, and only the answer 1 counts: MariaDB answers NULL to an infinite one.
    ///
    /// There are two: programs of earlier versions know the first only, and scripts the second, because not every
    /// server has the hash of the first.
    fn lock(table: &VersionTable, _run: &str) -> Option<Lock> {
        let (first, second) = (Dialect::Mysql.literal(&lock_name(table)), table.lock_on_mysql("DATABASE()"));
        Some(Lock {
            in_transaction: None,
            for_session: format!(
                "SELECT CASE WHEN COALESCE(GET_LOCK({first}, 0), 0) <> 1 THEN '0' \
                 WHEN COALESCE(GET_LOCK({second}, 0), 0) = 1 THEN '1' \
                 ELSE CONCAT('0', LEFT(COALESCE(RELEASE_LOCK({first}), ''), 0)) END AS answer"
            ),
            unlock: format!(
                "SELECT CAST(COALESCE(RELEASE_LOCK({second}), 0) * COALESCE(RELEASE_LOCK({first}), 0) AS CHAR) AS answer"
            ),
            is_ours: None,
            holder: format!(
                "SELECT CONCAT('connection ', p.id, ' of ', p.user, '@', p.host) AS answer \
                 FROM information_schema.processlist p \
                 WHERE p.id = COALESCE(IS_USED_LOCK({first}), IS_USED_LOCK({second}))"
            ),
        })
    }

    /// MariaDB has the first view only where it is configured.
    fn blocker_queries(names: &[String]) -> Vec<String> {
        let metadata = (!names.is_empty()).then(|| {
            format!(
                "SELECT DISTINCT CONCAT('connection ', t.processlist_id, ' of ', t.processlist_user, '@', \
                 t.processlist_host, ' holds a lock on ', m.object_name) AS answer \
                 FROM performance_schema.metadata_locks m \
                 JOIN performance_schema.threads t ON t.thread_id = m.owner_thread_id \
                 WHERE m.lock_status = 'GRANTED' AND m.object_schema = DATABASE() \
                 AND t.processlist_id <> CONNECTION_ID() AND m.object_name IN ({})",
                names.join(", ")
            )
        });
        metadata.into_iter().chain([TRANSACTIONS.to_owned()]).collect()
    }

    fn busy_session_query(session: &str) -> Option<String> {
        let session = Dialect::Mysql.literal(session);
        Some(format!(
            "SELECT CONCAT('connection ', id, ' of ', user, '@', host) AS answer FROM information_schema.processlist \
             WHERE id = {session} AND id <> CONNECTION_ID() AND db = DATABASE() AND command <> 'Sleep'"
        ))
    }

    fn probe_query(object: &Object) -> Option<String> {
        let literal = |text: &str| Dialect::Mysql.literal(text);
        let schema = |name: &Name| name.schema.as_deref().map_or_else(|| "DATABASE()".to_owned(), literal);
        let in_table =
            |table: &Name| format!("table_schema = {} AND table_name = {}", schema(table), literal(&table.name));
        let (view, condition) = match object {
            Object::Relation(name) => ("tables", in_table(name)),
            Object::Column(table, column) => {
                ("columns", format!("{} AND column_name = {}", in_table(table), literal(column)))
            }
            Object::Index(table, index) => {
                let table = table.as_ref().unwrap_or(index);
                ("statistics", format!("{} AND index_name = {}", in_table(table), literal(&index.name)))
            }
            Object::Constraint(table, name) => {
                ("table_constraints", format!("{} AND constraint_name = {}", in_table(table), literal(name)))
            }
            Object::PrimaryKey(table) => ("statistics", format!("{} AND index_name = 'PRIMARY'", in_table(table))),
            Object::Routine(name) => {
                ("routines", format!("routine_schema = {} AND routine_name = {}", schema(name), literal(&name.name)))
            }
            Object::Trigger(name) => {
                ("triggers", format!("trigger_schema = {} AND trigger_name = {}", schema(name), literal(&name.name)))
            }
        };
        Some(format!("SELECT '1' AS answer FROM information_schema.{view} WHERE {condition} LIMIT 1"))
    }

    fn diagnose_last_statement<C: LoadConnection<Backend = Self>>(conn: &mut C) -> Diagnosis {
        // The second fails where there is nothing to tell, and then the first says so.
        let count = conn.batch_execute("GET DIAGNOSTICS @alembic_conditions = NUMBER");
        conn.batch_execute(
            "GET DIAGNOSTICS CONDITION 1 @alembic_code = MYSQL_ERRNO, @alembic_state = RETURNED_SQLSTATE",
        )
        .ok();
        let code = count.ok().and_then(|()| {
            let sql = "SELECT IF(@alembic_conditions > 0, CONCAT('error ', @alembic_code, ', SQLSTATE ', @alembic_state), NULL) \
                       AS answer";
            answer(conn, sql).ok().flatten()
        });
        let marker = answer(conn, "SELECT CAST(@alembic_done AS CHAR) AS answer").ok().flatten();
        Diagnosis { code, context: None, marker }
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

const TRANSACTIONS: &str = "SELECT CONCAT('connection ', p.id, ' of ', p.user, '@', p.host, \
    ' (in a transaction since ', x.trx_started, ')') AS answer FROM information_schema.innodb_trx x \
    JOIN information_schema.processlist p ON p.id = x.trx_mysql_thread_id WHERE p.id <> CONNECTION_ID()";

/// Returns what MySQL calls the first lock: it is global to the server, so the name holds the database, and it may
/// have 64 characters. The hash is made here because servers from 9.6 on have no `MD5()`.
fn lock_name(table: &VersionTable) -> String {
    let hash = Md5::digest(format!("{}.{}", table.schema().unwrap_or_default(), table.name()));
    hash.iter().fold("alembic:".to_owned(), |name, byte| format!("{name}{byte:02x}"))
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

fn read_only_hint(message: &str) -> Option<Hint> {
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

/// Says which setting keeps our tables from being made.
fn tables_forbidden(message: &str) -> Option<Hint> {
    let (setting, way) = if message.contains("NO_ENGINE_SUBSTITUTION option") {
        ("`enforce_storage_engine`", "run `SET GLOBAL enforce_storage_engine = 'InnoDB'`")
    } else if message.contains("engine InnoDB is disabled") {
        ("`disabled_storage_engines`", "take InnoDB out of it, and start the server again")
    } else if message.contains("master key from keyring") {
        (
            "the default encryption of the database, or of new ones (`default_table_encryption`), without a keyring",
            "load one; or run ``ALTER DATABASE `<DATABASE>` ENCRYPTION = 'N'``, and for scratch databases `SET GLOBAL \
             default_table_encryption = OFF`",
        )
    } else {
        return None;
    };
    Some(Hint::TablesForbidden { setting: setting.to_owned(), way: way.to_owned() })
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
        let hint = |message: &str| read_only_hint(message).map(|hint| hint.to_string()).unwrap_or_default();
        assert!(hint(&said("--read-only", "MariaDB")).contains("SET GLOBAL read_only = OFF"));
        assert!(hint(&said("--super-read-only", "MySQL")).contains("SET GLOBAL super_read_only = OFF"));
        assert_eq!(hint(&said("--skip-grant-tables", "MySQL")), "");
        let disabled = tables_forbidden("Storage engine InnoDB is disabled (Table creation is disallowed).");
        assert!(disabled.unwrap().to_string().starts_with("`disabled_storage_engines` keeps"));
    }

    /// What `CONCAT('alembic:', MD5(CONCAT(DATABASE(), '.', 'alembic_version')))` gives, which programs of the
    /// first versions ask the server for: they wait for today's, and today's for them.
    #[test]
    fn the_name_is_the_one_that_it_always_was() {
        assert_eq!(lock_name(&VersionTable::new("shop.alembic_version")), "alembic:c47bc4839026793db0f3048a54355834");
    }
}
