//! Reads the version table and the log. Issues no DDL.

use alembic_graph::version_table::{InFlight, LEFT_SOMETHING, LogState, Position, VersionTable};
use alembic_sql::Dialect;
use diesel::{
    QueryResult, QueryableByName,
    connection::LoadConnection,
    result::Error,
    sql_types::{Binary, Nullable, Text},
};
use serde::Serialize;

use super::{MigrationBackend, answer, snapshot};

/// A query's only column.
#[derive(Debug, QueryableByName)]
pub(super) struct Answer {
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) answer: Option<String>,
}

/// What a `SHOW CREATE …` answers with: it has a column of that name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// Table, or sequence.
    Table,
    /// View.
    View,
    /// Function.
    Function,
    /// Procedure.
    Procedure,
    /// Trigger.
    Trigger,
    /// Event.
    Event,
}

macro_rules! texts {
    ($($name:ident: $column:literal,)+) => {
        $(
            /// The text of an object, as the server writes it.
            #[derive(Debug, QueryableByName)]
            pub(super) struct $name {
                #[diesel(sql_type = Binary, column_name = $column)]
                pub(crate) text: Vec<u8>,
            }
        )+
    };
}

texts! {
    TableText: "Create Table",
    ViewText: "Create View",
    FunctionText: "Create Function",
    ProcedureText: "Create Procedure",
    TriggerText: "SQL Original Statement",
    EventText: "Create Event",
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

/// Counts are read as text, which every database gives alike.
#[expect(clippy::ptr_arg, reason = "what serde passes")]
fn number<S: serde::Serializer>(text: &String, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(text.parse().unwrap_or(0))
}

/// A row of `alembic_version_log`.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName, Serialize)]
pub struct LogRecord {
    /// Names the run that the step belonged to.
    #[diesel(sql_type = Text)]
    pub run: String,
    /// The revision; empty when stamping to base.
    #[diesel(sql_type = Text)]
    pub revision: String,
    /// `upgrade`, `downgrade`, `stamp` or `accept`.
    #[diesel(sql_type = Text)]
    pub direction: String,
    /// `running`, `done`, `failed` or `aborted`.
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
    #[serde(serialize_with = "number")]
    pub statement: String,
    /// How many statements there are.
    #[diesel(sql_type = Text)]
    #[serde(serialize_with = "number")]
    pub statements: String,
    /// Checksum of the statements that were run.
    #[diesel(sql_type = Nullable<Text>)]
    pub prefix: Option<String>,
    /// The statement that was about to run outside a transaction, if one was.
    #[diesel(sql_type = Nullable<Text>)]
    pub intent: Option<String>,
    /// Whether the connection was used in ways that the log knows nothing of.
    #[diesel(sql_type = Nullable<Text>)]
    pub by_hand: Option<String>,
    /// The key up to which a backfill has come that is the next operation.
    #[diesel(sql_type = Nullable<Text>)]
    pub position: Option<String>,
    /// The last key there was when the backfill began.
    #[diesel(sql_type = Nullable<Text>)]
    pub position_end: Option<String>,
    /// Checksum of the operations up to the backfill.
    #[diesel(sql_type = Nullable<Text>)]
    pub position_of: Option<String>,
    /// The database's session that ran the step.
    #[diesel(sql_type = Nullable<Text>)]
    pub session: Option<String>,
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

    /// Returns how long the step took, if it has ended.
    #[must_use]
    pub fn duration(&self) -> Option<std::time::Duration> {
        let time = |text: &str| {
            let zone = text.get(19..)?.find(|c: char| !c.is_ascii_digit() && c != '.').map_or(text.len(), |at| at + 19);
            chrono::NaiveDateTime::parse_from_str(&text[..zone], "%Y-%m-%d %H:%M:%S%.f").ok()
        };
        (time(self.finished_at.as_ref()?)? - time(&self.started_at)?).to_std().ok()
    }

    /// Returns whether the step is under way, or its process died.
    pub(crate) fn is_running(&self) -> bool {
        self.state == LogState::Running.name()
    }

    /// Returns whether the connection was used in ways that the log knows nothing of.
    pub(crate) fn is_by_hand(&self) -> bool {
        self.by_hand.is_some()
    }

    /// Returns what is noted of the operation that is next.
    pub(crate) fn in_flight(&self) -> InFlight<'_> {
        let number = |text: &Option<String>| text.as_ref().and_then(|text| text.parse::<i64>().ok());
        let position = || {
            let (key, end) = (number(&self.position)?, number(&self.position_end)?);
            Some(Position { key, end, of: self.position_of.as_deref()? })
        };
        InFlight { intent: number(&self.intent), position: position() }
    }

    /// Returns whether the statement after those that are done was about to run by itself.
    pub(crate) fn intends_next(&self) -> bool {
        self.intent.as_ref().and_then(|intent| intent.parse().ok()) == Some(self.statements_done() + 1)
    }
}

