//! What a run sets in its session, and how the session gets back as it was.
//!
//! Revisions may set what they like, as the output of `pg_dump` does; the next revision, and the
//! application that lent us the connection, are not to notice.

use std::{fmt::Write, time::Duration};

use alembic_sql::{Dialect, MODE_WITH_BACKSLASHES, MYSQL_SETTINGS, server::ServerStatement};
use diesel::{QueryResult, connection::LoadConnection};

use super::{MigrationBackend, answer, pragmas, snapshot};

/// For how long statements may wait and run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Timeouts {
    /// For a lock; zero waits forever.
    pub(crate) lock: Duration,
    /// Altogether; zero runs forever.
    pub(crate) statement: Duration,
}

/// How far settings reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// To the end of the transaction.
    Transaction,
    /// To the end of the run.
    Session,
}

/// The settings of MySQL that a run changes itself, beside those that a revision may change.
const MYSQL_OURS: [&str; 6] = [
    "autocommit",
    "lock_wait_timeout",
    "innodb_lock_wait_timeout",
    "sql_select_limit",
    "sql_quote_show_create",
    "lc_messages",
];

/// What was set in a session at one moment. MySQL keeps its own in variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Settings {
    /// Names and values of all that was set.
    Postgres(Vec<(String, String)>),
    /// Names and values of the pragmas that belong to a connection.
    Sqlite(Vec<(String, String)>),
    /// Nothing.
    Mysql,
}

impl Settings {
    /// Reads the settings.
    pub(crate) fn read<C>(conn: &mut C) -> QueryResult<Self>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        match C::Backend::FAMILY {
            Dialect::Postgres => postgres(conn).map(Self::Postgres),
            Dialect::Sqlite => pragmas::read(conn).map(Self::Sqlite),
            Dialect::Mysql | Dialect::Mariadb => Ok(Self::Mysql),
        }
    }

    /// Sets back what has been set since.
    pub(crate) fn restore<C>(&self, conn: &mut C) -> QueryResult<()>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        match self {
            Self::Mysql => Ok(()),
            Self::Sqlite(before) => pragmas::restore(conn, before),
            Self::Postgres(before) => {
                let sql = difference(before, &postgres(conn)?);
                if sql.is_empty() { Ok(()) } else { conn.batch_execute(&sql) }
            }
        }
    }
}

fn postgres<C>(conn: &mut C) -> QueryResult<Vec<(String, String)>>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let sql = "SELECT name || '=' || setting AS answer FROM pg_catalog.pg_settings WHERE source = 'session' \
               UNION ALL SELECT 'session_authorization=' || session_user \
               UNION ALL SELECT 'role=' || current_setting('role')";
    let rows = snapshot(conn, |conn| C::Backend::answers(conn, sql))?;
    Ok(rows
        .into_iter()
        .flatten()
        .filter_map(|row| row.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())))
        .collect())
}

/// Returns the SQL that makes `after` into `before`.
fn difference(before: &[(String, String)], after: &[(String, String)]) -> String {
    let dialect = Dialect::Postgres;
    let mut sql = String::new();
    for (name, value) in after {
        let old = before.iter().find(|(other, _)| other == name);
        let _infallible = match old {
            Some((_, old)) if old == value => Ok(()),
            Some((_, old)) => {
                write!(sql, "SELECT set_config({}, {}, false);", dialect.literal(name), dialect.literal(old))
            }
            None => write!(sql, "RESET {};", dialect.quote(name)),
        };
    }
    for (name, value) in before.iter().filter(|(name, _)| !after.iter().any(|(other, _)| other == name)) {
        let _infallible =
            write!(sql, "SELECT set_config({}, {}, false);", dialect.literal(name), dialect.literal(value));
    }
    sql
}

/// Returns the statements that keep MySQL's settings and make our own.
pub(crate) fn begin_mysql(dialect: Dialect, timeouts: Timeouts) -> String {
    let kept = MYSQL_SETTINGS.iter().chain(&MYSQL_OURS).map(|name| format!("@alembic_{name} = @@{name}"));
    format!("SET {};\n{}", kept.collect::<Vec<_>>().join(", "), set_mysql(dialect, timeouts))
}

