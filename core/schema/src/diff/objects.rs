//! Replacement of objects around a change of tables.

use std::fmt;

use alembic_sql::wording::joined;

use super::{Block, Change, ColumnDiff, Diff, Hazard, HazardKind};
use crate::{Name, Object, ObjectKey, operation::Operation};

/// What an object has become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectDifference {
    /// What became of it.
    pub change: Change,
    /// What it is called.
    pub key: ObjectKey,
}

impl fmt::Display for ObjectDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.change, self.key)
    }
}

/// Returns the differences between objects.
#[must_use]
pub fn object_differences(before: &[Object], after: &[Object]) -> Vec<ObjectDifference> {
    let told = |change, object: &Object| ObjectDifference { change, key: object.key.clone() };
    let of = |object: &Object| match find(before, &object.key) {
        None => Some(told(Change::Added, object)),
        Some(old) if !old.is_made_like(object) => Some(told(Change::Changed, object)),
        Some(_) => None,
    };
    let removed = before.iter().filter(|object| find(after, &object.key).is_none());
    let removed = removed.map(|object| told(Change::Removed, object));
    after.iter().filter_map(of).chain(removed).collect()
}

fn find<'o>(objects: &'o [Object], key: &ObjectKey) -> Option<&'o Object> {
    objects.iter().find(|object| object.key == *key)
}

/// Returns those objects for which it holds, and all that cannot be while they are not there, in the order of `objects`.
pub fn with_dependents<'o>(objects: &'o [Object], holds: &dyn Fn(&Object) -> bool) -> Vec<&'o Object> {
    let mut taken: Vec<&Object> = objects.iter().filter(|object| holds(object)).collect();
    loop {
        let hangs = |object: &&Object| {
            !taken.iter().any(|taken| taken.key == object.key)
                && object.needs.iter().any(|need| taken.iter().any(|taken| taken.key == *need))
        };
        let more: Vec<&Object> = objects.iter().filter(hangs).collect();
        if more.is_empty() {
            return objects.iter().filter(|object| taken.iter().any(|taken| taken.key == object.key)).collect();
        }
        taken.extend(more);
    }
}

/// What is done to objects around a change of tables.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Replacement {
    /// Before the tables change: what is in the way goes, what hangs on something first.
    pub before: Vec<Block>,
    /// After the tables have changed: what there is to be comes, each after what it needs.
    pub after: Vec<Block>,
}

impl Replacement {
    /// Returns what makes the one objects of the others, both in the order of what they need. `is_in_the_way` tells those
    /// that have to go while tables change, and come back.
    #[must_use]
    pub fn between(old: &[Object], new: &[Object], is_in_the_way: &dyn Fn(&Object) -> bool) -> Self {
        let goes = |object: &Object| match find(new, &object.key) {
            None => true,
            Some(after) => is_in_the_way(object) || !stays(object, after),
        };
        let taken = with_dependents(old, &goes);
        let mut before: Vec<Block> = taken.iter().rev().map(|object| block([object.drop.clone()])).collect();
        if let Some(first) = before.first_mut() {
            first.hazards = hazards(&taken, new);
        }
        let is_taken = |key: &ObjectKey| taken.iter().any(|taken| taken.key == *key);
        let after = new.iter().filter_map(|object| match find(old, &object.key).filter(|old| !is_taken(&old.key)) {
            None => Some(block(object.statements().cloned())),
            Some(old) if !old.is_made_like(object) => Some(in_place(old, object)),
            Some(_) => None,
        });
        Self { before, after: after.collect() }
    }

    /// Returns whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Returns what goes along when objects are dropped and made again.
fn hazards(taken: &[&Object], new: &[Object]) -> Vec<Hazard> {
    let again = || taken.iter().filter(|object| find(new, &object.key).is_some());
    let named = |holds: &dyn Fn(&Object) -> bool| {
        let names: Vec<String> = again().filter(|object| holds(object)).map(|object| object.key.to_string()).collect();
        (!names.is_empty()).then(|| joined(&names))
    };
    let granted = named(&|object| object.loses_grants).map(|names| {
        let message =
            format!("makes {names} again: grants made by hand, or to roles that `roles` declares, go with them");
        Hazard::new(HazardKind::NotRestored, message)
    });
    let computed = named(&|object| object.key.kind == "materialized view");
    let computed = computed.map(|names| Hazard::new(HazardKind::Blocks, format!("computes the rows of {names} again")));
    granted.into_iter().chain(computed).collect()
}

/// Returns whether an object can become another one without being dropped.
fn stays(old: &Object, new: &Object) -> bool {
    old.create == new.create || old.shape.is_some() && old.shape == new.shape
}

fn in_place(old: &Object, new: &Object) -> Block {
    let gone = old.parts.iter().filter(|part| !new.parts.contains(part)).map(|part| part.unmake.clone());
    let create = (old.create != new.create).then(|| new.create.clone());
    let come = new.parts.iter().filter(|part| !old.parts.contains(part)).map(|part| part.make.clone());
    block(gone.chain(create).chain(come))
}

fn block(statements: impl IntoIterator<Item = String>) -> Block {
    Block { hazards: Vec::new(), operations: statements.into_iter().map(Operation::Execute).collect() }
}

impl Diff {
    /// Returns whether PostgreSQL refuses to change tables while an object is there: it hangs on a table that goes, or on a
    /// column that goes, has another type or is computed otherwise.
    #[must_use]
    pub fn is_hindered_by(&self, object: &Object) -> bool {
        object.columns.iter().any(|(table, column)| self.goes_or_changes(table, column.as_ref()))
    }

