//! Settings of the session: what one revision sets is not for the next, nor for whoever lent us the connection.

use alembic_graph::plan::Work;
use diesel::{QueryResult, connection::LoadConnection};

use super::Session;
use crate::{
    database::{MigrationBackend, Settings, begin_mysql, between_steps_mysql, restore_mysql},
    migrator::Error,
};

impl<C> Session<'_, C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    pub(in crate::migrator) fn settings(&mut self) -> Result<Settings, Error> {
        Settings::read(self.conn).map_err(Error::query("read the settings"))
    }

    pub(in crate::migrator) fn restore(&mut self, before: &Settings) -> Result<(), Error> {
        before.restore(self.conn).map_err(Error::query("restore the settings"))
    }

    /// Switches row-level security on for a step that says so. The settings are restored after it.
    pub(in crate::migrator) fn let_policies_hide_rows(&mut self, work: &Work) -> Result<(), Error> {
        if !work.row_security_on {
            return Ok(());
        }
        self.execute("SET row_security = on").map_err(Error::query("switch row-level security on"))
    }

    /// Lifts the lock timeout for a statement that waits for others by design.
    pub(in crate::migrator) fn lift_timeout(&mut self, sql: &str) -> QueryResult<()> {
        C::Backend::without_timeout(sql, self.timeouts).map_or(Ok(()), |[before, _]| self.execute(&before))
    }

    /// Sets it again after the statement.
    pub(in crate::migrator) fn restore_timeout(&mut self, sql: &str) -> QueryResult<()> {
        C::Backend::without_timeout(sql, self.timeouts).map_or(Ok(()), |[_, after]| self.execute(&after))
    }

    /// MySQL: keeps the settings, makes the run's own, and enters the run into the lock's row, in one message.
    pub(in crate::migrator) fn begin_on_mysql(&mut self) -> Result<(), Error> {
        let begin = format!("{};\n{};\nCOMMIT", begin_mysql(self.dialect, self.timeouts), self.lock_row_note());
        self.execute(&begin).map_err(Error::query("prepare the session"))
    }

    /// MySQL: the statements that give the next step the settings and the database that the first step had.
    pub(in crate::migrator) fn between_steps_on_mysql(&self) -> Vec<String> {
        between_steps_mysql(self.dialect, self.timeouts, self.database.as_deref())
    }

    /// MySQL: restores settings and database.
    pub(in crate::migrator) fn restore_on_mysql(&mut self) -> Result<(), Error> {
        let restore = restore_mysql(self.dialect, self.timeouts, self.database.as_deref());
        self.execute(&restore).map_err(Error::query("restore the settings"))
    }
}
