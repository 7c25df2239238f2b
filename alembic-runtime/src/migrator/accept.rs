//! Taking edited revisions as they are now.

use alembic_graph::{
    plan::Direction,
    version_table::{LogEntry, LogState},
};
use diesel::connection::LoadConnection;

use super::{
    Error, Finding, StepReport,
    recover::not_here,
    run::{Halt, Run},
};
use crate::database::{MigrationBackend, State};

impl<C> Run<'_, C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    /// Records the present text of revisions that were edited after they were applied.
    pub(super) fn accept(&mut self, state: &State, revision: Option<&str>) -> Result<(), Halt> {
        let findings = self.migrations.contradictions(self.graph, self.session.dialect, state);
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
            self.session.create_absent(state)?;
            let run = self.session.run().to_owned();
            let entry = LogEntry { direction: "accept", ..work.log_entry_after(&run, work.statements.len()) };
            self.session.enter(entry, LogState::Done)?;
            if accepted.contains(&id) {
                self.report.steps.push(StepReport::accepted(self.graph, id));
            }
        }
        Ok(())
    }
}
