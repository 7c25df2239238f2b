//! What names a table or a column that changes: views, triggers, routines.

use alembic_graph::Hint;
use alembic_runtime::{
    __private::{Broken, broken, unasked},
    MigrationBackend,
    cli::CommandError,
};
use alembic_schema::{
    Name, Other, Schema,
    diff::{Hazard, HazardKind},
};
use alembic_sql::mentioned;
use diesel::connection::LoadConnection;

use super::{Compared, WantedObjects};
use crate::look::failed;

/// Returns what a database has and cannot use.
pub(super) fn broken_objects<C>(conn: &mut C, schema: &Schema) -> Result<Vec<Broken>, CommandError>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    broken(conn, schema).map_err(failed("ask whether views and triggers work"))
}

impl Compared {
    /// Refuses an upgrade after which something does not work any more that did before.
    pub(super) fn refuse_to_break<C>(&self, conn: &mut C, after: &Schema) -> Result<(), CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        let was_broken = |now: &Broken| self.broken.iter().any(|was| was.kind == now.kind && was.name == now.name);
        let now = broken_objects(conn, after)?;
        let newly: Vec<&Broken> = now.iter().filter(|now| !was_broken(now)).collect();
        if newly.is_empty() {
            return Ok(());
        }
        let told = |error: CommandError| {
            let because = |error: CommandError, Broken { kind, name, error: why }: &Broken| {
                error.because(format!("{kind} `{name}`: {why}"))
            };
            newly.iter().fold(error, |error, broken| because(error, broken))
        };
        if let Some((path, line)) = newly.iter().find_map(|broken| self.objects.place_of(&broken.kind, &broken.name)) {
            let error = CommandError::usage(format!("{path}:{line}: nothing was written: what it makes does not work"));
            return Err(told(error).at(Some((&path, line))));
        }
        let error = told(CommandError::usage("nothing was written: what was generated breaks what names it"));
        Err(error.hint(match newly.iter().all(|broken| broken.kind == "view") {
            true => Hint::ObjectNamesWhatGoes { folder: self.folder.clone() },
            false => Hint::UpgradeDoesNotRun,
        }))
    }

    /// Returns what names something that goes, and either did not work before or cannot be asked whether it works.
    pub(super) fn dependents<C>(&self, objects: &WantedObjects) -> impl Iterator<Item = Hazard>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        let going = self.going();
        let is_asked = |other: &Other| !unasked::<C>().contains(&other.kind.as_str());
        let goes_along = |other: &&Other| self.diff.dropped_tables.iter().any(|table| table.others.contains(other));
        let stays = move |other: &&Other| !goes_along(other) && !objects.replaces(other);
        self.before.all_others().filter(stays).filter_map(move |other| {
            let words = mentioned(&other.definition, self.dialect);
            let names = |name: &String| words.contains(name);
            let is_named =
                |(table, column): &&(Name, Option<String>)| names(&table.name) && column.as_ref().is_none_or(names);
            let was_broken = self.broken.iter().any(|was| was.kind == other.kind && was.name == other.name);
            let (table, column) = going.iter().find(is_named)?;
            let gone = column.as_ref().map_or_else(|| table.to_string(), |column| format!("{table}.{column}"));
            let message = match is_asked(other) {
                false => {
                    format!("{other} seems to name `{gone}`, which goes; whether it still works shows when it runs")
                }
                true if was_broken => format!("{other} names `{gone}`, which goes; it did not work before"),
                true => return None,
            };
            Some(Hazard::new(HazardKind::BreaksDependents, message))
        })
    }

    /// Returns tables, and columns of tables, that are not there any more under their names.
    fn going(&self) -> Vec<(Name, Option<String>)> {
        let tables = self.diff.dropped_tables.iter().map(|table| (table.name.clone(), None));
        let renamed_tables = self.renames.tables.iter().map(|(old, _)| (old.clone(), None));
        let columns = self
            .diff
            .altered_tables
            .iter()
            .flat_map(|diff| diff.gone().map(|column| (diff.before.name.clone(), Some(column.name.clone()))));
        let renamed = self.renames.columns.iter().map(|(table, old, _)| (table.clone(), Some(old.clone())));
        tables.chain(renamed_tables).chain(columns).chain(renamed).collect()
    }
}
