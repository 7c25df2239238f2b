//! The SQL text of the version table and of the log beside it.
//!
//! The version table is the one of Python Alembic, column for column. Text only: the runtime sends
//! it, offline scripts print it.

use crate::{
    Checksum, Dialect,
    plan::{Direction, RowOperation},
};

/// Names the version table; the log's name is derived from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionTable {
    schema: Option<String>,
    name: String,
}

impl Default for VersionTable {
    fn default() -> Self {
        Self { schema: None, name: "alembic_version".into() }
    }
}

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

/// What the log says of one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry<'a> {
    /// Names the run.
    pub run: &'a str,
    /// The revision; empty when stamping to base.
    pub revision: &'a str,
    /// Which way.
    pub direction: Direction,
    /// Checksum of the text that was run.
    pub checksum: Option<Checksum>,
    /// The value that names the revision and its history.
    pub node: Option<Checksum>,
    /// How many statements the text has.
    pub statements: usize,
    /// When it began and ended, as the database writes it; none means now.
    pub times: Option<(&'a str, &'a str)>,
}

/// How far a step has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogState {
    /// Under way, or the process died.
    Running,
    /// Complete.
    Done,
    /// Stopped by an error.
    Failed,
    /// Given up by a person.
    Abandoned,
}

impl LogState {
    /// Returns the word in the table.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Abandoned => "abandoned",
        }
    }
}

impl VersionTable {
    /// Reads `table` or `schema.table`.
    #[must_use]
    pub fn new(name: &str) -> Self {
        match name.split_once('.') {
            Some((schema, name)) => Self { schema: Some(schema.into()), name: name.into() },
            None => Self { schema: None, name: name.into() },
        }
    }

    /// Returns the same table in a schema.
    #[must_use]
    pub fn in_schema(&self, schema: &str) -> Self {
        Self { schema: Some(schema.to_owned()), name: self.name.clone() }
    }

    /// Returns the name without schema.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the schema, if one is configured.
    #[must_use]
    pub fn schema(&self) -> Option<&str> {
        self.schema.as_deref()
    }

    /// Returns the log's name without schema.
    #[must_use]
    pub fn log_name(&self) -> String {
        format!("{}_log", self.name)
    }

    /// Returns the version table as SQL refers to it.
    #[must_use]
    pub fn qualified(&self, dialect: Dialect) -> String {
        self.qualify(dialect, &self.name)
    }

    /// Returns the log as SQL refers to it.
    #[must_use]
    pub fn qualified_log(&self, dialect: Dialect) -> String {
        self.qualify(dialect, &self.log_name())
    }

    fn qualify(&self, dialect: Dialect, name: &str) -> String {
        let name = dialect.quote_if_needed(name);
        match &self.schema {
            Some(schema) => format!("{}.{name}", dialect.quote_if_needed(schema)),
            None => name,
        }
    }

