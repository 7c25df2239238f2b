//! Renames: an added object that replaces a dropped one.

use std::collections::BTreeSet;

use alembic_sql::Dialect;

use super::{
    Block, Change, Difference, Subject,
    names::{SharedName, given_names},
};
use crate::{
    Constraint, ConstraintKind, Index, IndexKey, Name, Naming, Schema,
    operation::{Operation, is_supported, rename_column},
    shortened,
};

/// Renames, applied before anything else so that the server reports dependent expressions with the new names. They take
/// place at once: tables and columns may exchange their names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Renames {
    /// Tables: the old name and the new one.
    pub tables: Vec<(Name, Name)>,
    /// Columns: the table by its new name, then the old and the new name of the column.
    pub columns: Vec<(Name, String, String)>,
}

impl Renames {
    /// Keeps what makes sense: the old name is there, and the new one is not, or is given up. Names that go round in a
    /// circle look the same before and after, so `is_done` is asked about each circle.
    #[must_use]
    pub fn that_apply(mut self, before: &Schema, is_done: &dyn Fn(&Self) -> bool) -> Self {
        let has_table = |name: &Name| before.table(name).is_some();
        self.tables = possible(self.tables, has_table);
        let done = |circle: &[(Name, Name)]| is_done(&Self { tables: circle.to_vec(), columns: Vec::new() });
        let exchanged: Vec<_> = circles(&self.tables).into_iter().filter(|circle| done(circle)).flatten().collect();
        self.tables.retain(|rename| !exchanged.contains(rename));
        let mut columns = Vec::new();
        for table in self.renamed_in() {
            let was = self.old_table(&table);
            let has = |name: &String| before.table(was).is_some_and(|was| was.columns.iter().any(|c| c.name == *name));
            let of_table = |pairs: &[(String, String)]| {
                pairs.iter().map(|(old, new)| (table.clone(), old.clone(), new.clone())).collect::<Vec<_>>()
            };
            let pairs = possible(self.pairs_of(&table), has);
            let done =
                |circle: &[(String, String)]| is_done(&Self { tables: self.tables.clone(), columns: of_table(circle) });
            let exchanged: Vec<_> = circles(&pairs).into_iter().filter(|circle| done(circle)).flatten().collect();
            let left: Vec<_> = pairs.into_iter().filter(|pair| !exchanged.contains(pair)).collect();
            columns.extend(of_table(&left));
        }
        Self { columns, ..self }
    }

    /// Adds others.
    pub fn extend(&mut self, others: Self) {
        self.tables.extend(others.tables);
        self.columns.extend(others.columns);
    }

    /// Returns what is not in `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            tables: self.tables.iter().filter(|rename| !earlier.tables.contains(rename)).cloned().collect(),
            columns: self.columns.iter().filter(|rename| !earlier.columns.contains(rename)).cloned().collect(),
        }
    }

    /// Returns whether nothing is renamed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty() && self.columns.is_empty()
    }

    /// Returns what a table is called before, given what it is called afterwards.
    #[must_use]
    pub fn old_table<'n>(&'n self, name: &'n Name) -> &'n Name {
        self.tables.iter().find(|(_, new)| new == name).map_or(name, |(old, _)| old)
    }

    /// Returns the name under which one of a circle makes way for the next.
    #[must_use]
    pub fn name_aside(&self, dialect: Dialect) -> Option<String> {
        let column = self.columns.iter().min_by_key(|(_, old, _)| old);
        let column = column.map(|(table, old, _)| column_aside(table, old, dialect));
        column.or_else(|| Some(table_aside(&self.tables.iter().map(|(old, _)| old).min()?.name, dialect)))
    }

    /// Returns the operations, tables first. Constraints and indexes that have their names by convention are renamed with
    /// what they are named after, where the database renames them.
    #[must_use]
    pub fn blocks(&self, before: &Schema, dialect: Dialect, naming: &Naming) -> Vec<Block> {
        let steps = self.steps(before, dialect, naming);
        steps.iter().flat_map(|step| step.operations(dialect)).map(Block::new).collect()
    }

    /// Returns the operations that undo these in the schema that they left.
    #[must_use]
    pub fn undone(&self, before: &Schema, dialect: Dialect, naming: &Naming) -> Vec<Block> {
        let steps = self.steps(before, dialect, naming).into_iter().rev().map(Step::undone);
        steps.flat_map(|step| step.operations(dialect)).map(Block::new).collect()
    }

    fn steps(&self, before: &Schema, dialect: Dialect, naming: &Naming) -> Vec<Step> {
        let mut renaming = Renaming { schema: before.clone(), dialect, naming, steps: Vec::new() };
        for (old, new) in in_order(&self.tables, |name| name.beside(&table_aside(&name.name, dialect))) {
            renaming.table(old, new);
        }
        for table in self.renamed_in() {
            for (old, new) in in_order(&self.pairs_of(&table), |old| column_aside(&table, old, dialect)) {
                renaming.column(&table, &old, &new);
            }
        }
        renaming.steps
    }

    /// Returns the tables whose columns are renamed, each once.
    fn renamed_in(&self) -> Vec<Name> {
        let mut tables: Vec<Name> = self.columns.iter().map(|(table, ..)| table.clone()).collect();
        let mut seen = BTreeSet::new();
        tables.retain(|table| seen.insert(table.clone()));
        tables
    }

    fn pairs_of(&self, table: &Name) -> Vec<(String, String)> {
        let of_table = self.columns.iter().filter(|(of, ..)| of == table);
        of_table.map(|(_, old, new)| (old.clone(), new.clone())).collect()
    }

    /// Returns what they change, in words.
    #[must_use]
    pub fn differences(&self) -> Vec<Difference> {
        let tables = self.tables.iter();
        let tables = tables
            .map(|(old, new)| Difference::new(Change::Renamed, Subject::Table, new, None).previously(&old.to_string()));
        let columns = self.columns.iter();
        let columns = columns.map(|(table, old, new)| {
            Difference::new(Change::Renamed, Subject::Column, table, Some(new)).previously(old)
        });
        tables.chain(columns).collect()
    }
}

