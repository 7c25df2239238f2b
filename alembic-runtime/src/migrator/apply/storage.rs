//! What promises about rows depend on with MySQL and MariaDB: an engine with transactions.

use alembic_graph::{plan::Work, version_table::VersionTable};
use alembic_sql::{Dialect, Nature, changes_table, nature};
use diesel::{QueryResult, connection::LoadConnection};

use crate::{
    database::{MigrationBackend, ill_stored},
    migrator::{Error, Finding, run::Run},
};

/// What a kill may do to rows without transactions.
const MEANS: &str = "rows of such a table and the note that they are changed do not commit together, so an interrupted \
                     revision may change them twice";

/// Returns what is wrong with how our own tables are stored.
pub(in crate::migrator) fn storage_findings<C>(
    conn: &mut C,
    dialect: Dialect,
    table: &VersionTable,
) -> QueryResult<Vec<Finding>>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let found = ill_stored(conn, dialect, table)?.into_iter();
    Ok(found
        .map(|(with, name)| Finding::IllStored { convert: table.convert(dialect, &name), table: name, with })
        .collect())
}

/// Returns an error where a step and the note of it could not commit together, and tells what may go wrong with new
/// tables.
pub(in crate::migrator) fn check<C>(run: &mut Run<'_, C>) -> Result<(), Error>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let found = run.session.ill_stored_tables()?;
    let (refused, told): (Vec<_>, Vec<_>) = found.into_iter().partition(|finding| !finding.is_warning());
    if !refused.is_empty() {
        return Err(Error::Inconsistent(refused));
    }
    told.iter().for_each(|finding| run.observer.note(&format!("{finding}; {}", finding.hint())));
    if let Some(engine) = run.session.default_engine_without_transactions()? {
        run.observer
            .note(&format!("the server makes new tables in {engine} unless a revision says ENGINE=InnoDB: {MEANS}"));
    }
    Ok(())
}

/// Tells of tables without transactions whose rows the steps change.
pub(super) fn note_tables<C>(run: &mut Run<'_, C>, batch: &[Work]) -> Result<(), Error>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let dialect = run.session.dialect;
    let statements = batch.iter().flat_map(|work| &work.statements).map(|statement| statement.text.as_str());
    let of_data: Vec<&str> = statements.filter(|sql| nature(sql, dialect) == Nature::Data).collect();
    if of_data.is_empty() {
        return Ok(());
    }
    let own = run.session.table.all_names();
    for (engine, table) in run.session.tables_without_transactions()? {
        if !own.contains(&table) && of_data.iter().any(|sql| changes_table(sql, dialect, &[&table])) {
            run.observer.note(&format!("table `{table}` is in {engine}: {MEANS}"));
        }
    }
    Ok(())
}