/// DDL commits by itself; without autocommit, a data statement waits for the COMMIT that follows the
/// note that it is done. MariaDB keeps the text of a view as the session quotes names.
fn set_mysql(dialect: Dialect, timeouts: Timeouts) -> String {
    // Whole seconds, and zero would mean not to wait at all.
    let lock = if timeouts.lock.is_zero() { 31_536_000 } else { timeouts.lock.as_secs().max(1) };
    let mut sql = format!(
        "SET autocommit = 0, lock_wait_timeout = {lock}, innodb_lock_wait_timeout = {lock}, sql_mode = {MODE_WITH_BACKSLASHES}, \
         sql_select_limit = DEFAULT, sql_quote_show_create = 1, lc_messages = 'en_US'"
    );
    if dialect == Dialect::Mariadb && !timeouts.statement.is_zero() {
        let _infallible = write!(sql, ", max_statement_time = {}", timeouts.statement.as_secs_f64());
    }
    sql
}

/// Returns the statements that give the next step MySQL's settings as the first step had them.
pub(crate) fn between_steps_mysql(dialect: Dialect, timeouts: Timeouts, database: Option<&str>) -> Vec<String> {
    database.map(use_mysql).into_iter().chain([back(MYSQL_SETTINGS.iter()), set_mysql(dialect, timeouts)]).collect()
}

fn use_mysql(database: &str) -> String {
    ServerStatement::use_database(database).sql().to_owned()
}

/// Returns the statements that give MySQL's settings back.
pub(crate) fn restore_mysql(dialect: Dialect, timeouts: Timeouts, database: Option<&str>) -> String {
    let unlimited = dialect == Dialect::Mariadb && !timeouts.statement.is_zero();
    let statement = if unlimited { ", max_statement_time = DEFAULT" } else { "" };
    let database = database.map_or_else(String::new, |name| format!("; {}", use_mysql(name)));
    format!("ROLLBACK; {}{statement}{database}", back(MYSQL_SETTINGS.iter().chain(&MYSQL_OURS)))
}

fn back<'a>(names: impl Iterator<Item = &'a &'a str>) -> String {
    format!("SET {}", names.map(|name| format!("{name} = @alembic_{name}")).collect::<Vec<_>>().join(", "))
}

/// Makes the settings of a PostgreSQL session for a run; those that the server does not know are
/// left out. A server that notices that its client is gone stops what it does for it. Texts are cut as they are read
/// where a backslash stands for itself.
/// Policies hide no rows: an update of none of them would be recorded as done.
pub(crate) fn begin_postgres<C>(conn: &mut C, scope: Scope, timeouts: Timeouts, application: &str) -> QueryResult<()>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let local = scope == Scope::Transaction;
    let sql = format!(
        "SELECT string_agg(set_config(s.name, s.value, {local}), '') AS answer FROM (VALUES \
         ('lock_timeout', '{}'), ('statement_timeout', '{}'), ('idle_in_transaction_session_timeout', '0'), \
         ('application_name', {}), ('standard_conforming_strings', 'on'), ('row_security', 'off'), \
         ('client_connection_check_interval', '500')) s (name, value) \
         WHERE current_setting(s.name, true) IS NOT NULL \
         AND (s.name <> 'client_connection_check_interval' OR version() LIKE '%linux%')",
        timeouts.lock.as_millis(),
        timeouts.statement.as_millis(),
        Dialect::Postgres.literal(application),
    );
    answer(conn, &sql).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changed_is_set_back() {
        let pairs = |list: &[(&str, &str)]| -> Vec<(String, String)> {
            list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let before = pairs(&[("TimeZone", "UTC"), ("search_path", "app"), ("work_mem", "64")]);
        let after = pairs(&[("TimeZone", "UTC"), ("search_path", ""), ("lock_timeout", "0")]);
        let expected = "SELECT set_config('search_path', 'app', false);RESET \"lock_timeout\";SELECT set_config('work_mem', '64', false);";
        assert_eq!(difference(&before, &after), expected);
    }
}
