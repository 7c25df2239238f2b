//! Reads the version table and the log. Issues no DDL.

use alembic_core::{
    Dialect,
    version_table::{LogState, VersionTable},
};
use diesel::{
    QueryResult, QueryableByName,
    connection::LoadConnection,
    sql_types::{Nullable, Text},
};
use serde::Serialize;

use super::MigrationBackend;

/// A query's only column.
#[derive(Debug, QueryableByName)]
pub(super) struct Answer {
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) answer: Option<String>,
}

/// A row of the version table with what the log says of it.
#[derive(Debug, QueryableByName)]
pub struct VersionRow {
    #[diesel(sql_type = Text)]
    pub(crate) version_num: String,
    /// The history's name when the revision was applied.
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) node: Option<String>,
    /// A revision whose last step did not end well.
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) unfinished: Option<String>,
}

/// A row of `alembic_version_log`.
#[derive(Debug, Clone, QueryableByName, Serialize)]
pub struct LogRecord {
    /// Names the run that the step belonged to.
    #[diesel(sql_type = Text)]
    pub run: String,
    /// The revision; empty when stamping to base.
    #[diesel(sql_type = Text)]
    pub revision: String,
    /// `upgrade`, `downgrade` or `stamp`.
    #[diesel(sql_type = Text)]
    pub direction: String,
    /// `running`, `done` or `failed`.
    #[diesel(sql_type = Text)]
    pub state: String,
    /// Checksum of the text that was run.
    #[diesel(sql_type = Nullable<Text>)]
    pub checksum: Option<String>,
    /// The value that named the revision and its history.
    #[diesel(sql_type = Nullable<Text>)]
    pub node: Option<String>,
    /// How many statements are known to have been run.
    #[diesel(sql_type = Text)]
    pub statement: String,
    /// How many statements there are.
    #[diesel(sql_type = Text)]
    pub statements: String,
    /// Checksum of the statements that were run.
    #[diesel(sql_type = Nullable<Text>)]
    pub prefix: Option<String>,
    /// When the step began, by the database's clock.
    #[diesel(sql_type = Text)]
    pub started_at: String,
    /// When it ended.
    #[diesel(sql_type = Nullable<Text>)]
    pub finished_at: Option<String>,
    /// The operating system's user.
    #[diesel(sql_type = Nullable<Text>)]
    pub os_user: Option<String>,
    /// The machine.
    #[diesel(sql_type = Nullable<Text>)]
    pub host: Option<String>,
    /// The program.
    #[diesel(sql_type = Nullable<Text>)]
    pub application: Option<String>,
    /// The program's version.
    #[diesel(sql_type = Nullable<Text>)]
    pub app_version: Option<String>,
    /// The word given with the command.
    #[diesel(sql_type = Nullable<Text>)]
    pub tag: Option<String>,
    /// The server's message.
    #[diesel(sql_type = Nullable<Text>)]
    pub error: Option<String>,
}

impl LogRecord {
    /// Returns how many statements are known to have been run.
    pub(crate) fn statements_done(&self) -> usize {
        self.statement.parse().unwrap_or(0)
    }

    /// Returns how many statements there are.
    pub(crate) fn statements_total(&self) -> usize {
        self.statements.parse().unwrap_or(0)
    }
}

/// What a database says of itself.
#[derive(Debug, Clone, Default)]
pub(crate) struct State {
    /// Whether the version table exists.
    pub(crate) has_version_table: bool,
    /// Whether the log exists.
    pub(crate) has_log: bool,
    /// The rows of the version table, sorted.
    pub(crate) rows: Vec<String>,
    /// The last entry of the log for each revision.
    pub(crate) log: Vec<LogRecord>,
}

impl State {
    /// Returns whether the log says of a step that it is running; its process may have died.
    pub(crate) fn is_under_way(&self) -> bool {
        self.log.iter().any(|record| record.state == LogState::Running.name())
    }
}

/// How much of the log to read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum LogDepth {
    /// Only the rows of the version table.
    None,
    /// The last entry of each revision.
    Latest,
}

/// One query for what is needed to see that there is nothing to do. Fails if a table is missing.
pub(crate) fn read_fast<C>(conn: &mut C, dialect: Dialect, table: &VersionTable) -> QueryResult<Vec<VersionRow>>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let (versions, log) = (table.qualified(dialect), table.qualified_log(dialect));
    C::Backend::version_rows(
        conn,
        &format!(
            "SELECT v.version_num AS version_num, \
             (SELECT l.node FROM {log} l WHERE l.revision = v.version_num AND l.state = 'done' ORDER BY l.id DESC LIMIT 1) AS node, \
             (SELECT u.revision FROM {log} u WHERE u.state IN ('running', 'failed') AND NOT EXISTS \
             (SELECT 1 FROM {log} n WHERE n.revision = u.revision AND n.id > u.id) LIMIT 1) AS unfinished \
             FROM {versions} v"
        ),
    )
}

/// Reads what the database says of itself; a missing table is no error.
pub(crate) fn read_state<C>(conn: &mut C, dialect: Dialect, table: &VersionTable, depth: LogDepth) -> QueryResult<State>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let tables = C::Backend::answers(conn, &C::Backend::tables_query(table))?;
    let exists = |name: &str| tables.iter().flatten().any(|found| found == name);
    let mut state =
        State { has_version_table: exists(table.name()), has_log: exists(&table.log_name()), ..State::default() };
    if state.has_version_table {
        state.rows = version_numbers(conn, dialect, table)?;
    }
    if state.has_log && depth == LogDepth::Latest {
        let log = table.qualified_log(dialect);
        let latest = format!("WHERE id IN (SELECT MAX(id) FROM {log} GROUP BY revision)");
        state.log = C::Backend::log_rows(conn, &log_query(dialect, table, &latest))?;
    }
    Ok(state)
}

/// Returns the rows of the version table, sorted.
pub(crate) fn version_numbers<C>(conn: &mut C, dialect: Dialect, table: &VersionTable) -> QueryResult<Vec<String>>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let sql = format!("SELECT version_num AS answer FROM {}", table.qualified(dialect));
    let mut rows: Vec<String> = C::Backend::answers(conn, &sql)?.into_iter().flatten().collect();
    rows.sort_unstable();
    Ok(rows)
}

/// Returns the last `limit` entries of the log, the newest first.
pub(crate) fn log_page<C>(
    conn: &mut C,
    dialect: Dialect,
    table: &VersionTable,
    limit: usize,
) -> QueryResult<Vec<LogRecord>>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    C::Backend::log_rows(conn, &log_query(dialect, table, &format!("ORDER BY id DESC LIMIT {limit}")))
}

fn log_query(dialect: Dialect, table: &VersionTable, rest: &str) -> String {
    let text = if dialect.is_mysql_family() { "CHAR" } else { "TEXT" };
    format!(
        "SELECT run, revision, direction, state, checksum, node, CAST(statement AS {text}) AS statement, \
         CAST(statements AS {text}) AS statements, prefix, CAST(started_at AS {text}) AS started_at, \
         CAST(finished_at AS {text}) AS finished_at, os_user, host, application, app_version, tag, error FROM {} {rest}",
        table.qualified_log(dialect)
    )
}
