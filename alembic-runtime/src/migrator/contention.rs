//! Waiting for others without making everybody wait behind us.
//!
//! A statement that queues for a lock lets nobody overtake it. So it gives up after the lock
//! timeout, lets the others pass, and tries again later: after twice as long each time, at most,
//! and at random, so that two that met do not meet again.

use std::time::Duration;

use diesel::connection::LoadConnection;

use super::{
    Error,
    run::{Halt, Run},
};
use crate::database::MigrationBackend;

/// The longest pause between two attempts.
const LONGEST: Duration = Duration::from_secs(10);

/// How often may be tried again.
#[derive(Debug)]
pub(super) struct Retries {
    left: u32,
    bound: Duration,
}

impl Retries {
    pub(super) fn new(left: u32) -> Self {
        Self { left, bound: Duration::from_millis(500) }
    }

    pub(super) fn left(&self) -> bool {
        self.left > 0
    }

    /// Returns how long to pause before the next attempt.
    fn next(&mut self) -> Duration {
        self.left = self.left.saturating_sub(1);
        let random = uuid::Uuid::new_v4().as_bytes()[0];
        let pause = self.bound.mul_f64(0.5 + f64::from(random) / 510.0);
        self.bound = (self.bound * 2).min(LONGEST);
        pause
    }
}

impl<C> Run<'_, C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    /// Adds who is in the way to the error with which a run gives up.
    pub(super) fn with_blockers(&mut self, mut error: Error) -> Error {
        if let Error::Statement(statement) = &mut error
            && let Some(sql) = &statement.contended_sql
        {
            statement.blockers = self.session.blockers(sql);
        }
        error
    }

    /// Does something that leaves nothing behind when it fails, again and again as long as others are in the way.
    ///
    /// Not in a transaction of the caller, where the locks that it holds would be kept meanwhile.
    pub(super) fn with_retries<T>(&mut self, mut attempt: impl FnMut(&mut Self) -> Result<T, Halt>) -> Result<T, Halt> {
        let mut retries = Retries::new(self.settings.lock_retries);
        loop {
            let error = match attempt(self) {
                Err(Halt::Failed(error)) => error,
                result => return result,
            };
            let may_retry = retries.left() && !self.session.is_in_transaction();
            let may_retry = may_retry && !self.options.interrupt.is_noticed();
            let Some(statement) = error.contended_sql().filter(|_| may_retry) else {
                return Err(self.with_blockers(error).into());
            };
            self.wait_for_others(&mut retries, &statement);
        }
    }

    /// Tells who is in the way, and lets them pass.
    pub(super) fn wait_for_others(&mut self, retries: &mut Retries, statement: &str) {
        let blockers = self.session.blockers(statement);
        let pause = retries.next();
        self.observer.blocked(&blockers, pause, retries.left);
        self.options.interrupt.sleep(pause);
    }
}
