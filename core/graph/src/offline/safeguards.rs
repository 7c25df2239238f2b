//! What the parts of a script are called that differ between databases.

use std::collections::BTreeSet;

use alembic_sql::{Dialect, wording::place};

use super::{Offline, mysql::Mysql, postgres::Postgres, sqlite::Sqlite, text::Text};
use crate::{
    graph::Edges,
    plan::{Direction, Work},
    version_table::{RowOperation, VersionTable},
};

/// What a script is made for.
#[derive(Debug)]
pub(super) struct Made {
    /// The rows of the version table.
    pub(super) rows: Vec<String>,
    /// Where that is, as a person says it.
    pub(super) place: String,
    /// For a script that skips what is applied: the revisions that rows may name.
    pub(super) known: Option<Vec<String>>,
    /// Whether the version table may be absent.
    pub(super) from_base: bool,
    /// Whether all of the script is one transaction.
    pub(super) one_transaction: bool,
}

impl Made {
    pub(super) fn new(offline: &Offline<'_>, work: &[Work], one_transaction: bool) -> Self {
        let graph = offline.graph;
        let start = graph.ancestors(offline.start.iter().copied(), Edges::All);
        let mut rows: Vec<String> = graph.tips(&start).into_iter().map(|node| graph.id(node).to_owned()).collect();
        rows.sort_unstable();
        let downgrade = work.first().is_some_and(|step| step.step.direction == Direction::Downgrade);
        let known = (offline.steps == super::Steps::Needed).then(|| {
            let known = |node: &crate::Node| !downgrade || start.contains(*node);
            graph.nodes().filter(known).map(|node| graph.id(node).to_owned()).collect()
        });
        Self { place: place(&rows), rows, known, from_base: offline.start.is_empty(), one_transaction }
    }

    /// Returns what the guard says when it stops the client.
    pub(super) fn refusal(&self) -> String {
        match self.known {
            None => format!("this script is for a database at {}", self.place),
            Some(_) => "this script does not know every revision of this database".to_owned(),
        }
    }
}

/// How a database and its client are made to check, to skip and to set back.
pub(super) trait Safeguards {
    /// Tells the client and the session how the script is to be run.
    fn open(&self, out: &mut Text);

    /// Begins a transaction, where DDL is part of one.
    fn begin(&self, out: &mut Text);

    /// Stops the client unless the database is what the script was made for, and creates what is absent of
    /// our own tables.
    fn guard(&self, made: &Made, out: &mut Text);

    /// Stops the client unless the version table has these rows.
    fn check_rows(&self, rows: &[String], out: &mut Text);

    /// Changes a row of the version table, and stops the client if the row was not there.
    fn change_row(&self, operation: &RowOperation, out: &mut Text);

    /// Adds a statement on our own tables; `moved` tells whether names without schema may mean something
    /// else at the moment.
    fn own(&self, sql: &str, _moved: bool, out: &mut Text) {
        out.statement(sql);
    }

    /// Adds a statement of a revision.
    fn of_revision(&self, sql: &str, _foreign_keys: bool, out: &mut Text) {
        out.of_revision(sql);
    }

    /// Returns whether a statement of a revision has to be added by itself, to be watched.
    fn watches(&self, _statement: &str) -> bool {
        false
    }

    /// Remembers how many rows refer to what is missing, before a step without foreign keys.
    fn count_violations(&self, _out: &mut Text) {}

    /// Stops the client if there are more of them after the step.
    fn check_violations(&self, _out: &mut Text) {}

    /// Sets back what a revision has set.
    fn restore_settings(&self, _out: &mut Text) {}

    /// Stops the client with this message unless a condition holds.
    fn check(&self, _condition: &str, _problem: &str, _out: &mut Text) {}

    /// Lists the applied revisions, for conditions to ask.
    fn list_applied(&self, _edges: &BTreeSet<(String, String)>, _out: &mut Text) {}

    /// Begins what is skipped unless this condition holds.
    fn begin_condition(&self, _condition: &str, _out: &mut Text) {}

    /// Ends it.
    fn end_condition(&self, _out: &mut Text) {}

    /// Adds a statement that is skipped unless the condition holds.
    fn conditionally(&self, sql: &str, out: &mut Text) {
        self.of_revision(sql, true, out);
    }

    /// Leaves the session as it was.
    fn close(&self, made: &Made, out: &mut Text);
}

/// Returns those of a database. `keeps_settings` tells whether a revision changes any, `comes_back` is the
/// name of the database to come back to if one leaves it.
pub(super) fn of<'a>(
    offline: &Offline<'a>,
    table: &'a VersionTable,
    keeps_settings: bool,
    comes_back: Option<&'a str>,
) -> Box<dyn Safeguards + 'a> {
    match offline.dialect {
        Dialect::Sqlite => Box::new(Sqlite { table }),
        Dialect::Postgres => Box::new(Postgres { table, keeps_settings, schemas: offline.schemas }),
        dialect @ (Dialect::Mysql | Dialect::Mariadb) => Box::new(Mysql { dialect, table, database: comes_back }),
    }
}
