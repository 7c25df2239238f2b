//! The history that is run, and how to tell that it was run right.

use alembic_runtime::{MigrationBackend, Migrations};
use diesel::connection::LoadConnection;
use harness::{Database, Kind};

/// How the steps run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// All in one transaction, as far as the database can.
    Transaction,
    /// Statement by statement.
    None,
}

impl Mode {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Transaction => "transaction",
            Self::None => "none",
        }
    }

    pub(crate) fn of(name: &str) -> Self {
        if name == "none" { Self::None } else { Self::Transaction }
    }
}

/// The revisions, each with one row for the ledger and one for the counter.
pub(crate) const REVISIONS: usize = 5;

/// Builds the first `length` revisions.
pub(crate) fn history<C>(kind: Kind, mode: Mode, length: usize) -> Migrations<C> {
    Migrations::from_files(files(kind, mode, length)).expect("the history is well formed")
}

/// Writes the first `length` revisions. Every one notes itself in a table without unique key, and adds
/// to a counter: a statement that runs twice, or not at all, shows.
pub(crate) fn files(kind: Kind, mode: Mode, length: usize) -> Vec<(String, String)> {
    let index = match (kind, mode) {
        (Kind::Postgres, Mode::None) => "CREATE INDEX CONCURRENTLY by_x ON extra (x)",
        _ => "CREATE INDEX by_x ON extra (x)",
    };
    let schema = [
        "CREATE TABLE ledger (token INTEGER);\nCREATE TABLE counter (n INTEGER);\nINSERT INTO counter VALUES (0)",
        "CREATE TABLE extra (x INTEGER);\nINSERT INTO extra VALUES (1), (2), (3)",
        "ALTER TABLE extra ADD COLUMN y INTEGER;\nUPDATE extra SET y = x + 1",
        index,
        "CREATE TABLE scratch (x INTEGER);\nALTER TABLE scratch ADD COLUMN z INTEGER;\nDROP TABLE scratch",
    ];
    let header = if mode == Mode::None { "-- Transaction: none\n" } else { "" };
    let file = |(n, sql): (usize, &&str)| {
        let (id, parent) = (n + 1, if n == 0 { "<base>".to_owned() } else { format!("r{n}") });
        let text = format!(
            "-- step {id}\n-- Revision ID: r{id}\n-- Revises: {parent}\n{header}-- alembic:upgrade\n{sql};\n\
             INSERT INTO ledger VALUES ({id});\nUPDATE counter SET n = n + 1;\n"
        );
        (format!("r{id}.sql"), text)
    };
    schema.iter().take(length).enumerate().map(file).collect()
}

/// Returns what is wrong with a database in which the whole history should have run.
pub(crate) fn mistakes(db: &Database) -> Vec<String> {
    let text = if db.kind().is_mysql_family() { "CHAR" } else { "TEXT" };
    let tables = db.tables();
    if tables != "counter,extra,ledger" || !db.has_table("alembic_version") {
        return vec![format!("tables: {tables}")];
    }
    let mut expected = Vec::new();
    let mut expect = |what, sql: &str, answer| expected.push((what, sql.to_owned(), answer));
    expect("rows", "SELECT version_num AS answer FROM alembic_version", "r5");
    expect("ledger", &format!("SELECT CAST(token AS {text}) AS answer FROM ledger ORDER BY token"), "1,2,3,4,5");
    expect("counter", &format!("SELECT CAST(n AS {text}) AS answer FROM counter"), "5");
    expect("data", &format!("SELECT CAST(SUM(x * 10 + y) AS {text}) AS answer FROM extra"), "69");
    expect(
        "log",
        "SELECT revision AS answer FROM alembic_version_log WHERE state = 'done' ORDER BY revision",
        "r1,r2,r3,r4,r5",
    );
    expect("open", "SELECT run AS answer FROM alembic_version_log WHERE state = 'running'", "");
    let mysql_lock = format!(
        "SELECT CAST(COALESCE(IS_USED_LOCK('{}'), IS_USED_LOCK({})) AS CHAR) AS answer",
        db.mysql_lock(),
        db.mysql_lock_of_scripts()
    );
    let (index, lock) = match db.kind() {
        Kind::Sqlite => ("SELECT name AS answer FROM sqlite_master WHERE type = 'index' AND name = 'by_x'", None),
        Kind::Postgres => (
            "SELECT c.relname::text AS answer FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
             WHERE i.indisvalid AND c.relname = 'by_x'",
            Some(
                "SELECT pid::text AS answer FROM pg_locks WHERE locktype = 'advisory' AND database = \
                 (SELECT oid FROM pg_database WHERE datname = current_database())",
            ),
        ),
        Kind::Mysql | Kind::Mariadb => (
            "SELECT index_name AS answer FROM information_schema.statistics WHERE table_schema = DATABASE() \
             AND index_name = 'by_x'",
            Some(mysql_lock.as_str()),
        ),
    };
    expect("index", index, "by_x");
    if let Some(sql) = lock {
        expect("lock", sql, "");
    }
    compare(db, &expected)
}

