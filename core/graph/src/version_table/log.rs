//! The log: who applied what, when, and how far a step outside a transaction has come.
//!
//! Entries are added and never taken away. The run that added an entry notes its progress and its
//! end there; after that the entry stays as it is, and whatever happens later is another entry.

use alembic_sql::{Checksum, Dialect};

use super::{Run, VersionTable, storage::options};

/// Who applies revisions, as the log records it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Actor {
    /// The operating system's user.
    pub user: String,
    /// The machine.
    pub host: String,
    /// The program.
    pub application: String,
    /// The program's version.
    pub version: String,
    /// A word given with the command, to find the run again.
    pub tag: String,
}

impl Actor {
    /// Returns who that is, in a few words.
    #[must_use]
    pub fn signature(&self) -> String {
        let words = [&self.application, &self.version].into_iter().filter(|word| !word.is_empty());
        let program = words.map(String::as_str).collect::<Vec<_>>().join(" ");
        if self.user.is_empty() {
            return format!("{program} on {}", self.host);
        }
        format!("{program} of {}@{}", self.user, self.host)
    }
}

/// What the log says of one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogEntry<'a> {
    /// The run that it belongs to.
    pub run: Run<'a>,
    /// The revision; empty when stamping to base.
    pub revision: &'a str,
    /// `upgrade`, `downgrade`, `stamp` or `accept`.
    pub direction: &'a str,
    /// Checksum of the text that was run.
    pub checksum: Option<Checksum>,
    /// The value that names the revision and its history.
    pub node: Option<Checksum>,
    /// How many statements are done.
    pub done: usize,
    /// How many statements the text has.
    pub statements: usize,
    /// Checksum of the statements that are done.
    pub prefix: Option<Checksum>,
    /// When it began and ended, as the database writes it; none means now.
    pub times: Option<(&'a str, &'a str)>,
    /// Why it stopped.
    pub error: Option<&'a str>,
    /// What an earlier run noted of the operation that is next.
    pub in_flight: Option<InFlight<'a>>,
}

/// State of an operation that was begun and is not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InFlight<'a> {
    /// The statement that was about to run by itself.
    pub intent: Option<i64>,
    /// How far a backfill has come.
    pub position: Option<Position<'a>>,
}

/// How far a backfill has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position<'a> {
    /// The last key that is done.
    pub key: i64,
    /// The last key there was when it began.
    pub end: i64,
    /// Checksum of the operations up to this one.
    pub of: &'a str,
}

/// How far a step has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogState {
    /// Under way, or the process died.
    Running,
    /// Complete.
    Done,
    /// Stopped by an error, or taken over by another run.
    Failed,
    /// Given up by a person.
    Aborted,
}

impl LogState {
    /// Returns the word in the table.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Aborted => "aborted",
        }
    }
}

/// The columns of [`InFlight`], which most entries do not have.
const IN_FLIGHT: &str = ", intent, position, position_end, position_of";

/// The condition that leaves out entries of steps that failed before they did anything.
pub const LEFT_SOMETHING: &str =
    "NOT (state = 'failed' AND statement = 0 AND intent IS NULL AND position IS NULL AND by_hand IS NULL)";

impl InFlight<'_> {
    fn values(&self, dialect: Dialect) -> String {
        let intent = self.intent.map_or_else(|| "NULL".to_owned(), |intent| intent.to_string());
        let position = self.position.map_or_else(
            || "NULL, NULL, NULL".to_owned(),
            |Position { key, end, of }| format!("{key}, {end}, {}", dialect.literal(of)),
        );
        format!("{intent}, {position}")
    }
}