fn table_aside(name: &str, dialect: Dialect) -> String {
    shortened(&format!("_alembic_exchange_{name}"), dialect)
}

fn column_aside(table: &Name, column: &str, dialect: Dialect) -> String {
    shortened(&format!("_alembic_exchange_{}_{column}", table.name), dialect)
}

/// Keeps the pairs whose old name is there, and whose new name is free or given up by another.
fn possible<N: PartialEq>(mut pairs: Vec<(N, N)>, has: impl Fn(&N) -> bool) -> Vec<(N, N)> {
    pairs.retain(|(old, _)| has(old));
    while let Some(at) = pairs.iter().position(|(_, new)| has(new) && !pairs.iter().any(|(old, _)| old == new)) {
        pairs.remove(at);
    }
    pairs
}

/// Returns the pairs that go round in circles, circle by circle.
fn circles<N: PartialEq + Clone>(pairs: &[(N, N)]) -> Vec<Vec<(N, N)>> {
    let mut found: Vec<Vec<(N, N)>> = Vec::new();
    for start in pairs {
        let mut circle = vec![start.clone()];
        let next = |circle: &[(N, N)]| pairs.iter().find(|(old, _)| *old == circle[circle.len() - 1].1).cloned();
        while let Some(pair) = next(&circle).filter(|pair| !circle.contains(pair)) {
            circle.push(pair);
        }
        let closes = circle[circle.len() - 1].1 == start.0;
        if closes && !found.iter().flatten().any(|known| known == start) {
            found.push(circle);
        }
    }
    found
}

/// Returns the pairs in an order in which each new name is free, the least of a circle by way of a third name.
fn in_order<N: Ord + Clone>(pairs: &[(N, N)], aside: impl Fn(&N) -> N) -> Vec<(N, N)> {
    let (mut left, mut ordered) = (pairs.to_vec(), Vec::new());
    while let Some(least) = left.iter().map(|(old, _)| old.clone()).min() {
        match left.iter().position(|(_, new)| !left.iter().any(|(old, _)| old == new)) {
            Some(at) => ordered.push(left.remove(at)),
            None => {
                let third = aside(&least);
                left.iter_mut().filter(|(old, _)| *old == least).for_each(|(old, _)| *old = third.clone());
                ordered.push((least, third));
            }
        }
    }
    ordered
}

/// One name that changes.
enum Step {
    Table(Name, Name),
    /// What renames it, and what renames it back.
    Column {
        forth: Box<Operation>,
        back: Box<Operation>,
    },
    Constraint {
        table: Name,
        kind: ConstraintKind,
        old: String,
        new: String,
    },
    Index {
        index: Index,
        old: String,
        new: String,
    },
}

impl Step {
    fn undone(self) -> Self {
        match self {
            Self::Table(old, new) => Self::Table(new, old),
            Self::Column { forth, back } => Self::Column { forth: back, back: forth },
            Self::Constraint { table, kind, old, new } => Self::Constraint { table, kind, old: new, new: old },
            Self::Index { index, old, new } => Self::Index { index, old: new, new: old },
        }
    }

    /// Returns whether an index is dropped and created, since the database has no way to rename it.
    fn recreates(&self, dialect: Dialect) -> bool {
        matches!(self.operations(dialect)[..], [Operation::DropIndex { .. }, _])
    }