    fn goes_or_changes(&self, table: &Name, column: Option<&String>) -> bool {
        let is_dropped = self.dropped_tables.iter().any(|dropped| dropped.name == *table);
        let changes = |diff: &ColumnDiff| diff.changes_type() || diff.before.generated != diff.after.generated;
        let is_changed = |column: &String| {
            let diff = self.altered_tables.iter().find(|diff| diff.before.name == *table);
            let of_a_new_type = || self.altered_enums.iter().any(|diff| diff.recreates_type_of(table, column));
            diff.is_some_and(|diff| {
                diff.dropped.iter().any(|dropped| dropped.name == *column)
                    || diff.altered.iter().any(|altered| altered.before.name == *column && changes(altered))
            }) || of_a_new_type()
        };
        is_dropped || column.is_some_and(is_changed)
    }
}

#[cfg(test)]
mod tests {
    use alembic_sql::Dialect;

    use super::*;
    use crate::{Column, ObjectPart, Schema, Table, Type};

    fn view(name: &str, create: &str, needs: &[&str]) -> Object {
        let key = |name: &str| ObjectKey::new("view", Name::from_plain(name));
        Object {
            needs: needs.iter().map(|name| key(name)).collect(),
            ..Object::new(key(name), create.to_owned(), format!("DROP {name}"))
        }
    }

    fn said(blocks: &[Block]) -> Vec<String> {
        let operations = blocks.iter().flat_map(|block| &block.operations);
        operations
            .map(|operation| match operation {
                Operation::Execute(sql) => sql.clone(),
                other => format!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn what_hangs_on_an_object_goes_before_it_and_comes_after_it() {
        let old = [view("a", "A", &[]), view("b", "B", &["a"]), view("c", "C", &["b"]), view("d", "D", &[])];
        let mut new = old.clone();
        new[0].create = "A2".to_owned();
        let done = Replacement::between(&old, &new, &|_| false);
        assert_eq!(said(&done.before), ["DROP c", "DROP b", "DROP a"]);
        assert_eq!(said(&done.after), ["A2", "B", "C"]);
        let told: Vec<String> = object_differences(&old, &new).iter().map(ToString::to_string).collect();
        assert_eq!(told, ["changed view `a`"]);
        assert!(Replacement::between(&old, &old, &|_| false).is_empty());
        let in_the_way = Replacement::between(&old, &old, &|object| object.key.name.name == "b");
        assert_eq!(said(&in_the_way.before), ["DROP c", "DROP b"]);
        assert_eq!(said(&in_the_way.after), ["B", "C"]);
    }

    #[test]
    fn what_goes_along_is_told() {
        let of = |create: &str| Object { loses_grants: true, ..view("a", create, &[]) };
        let mut computed = view("m", "M", &["a"]);
        computed.key.kind = "materialized view".to_owned();
        let told = |done: Replacement| {
            let hazards = done.before.into_iter().flat_map(|block| block.hazards);
            hazards.map(|hazard| hazard.to_string()).collect::<Vec<_>>()
        };
        let (old, new) = ([of("A"), computed.clone()], [of("A2"), computed]);
        assert_eq!(
            told(Replacement::between(&old, &new, &|_| false)),
            [
                "note: makes view `a` again: grants made by hand, or to roles that `roles` declares, go with them",
                "note: computes the rows of materialized view `m` again",
            ]
        );
        assert_eq!(told(Replacement::between(&old, &[], &|_| false)), [""; 0]);
    }

    #[test]
    fn what_looks_the_same_to_callers_is_replaced_in_place() {
        let part = |name: &str| ObjectPart { make: name.to_owned(), unmake: format!("NO {name}") };
        let of = |create: &str, parts: &[&str]| Object {
            shape: Some("n int".to_owned()),
            parts: parts.iter().map(|name| part(name)).collect(),
            ..view("a", create, &[])
        };
        let done = Replacement::between(&[of("A", &["x", "y"])], &[of("A2", &["y", "z"])], &|_| false);
        assert_eq!(said(&done.before), [""; 0]);
        assert_eq!(said(&done.after), ["NO x", "A2", "z"]);
        let done = Replacement::between(&[of("A", &["x"])], &[of("A", &[])], &|_| false);
        assert_eq!(said(&done.after), ["NO x"]);
        let other = Object { shape: Some("n text".to_owned()), ..of("A2", &["x"]) };
        let done = Replacement::between(&[of("A", &["x"])], &[other], &|_| false);
        assert_eq!(
            (said(&done.before), said(&done.after)),
            (vec!["DROP a".to_owned()], vec!["A2".to_owned(), "x".to_owned()])
        );
    }

    #[test]
    fn what_names_a_column_hinders_its_change_and_no_other() {
        let schema = |of_b: &str| {
            let mut table = Table::new(Name::from_plain("t"));
            table.columns = vec![Column::new("a", Type::native("integer")), Column::new("b", Type::native(of_b))];
            Schema { tables: vec![table], ..Schema::default() }
        };
        let diff = Diff::between(&schema("integer"), &schema("bigint"), Dialect::Postgres);
        let on = |column: Option<&str>| Object {
            columns: vec![(Name::from_plain("t"), column.map(str::to_owned))],
            ..view("v", "", &[])
        };
        assert!(diff.is_hindered_by(&on(Some("b"))));
        assert!(!diff.is_hindered_by(&on(Some("a"))) && !diff.is_hindered_by(&on(None)));
        let gone = Diff::between(&schema("integer"), &Schema::default(), Dialect::Postgres);
        assert!(gone.is_hindered_by(&on(None)) && gone.is_hindered_by(&on(Some("a"))));
    }
}
