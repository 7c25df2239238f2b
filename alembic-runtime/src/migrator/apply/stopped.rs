//! A step outside a transaction that did not come to its end.

use alembic_graph::plan::{Statement, Work};
use diesel::{connection::LoadConnection, result::Error as DieselError};

use crate::{
    database::{Diagnosis, MigrationBackend},
    migrator::{
        Error, Outcome,
        failure::{contended, failed, server_message},
        run::Run,
    },
};

/// A step that did not come to its end.
pub(super) struct Stopped {
    /// How many statements are done.
    pub(super) done: usize,
    pub(super) error: Error,
}

impl<C> Run<'_, C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    /// Reads from the log where a step stopped, and notes there why, unless `is_in_doubt` says of the statement that it
    /// may have taken effect all the same: then the step stays under way, and the next run asks the catalog.
    pub(super) fn stopped(
        &mut self,
        work: &Work,
        error: &DieselError,
        diagnosis: &Diagnosis,
        is_in_doubt: impl FnOnce(Option<&Statement>) -> bool,
    ) -> Box<Stopped> {
        let Some(done) = self.session.progress_of(&work.id) else {
            let error = failed(work, usize::MAX, error, diagnosis).with_outcome(Outcome::Unknown);
            return Box::new(Stopped { done: 0, error });
        };
        if self.session.is_overtaken(error) {
            return Box::new(Stopped { done, error: Error::Overtaken });
        }
        if is_in_doubt(work.statements.get(done)) {
            let error = failed(work, done, error, diagnosis).with_outcome(Outcome::Unknown);
            return Box::new(Stopped { done, error });
        }
        let mut notes = Vec::new();
        // It was the note that failed, not the statement, which committed by itself.
        let committed = diagnosis.marker.as_ref() == Some(&marker(self.session.run(), work, done + 1));
        let done = done + usize::from(committed);
        if committed {
            notes.push(self.session.progress_note(work, done, work.prefix(done)));
        }
        notes.push(self.session.failure_note(work, Some(&server_message(work, error))));
        self.session.try_write(&notes);
        let mut failure = failed(work, done, error, diagnosis).with_outcome(Outcome::Partial { done });
        if C::Backend::is_contention(error) {
            let statement = work.statements.get(done).map(|statement| statement.text.clone());
            failure = contended(failure, statement.unwrap_or_default());
        }
        Box::new(Stopped { done, error: failure })
    }
}

/// What a session of MySQL remembers of the last statement that committed by itself.
pub(super) fn marker(run: &str, work: &Work, done: usize) -> String {
    format!("{run} {} {done}", work.id)
}
