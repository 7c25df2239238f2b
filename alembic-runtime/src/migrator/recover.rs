//! Steps that an earlier run left unfinished: going on with them, and what a person declares of them.

use alembic_graph::{
    plan::{Direction, Work},
    version_table::{InFlight, LogEntry, LogState},
};
use alembic_sql::{Nature, Shown, leaves_in_session, moves_names, nature, requires_autocommit, uses_session};
use diesel::connection::LoadConnection;

use super::{
    Decision, Error, Finding, Resolution,
    apply::is_journaled,
    consistency::unfinished,
    finding::SAID,
    run::{Halt, Run},
    texts::direction_of,
};
use crate::database::{Backoff, LogRecord, MigrationBackend, ProbeResult, State};

impl<C> Run<'_, C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    /// Returns how many statements of the first step are done, after making sure that they are still
    /// the same, and that it is known what became of the next one.
    pub(super) fn resume(&mut self, work: &[Work], state: &State) -> Result<usize, Error> {
        let Some(first) = work.first().filter(|first| first.step.direction != Direction::Stamp) else {
            return Ok(0);
        };
        let Some((record, done)) = self.left_off(first, state)? else { return Ok(0) };
        if !first.is_rust {
            self.refuse_forgotten(first, done)?;
        }
        if record.is_running() {
            self.wait_for_session(record)?;
        }
        if first.is_rust {
            return Ok(done);
        }
        if is_journaled::<C>(first) { self.resolve_in_doubt(first, record, done) } else { Ok(done) }
    }

    /// Returns where an earlier run left a step, after making sure that what it did is still the same.
    fn left_off<'s>(&self, work: &Work, state: &'s State) -> Result<Option<(&'s LogRecord, usize)>, Error> {
        let left = |record: &&LogRecord| record.revision == work.id && unfinished(record).is_some();
        let Some(record) = state.log.iter().find(left) else { return Ok(None) };
        let done = record.statements_done();
        // What a function says shows only when it runs.
        let same = || {
            work.is_rust
                || done <= work.statements.len()
                    && record.prefix.as_ref().is_none_or(|prefix| *prefix == work.prefix(done).to_string())
        };
        if done > 0 && !(is_journaled::<C>(work) && same()) {
            let (revision, path) = (work.id.clone(), work.path.clone());
            return Err(Error::Inconsistent(vec![Finding::Rewritten { revision, path, done }]));
        }
        Ok(Some((record, done)))
    }

    /// What the done statements left in their session is gone with it.
    fn refuse_forgotten(&self, work: &Work, done: usize) -> Result<(), Error> {
        let (before, rest) = work.statements.split_at(done);
        let left = before.iter().find(|statement| leaves_in_session(&statement.text, work.dialect));
        let temporary = left.is_some_and(|statement| !uses_session(&statement.text, work.dialect));
        let used = rest.iter().any(|statement| uses_session(&statement.text, work.dialect));
        let Some(left) = left.filter(|_| temporary || used) else { return Ok(()) };
        Err(Error::Inconsistent(vec![Finding::Forgotten {
            revision: work.id.clone(),
            path: work.path.clone(),
            line: left.line,
            done,
            statement: Shown::of(&left.text, work.dialect).text,
        }]))
    }

    /// Waits for the session that ran the step, should it still be at work: a client that was killed
    /// leaves the server busy with what it had asked for.
    fn wait_for_session(&mut self, record: &LogRecord) -> Result<(), Error> {
        let Some(session) = &record.session else { return Ok(()) };
        let mut backoff = Backoff::new(self.options.wait);
        loop {
            let Some(holder) = self.session.busy_session(session)? else { return Ok(()) };
            self.observer.waiting(Some(&holder), backoff.waited());
            if !backoff.pause() {
                return Err(Error::Locked { holder: Some(holder), waited: self.options.wait });
            }
        }
    }

    /// Finds out what became of the statement after the first `done`.
    pub(super) fn resolve_in_doubt(&mut self, work: &Work, record: &LogRecord, done: usize) -> Result<usize, Error> {
        let Some(statement) = work.statements.get(done) else { return Ok(done) };
        let alone = requires_autocommit(&statement.text, work.dialect);
        // What was rolled back with the note that it is done was not done.
        let transactional = C::Backend::CAPABILITIES.transactional_ddl;
        let in_doubt = if transactional { record.intends_next() } else { record.is_running() };
        if !in_doubt {
            return Ok(done);
        }
        // Here, names would be looked up somewhere else.
        let moved = work.statements.iter().take(done).any(|statement| moves_names(&statement.text, work.dialect));
        let found = match nature(&statement.text, work.dialect) {
            Nature::Definition(_) if moved => ProbeResult::Unclear,
            Nature::Definition(effects) => self.session.probe(&effects)?,
            Nature::Data if !alone => ProbeResult::NotApplied,
            Nature::Session | Nature::Repeatable => ProbeResult::NotApplied,
            Nature::Data | Nature::Opaque => ProbeResult::Unclear,
        };
        match found {
            // What a statement would have made that failed was there before.
            ProbeResult::Applied if record.is_running() => Ok(done + 1),
            ProbeResult::Applied | ProbeResult::NotApplied => Ok(done),
            ProbeResult::Invalid { cleanup } => {
                self.observer.note("an index was left invalid by an earlier run; it is built again");
                self.session.execute(&cleanup).map_err(Error::query("drop the invalid index"))?;
                Ok(done)
            }
            // A statement that failed did not take effect; what is left of it, only a probe can see.
            ProbeResult::Unclear if !record.is_running() => Ok(done),
            ProbeResult::Unclear => Err(Error::Inconsistent(vec![Finding::Undecided {
                revision: work.id.clone(),
                path: work.path.clone(),
                line: statement.line,
                number: done + 1,
                of: work.statements.len(),
                statement: Shown::of(&statement.text, work.dialect).text,
            }])),
        }
    }
}

impl<C> Run<'_, C>
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
        let run = self.session.run().to_owned();
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
            in_flight: None,
        };
        if resolution == Resolution::Abort {
            return self.enter(state, entry, LogState::Aborted);
        }
        let work = self.work_of(revision, direction)?;
        if work.is_rust {
            let (done, in_flight) = match resolution {
                Resolution::Applied => (next, None),
                // A backfill goes on where it was.
                _ => (next - 1, Some(InFlight { intent: None, ..record.in_flight() })),
            };
            let entry = LogEntry { done, statements: next, in_flight, ..entry };
            return self.enter(state, entry, LogState::Failed);
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
        self.enter(state, entry, LogState::Failed)
    }

    fn enter(&mut self, state: &State, entry: LogEntry<'_>, log_state: LogState) -> Result<(), Halt> {
        self.session.create_absent(state)?;
        Ok(self.session.enter(entry, log_state)?)
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

pub(super) fn not_here(argument: &str, reason: &str) -> Error {
    alembic_graph::identifier::TargetError::NotHere { argument: argument.to_owned(), reason: reason.to_owned() }.into()
}
