//! The migration lock: one attempt at a time, never waiting.

use diesel::{QueryResult, connection::LoadConnection};

use super::Session;
use crate::{
    database::{LockAttempt, MigrationBackend, Scope, application_name, snapshot},
    migrator::Error,
};

impl<C> Session<'_, C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    /// Returns whether steps outside a transaction need a lock that is not held yet.
    pub(in crate::migrator) fn lacks_session_lock(&self) -> bool {
        self.lock.is_some() && !self.holds_lock
    }

    /// Returns whether there is a lock besides the write transaction.
    pub(in crate::migrator) fn has_lock(&self) -> bool {
        self.lock.is_some()
    }

    /// Tries to take the lock until the end of the transaction that is open.
    pub(in crate::migrator) fn try_lock_transaction(&mut self) -> QueryResult<LockAttempt> {
        self.lock.as_ref().map_or(Ok(LockAttempt::Taken), |lock| lock.try_in_transaction(self.conn))
    }

    /// Tries to take the lock for the session.
    pub(in crate::migrator) fn try_lock(&mut self) -> Result<LockAttempt, Error> {
        let Some(lock) = &self.lock else { return Ok(LockAttempt::Taken) };
        let attempt = lock.try_for_session(self.conn).map_err(Error::query("take the migration lock"))?;
        self.holds_lock |= attempt == LockAttempt::Taken;
        Ok(attempt)
    }

    /// Returns who has the lock, as far as the database tells.
    pub(in crate::migrator) fn lock_holder(&mut self) -> Option<String> {
        self.lock.as_ref().and_then(|lock| lock.holder(self.conn))
    }

    /// Returns whether this is still the session that took the lock.
    pub(in crate::migrator) fn is_lock_ours(&mut self) -> Result<bool, Error> {
        self.lock
            .as_ref()
            .map_or(Ok(true), |lock| lock.is_ours(self.conn))
            .map_err(Error::query("look at the migration lock"))
    }

    /// Releases the lock, if it is held for the session. Another session than the one that took it answers with no.
    pub(in crate::migrator) fn release(&mut self) -> Result<(), Error> {
        let Some(lock) = self.lock.as_ref().filter(|_| self.holds_lock) else { return Ok(()) };
        match lock.release(self.conn).map_err(Error::query("release the migration lock"))? {
            true => Ok(()),
            false => Err(Error::Pooled { revision: None }),
        }
    }

    /// Enters the run into the lock's row. Whoever comes this way waits here, whatever became of the lock.
    pub(in crate::migrator) fn take_lock_row(&mut self) -> Result<(), Error> {
        let sql = self.lock_row_note();
        self.execute(&sql).map_err(Error::query("take the migration lock"))
    }

    /// Enters the run into the lock's row, and writes notes with it.
    pub(in crate::migrator) fn take_lock_row_with(&mut self, notes: [String; 2]) -> Result<(), Error> {
        let [first, second] = notes;
        let sql = [self.lock_row_note(), first, second].join(";\n");
        self.execute(&sql).map_err(Error::query("write the log"))
    }

    /// Sets what the run needs in the transaction that was begun.
    pub(in crate::migrator) fn set_up_transaction(&mut self) -> QueryResult<()> {
        C::Backend::begin_run(self.conn, Scope::Transaction, self.timeouts, &application_name(self.actor))
    }

    /// Sets what the run needs in the session.
    pub(in crate::migrator) fn set_up(&mut self) -> Result<(), Error> {
        let (timeouts, name) = (self.timeouts, application_name(self.actor));
        snapshot(self.conn, |conn| C::Backend::begin_run(conn, Scope::Session, timeouts, &name))
            .map_err(Error::query("prepare the session"))
    }
}