impl VersionTable {
    /// Returns the statement that creates the log, if it is absent.
    #[must_use]
    pub fn create_log(&self, dialect: Dialect) -> String {
        let (id, time, text) = match dialect {
            Dialect::Sqlite => ("INTEGER PRIMARY KEY AUTOINCREMENT", "TEXT", "TEXT"),
            Dialect::Postgres => ("BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "TIMESTAMPTZ", "TEXT"),
            Dialect::Mysql | Dialect::Mariadb => ("BIGINT AUTO_INCREMENT PRIMARY KEY", "DATETIME(6)", "TEXT"),
        };
        // Where every statement is noted in the log, its row has to be found without a scan.
        let key = if dialect.is_mysql_family() { ",\n    KEY (revision)" } else { "" };
        format!(
            "CREATE TABLE IF NOT EXISTS {} (\n    id {id},\n    run VARCHAR(36) NOT NULL,\n    \
             revision VARCHAR(32) NOT NULL,\n    direction VARCHAR(10) NOT NULL,\n    state VARCHAR(10) NOT NULL,\n    \
             checksum VARCHAR(64),\n    node VARCHAR(64),\n    statement INTEGER NOT NULL,\n    \
             statements INTEGER NOT NULL,\n    prefix VARCHAR(64),\n    started_at {time} NOT NULL,\n    \
             finished_at {time},\n    intent INTEGER,\n    by_hand INTEGER,\n    position BIGINT,\n    position_end BIGINT,\n    position_of VARCHAR(64),\n    session VARCHAR(64),\n    os_user VARCHAR(255),\n    host VARCHAR(255),\n    \
             application VARCHAR(255),\n    app_version VARCHAR(64),\n    tag VARCHAR(255),\n    error {text}{key}\n){}",
            self.qualified_log(dialect),
            options(dialect),
        )
    }

    /// Returns the statement that adds entries to the log; there has to be one.
    ///
    /// An entry of a running step can be added only by the run that has the lock's row: for any
    /// other the statement fails, because a run may not be NULL.
    #[must_use]
    pub fn log(&self, dialect: Dialect, entries: &[LogEntry<'_>], state: LogState, actor: &Actor) -> String {
        let rows: Vec<String> = entries.iter().map(|entry| self.log_row(dialect, entry, state, actor)).collect();
        format!(
            "INSERT INTO {} (run, revision, direction, state, checksum, node, statement, statements, prefix, \
             started_at, finished_at, session, os_user, host, application, app_version, tag, error{}) VALUES {}",
            self.qualified_log(dialect),
            if entries.iter().any(|entry| entry.in_flight.is_some()) { IN_FLIGHT } else { "" },
            rows.join(",\n")
        )
    }

    fn log_row(&self, dialect: Dialect, entry: &LogEntry<'_>, state: LogState, actor: &Actor) -> String {
        let text = |text: &str| dialect.literal(text);
        let optional = |value: Option<String>| value.map_or_else(|| "NULL".to_owned(), |value| text(&value));
        let now = || now(dialect).to_owned();
        let running = state == LogState::Running;
        let started = entry.times.map_or_else(now, |(started, _)| text(started));
        let finished =
            if running { "NULL".to_owned() } else { entry.times.map_or_else(now, |(_, finished)| text(finished)) };
        let in_flight = entry.in_flight.map_or_else(String::new, |state| format!(", {}", state.values(dialect)));
        format!(
            "({}, {}, {}, '{}', {}, {}, {}, {}, {}, {started}, {finished}, {}, {}, {}, {}, {}, {}, {}{in_flight})",
            if running { self.fenced_run(dialect, entry.run) } else { entry.run.expression(dialect) },
            text(entry.revision),
            text(entry.direction),
            state.name(),
            optional(entry.checksum.map(|sum| sum.to_string())),
            optional(entry.node.map(|sum| sum.to_string())),
            entry.done,
            entry.statements,
            optional(entry.prefix.map(|sum| sum.to_string())),
            if running { session(dialect) } else { "NULL" },
            text(&actor.user),
            text(&actor.host),
            text(&actor.application),
            text(&actor.version),
            optional(Some(actor.tag.clone()).filter(|tag| !tag.is_empty())),
            optional(entry.error.map(str::to_owned)),
        )
    }

    /// Returns the query for a revision whose last step did not come to its end, if there is one.
    #[must_use]
    pub fn unfinished(&self, dialect: Dialect) -> String {
        let log = self.qualified_log(dialect);
        format!(
            "SELECT u.revision FROM {log} u WHERE u.state IN ('running', 'failed') AND {LEFT_SOMETHING} \
             AND NOT EXISTS (SELECT 1 FROM {log} n WHERE n.revision = u.revision AND n.id > u.id) LIMIT 1"
        )
    }

    /// Returns the statement that notes how far a running step has come.
    ///
    /// On PostgreSQL and SQLite it fails for a run that has lost the lock's row. MySQL has modes in
    /// which it takes NULL for an empty string, so there only a new entry is fenced.
    #[must_use]
    pub fn log_progress(&self, dialect: Dialect, entry: &LogEntry<'_>, statement: usize, prefix: Checksum) -> String {
        // How many operations a function has shows only as it goes on.
        let total = if statement >= entry.statements { format!(", statements = {statement}") } else { String::new() };
        // What was noted of it while it went on is over in the same moment.
        let position = if entry.in_flight.is_some() { ", position = NULL" } else { "" };
        self.log_fenced(dialect, entry, &format!("statement = {statement}, prefix = '{prefix}'{total}{position}"))
    }

    /// Returns the statement that notes how far a backfill has come, which is the next operation.
    #[must_use]
    pub fn log_position(&self, dialect: Dialect, entry: &LogEntry<'_>, position: Position<'_>) -> String {
        let Position { key, end, of } = position;
        let of = dialect.literal(of);
        self.log_fenced(dialect, entry, &format!("position = {key}, position_end = {end}, position_of = {of}"))
    }

    /// Returns the statement that notes that the connection is used in ways that the log knows nothing of,
    /// or that nothing is left of that.
    #[must_use]
    pub fn log_by_hand(&self, dialect: Dialect, entry: &LogEntry<'_>, by_hand: bool) -> String {
        self.log_fenced(dialect, entry, if by_hand { "by_hand = 1" } else { "by_hand = NULL" })
    }

    /// Returns the statement that notes which statement is about to run outside a transaction.
    #[must_use]
    pub fn log_intent(&self, dialect: Dialect, entry: &LogEntry<'_>, statement: usize) -> String {
        self.log_fenced(dialect, entry, &format!("intent = {statement}"))
    }

    /// Returns the statement that closes the entries of runs that died while they ran a revision.
    #[must_use]
    pub fn log_takeover(&self, dialect: Dialect, entry: &LogEntry<'_>) -> String {
        let successor = match entry.run {
            Run::Named(run) => format!("run {run}"),
            Run::OfScript => "a script".to_owned(),
        };
        format!(
            "UPDATE {} SET state = '{}', finished_at = {}, error = {} WHERE revision = {} AND state = 'running'",
            self.qualified_log(dialect),
            LogState::Failed.name(),
            now(dialect),
            dialect.literal(&format!("interrupted; {successor} goes on")),
            dialect.literal(entry.revision),
        )
    }

    fn log_fenced(&self, dialect: Dialect, entry: &LogEntry<'_>, changes: &str) -> String {
        if dialect.is_mysql_family() {
            return self.log_update(dialect, entry, changes);
        }
        let run = entry.run.expression(dialect);
        format!(
            "UPDATE {} SET run = {}, {changes} WHERE run = {run} AND revision = {}",
            self.qualified_log(dialect),
            self.fenced_run(dialect, entry.run),
            dialect.literal(entry.revision),
        )
    }

    /// Returns the statement that notes how a running step ended.
    #[must_use]
    pub fn log_end(&self, dialect: Dialect, entry: &LogEntry<'_>, state: LogState, error: Option<&str>) -> String {
        let error = error.map_or_else(|| "NULL".to_owned(), |error| dialect.literal(error));
        let changes = format!("state = '{}', finished_at = {}, error = {error}", state.name(), now(dialect));
        self.log_update(dialect, entry, &changes)
    }

    fn log_update(&self, dialect: Dialect, entry: &LogEntry<'_>, changes: &str) -> String {
        format!(
            "UPDATE {} SET {changes} WHERE run = {} AND revision = {} AND state = 'running'",
            self.qualified_log(dialect),
            entry.run.expression(dialect),
            dialect.literal(entry.revision),
        )
    }
}

/// The session that a running step belongs to, as the database knows it.
fn session(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => "NULL",
        Dialect::Postgres => {
            "(SELECT pid || ' ' || extract(epoch FROM backend_start) FROM pg_catalog.pg_stat_activity \
             WHERE pid = pg_backend_pid())"
        }
        Dialect::Mysql | Dialect::Mariadb => "CONNECTION_ID()",
    }
}

/// The database's clock.
pub(super) fn now(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => "strftime('%Y-%m-%d %H:%M:%f', 'now')",
        Dialect::Postgres => "clock_timestamp()",
        Dialect::Mysql | Dialect::Mariadb => "UTC_TIMESTAMP(6)",
    }
}