    /// Returns the operations; none for a constraint that the database has no way to rename.
    fn operations(&self, dialect: Dialect) -> Vec<Operation> {
        match self {
            Self::Table(old, new) => vec![Operation::RenameTable { table: old.clone(), to: new.name.clone() }],
            Self::Column { forth, .. } => vec![forth.as_ref().clone()],
            Self::Constraint { table, kind, old, new } => {
                let (table, constraint, to) = (table.clone(), old.clone(), new.clone());
                let rename = Operation::RenameConstraint { table, constraint, kind: *kind, to };
                Some(rename).filter(|rename| is_supported(rename, dialect)).into_iter().collect()
            }
            Self::Index { index, old, new } => {
                let (table, name) = (index.table.clone(), old.clone());
                let rename = Operation::RenameIndex { table: table.clone(), index: name.clone(), to: new.clone() };
                if is_supported(&rename, dialect) {
                    return vec![rename];
                }
                let drop = Operation::DropIndex { table, index: name, if_exists: false, concurrently: false };
                vec![drop, Operation::CreateIndex(index.clone().named(new))]
            }
        }
    }
}

/// A schema that is being renamed step by step.
struct Renaming<'n> {
    schema: Schema,
    dialect: Dialect,
    naming: &'n Naming,
    steps: Vec<Step>,
}

impl Renaming<'_> {
    fn table(&mut self, old: Name, new: Name) {
        let rename = |name: &mut Name| {
            if *name == old {
                name.clone_from(&new);
            }
        };
        let mut after = self.schema.clone();
        for table in &mut after.tables {
            rename(&mut table.name);
            table.indexes.iter_mut().for_each(|index| rename(&mut index.table));
            table.constraints.iter_mut().filter_map(Constraint::foreign_key_mut).for_each(|key| {
                rename(&mut key.referred_table);
            });
        }
        self.steps.push(Step::Table(old, new));
        self.follow(after);
    }

    fn column(&mut self, table: &Name, old: &str, new: &str) {
        let mut after = self.schema.clone();
        for of in after.tables.iter_mut().filter(|of| of.name == *table) {
            let forth = rename_column(of, old, new, self.dialect);
            let back = rename_column(&mut of.clone(), new, old, self.dialect);
            self.steps.push(Step::Column { forth: Box::new(forth), back: Box::new(back) });
        }
        self.follow(after);
    }

    /// Renames what is named by convention after what has another name now. A name that is taken is not given.
    fn follow(&mut self, mut after: Schema) {
        let (dialect, naming) = (self.dialect, self.naming);
        let mut taken: BTreeSet<SharedName> =
            after.tables.iter().flat_map(|table| given_names(table, dialect)).collect();
        let mut is_free = |name: Option<SharedName>| name.is_none_or(|name| taken.insert(name));
        for (was, table) in self.schema.tables.iter().zip(&mut after.tables) {
            let name = table.name.clone();
            for (old, new) in was.constraints.iter().zip(&mut table.constraints) {
                let by_convention = naming.renamed_constraint((&was.name, old), (&name, new), dialect);
                let Some((old_name, new_name)) = old.own_name().cloned().zip(by_convention) else { continue };
                let kind = old.kind();
                let step = Step::Constraint { table: name.clone(), kind, old: old_name.clone(), new: new_name.clone() };
                if old_name != new_name
                    && !step.operations(dialect).is_empty()
                    && is_free(SharedName::constraint(dialect, &name, kind, &new_name))
                {
                    new.set_name(new_name);
                    self.steps.push(step);
                }
            }
            for (old, new) in was.indexes.iter().zip(&mut table.indexes) {
                let by_convention = naming.renamed_index(old, new, dialect);
                let Some((old_name, new_name)) = old.name.clone().zip(by_convention) else { continue };
                let step = Step::Index { index: new.clone(), old: old_name.clone(), new: new_name.clone() };
                if old_name != new_name
                    && !(step.recreates(dialect) && is_outdated(old, new))
                    && is_free(SharedName::index(dialect, &name, &new_name))
                {
                    new.name = Some(new_name);
                    self.steps.push(step);
                }
            }
        }
        self.schema = after;
    }
}

/// Returns whether the expressions of an index may have other names of columns by now than its old definition.
fn is_outdated(old: &Index, new: &Index) -> bool {
    let has_column = |key: &IndexKey| matches!(key, IndexKey::Column(_) | IndexKey::Descending(_));
    let has_text = new.predicate.is_some() || !new.keys.iter().all(has_column);
    has_text && !old.columns().eq(new.columns())
}
