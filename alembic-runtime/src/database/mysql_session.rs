//! What a run sets in a session of MySQL or MariaDB, which keeps the values before in variables.

use std::fmt::Write;

use alembic_sql::{Dialect, MODE_WITH_BACKSLASHES, MYSQL_SETTINGS, server::ServerStatement};

use super::Timeouts;

/// The settings of MySQL that a run changes itself, beside those that a revision may change.
const MYSQL_OURS: [&str; 6] = [
    "autocommit",
    "lock_wait_timeout",
    "innodb_lock_wait_timeout",
    "sql_select_limit",
    "sql_quote_show_create",
    "lc_messages",
];

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
