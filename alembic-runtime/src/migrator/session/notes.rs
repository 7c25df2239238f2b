//! What the log and the version table say of steps, as SQL, and the writing of it.
//!
//! Most of it is text, because a note shares its message or its transaction with the statement that it is about.

use alembic_graph::{
    plan::{Statement, Work},
    version_table::{InFlight, LogEntry, LogState, Position, RowOperation},
};
use alembic_sql::{Checksum, Nature, nature};
use diesel::{QueryResult, connection::LoadConnection};

use super::Session;
use crate::{
    database::{LogRecord, MigrationBackend},
    migrator::Error,
};

/// When a step began and ended, as the log writes it.
pub(in crate::migrator) type Times = (String, String);

/// SQLite takes statements of a million bytes at most; a row has some three hundred.
const LOG_ROWS_PER_STATEMENT: usize = 1000;

impl<C> Session<'_, C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    /// Returns the name of the run.
    pub(in crate::migrator) fn run(&self) -> &str {
        &self.run
    }

    /// Returns what the log says of a step in this run.
    pub(in crate::migrator) fn entry<'a>(&'a self, work: &'a Work) -> LogEntry<'a> {
        work.log_entry(self.run.as_str())
    }

    pub(super) fn lock_row_note(&self) -> String {
        self.table.take_lock(self.dialect, &self.run, self.actor)
    }

    /// Closes the entries of runs that died while they ran the revision.
    pub(in crate::migrator) fn takeover_note(&self, work: &Work) -> String {
        self.table.log_takeover(self.dialect, &self.entry(work))
    }

    /// Adds an entry to the log.
    pub(in crate::migrator) fn log_note(&self, entry: LogEntry<'_>, state: LogState) -> String {
        self.table.log(self.dialect, &[entry], state, self.actor)
    }

    /// A step is about to run from statement `done` on.
    pub(in crate::migrator) fn start_note(&self, work: &Work, done: usize) -> String {
        self.log_note(work.log_entry_after(self.run.as_str(), done), LogState::Running)
    }

    /// A function is about to run. What an earlier run left is still in doubt then.
    pub(in crate::migrator) fn function_start_note(
        &self,
        work: &Work,
        done: usize,
        earlier: Option<&LogRecord>,
    ) -> String {
        let prefix = earlier.and_then(|record| record.prefix.as_deref()?.parse().ok());
        let in_flight = earlier.map(LogRecord::in_flight);
        let entry = LogEntry { done, statements: done.max(1), prefix, in_flight, ..self.entry(work) };
        self.log_note(entry, LogState::Running)
    }

    /// The first `done` statements are done.
    pub(in crate::migrator) fn progress_note(&self, work: &Work, done: usize, prefix: Checksum) -> String {
        self.table.log_progress(self.dialect, &self.entry(work), done, prefix)
    }

    /// The first `done` operations are done, and nothing is left of a backfill.
    pub(in crate::migrator) fn operation_note(&self, work: &Work, done: usize, prefix: Checksum) -> String {
        let entry = LogEntry { in_flight: Some(InFlight::default()), ..self.entry(work) };
        self.table.log_progress(self.dialect, &entry, done, prefix)
    }

    /// An operation of a function is about to run again, after the first `done`.
    pub(in crate::migrator) fn operation_start_note(&self, work: &Work, done: usize, prefix: Checksum) -> String {
        let in_flight = Some(InFlight::default());
        let entry = LogEntry { done, statements: done.max(1), prefix: Some(prefix), in_flight, ..self.entry(work) };
        self.log_note(entry, LogState::Running)
    }

    /// A backfill has come so far.
    pub(in crate::migrator) fn position_note(&self, work: &Work, position: Position<'_>) -> String {
        self.table.log_position(self.dialect, &self.entry(work), position)
    }

    /// A statement is about to run by itself.
    pub(in crate::migrator) fn intent_note(&self, work: &Work, number: usize) -> String {
        self.table.log_intent(self.dialect, &self.entry(work), number)
    }

    /// The connection is used in ways that the log knows nothing of, or nothing is left of that.
    pub(in crate::migrator) fn raw_use_note(&self, work: &Work, used: bool) -> String {
        self.table.log_by_hand(self.dialect, &self.entry(work), used)
    }

    /// A step is done, and the version table says so.
    pub(in crate::migrator) fn end_notes(&self, work: &Work) -> Vec<String> {
        let rows = work.step.rows.iter().map(|operation| self.table.change(self.dialect, operation));
        let end = self.table.log_end(self.dialect, &self.entry(work), LogState::Done, None);
        rows.chain([end]).collect()
    }

    /// A step has stopped.
    pub(in crate::migrator) fn failure_note(&self, work: &Work, reason: Option<&str>) -> String {
        self.table.log_end(self.dialect, &self.entry(work), LogState::Failed, reason)
    }

    /// Writes notes, and commits them where the session does not do so by itself.
    pub(in crate::migrator) fn write(&mut self, notes: &[String]) -> QueryResult<()> {
        let commit = (!C::Backend::CAPABILITIES.transactional_ddl).then(|| "COMMIT".to_owned());
        let notes: Vec<String> = notes.iter().cloned().chain(commit).collect();
        self.execute(&notes.join(";\n"))
    }

    /// Writes a note by itself; on PostgreSQL and SQLite it fails for a run that was overtaken.
    pub(in crate::migrator) fn write_note(&mut self, note: String) -> Result<(), Error> {
        self.write(&[note]).map_err(|source| {
            if self.is_overtaken(&source) { Error::Overtaken } else { Error::query("write the log")(source) }
        })
    }

    /// Notes that a step has stopped. Should that fail too, the step stays under way.
    pub(in crate::migrator) fn try_write(&mut self, notes: &[String]) {
        self.write(notes).ok();
    }

    /// Adds an entry for something that no step is running for, and closes those that were open.
    pub(in crate::migrator) fn enter(&mut self, entry: LogEntry<'_>, state: LogState) -> Result<(), Error> {
        let takeover = self.table.log_takeover(self.dialect, &entry);
        // In this order: the newest entry counts, whatever happens in between.
        let sql = format!("{};\n{takeover}", self.log_note(entry, state));
        self.execute(&sql).map_err(Error::query("write the log"))
    }

    /// Writes what the transaction has done into the version table and the log. Once for all its
    /// steps: nobody can see a state in between.
    pub(in crate::migrator) fn record(
        &mut self,
        steps: &[Work],
        times: &[Times],
        before: &[String],
        after: &[String],
    ) -> Result<(), Error> {
        let changes = RowOperation::between(before, after);
        let mut statements: Vec<String> =
            changes.iter().map(|change| self.table.change(self.dialect, change)).collect();
        let entries: Vec<LogEntry<'_>> = steps
            .iter()
            .zip(times)
            .map(|(work, (started, finished))| LogEntry {
                times: Some((started, finished)),
                ..work.log_entry_after(self.run.as_str(), work.statements.len())
            })
            .collect();
        let chunks = entries.chunks(LOG_ROWS_PER_STATEMENT);
        statements.extend(chunks.map(|entries| self.table.log(self.dialect, entries, LogState::Done, self.actor)));
        if statements.is_empty() {
            return Ok(());
        }
        self.execute(&statements.join(";\n")).map_err(Error::query("write the version table"))
    }

    /// Enters a failure in the log after everything else was rolled back. Best effort: the log may not be there, and the
    /// error is reported anyhow.
    pub(in crate::migrator) fn record_failure(&mut self, work: &Work, reason: &str) {
        let entry = LogEntry { error: Some(reason), ..self.entry(work) };
        let sql = self.log_note(entry, LogState::Failed);
        self.execute(&sql).ok();
    }

    /// Runs those of the first `done` statements again that set up the session, which went with the session before.
    pub(in crate::migrator) fn set_up_again(&mut self, work: &Work, done: usize) -> Result<(), Error> {
        let mut statements = session_statements(work, done);
        statements
            .try_for_each(|statement| self.execute(&statement.text))
            .map_err(Error::query("set up the session again"))
    }
}

/// Returns those of the first `done` statements that set up the session, and are forgotten with it.
pub(in crate::migrator) fn session_statements(work: &Work, done: usize) -> impl Iterator<Item = &Statement> {
    let sets = |statement: &&Statement| nature(&statement.text, work.dialect) == Nature::Session;
    work.statements.iter().take(done).filter(sets)
}
