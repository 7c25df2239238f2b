//! MySQL and MariaDB: variables of the session check, prepared statements skip.

use std::collections::BTreeSet;

use alembic_sql::{Dialect, MODE_WITH_BACKSLASHES, MYSQL_SETTINGS, server::ServerStatement};

use super::{
    safeguards::{Made, Safeguards},
    text::Text,
};
use crate::version_table::{RowOperation, VersionTable};

pub(super) struct Mysql<'a> {
    pub(super) dialect: Dialect,
    pub(super) table: &'a VersionTable,
    /// The database to come back to after `USE`.
    pub(super) database: Option<&'a str>,
}

/// The settings that a script makes for itself, as a run does.
const OURS: [&str; 6] = [
    "sql_mode",
    "character_set_client",
    "character_set_results",
    "character_set_connection",
    "collation_connection",
    "autocommit",
];

/// Neither database raises an error on a condition outside of a procedure, which would have to be created,
/// and would be left behind where it raised one. So each is given what only it reads.
const STOP: [&str; 2] = [
    "/*!80000 SET @alembic_problem = UUID_TO_BIN(@alembic_problem) */",
    "/*M! EXECUTE IMMEDIATE IF(@alembic_problem IS NULL, 'DO 0', 'SIGNAL SQLSTATE ''45000'' SET MESSAGE_TEXT = @alembic_problem') */",
];

impl Mysql<'_> {
    fn table(&self) -> String {
        self.table.qualified(self.dialect)
    }

    /// Stops the client if an expression gives a text.
    fn stop_if(&self, problem: &str, out: &mut Text) {
        out.line(&format!("SET @alembic_problem = {problem}"));
        STOP.into_iter().for_each(|line| out.line(line));
        out.gap();
    }

    /// Returns the condition that the version table has these rows. Their names as one text might be longer
    /// than `GROUP_CONCAT` lets it be.
    fn has(&self, rows: &[String]) -> String {
        let table = self.table();
        let all = format!("(SELECT COUNT(*) FROM {table}) = {}", rows.len());
        if rows.is_empty() {
            return all;
        }
        let these = format!("(SELECT COUNT(*) FROM {table} WHERE {})", self.is_among(rows));
        format!("{all} AND {these} = {}", rows.len())
    }

    fn is_among(&self, rows: &[String]) -> String {
        let rows: Vec<String> = rows.iter().map(|row| self.dialect.literal(row)).collect();
        format!("CAST(CONVERT(version_num USING utf8mb4) AS BINARY) IN ({})", rows.join(", "))
    }

    fn found(&self) -> String {
        format!(
            "(SELECT COALESCE(GROUP_CONCAT(version_num ORDER BY version_num SEPARATOR ', '), 'base') FROM {})",
            self.table()
        )
    }

    fn check_place(&self, made: &Made, out: &mut Text) {
        let refusal = self.dialect.literal(&format!("{}, and this one is at ", made.refusal()));
        let fits = match &made.known {
            None => self.has(&made.rows),
            Some(known) => format!("NOT EXISTS (SELECT 1 FROM {} WHERE NOT {})", self.table(), self.is_among(known)),
        };
        self.stop_if(&format!("IF({fits}, NULL, CONCAT({refusal}, {}))", self.found()), out);
    }

    /// Stops the client while a run or another script migrates the same database.
    fn take_turn(&self, out: &mut Text) {
        let name = self.lock_name();
        self.stop_if(&format!("IF(GET_LOCK({name}, 5) = 1, NULL, 'another program migrates this database')"), out);
    }

    fn lock_name(&self) -> String {
        self.table.lock_on_mysql("DATABASE()")
    }

    fn settings(&self, pair: impl Fn(&str) -> String) -> String {
        MYSQL_SETTINGS.iter().map(|name| pair(name)).collect::<Vec<_>>().join(", ")
    }

    fn back(&self) -> String {
        self.settings(|name| format!("{name} = @alembic_{name}"))
    }
}