    /// Returns the statement that creates the version table, as Alembic writes it.
    #[must_use]
    pub fn create(&self, dialect: Dialect) -> String {
        format!(
            "CREATE TABLE {} (\n    version_num VARCHAR(32) NOT NULL,\n    CONSTRAINT {} PRIMARY KEY (version_num)\n)",
            self.qualified(dialect),
            dialect.quote_if_needed(&format!("{}_pkc", self.name)),
        )
    }

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
             finished_at {time},\n    os_user VARCHAR(255),\n    host VARCHAR(255),\n    \
             application VARCHAR(255),\n    app_version VARCHAR(64),\n    tag VARCHAR(255),\n    error {text}{key}\n)",
            self.qualified_log(dialect),
        )
    }

    /// Returns the statement for one change of the version table.
    #[must_use]
    pub fn change(&self, dialect: Dialect, operation: &RowOperation) -> String {
        let table = self.qualified(dialect);
        let literal = |id: &str| dialect.literal(id);
        match operation {
            RowOperation::Insert(id) => {
                format!("INSERT INTO {table} (version_num) VALUES ({})", literal(id))
            }
            RowOperation::Update { from, to } => {
                format!("UPDATE {table} SET version_num={} WHERE {table}.version_num = {}", literal(to), literal(from))
            }
            RowOperation::Delete(id) => format!("DELETE FROM {table} WHERE {table}.version_num = {}", literal(id)),
        }
    }

    /// Returns the statement that adds rows to the log; there has to be an entry.
    #[must_use]
    pub fn log(&self, dialect: Dialect, entries: &[LogEntry<'_>], state: LogState, actor: &Actor) -> String {
        let rows: Vec<String> = entries.iter().map(|entry| log_row(dialect, entry, state, actor)).collect();
        format!(
            "INSERT INTO {} (run, revision, direction, state, checksum, node, statement, statements, started_at, \
             finished_at, os_user, host, application, app_version, tag) VALUES {}",
            self.qualified_log(dialect),
            rows.join(",\n")
        )
    }

    /// Returns the statement that records how far a running step has come.
    #[must_use]
    pub fn log_progress(&self, dialect: Dialect, entry: &LogEntry<'_>, statement: usize, prefix: Checksum) -> String {
        self.log_update(dialect, entry, &format!("statement = {statement}, prefix = '{prefix}'"))
    }

    /// Returns the statement that records how a running step ended.
    #[must_use]
    pub fn log_end(&self, dialect: Dialect, entry: &LogEntry<'_>, state: LogState, error: Option<&str>) -> String {
        let error = error.map_or_else(|| "NULL".to_owned(), |error| dialect.literal(error));
        let changes = format!("state = '{}', finished_at = {}, error = {error}", state.name(), now(dialect));
        self.log_update(dialect, entry, &changes)
    }

    fn log_update(&self, dialect: Dialect, entry: &LogEntry<'_>, changes: &str) -> String {
        format!(
            "UPDATE {} SET {changes} WHERE run = {} AND revision = {} AND state IN ('running', 'failed')",
            self.qualified_log(dialect),
            dialect.literal(entry.run),
            dialect.literal(entry.revision),
        )
    }
}

fn log_row(dialect: Dialect, entry: &LogEntry<'_>, state: LogState, actor: &Actor) -> String {
    let text = |text: &str| dialect.literal(text);
    let optional = |sum: Option<Checksum>| sum.map_or_else(|| "NULL".to_owned(), |sum| text(&sum.to_string()));
    let now = || now(dialect).to_owned();
    let done = state == LogState::Done;
    let started = entry.times.map_or_else(now, |(started, _)| text(started));
    let finished = if done { entry.times.map_or_else(now, |(_, finished)| text(finished)) } else { "NULL".to_owned() };
    format!(
        "({}, {}, '{}', '{}', {}, {}, {}, {}, {started}, {finished}, {}, {}, {}, {}, {})",
        text(entry.run),
        text(entry.revision),
        entry.direction.name(),
        state.name(),
        optional(entry.checksum),
        optional(entry.node),
        if done { entry.statements } else { 0 },
        entry.statements,
        text(&actor.user),
        text(&actor.host),
        text(&actor.application),
        text(&actor.version),
        if actor.tag.is_empty() { "NULL".to_owned() } else { text(&actor.tag) },
    )
}

/// The database's clock.
fn now(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => "strftime('%Y-%m-%d %H:%M:%f', 'now')",
        Dialect::Postgres => "clock_timestamp()",
        Dialect::Mysql | Dialect::Mariadb => "UTC_TIMESTAMP(6)",
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn the_version_table_is_that_of_alembic() {
        assert_snapshot!(VersionTable::default().create(Dialect::Postgres), @r"
        CREATE TABLE alembic_version (
            version_num VARCHAR(32) NOT NULL,
            CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
        )
        ");
        assert_snapshot!(VersionTable::new("Ops.Version").qualified(Dialect::Mysql), @"`Ops`.`Version`");
    }

    #[test]
    fn ids_from_a_database_cannot_break_out() {
        let update = RowOperation::Update { from: "a'b".into(), to: "c".into() };
        assert_snapshot!(
            VersionTable::default().change(Dialect::Sqlite, &update),
            @"UPDATE alembic_version SET version_num='c' WHERE alembic_version.version_num = 'a''b'"
        );
    }
}