/// Rows of the version table and the log, as read at one moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct State {
    /// Whether the version table exists.
    pub(crate) has_version_table: bool,
    /// Whether the log exists.
    pub(crate) has_log: bool,
    /// Whether the lock exists.
    pub(crate) has_lock: bool,
    /// The rows of the version table, sorted.
    pub(crate) rows: Vec<String>,
    /// The last entry of the log for each revision.
    pub(crate) log: Vec<LogRecord>,
}

impl State {
    /// Returns whether the log says of a step that it is running; its process may have died.
    pub(crate) fn is_under_way(&self) -> bool {
        self.log.iter().any(LogRecord::is_running)
    }
}

/// How much of the log to read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum LogDepth {
    /// Only the rows of the version table.
    None,
    /// The last entry of each revision, of those whose last step did not end well.
    Open,
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
    let all_of_it = match dialect {
        Dialect::Sqlite => String::new(),
        Dialect::Postgres => format!(" WHERE {}", is_plain_on_postgres(table)),
        // More than `sql_select_limit`.
        Dialect::Mysql | Dialect::Mariadb => " LIMIT 1000000".to_owned(),
    };
    C::Backend::version_rows(
        conn,
        &format!(
            "SELECT v.version_num AS version_num, \
             (SELECT l.node FROM {log} l WHERE l.revision = v.version_num AND l.state = 'done' ORDER BY l.id DESC LIMIT 1) AS node, \
             ({}) AS unfinished \
             FROM {versions} v{all_of_it}",
            table.unfinished(dialect)
        ),
    )
}

/// The condition that version table and log are where they would be made, and no policy hides rows of them.
fn is_plain_on_postgres(table: &VersionTable) -> String {
    let dialect = Dialect::Postgres;
    let names = [(table.name().to_owned(), table.qualified(dialect)), (table.log_name(), table.qualified_log(dialect))];
    let conditions = names.map(|(name, qualified)| {
        let found = dialect.literal(&qualified);
        let visible = format!("NOT row_security_active({found})");
        if table.schema().is_some() {
            return visible;
        }
        let first = dialect.literal(&format!(".{}", dialect.quote(&name)));
        format!("{visible} AND to_regclass({found}) = to_regclass(quote_ident(current_schema()) || {first})")
    });
    conditions.join(" AND ")
}

