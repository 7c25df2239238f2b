//! SQLite: a temporary table whose constraints check.

use alembic_sql::{Dialect, dropped_table};

use super::{
    safeguards::{Made, Safeguards},
    text::Text,
};
use crate::version_table::{RowOperation, VersionTable};

const DIALECT: Dialect = Dialect::Sqlite;

const VIOLATIONS: &str = "(SELECT count(*) FROM pragma_foreign_key_check)";

pub(super) struct Sqlite<'a> {
    pub(super) table: &'a VersionTable,
}

impl Sqlite<'_> {
    /// Returns the query for the rows as one text; null if there are none.
    fn found(&self) -> String {
        let table = self.table.qualified(DIALECT);
        format!("(SELECT group_concat(version_num, ', ') FROM (SELECT version_num FROM {table} ORDER BY version_num))")
    }

    /// Returns the rows as the query gives them.
    fn expected(rows: &[String]) -> String {
        if rows.is_empty() { "NULL".to_owned() } else { DIALECT.literal(&rows.join(", ")) }
    }
}

impl Safeguards for Sqlite<'_> {
    fn open(&self, out: &mut Text) {
        out.comment("The shell goes on after an error unless it is told not to. Take this line out for another client that stops.");
        out.client_command(".bail on");
        out.comment("As in a run: the shell has foreign keys off.");
        out.statement("PRAGMA foreign_keys = ON");
    }

    fn begin(&self, out: &mut Text) {
        out.statement("BEGIN IMMEDIATE");
    }

    fn guard(&self, made: &Made, out: &mut Text) {
        out.line("DROP TABLE IF EXISTS temp.alembic_script");
        let constraint = |text: &str| DIALECT.quote(&format!("{text}; nothing was changed"));
        out.statement(&format!(
            "CREATE TEMPORARY TABLE alembic_script (\n    run TEXT NOT NULL,\n    \
             place TEXT CONSTRAINT {} CHECK (place IS {}),\n    \
             unfinished TEXT CONSTRAINT {} CHECK (unfinished IS NULL),\n    \
             expected,\n    found CONSTRAINT \"the version table does not have the rows that the next step needs\" CHECK (found IS expected),\n    \
             violations INTEGER,\n    lost INTEGER CONSTRAINT \"rows have lost what they refer to\" CHECK (lost = 0),\n    \
             changes INTEGER,\n    cascaded INTEGER CONSTRAINT \"dropping the table would change rows that refer to it\" CHECK (cascaded = 0)\n)",
            constraint(&made.refusal()),
            Self::expected(&made.rows),
            constraint("a revision was begun and has not come to its end, run cargo alembic upgrade or downgrade"),
        ));
        out.line(&self.table.create(DIALECT));
        out.line(&self.table.create_log(DIALECT));
        out.statement(&self.table.create_lock(DIALECT));
        out.statement(&format!(
            "INSERT INTO temp.alembic_script (run, place, unfinished) VALUES (\n    lower(hex(randomblob(16))),\n    {},\n    ({})\n)",
            self.found(),
            self.table.unfinished(DIALECT)
        ));
    }

    fn check_rows(&self, rows: &[String], out: &mut Text) {
        let expected = Self::expected(rows);
        out.statement(&format!("UPDATE temp.alembic_script SET expected = {expected}, found = {}", self.found()));
    }

    fn change_row(&self, operation: &RowOperation, out: &mut Text) {
        out.line(&self.table.change(DIALECT, operation));
        // A second row of the same name violates the primary key.
        if !matches!(operation, RowOperation::Insert(_)) {
            out.line("UPDATE temp.alembic_script SET expected = 1, found = changes()");
        }
        out.gap();
    }

    /// Dropping a table deletes its rows first, and what refers to them. The changes of a `DROP` that are not
    /// of its own table are those.
    fn of_revision(&self, sql: &str, foreign_keys: bool, out: &mut Text) {
        if !foreign_keys || !self.watches(sql) {
            return out.of_revision(sql);
        }
        out.line("UPDATE temp.alembic_script SET changes = total_changes() + 1");
        out.of_revision(sql);
        out.statement(
            "UPDATE temp.alembic_script SET cascaded = \
             CASE WHEN total_changes() = changes THEN 0 ELSE total_changes() - changes - changes() END",
        );
    }

    fn watches(&self, statement: &str) -> bool {
        dropped_table(statement, DIALECT).is_some()
    }

    fn count_violations(&self, out: &mut Text) {
        out.statement(&format!("UPDATE temp.alembic_script SET violations = {VIOLATIONS}"));
    }

    fn check_violations(&self, out: &mut Text) {
        out.comment("No row may have lost what it refers to.");
        out.statement(&format!("UPDATE temp.alembic_script SET lost = max({VIOLATIONS} - violations, 0)"));
    }

    fn close(&self, _made: &Made, out: &mut Text) {
        out.statement("DROP TABLE temp.alembic_script");
    }
}
