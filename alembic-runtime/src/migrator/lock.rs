//! Waiting for the migration lock, as long as the options say.

use diesel::connection::LoadConnection;

use super::{
    Error,
    run::{Halt, Run},
};
use crate::database::{Backoff, LockAttempt, MigrationBackend, is_table_locked};

impl<C> Run<'_, C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    /// Takes the lock for the session.
    pub(super) fn take_lock(&mut self) -> Result<(), Error> {
        if !self.session.lacks_session_lock() {
            return Ok(());
        }
        if self.options.pooled && C::Backend::CAPABILITIES.transaction_lock {
            return Err(Error::Pooled { revision: None });
        }
        let mut backoff = Backoff::new(self.options.wait);
        loop {
            match self.session.try_lock()? {
                LockAttempt::Taken => return Ok(()),
                LockAttempt::SharedSession => return Err(Error::Pooled { revision: None }),
                LockAttempt::Busy => self.wait_for_lock(&mut backoff)?,
            }
        }
    }

    /// Begins a transaction that holds the lock, creates the tables, and makes sure that the plan still fits.
    pub(super) fn begin(&mut self, expected: &[String]) -> Result<(), Halt> {
        self.begin_exclusive()?;
        let prepared = self.prepare_transaction(expected);
        if prepared.is_err() {
            self.session.rollback();
        }
        prepared
    }

    fn begin_exclusive(&mut self) -> Result<(), Error> {
        let mut backoff = Backoff::new(self.options.wait);
        loop {
            match self.session.begin() {
                Ok(()) => {}
                Err(source) if is_table_locked(&source) && backoff.pause() => continue,
                Err(source) if C::Backend::is_busy(&source) => return Err(Error::Busy { waited: self.options.wait }),
                Err(source) => return Err(Error::Query { doing: "begin a transaction", source }),
            }
            let attempt = self.session.try_lock_transaction();
            if let Ok(LockAttempt::Taken) = attempt {
                return self.session.set_up_transaction().map_err(|source| {
                    self.session.rollback();
                    Error::Query { doing: "prepare the transaction", source }
                });
            }
            self.session.rollback();
            attempt.map_err(Error::query("take the migration lock"))?;
            self.wait_for_lock(&mut backoff)?;
        }
    }

    fn prepare_transaction(&mut self, expected: &[String]) -> Result<(), Halt> {
        self.session.ensure_tables()?;
        self.session.take_lock_row()?;
        if self.session.has_rows(expected)? { Ok(()) } else { Err(Halt::Replan) }
    }

    /// Tells the observer who has the lock, and pauses; returns an error if the time is over.
    fn wait_for_lock(&mut self, backoff: &mut Backoff) -> Result<(), Error> {
        let holder = self.session.lock_holder();
        self.observer.waiting(holder.as_deref(), backoff.waited());
        self.check_interrupt()?;
        if backoff.pause() { Ok(()) } else { Err(Error::Locked { holder, waited: self.options.wait }) }
    }

    /// Creates what is absent of version table, log and lock, in a transaction that makes sure that the plan still fits.
    pub(super) fn create_tables(&mut self, expected: &[String]) -> Result<(), Halt> {
        self.with_retries(|run| {
            run.begin(expected)?;
            let committed = run.session.verify(expected).and_then(|()| run.session.commit());
            if committed.is_err() {
                run.session.rollback();
            }
            Ok(committed?)
        })
    }
}
