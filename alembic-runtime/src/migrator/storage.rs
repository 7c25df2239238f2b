//! What promises about rows depend on with MySQL and MariaDB: an engine with transactions.

use alembic_graph::{plan::Work, version_table::VersionTable};
use alembic_sql::{Dialect, Nature, changes_table, nature};
use diesel::{QueryResult, connection::LoadConnection};

use super::{Error, Finding, run::Engine};
use crate::database::{MigrationBackend, default_without_transactions, ill_stored, without_transactions};

/// What a kill may do to rows without transactions.
const MEANS: &str = "rows of such a table and the note that they are changed do not commit together, so an interrupted \
                     revision may change them twice";

/// Returns what is wrong with how our own tables are stored.
pub(super) fn storage_findings<C>(conn: &mut C, dialect: Dialect, table: &VersionTable) -> QueryResult<Vec<Finding>>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let found = ill_stored(conn, dialect, table)?.into_iter();
    Ok(found
        .map(|(with, name)| Finding::IllStored { convert: table.convert(dialect, &name), table: name, with })
        .collect())
}

impl<C> Engine<'_, C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    /// Tells of tables without transactions on which the steps depend; our own may not be among them.
    pub(super) fn note_storage(&mut self, unit: &[Work]) -> Result<(), Error> {
        let asking = || Error::query("ask for the engines of tables");
        if !self.tables_exist {
            self.tables_exist = true;
            self.look_at_own_tables()?;
            if let Some(engine) = default_without_transactions(self.conn).map_err(asking())? {
                let text =
                    format!("the server makes new tables in {engine} unless a revision says ENGINE=InnoDB: {MEANS}");
                self.observer.note(&text);
            }
        }
        let statements = unit.iter().flat_map(|work| &work.statements).map(|statement| statement.text.as_str());
        let of_data: Vec<&str> = statements.filter(|sql| nature(sql, self.dialect) == Nature::Data).collect();
        if of_data.is_empty() {
            return Ok(());
        }
        let own = self.table.all_names();
        for (engine, table) in without_transactions(self.conn).map_err(asking())? {
            if !own.contains(&table) && of_data.iter().any(|sql| changes_table(sql, self.dialect, &[&table])) {
                self.observer.note(&format!("table `{table}` is in {engine}: {MEANS}"));
            }
        }
        Ok(())
    }

    /// Refuses to go on where a step and the note of it could not commit together.
    fn look_at_own_tables(&mut self) -> Result<(), Error> {
        let found = storage_findings(self.conn, self.dialect, &self.table);
        let found = found.map_err(Error::query("ask for the engines of tables"))?;
        let (refused, told): (Vec<_>, Vec<_>) = found.into_iter().partition(|finding| !finding.is_warning());
        if !refused.is_empty() {
            return Err(Error::Inconsistent(refused));
        }
        told.iter().for_each(|finding| self.observer.note(&format!("{finding}; {}", finding.hint())));
        Ok(())
    }
}
