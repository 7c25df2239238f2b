//! Puts a script together: guard, steps, end.

use alembic_sql::{Dialect, may_commit_inside, requires_autocommit, wording::place};

use super::{
    Offline, Steps, applied,
    safeguards::{Made, Safeguards},
    text::Text,
};
use crate::{
    config::TransactionMode,
    plan::{Direction, Work},
    version_table::{LogEntry, LogState, Run, VersionTable},
};

pub(super) struct Writer<'a> {
    offline: &'a Offline<'a>,
    table: &'a VersionTable,
    safeguards: &'a dyn Safeguards,
    made: Made,
    out: Text,
    /// The rows of the version table at this place of the script.
    rows: Vec<String>,
    /// Whether a transaction is open at this place.
    open: bool,
}

impl<'a> Writer<'a> {
    pub(super) fn new(
        offline: &'a Offline<'a>,
        table: &'a VersionTable,
        safeguards: &'a dyn Safeguards,
        work: &[Work],
    ) -> Self {
        let together = |step: &Work| !is_journaled(step) && !step.foreign_keys_off;
        let per_run = offline.transaction == TransactionMode::PerRun;
        let one_transaction = work.iter().all(together) && (per_run || work.len() < 2);
        let made = Made::new(offline, work, one_transaction);
        let rows = made.rows.clone();
        Self { offline, table, safeguards, made, out: Text::default(), rows, open: false }
    }

    pub(super) fn script(mut self, work: &[Work]) -> String {
        self.heading(work);
        self.safeguards.open(&mut self.out);
        self.begin();
        self.prologue(work);
        for step in work {
            self.step(step);
            step.step.rows.iter().for_each(|operation| operation.apply(&mut self.rows));
            self.rows.sort_unstable();
        }
        self.commit();
        self.safeguards.close(&self.made, &mut self.out);
        self.out.into_string()
    }

    fn heading(&mut self, work: &[Work]) {
        let dialect = self.offline.dialect;
        let all = work.iter().flat_map(|step| &step.step.rows);
        let mut rows = self.rows.clone();
        all.for_each(|operation| operation.apply(&mut rows));
        rows.sort_unstable();
        let place = place(&rows);
        let from = match self.offline.steps {
            Steps::All => format!("For a {dialect} database at {}, which is at {place} afterwards.", self.made.place),
            Steps::Needed => format!("Runs the steps to {place} that a {dialect} database still needs."),
        };
        self.out.comment(&from);
        self.out.gap();
    }

    fn prologue(&mut self, work: &[Work]) {
        self.out.comment("Guard: stops here unless the database is what this script was made for.");
        self.safeguards.guard(&self.made, &mut self.out);
        let take = self.table.take_lock(self.offline.dialect, Run::OfScript, self.offline.actor);
        self.out.statement(&take);
        if self.is_conditional() {
            self.out.comment("What is applied: the revisions of the version table, and all before them.");
            self.safeguards.list_applied(&applied::edges(self.offline.graph), &mut self.out);
            applied::check_start(self.offline, &self.made, work, self.safeguards, &mut self.out);
        }
        if !self.offline.dialect.transactional_ddl() {
            self.out.statement("COMMIT");
        }
    }

    fn step(&mut self, work: &Work) {
        let apart = is_journaled(work) || work.foreign_keys_off;
        if apart {
            self.commit();
        } else if !self.open {
            self.begin();
            if !self.is_conditional() {
                self.safeguards.check_rows(&self.rows, &mut self.out);
            }
        }
        self.out.comment(&work.step.short_line(self.offline.graph).to_string());
        self.out.gap();
        if self.is_conditional() {
            self.safeguards.begin_condition(&applied::condition(work), &mut self.out);
        }
        if work.row_security_on {
            self.out.statement("SET row_security = on");
        }
        if work.foreign_keys_off {
            self.with_foreign_keys_off(work);
        } else if is_journaled(work) {
            self.journaled(work);
        } else {
            self.in_transaction(work, true);
        }
        if work.row_security_on {
            self.out.statement("SET row_security = off");
        }
        if self.is_conditional() {
            self.safeguards.end_condition(&mut self.out);
        }
        // Nothing can use the new value of an enum before the commit.
        if self.offline.transaction == TransactionMode::PerMigration || work.adds_enum_value() {
            self.commit();
        }
    }

