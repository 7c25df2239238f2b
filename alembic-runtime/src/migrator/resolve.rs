//! What a person decides: how an interrupted statement stands, and that an edited revision is right.

use alembic_graph::{
    plan::Direction,
    version_table::{Left, LogEntry, LogState},
};
use diesel::connection::LoadConnection;

use super::{
    Error, Finding, StepReport,
    consistency::unfinished,
    engine::{Engine, Halt},
    finding::SAID,
    texts::direction_of,
};
use crate::database::{LogRecord, MigrationBackend, State};

/// How an interrupted statement is declared to stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// It took effect; go on after it.
    Applied,
    /// It did not; run it again.
    Retry,
    /// What the step did was undone by hand; forget it.
    Abort,
}

impl Resolution {
    fn name(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Retry => "retry",
            Self::Abort => "abort",
        }
    }
}

/// What became of a statement.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decision<'a> {
    pub(super) revision: &'a str,
    /// The statement that is meant, from 1, if the caller wants to be sure.
    pub(super) step: Option<usize>,
    pub(super) resolution: Resolution,
}

impl<C> Engine<'_, C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    /// Enters in the log what a person found out about a step that did not come to its end.
    pub(super) fn resolve(&mut self, state: &State, decision: &Decision<'_>) -> Result<(), Halt> {
        let Decision { revision, step, resolution } = *decision;
        let open = |record: &&LogRecord| {
            record.revision == revision
                && unfinished(record).is_some()
                && (resolution == Resolution::Abort
                    || (record.is_running() || record.intends_next()) && !record.is_by_hand())
        };
        let Some(record) = state.log.iter().find(open) else {
            return Err(not_here(revision, why_not_open(state, revision)).into());
        };
        let next = record.statements_done() + 1;
        if let Some(step) = step.filter(|step| *step != next && resolution != Resolution::Abort) {
            let reason = format!("statement {next} is the one in doubt, not {step}");
            return Err(not_here(revision, &reason).into());
        }
        let run = self.run.clone();
        let note = format!("{SAID}{}", resolution.name());
        let direction = direction_of(record);
        let entry = LogEntry {
            run: (&run).into(),
            revision,
            direction: direction.name(),
            checksum: None,
            node: None,
            done: record.statements_done(),
            statements: record.statements_total(),
            prefix: None,
            times: None,
            error: Some(&note),
            left: None,
        };
        if resolution == Resolution::Abort {
            return Ok(self.enter(state, &entry, LogState::Aborted)?);
        }
        let work = self.work_of(revision, direction)?;
        if work.is_rust {
            let (done, left) = match resolution {
                Resolution::Applied => (next, None),
                // A backfill goes on where it was.
                _ => (next - 1, Some(Left { intent: None, ..record.left() })),
            };
            let entry = LogEntry { done, statements: next, left, ..entry };
            return Ok(self.enter(state, &entry, LogState::Failed)?);
        }
        let unchanged = record.prefix.as_ref().is_none_or(|prefix| *prefix == work.prefix(next - 1).to_string());
        if !unchanged {
            let path = work.path.clone();
            let finding = Finding::Rewritten { revision: revision.to_owned(), path, done: next - 1 };
            return Err(Error::Inconsistent(vec![finding]).into());
        }
        let done = if resolution == Resolution::Applied { next } else { next - 1 };
        let done = done.min(work.statements.len());
        let entry = LogEntry { error: Some(&note), ..work.log_entry_after(&run, done) };
        Ok(self.enter(state, &entry, LogState::Failed)?)
    }

    /// Records the present text of revisions that were edited after they were applied.
    pub(super) fn accept(&mut self, state: &State, revision: Option<&str>) -> Result<(), Halt> {
        let findings = self.migrations.contradictions(self.graph, self.dialect, state);
        let edited: Vec<&str> = findings.iter().filter_map(Finding::edited_revision).collect();
        if let Some(other) = findings.iter().find(|finding| finding.edited_revision().is_none()) {
            return Err(Error::Inconsistent(vec![other.clone()]).into());
        }
        let accepted: Vec<&str> =
            edited.iter().copied().filter(|id| revision.is_none_or(|wanted| wanted == *id)).collect();
        if let Some(wanted) = revision.filter(|_| accepted.is_empty()) {
            return Err(not_here(wanted, "it was not edited after it was applied").into());
        }
        // The rows name the whole history, so they are refreshed once nothing in it is left to doubt.
        let rows = if accepted.len() == edited.len() { state.rows.as_slice() } else { &[] };
        let mut ids: Vec<&str> = accepted.clone();
        ids.extend(rows.iter().map(String::as_str).filter(|row| !accepted.contains(row)));
        for id in ids {
            let work = self.work_of(id, Direction::Upgrade)?;
            let run = self.run.clone();
            let entry = LogEntry { direction: "accept", ..work.log_entry_after(&run, work.statements.len()) };
            self.enter(state, &entry, LogState::Done)?;
            if accepted.contains(&id) {
                self.report.steps.push(StepReport::accepted(self.graph, id));
            }
        }
        Ok(())
    }

    fn enter(&mut self, state: &State, entry: &LogEntry<'_>, log_state: LogState) -> Result<(), Error> {
        self.create_tables(state)?;
        let takeover = self.table.log_takeover(self.dialect, entry);
        let added = self.table.log(self.dialect, &[*entry], log_state, &self.options.actor);
        // In this order: the newest entry counts, whatever happens in between.
        self.conn.batch_execute(&format!("{added};\n{takeover}")).map_err(Error::query("write the log"))
    }
}

fn why_not_open(state: &State, revision: &str) -> &'static str {
    let any = |condition: &dyn Fn(&LogRecord) -> bool| {
        state.log.iter().any(|record| record.revision == revision && condition(record))
    };
    if any(&LogRecord::is_by_hand) {
        "it has used the connection itself: undo what that has left, and pass `--abort`"
    } else if any(&|record| unfinished(record).is_some()) {
        "its step stopped with an error, so nothing is in doubt; fix it and run the command again"
    } else {
        "no step of it was interrupted"
    }
}

fn not_here(argument: &str, reason: &str) -> Error {
    alembic_graph::identifier::TargetError::NotHere { argument: argument.to_owned(), reason: reason.to_owned() }.into()
}
