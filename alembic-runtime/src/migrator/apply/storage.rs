//! What promises about rows depend on with MySQL and MariaDB: an engine with transactions.

use alembic_graph::plan::Work;
use alembic_sql::{Nature, changes_table, nature};
use diesel::connection::LoadConnection;

use crate::{
    database::MigrationBackend,
    migrator::{Error, run::Run},
};

/// What a kill may do to rows without transactions.
const MEANS: &str = "rows of such a table and the note that they are changed do not commit together, so an interrupted \
                     revision may change them twice";

impl<C> Run<'_, C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    /// Returns an error where a step and the note of it could not commit together, and says what may go wrong with new
    /// tables.
    pub(in crate::migrator) fn check_storage(&mut self) -> Result<(), Error> {
        let found = self.session.ill_stored_tables()?;
        let (refused, warnings): (Vec<_>, Vec<_>) = found.into_iter().partition(|finding| !finding.is_warning());
        if !refused.is_empty() {
            return Err(Error::Inconsistent(refused));
        }
        warnings.iter().for_each(|finding| self.observer.note(&format!("{finding}; {}", finding.hint())));
        if let Some(engine) = self.session.default_engine_without_transactions()? {
            let text = format!("the server makes new tables in {engine} unless a revision says ENGINE=InnoDB: {MEANS}");
            self.observer.note(&text);
        }
        Ok(())
    }

    /// Reports the tables without transactions whose rows the steps change.
    pub(super) fn note_tables(&mut self, batch: &[Work]) -> Result<(), Error> {
        let dialect = self.session.dialect;
        let statements = batch.iter().flat_map(|work| &work.statements).map(|statement| statement.text.as_str());
        let of_data: Vec<&str> = statements.filter(|sql| nature(sql, dialect) == Nature::Data).collect();
        if of_data.is_empty() {
            return Ok(());
        }
        let own = self.session.table.all_names();
        for (engine, table) in self.session.tables_without_transactions()? {
            if !own.contains(&table) && of_data.iter().any(|sql| changes_table(sql, dialect, &[&table])) {
                self.observer.note(&format!("table `{table}` is in {engine}: {MEANS}"));
            }
        }
        Ok(())
    }
}