/// Reads what the database says of itself; a missing table is no error.
pub(crate) fn read_state<C>(conn: &mut C, dialect: Dialect, table: &VersionTable, depth: LogDepth) -> QueryResult<State>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let tables = C::Backend::answers(conn, &C::Backend::tables_query(table))?;
    let exists = |name: &str| tables.iter().flatten().any(|found| found == name);
    let mut state = State {
        has_version_table: exists(table.name()),
        has_log: exists(&table.log_name()),
        has_lock: exists(&table.lock_name()),
        ..State::default()
    };
    if dialect.is_mysql_family() {
        let of_log = (!state.has_log && depth != LogDepth::None).then(|| table.qualified_log(dialect));
        let hidden = (!state.has_version_table).then(|| table.qualified(dialect)).into_iter().chain(of_log);
        hidden.into_iter().try_for_each(|table| refuse_hidden(conn, &table))?;
    }
    if state.has_version_table {
        state.rows = version_numbers(conn, dialect, table)?;
    }
    if state.has_log && depth != LogDepth::None {
        let log = table.qualified_log(dialect);
        let open = if depth == LogDepth::Open { " AND state IN ('running', 'failed')" } else { "" };
        let latest = format!(
            "WHERE id IN (SELECT MAX(id) FROM {log} WHERE {LEFT_SOMETHING} GROUP BY revision){open} ORDER BY id"
        );
        state.log = C::Backend::log_rows(conn, &log_query(dialect, table, &latest))?;
    }
    Ok(state)
}

/// MySQL and MariaDB list only the tables on which one has a right. Fails if a table is not listed for that.
fn refuse_hidden<C>(conn: &mut C, table: &str) -> QueryResult<()>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    match answer(conn, &format!("SELECT NULL AS answer FROM {table} LIMIT 0")) {
        Err(Error::DatabaseError(kind, info)) if info.message().contains("denied") => {
            Err(Error::DatabaseError(kind, info))
        }
        _ => Ok(()),
    }
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

/// Returns how many statements of a revision a run is known to have run.
pub(crate) fn progress_of<C>(
    conn: &mut C,
    dialect: Dialect,
    table: &VersionTable,
    run: &str,
    revision: &str,
) -> QueryResult<Option<usize>>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let text = if dialect.is_mysql_family() { "CHAR" } else { "TEXT" };
    let sql = format!(
        "SELECT CAST(statement AS {text}) AS answer FROM {} WHERE run = {} AND revision = {} ORDER BY id DESC LIMIT 1",
        table.qualified_log(dialect),
        dialect.literal(run),
        dialect.literal(revision),
    );
    Ok(snapshot(conn, |conn| answer(conn, &sql))?.and_then(|n| n.parse().ok()))
}

/// Returns the run that the lock's row names.
pub(crate) fn lock_holder<C>(conn: &mut C, dialect: Dialect, table: &VersionTable) -> QueryResult<Option<String>>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    answer(conn, &format!("SELECT run AS answer FROM {}", table.qualified_lock(dialect)))
}

/// Returns who runs a statement in a session that the log names, if it is another one than ours.
pub(crate) fn session_is_busy<C>(conn: &mut C, session: &str) -> QueryResult<Option<String>>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let Some(sql) = C::Backend::busy_session_query(session) else { return Ok(None) };
    snapshot(conn, |conn| answer(conn, &sql))
}

/// Names of columns are spelled out, as SQLite may be told to call them otherwise; so is the form of times on PostgreSQL.
fn log_query(dialect: Dialect, table: &VersionTable, rest: &str) -> String {
    let text = if dialect.is_mysql_family() { "CHAR" } else { "TEXT" };
    let plain = |name: &str| format!("{name} AS {name}");
    let cast = |name: &str| format!("CAST({name} AS {text}) AS {name}");
    let time = |name: &str| match dialect {
        Dialect::Postgres => format!("to_char({name} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US\"+00\"') AS {name}"),
        _ => cast(name),
    };
    let columns = [
        ["run", "revision", "direction", "state", "checksum", "node"].map(plain).to_vec(),
        ["statement", "statements", "intent", "by_hand", "position", "position_end"].map(cast).to_vec(),
        ["started_at", "finished_at"].map(time).to_vec(),
        ["prefix", "position_of", "session", "os_user", "host", "application", "app_version", "tag", "error"]
            .map(plain)
            .to_vec(),
    ];
    format!("SELECT {} FROM {} {rest}", columns.concat().join(", "), table.qualified_log(dialect))
}
