//! Foreign keys that stay, but have to make way: they are dropped before, and created again.

use alembic_sql::Dialect;

use super::{Comparison, Diff, TableDiff};
use crate::{Constraint, ForeignKey, Name, Table};

/// Which end of a constraint's life a diff brings about.
#[derive(Clone, Copy)]
enum End {
    Created,
    Dropped,
}

impl End {
    fn foreign_keys(self, diff: &TableDiff) -> &[ForeignKey] {
        match self {
            Self::Created => &diff.created_keys,
            Self::Dropped => &diff.dropped_keys,
        }
    }
}

impl Diff {
    /// Adds the foreign keys of kept tables that stand in the way of other changes.
    pub(super) fn recreate_foreign_keys(&mut self, kept: &[(&Table, &Table)], dialect: Dialect) {
        if dialect == Dialect::Sqlite {
            return;
        }
        // One that is created again under another name may take it from the next.
        loop {
            let mut found = Vec::new();
            for (before, after) in kept {
                let keys = before.foreign_keys().filter_map(|key| self.recreated(before, after, key, dialect));
                found.extend(keys.map(|(key, again)| (*before, *after, key, again)));
            }
            if found.is_empty() {
                return;
            }
            for (before, after, key, again) in found {
                let diff = self.altered_or_unchanged(before, after);
                diff.dropped_keys.push(key);
                diff.created_keys.push(again);
            }
        }
    }

    /// Returns a key that has to make way, and as what it is created again.
    fn recreated(
        &self,
        before: &Table,
        after: &Table,
        key: &ForeignKey,
        dialect: Dialect,
    ) -> Option<(ForeignKey, ForeignKey)> {
        let diff = self.altered(&before.name);
        if diff.is_some_and(|diff| diff.dropped_keys.contains(key)) {
            return None;
        }
        let same =
            |other: &&ForeignKey| Comparison::new(dialect).content(&key.clone().into(), &(*other).clone().into());
        let again = after.foreign_keys().find(same)?;
        if key.name != again.name && self.exchanges_name(&before.name, key, again, dialect) {
            return Some((key.clone(), again.clone()));
        }
        let again = ForeignKey { name: key.name.clone(), ..again.clone() };
        self.is_blocked_by(before, key, dialect).then(|| (key.clone(), again))
    }

    /// A foreign key blocks changes of what it refers to: a unique key that is dropped and created, a type that changes,
    /// and on MySQL whatever makes it copy the table.
    fn is_blocked_by(&self, table: &Table, key: &ForeignKey, dialect: Dialect) -> bool {
        let changes_type = |name: &Name, columns: &[String]| {
            self.altered(name).is_some_and(|diff| {
                let mut concerned = diff.altered.iter().filter(|column| columns.contains(&column.before.name));
                concerned.any(|column| column.changes_type() || diff.is_fixed_on(dialect, column))
            })
        };
        let drops_its_key = self.altered(&key.referred_table).is_some_and(|diff| {
            diff.dropped_constraints.iter().any(|constraint| constraint.columns() == key.referred_columns)
        });
        changes_type(&table.name, &key.columns)
            || changes_type(&key.referred_table, &key.referred_columns)
            || drops_its_key
    }

    /// Names of foreign keys do not count, so one keeps its own until another constraint takes it. The way back is the
    /// same: one gets the name that another gives up.
    fn exchanges_name(&self, table: &Name, key: &ForeignKey, again: &ForeignKey, dialect: Dialect) -> bool {
        let has = |end: End, name: &String| {
            let same = |other: &&String| match dialect.is_mysql_family() {
                true => name.eq_ignore_ascii_case(other),
                false => name == *other,
            };
            self.names(table, dialect, end).iter().any(same)
        };
        key.name.as_ref().is_some_and(|name| has(End::Created, name))
            || again.name.as_ref().is_some_and(|name| has(End::Dropped, name))
    }

    /// Returns the names of what is created, or dropped, from which the name of a foreign key of a table has to differ.
    fn names(&self, table: &Name, dialect: Dialect, end: End) -> Vec<&String> {
        if dialect.is_mysql_family() {
            let tables = match end {
                End::Created => &self.created_tables,
                End::Dropped => &self.dropped_tables,
            };
            let altered = self.altered_tables.iter().flat_map(|diff| end.foreign_keys(diff));
            let keys = tables.iter().flat_map(Table::foreign_keys).chain(altered);
            return keys.filter_map(|key| key.name.as_ref()).collect();
        }
        let Some(diff) = self.altered(table) else { return Vec::new() };
        let constraints = match end {
            End::Created => &diff.created_constraints,
            End::Dropped => &diff.dropped_constraints,
        };
        let names = end.foreign_keys(diff).iter().filter_map(|key| key.name.as_ref());
        let renamed = diff.renamed_constraints.iter().map(|(old, new)| match end {
            End::Created => new,
            End::Dropped => old,
        });
        names.chain(constraints.iter().chain(renamed).filter_map(Constraint::own_name)).collect()
    }

    fn altered_or_unchanged(&mut self, before: &Table, after: &Table) -> &mut TableDiff {
        let at = self.altered_tables.iter().position(|diff| diff.after.name == after.name);
        let at = at.unwrap_or_else(|| {
            self.altered_tables.push(TableDiff::none(before, after));
            self.altered_tables.len() - 1
        });
        &mut self.altered_tables[at]
    }
}