    /// Adds a step to the transaction that is open.
    fn in_transaction(&mut self, work: &Work, foreign_keys: bool) {
        if work.statements.iter().any(|statement| self.safeguards.watches(&statement.text)) {
            work.statements.iter().for_each(|statement| {
                self.safeguards.of_revision(&statement.text, foreign_keys, &mut self.out);
            });
        } else {
            self.out.verbatim(&work.sql);
        }
        if work.changes_settings() {
            self.safeguards.restore_settings(&mut self.out);
        }
        self.change_rows(work);
        let entry = work.log_entry_after(Run::OfScript, work.statements.len());
        // What a function has run in a transaction, a run does not count either.
        let uncounted = LogEntry { statements: 0, ..work.log_entry_after(Run::OfScript, 0) };
        let entry = if work.is_rust { uncounted } else { entry };
        self.own(&self.table.log(work.dialect, &[entry], LogState::Done, self.offline.actor));
        if !work.dialect.transactional_ddl() {
            self.commit_now();
        }
    }

    /// SQLite heeds the setting only outside a transaction.
    fn with_foreign_keys_off(&mut self, work: &Work) {
        self.out.statement("PRAGMA foreign_keys = OFF");
        if is_journaled(work) {
            self.journaled(work);
        } else {
            self.begin();
            self.safeguards.check_rows(&self.rows, &mut self.out);
            self.safeguards.count_violations(&mut self.out);
            self.in_transaction(work, false);
            self.safeguards.check_violations(&mut self.out);
            self.commit();
        }
        self.out.statement("PRAGMA foreign_keys = ON");
    }

    /// Adds a step whose statements are committed one by one, each with a note in the log.
    fn journaled(&mut self, work: &Work) {
        let dialect = work.dialect;
        self.begin();
        if !self.is_conditional() {
            self.safeguards.check_rows(&self.rows, &mut self.out);
        }
        let (table, actor) = (self.table, self.offline.actor);
        let entry = work.log_entry(Run::OfScript);
        self.own(&table.log(dialect, &[work.log_entry_after(Run::OfScript, 0)], LogState::Running, actor));
        self.commit_now();
        let (mut prefix, mut moved) = (work.prefix(0), false);
        for (n, statement) in work.statements.iter().enumerate() {
            prefix = statement.after(prefix, dialect);
            let alone = requires_autocommit(&statement.text, dialect) || may_commit_inside(&statement.text, dialect);
            let alone = alone && dialect.transactional_ddl();
            if alone {
                self.own_among_settings(&table.log_intent(dialect, &entry, n + 1), moved);
            } else {
                self.begin();
            }
            self.of_revision(&statement.text);
            moved |= statement.changes_settings(dialect);
            self.own_among_settings(&table.log_progress(dialect, &entry, n + 1, prefix), moved);
            if !alone {
                self.commit_now();
            }
        }
        if moved {
            self.safeguards.restore_settings(&mut self.out);
            if dialect == Dialect::Sqlite && !work.foreign_keys_off {
                self.out.statement("PRAGMA foreign_keys = ON");
            }
        }
        self.begin();
        self.change_rows(work);
        self.own(&table.log_end(dialect, &entry, LogState::Done, None));
        self.commit_now();
    }

    fn change_rows(&mut self, work: &Work) {
        if self.is_conditional() {
            for change in applied::changes(self.offline.graph, self.table, work) {
                self.own(&change);
            }
            return;
        }
        for operation in &work.step.rows {
            self.safeguards.change_row(operation, &mut self.out);
        }
    }

    fn of_revision(&mut self, sql: &str) {
        if self.is_conditional() {
            self.safeguards.conditionally(sql, &mut self.out);
        } else {
            self.safeguards.of_revision(sql, true, &mut self.out);
        }
    }

    /// Adds a statement on our own tables.
    fn own(&mut self, sql: &str) {
        self.own_among_settings(sql, false);
    }

    fn own_among_settings(&mut self, sql: &str, moved: bool) {
        if self.is_conditional() && !self.offline.dialect.transactional_ddl() {
            self.safeguards.conditionally(sql, &mut self.out);
        } else {
            self.safeguards.own(sql, moved, &mut self.out);
        }
    }

    fn is_conditional(&self) -> bool {
        self.offline.steps == Steps::Needed
    }

    fn begin(&mut self) {
        self.safeguards.begin(&mut self.out);
        self.open = self.offline.dialect.transactional_ddl();
    }

    fn commit(&mut self) {
        if self.open {
            self.commit_now();
        }
    }

    fn commit_now(&mut self) {
        self.out.statement("COMMIT");
        self.open = false;
    }
}

/// Returns whether the statements of a step are committed one by one. A stamp has none.
fn is_journaled(work: &Work) -> bool {
    let by_itself = !work.dialect.transactional_ddl() || work.without_transaction;
    by_itself && work.step.direction != Direction::Stamp
}