impl Safeguards for Mysql<'_> {
    fn open(&self, out: &mut Text) {
        out.comment("The client stops at the first error, unless it is run with --force: do not.");
        if let Some(database) = self.database {
            out.statement(ServerStatement::use_database(database).sql());
        }
        out.comment(
            "This file is UTF-8, and its texts are for a sql_mode in which a backslash escapes; else the mode is the",
        );
        out.comment("session's. Without autocommit, rows are committed together with the note that they are done.");
        let keep = OURS.map(|name| format!("@alembic_session_{name} = @@{name}"));
        out.line(&format!("SET {}, @alembic_run = UUID()", keep.join(", ")));
        out.line("SET NAMES utf8mb4");
        out.line(&format!("SET sql_mode = {MODE_WITH_BACKSLASHES}, autocommit = 0"));
        out.statement(&format!("SET {}", self.settings(|name| format!("@alembic_{name} = @@{name}"))));
    }

    fn begin(&self, _out: &mut Text) {}

    fn guard(&self, made: &Made, out: &mut Text) {
        self.take_turn(out);
        if made.from_base {
            out.statement(&self.table.create(self.dialect));
        }
        self.check_place(made, out);
        out.line(&self.table.create_log(self.dialect));
        out.statement(&self.table.create_lock(self.dialect));
        let problem = "'a revision was begun and has not come to its end: run `cargo alembic upgrade` or `downgrade`'";
        self.stop_if(&format!("IF(({}) IS NULL, NULL, {problem})", self.table.unfinished(self.dialect)), out);
    }

    fn check_rows(&self, rows: &[String], out: &mut Text) {
        let problem = match rows {
            [] => "the version table has rows, and the next step needs it empty".to_owned(),
            rows => format!("the version table does not have {}, which the next step needs", rows.join(", ")),
        };
        let problem = self.dialect.literal(&problem);
        self.stop_if(&format!("IF({}, NULL, {problem})", self.has(rows)), out);
    }

    fn change_row(&self, operation: &RowOperation, out: &mut Text) {
        let change = self.table.change(self.dialect, operation);
        let row = match operation {
            // A second row of the same name violates the primary key.
            RowOperation::Insert(_) => return out.statement(&change),
            RowOperation::Update { from, .. } => from,
            RowOperation::Delete(row) => row,
        };
        out.line(&change);
        let problem = self.dialect.literal(&format!("the version table has no row {row}"));
        self.stop_if(&format!("IF(ROW_COUNT() = 1, NULL, {problem})"), out);
    }

    fn of_revision(&self, sql: &str, _foreign_keys: bool, out: &mut Text) {
        out.of_revision_on_mysql(sql);
    }

    fn restore_settings(&self, out: &mut Text) {
        out.comment("What the revision has set is set back.");
        if let Some(database) = self.database {
            out.line(ServerStatement::use_database(database).sql());
        }
        out.statement(&format!("SET {}", self.back()));
    }

    fn check(&self, condition: &str, problem: &str, out: &mut Text) {
        self.stop_if(&format!("IF({condition}, NULL, {})", self.dialect.literal(problem)), out);
    }

    fn list_applied(&self, edges: &BTreeSet<(String, String)>, out: &mut Text) {
        let row = |(revision, parent): &(String, String)| {
            format!("({}, {})", self.dialect.literal(revision), self.dialect.literal(parent))
        };
        let create = |table: &str, columns: &str| {
            format!(
                "CREATE TEMPORARY TABLE IF NOT EXISTS {table} ({columns}) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
            )
        };
        let pair = "revision VARCHAR(32) NOT NULL, parent VARCHAR(32) NOT NULL, PRIMARY KEY (revision, parent)";
        out.line(&create("alembic_edges", pair));
        out.line(&create("alembic_applied", "revision VARCHAR(32) NOT NULL PRIMARY KEY"));
        out.line("DELETE FROM alembic_edges");
        out.line("DELETE FROM alembic_applied");
        if !edges.is_empty() {
            let rows: Vec<String> = edges.iter().map(row).collect();
            out.line(&format!("INSERT INTO alembic_edges VALUES {}", rows.join(", ")));
        }
        out.statement(&format!(
            "INSERT INTO alembic_applied WITH RECURSIVE applied (revision) AS (\n    SELECT version_num FROM {}\n    \
             UNION SELECT alembic_edges.parent FROM alembic_edges JOIN applied ON alembic_edges.revision = applied.revision\n) \
             SELECT revision FROM applied",
            self.table()
        ));
    }

    fn begin_condition(&self, condition: &str, out: &mut Text) {
        out.statement(&format!("SET @alembic_needed = {condition}"));
    }

    fn conditionally(&self, sql: &str, out: &mut Text) {
        out.line(&format!("SET @alembic_statement = IF(@alembic_needed, {}, 'DO 0')", self.dialect.literal(sql)));
        out.line("PREPARE alembic_statement FROM @alembic_statement");
        out.line("EXECUTE alembic_statement");
        out.statement("DEALLOCATE PREPARE alembic_statement");
    }

    fn close(&self, _made: &Made, out: &mut Text) {
        out.comment("The session is as it was.");
        out.line(&format!("SET @alembic_problem = RELEASE_LOCK({})", self.lock_name()));
        let ours = OURS.map(|name| format!("{name} = @alembic_session_{name}"));
        out.statement(&format!("SET {}, {}", self.back(), ours.join(", ")));
    }
}
