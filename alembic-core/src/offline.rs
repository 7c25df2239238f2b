//! A plan as a script for the database's own client.

use std::fmt::Write;

use crate::{
    Dialect, Graph,
    config::TransactionMode,
    plan::Work,
    version_table::{Actor, LogState, VersionTable},
};

/// What a script needs to know besides the work.
#[derive(Debug)]
pub struct Offline<'a> {
    /// The graph the work belongs to.
    pub graph: &'a Graph,
    /// For which database.
    pub dialect: Dialect,
    /// The version table.
    pub table: &'a VersionTable,
    /// How steps are grouped into transactions.
    pub transaction: TransactionMode,
    /// Whether the script starts at base, and so creates the version table.
    pub from_base: bool,
    /// Recorded in the log.
    pub actor: &'a Actor,
    /// Names the run in the log.
    pub run: &'a str,
}

impl Offline<'_> {
    /// Writes the script.
    #[must_use]
    pub fn render(&self, work: &[Work]) -> String {
        let mut script = Text::default();
        let per_run = self.dialect.transactional_ddl() && self.transaction == TransactionMode::PerRun;
        let per_step = self.dialect.transactional_ddl() && !per_run;
        let mut open =
            per_run && work.first().is_some_and(|first| !first.without_transaction && !first.foreign_keys_off);
        if open {
            script.statement("BEGIN");
        }
        if self.from_base {
            script.statement(&self.table.create(self.dialect));
        }
        script.statement(&self.table.create_log(self.dialect));
        for step in work {
            let apart = step.without_transaction || step.foreign_keys_off;
            if open && apart {
                script.statement("COMMIT");
                open = false;
            }
            if step.foreign_keys_off {
                self.with_foreign_keys_off(step, &mut script);
                continue;
            }
            if !open && !step.without_transaction && (per_run || per_step) {
                script.statement("BEGIN");
                open = true;
            }
            script.comment(&step.step.short_line(self.graph).to_string());
            self.step(step, &mut script);
            if open && per_step {
                script.statement("COMMIT");
                open = false;
            }
        }
        if open {
            script.statement("COMMIT");
        }
        script.0
    }

    /// SQLite heeds the setting only outside a transaction.
    fn with_foreign_keys_off(&self, work: &Work, script: &mut Text) {
        script.comment(&work.step.short_line(self.graph).to_string());
        script.statement("PRAGMA foreign_keys = OFF");
        let transaction = !work.without_transaction;
        if transaction {
            script.statement("BEGIN");
        }
        self.step(work, script);
        if transaction {
            script.statement("COMMIT");
        }
        script.statement("PRAGMA foreign_key_check");
        script.statement("PRAGMA foreign_keys = ON");
    }

    fn step(&self, work: &Work, script: &mut Text) {
        // MySQL's client cuts at every `;`, also in the body of a procedure.
        if self.dialect.is_mysql_family() && work.has_delimiters() {
            for statement in &work.statements {
                script.delimited(&statement.text);
            }
        } else {
            script.verbatim(&work.sql);
        }
        for operation in &work.step.rows {
            script.statement(&self.table.change(self.dialect, operation));
        }
        let entry = work.log_entry_after(self.run, work.statements.len());
        script.statement(&self.table.log(self.dialect, &[entry], LogState::Done, self.actor));
    }
}

#[derive(Default)]
struct Text(String);

impl Text {
    fn statement(&mut self, sql: &str) {
        let _infallible = write!(self.0, "{sql};\n\n");
    }

    fn delimited(&mut self, sql: &str) {
        let _infallible = write!(self.0, "DELIMITER //\n{sql}\n//\nDELIMITER ;\n\n");
    }

    fn comment(&mut self, text: &str) {
        let _infallible = write!(self.0, "-- {text}\n\n");
    }

    /// The file's own text, comments and all, with a terminator if it lacks the last one.
    fn verbatim(&mut self, sql: &str) {
        let sql = sql.trim();
        if sql.is_empty() {
            return;
        }
        self.0.push_str(sql);
        let ends = sql.ends_with(';') && !sql.lines().last().unwrap_or_default().contains("--");
        self.0.push_str(if ends { "\n\n" } else { "\n;\n\n" });
    }
}