/// Returns which questions have another answer than expected.
pub(crate) fn compare(db: &Database, expected: &[(&str, String, &str)]) -> Vec<String> {
    let queries: Vec<&str> = expected.iter().map(|(_, sql, _)| sql.as_str()).collect();
    let wrong = |((what, _, expected), found): (&(&str, String, &str), String)| {
        (found != *expected).then(|| format!("{what}: {found} instead of {expected}"))
    };
    expected.iter().zip(db.ask_all(&queries)).filter_map(wrong).collect()
}

/// Returns what is wrong with what the database says of a run at the moment in which it was disturbed.
///
/// The last statement but one of every revision enters it in the ledger: the log has that statement as
/// done if, and only if, it is. In a transaction, the version table agrees as well.
pub(crate) fn lies(db: &Database, mode: Mode) -> Option<String> {
    if !db.has_table("ledger") || !db.has_table("alembic_version_log") {
        return None;
    }
    let (text, revision) = match db.kind() {
        Kind::Mysql | Kind::Mariadb => ("CHAR", "CONCAT('r', token)"),
        Kind::Sqlite | Kind::Postgres => ("TEXT", "'r' || token"),
    };
    // One query sees one moment; the server may be at work still.
    let log = db.ask(&format!(
        "SELECT revision AS answer FROM alembic_version_log l \
         WHERE id IN (SELECT MAX(id) FROM alembic_version_log GROUP BY revision) \
         AND (statement >= statements - 1) <> EXISTS (SELECT 1 FROM ledger WHERE {revision} = l.revision)"
    ));
    if !log.is_empty() {
        return Some(format!("the log is wrong about {log}"));
    }
    if mode == Mode::None || db.kind().is_mysql_family() {
        return None;
    }
    let rows = db.ask("SELECT substr(version_num, 2) AS answer FROM alembic_version");
    let applied = db.ask(&format!("SELECT CAST(COUNT(*) AS {text}) AS answer FROM ledger"));
    (rows != applied).then(|| format!("the version table says {rows}, {applied} were applied"))
}

/// Runs the whole history, as the run after a failure does.
pub(crate) fn run<C>(db: &Database, migrations: &Migrations<C>) -> Result<(), alembic_runtime::Error>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let wait = std::time::Duration::from_millis(if db.kind() == Kind::Sqlite { 100 } else { 30_000 });
    migrations.migrator().wait(wait).upgrade(&mut db.connect::<C>(), "head").map(|_| ())
}

/// One revision whose statement goes on for two seconds on the server, whatever becomes of the client.
pub(crate) fn slow<C>(kind: Kind) -> Migrations<C> {
    let statement = match kind {
        Kind::Postgres => "CREATE TABLE slow AS SELECT 1 AS x, pg_sleep(2)::text AS y",
        _ => "CREATE TABLE slow AS SELECT 1 AS x, SLEEP(2) AS y",
    };
    let text = format!(
        "-- slow\n-- Revision ID: r1\n-- Revises: <base>\n-- Transaction: none\n-- alembic:upgrade\n\
         CREATE TABLE ledger (token INTEGER);\n{statement};\nINSERT INTO ledger VALUES (1);\n"
    );
    Migrations::from_files([("r1.sql".to_owned(), text)]).expect("the history is well formed")
}

/// Returns what is wrong after [`slow`] has run.
pub(crate) fn mistakes_of_slow(db: &Database) -> Vec<String> {
    let text = if db.kind().is_mysql_family() { "CHAR" } else { "TEXT" };
    let expected = [
        ("rows", "SELECT version_num AS answer FROM alembic_version".to_owned(), "r1"),
        ("ledger", format!("SELECT CAST(token AS {text}) AS answer FROM ledger"), "1"),
        ("slow", format!("SELECT CAST(x AS {text}) AS answer FROM slow"), "1"),
        ("open", "SELECT run AS answer FROM alembic_version_log WHERE state = 'running'".to_owned(), ""),
    ];
    compare(db, &expected)
}
