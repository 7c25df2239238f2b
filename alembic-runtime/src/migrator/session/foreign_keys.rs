//! Foreign keys of SQLite: off while tables are rebuilt, and in the way of dropping one.

use alembic_graph::plan::Work;
use alembic_sql::dropped_table;
use diesel::{QueryResult, connection::LoadConnection};

use super::Session;
use crate::{
    database::{MigrationBackend, foreign_keys},
    migrator::{Error, Outcome},
};

impl<C> Session<'_, C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    /// Forgets what is known of foreign keys.
    pub(in crate::migrator) fn forget_foreign_keys(&mut self) {
        self.drops_cascade = None;
    }

    /// Switches foreign keys off for a step that says so; returns the rows that refer to nothing, if they were on.
    pub(in crate::migrator) fn switch_foreign_keys_off(
        &mut self,
        steps: &[Work],
    ) -> Result<Option<Vec<String>>, Error> {
        let asked = || Error::query("look at the foreign keys");
        if !steps.first().is_some_and(|step| step.foreign_keys_off)
            || !foreign_keys::enforced(self.conn).map_err(asked())?
        {
            return Ok(None);
        }
        if self.is_in_transaction() {
            return Err(Error::InsideTransaction(self.dialect));
        }
        let before = foreign_keys::violations(self.conn).map_err(asked())?;
        foreign_keys::enforce(self.conn, false).map_err(Error::query("switch foreign keys off"))?;
        Ok(Some(before))
    }

    pub(in crate::migrator) fn switch_foreign_keys_on(&mut self) -> Result<(), Error> {
        self.drops_cascade = None;
        foreign_keys::enforce(self.conn, true).map_err(Error::query("switch foreign keys on"))
    }

    /// Returns an error if more rows refer to nothing than before.
    pub(in crate::migrator) fn compare_violations(&mut self, work: &Work, before: &[String]) -> Result<(), Error> {
        let after = foreign_keys::violations(self.conn).map_err(Error::query("look at the foreign keys"))?;
        let violations: Vec<String> = after.into_iter().filter(|row| !before.contains(row)).collect();
        if violations.is_empty() {
            return Ok(());
        }
        let outcome = Outcome::RolledBack { committed: 0, undone: 0 };
        Err(Error::ForeignKeys { revision: work.id.clone(), path: work.path.clone(), violations, outcome })
    }

    /// Returns an error if a statement drops a table whose rows others refer to: its rows are deleted first, and with
    /// them what refers to them.
    pub(in crate::migrator) fn check_cascade(&mut self, work: &Work, index: usize) -> Result<(), Error> {
        let statement = &work.statements[index];
        if statement.text.to_ascii_lowercase().contains("references") {
            self.drops_cascade = None;
        }
        let dropped = || dropped_table(&statement.text, work.dialect);
        let Some(table) = C::Backend::CAPABILITIES.cascades_on_drop.then(dropped).flatten() else { return Ok(()) };
        let endangered = self.tables_affected_by_drop(&table).map_err(Error::query("look at the foreign keys"))?;
        if endangered.is_empty() {
            return Ok(());
        }
        Err(Error::Cascade {
            revision: work.id.clone(),
            path: work.path.clone(),
            line: statement.line,
            table,
            endangered: endangered.into(),
            outcome: Outcome::RolledBack { committed: 0, undone: 0 },
        })
    }

    fn tables_affected_by_drop(&mut self, table: &str) -> QueryResult<Vec<String>> {
        let cascade = match self.drops_cascade {
            Some(known) => known,
            None => foreign_keys::enforced(self.conn)? && foreign_keys::exist(self.conn)?,
        };
        self.drops_cascade = Some(cascade);
        if cascade { foreign_keys::tables_affected_by_drop(self.conn, table) } else { Ok(Vec::new()) }
    }
}
