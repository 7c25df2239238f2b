//! Residue: what a downgrade leaves behind or takes away, and what was changed outside the revisions.

use std::fmt;

use alembic_sql::Dialect;

use super::{Change, Comparison, Diff, Difference};
use crate::{Name, Other, Schema};

/// A difference in what is no table and no enumeration: a view, a function, a trigger ….
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherDifference {
    /// What became of it.
    pub change: Change,
    /// What it is.
    pub kind: String,
    /// What it is called.
    pub name: Name,
}

impl fmt::Display for OtherDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} `{}`", self.change, self.kind, self.name)
    }
}

/// Returns the differences in the objects that are known as text. Those in parts of tables are the tables'.
#[must_use]
pub fn other_differences(before: &Schema, after: &Schema, dialect: Dialect) -> Vec<OtherDifference> {
    let comparison = Comparison::new(dialect);
    let same = |one: &Other, another: &Other| one.is_called_like(another) && comparison.other(one, another);
    let missing = |of: &Schema, from: &Schema| -> Vec<Other> {
        of.others.iter().filter(|one| !from.others.iter().any(|another| same(one, another))).cloned().collect()
    };
    let (lost, mut left) = (missing(before, after), missing(after, before));
    let told = |change, Other { kind, name, .. }: Other| OtherDifference { change, kind, name };
    let mut all = Vec::new();
    for one in lost {
        match left.iter().position(|another| one.is_called_like(another)) {
            Some(at) => all.push(told(Change::Changed, left.remove(at))),
            None => all.push(told(Change::Removed, one)),
        }
    }
    all.extend(left.into_iter().map(|one| told(Change::Added, one)));
    all
}

/// Returns what a downgrade has left behind, or taken away, in words; nothing if all is as before.
#[must_use]
pub fn residue(before: &Schema, after: &Schema, dialect: Dialect) -> Vec<String> {
    let differences = Diff::between(before, after, dialect).differences(dialect);
    let tables =
        differences.iter().map(|Difference { change, .. }| *change).zip(differences.iter().map(ToString::to_string));
    let others = other_differences(before, after, dialect);
    let others = others.iter().map(|other| (other.change, other.to_string()));
    tables.chain(others).map(|(change, text)| left_behind(change, &text)).collect()
}

fn left_behind(change: Change, text: &str) -> String {
    match change {
        Change::Added => text.replacen("added", "it left behind", 1),
        Change::Removed => text.replacen("removed", "it lost", 1),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_table_is_added_removed_or_changed() {
        let schema = |others: &[(&str, &str, &str)]| {
            let other = |(kind, name, definition): &(&str, &str, &str)| Other {
                kind: (*kind).to_owned(),
                name: Name::from_plain(name),
                definition: (*definition).to_owned(),
            };
            Schema { others: others.iter().map(other).collect(), ..Schema::default() }
        };
        let before = schema(&[("view", "v", "SELECT 1"), ("function", "f", "(int)"), ("function", "f", "(text)")]);
        let after = schema(&[("view", "v", "SELECT 2"), ("function", "f", "(text)"), ("trigger", "t", "x")]);
        let found = other_differences(&before, &after, Dialect::Postgres);
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found, ["changed view `v`", "removed function `f`", "added trigger `t`"]);
        assert_eq!(
            residue(&before, &after, Dialect::Postgres),
            ["changed view `v`", "it lost function `f`", "it left behind trigger `t`"]
        );
    }
}
