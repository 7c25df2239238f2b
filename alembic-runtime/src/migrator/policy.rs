//! Who migrates: this program, or somebody before it.

use std::{thread::sleep, time::Duration};

use diesel::connection::LoadConnection;

use super::{Command, Error, Finding, Migrator, Report};
use crate::database::MigrationBackend;

/// What [`Migrator::upgrade`] does about revisions that are not applied yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Policy {
    /// Applies them.
    #[default]
    Apply,
    /// Applies nothing: pending revisions are [`Error::Pending`].
    Verify,
    /// Applies nothing, and waits until somebody else has: as long as [`Migrator::wait`] says.
    Wait,
}

/// How often to look whether somebody else has migrated.
const INTERVAL: Duration = Duration::from_millis(500);

impl<C> Migrator<'_, C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    /// Compares the database with the target, and changes nothing.
    pub(super) fn verify(&mut self, conn: &mut C, target: &str) -> Result<Report, Error> {
        self.options.dry_run = true;
        let report = self.run(conn, Command::Upgrade(target))?;
        if report.steps.is_empty() {
            return Ok(report);
        }
        Err(Error::Pending(report.steps.into_iter().map(|step| step.revision).collect()))
    }

    /// Verifies until there is nothing pending, or the time is over.
    pub(super) fn wait_for_others(&mut self, conn: &mut C, target: &str) -> Result<Report, Error> {
        let begun = std::time::Instant::now();
        loop {
            let error = match self.verify(conn, target) {
                Err(error) if may_pass(&error) => error,
                result => return result,
            };
            let left = self.options.wait.saturating_sub(begun.elapsed());
            if left.is_zero() {
                return Err(error);
            }
            self.observer.waiting(None, begun.elapsed());
            sleep(INTERVAL.min(left));
        }
    }
}

/// What another migrator is about to change.
fn may_pass(error: &Error) -> bool {
    match error {
        Error::Pending(_) => true,
        Error::Inconsistent(findings) => findings.iter().all(|finding| matches!(finding, Finding::Unfinished { .. })),
        _ => false,
    }
}
