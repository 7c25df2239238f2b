//! Why a database refuses to be read or written: what the message leaves open is asked for.

use std::{
    fs::{OpenOptions, remove_file},
    path::Path,
};

use alembic_graph::Hint;
use alembic_sql::{Dialect, server::ServerStatement};
use diesel::connection::LoadConnection;

use super::{MigrationBackend, answer, snapshot};

/// What somebody came for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// To read the version table and its log.
    Read,
    /// To migrate.
    Write,
}

/// Returns what to do about a refusal, if the message is one.
pub(crate) fn way_past_refusal<C>(conn: &mut C, message: &str, need: Need) -> Option<Hint>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let read_only = match C::Backend::FAMILY {
        Dialect::Sqlite => sqlite(conn, message, need),
        Dialect::Postgres => postgres(conn, message),
        Dialect::Mysql | Dialect::Mariadb => mysql(message),
    };
    let denied =
        || message.contains("denied").then_some(if need == Need::Read { Hint::MayNotRead } else { Hint::Denied });
    read_only.or_else(denied)
}

/// Returns whether PostgreSQL says that row-level security would have hidden rows.
pub(crate) fn would_hide_rows(message: &str) -> bool {
    message.contains("query would be affected by row-level security policy")
}

fn read_only(setting: &str, way: &str) -> Option<Hint> {
    Some(Hint::ReadOnly { setting: setting.to_owned(), way: way.to_owned() })
}

fn postgres<C>(conn: &mut C, message: &str) -> Option<Hint>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    if would_hide_rows(message) {
        return Some(Hint::RecordHidden);
    }
    if !["read-only transaction", "during recovery"].iter().any(|words| message.contains(words)) {
        return None;
    }
    let sql = "SELECT CASE WHEN pg_is_in_recovery() THEN 'standby' ELSE source END AS answer \
               FROM pg_catalog.pg_settings WHERE name = 'default_transaction_read_only'";
    let source = snapshot(conn, |conn| answer(conn, sql)).ok().flatten().unwrap_or_default();
    if source == "standby" {
        return Some(Hint::Standby);
    }
    let setting = format!("`default_transaction_read_only` (set by: {source})");
    let way =
        "if this role is to migrate all the same, add `options=-c%20default_transaction_read_only%3Doff` to the URL";
    read_only(&setting, way)
}

fn mysql(message: &str) -> Option<Hint> {
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

fn sqlite<C>(conn: &mut C, message: &str, need: Need) -> Option<Hint>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    if message == "unable to open database file" {
        return Some(Hint::ReadOnlyFile);
    }
    if message != "attempt to write a readonly database" {
        return None;
    }
    let query_only = answer(conn, "SELECT CAST(query_only AS TEXT) AS answer FROM pragma_query_only").ok().flatten();
    if query_only.as_deref() == Some("1") {
        return read_only("`PRAGMA query_only`", "switch it off");
    }
    let file = answer(conn, "SELECT file AS answer FROM pragma_database_list WHERE name = 'main'").ok().flatten();
    // Reading needs to write only in WAL mode.
    if need == Need::Write && file.is_some_and(|file| can_be_written(Path::new(&file))) {
        return read_only("`mode=ro` or `immutable=1` of the URL", "leave it out to migrate");
    }
    Some(Hint::ReadOnlyFile)
}

/// Returns whether a file, and its folder, can be written by this user.
fn can_be_written(file: &Path) -> bool {
    let beside = file.with_file_name(format!(".alembic-{}", uuid::Uuid::new_v4()));
    let made = OpenOptions::new().write(true).create_new(true).open(&beside).is_ok();
    made && remove_file(&beside).is_ok() && OpenOptions::new().append(true).open(file).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The two are settings of a whole server, which other tests share.
    #[test]
    fn a_server_that_takes_no_writes_is_known_by_its_message() {
        let said = |option: &str, server: &str| {
            format!("The {server} server is running with the {option} option so it cannot execute this statement")
        };
        let hint = |message: &str| mysql(message).map(|hint| hint.to_string()).unwrap_or_default();
        assert!(hint(&said("--read-only", "MariaDB")).contains("SET GLOBAL read_only = OFF"));
        assert!(hint(&said("--super-read-only", "MySQL")).contains("SET GLOBAL super_read_only = OFF"));
        assert_eq!(hint(&said("--skip-grant-tables", "MySQL")), "");
    }
}
