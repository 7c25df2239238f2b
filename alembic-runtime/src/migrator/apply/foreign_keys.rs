//! SQLite's foreign keys around a revision that says `Foreign Keys: off`.

use alembic_graph::plan::Work;
use diesel::connection::LoadConnection;

use crate::{
    database::{MigrationBackend, Transaction, foreign_keys},
    migrator::{Error, Outcome, run::Engine},
};

impl<C> Engine<'_, C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    /// Returns the rows that refer to nothing, if foreign keys were on and now are off.
    pub(in crate::migrator) fn switch_foreign_keys_off(&mut self, unit: &[Work]) -> Result<Option<Vec<String>>, Error> {
        let asked = || Error::query("look at the foreign keys");
        if !unit.first().is_some_and(|step| step.foreign_keys_off)
            || !foreign_keys::enforced(self.conn).map_err(asked())?
        {
            return Ok(None);
        }
        if Transaction::is_open(self.conn) {
            return Err(Error::InsideTransaction(self.dialect));
        }
        let before = foreign_keys::violations(self.conn).map_err(asked())?;
        foreign_keys::enforce(self.conn, false).map_err(Error::query("switch foreign keys off"))?;
        Ok(Some(before))
    }

    pub(in crate::migrator) fn switch_foreign_keys_on(&mut self, were_on: bool) -> Result<(), Error> {
        if !were_on {
            return Ok(());
        }
        self.drops_cascade = None;
        foreign_keys::enforce(self.conn, true).map_err(Error::query("switch foreign keys on"))
    }

    /// Refuses to commit if more rows refer to nothing than before.
    pub(in crate::migrator) fn compare_violations(
        &mut self,
        unit: &[Work],
        before: Option<&[String]>,
    ) -> Result<(), Error> {
        let (Some(before), Some(work)) = (before, unit.first()) else { return Ok(()) };
        let after = foreign_keys::violations(self.conn).map_err(Error::query("look at the foreign keys"))?;
        let violations: Vec<String> = after.into_iter().filter(|row| !before.contains(row)).collect();
        if violations.is_empty() {
            return Ok(());
        }
        let outcome = Outcome::RolledBack { committed: 0, undone: 0 };
        Err(Error::ForeignKeys { revision: work.id.clone(), path: work.path.clone(), violations, outcome })
    }
}
