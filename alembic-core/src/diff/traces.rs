//! What somebody sees who has undone a revision.

use super::{Diff, Difference, alike::alike};
use crate::{
    Dialect,
    schema::{Other, Schema},
};

/// Returns what a downgrade has left behind, or taken away, in words; nothing if all is as before.
#[must_use]
pub fn traces(before: &Schema, after: &Schema, dialect: Dialect) -> Vec<String> {
    let differences = Diff::between(before, after, dialect).differences(dialect);
    let other = |verb: &str, other: &Other| format!("{verb} {} `{}`", other.kind, other.name);
    // What is not understood is compared by the words that the database has for it.
    let same = |one: &Other, another: &Other| {
        one.kind == another.kind && one.name == another.name && alike(&one.definition, &another.definition, dialect)
    };
    let missing = |of: &Other, from: &Schema| !from.others.iter().any(|one| same(of, one));
    let lost = before.others.iter().filter(|one| missing(one, after)).map(|one| other("it lost", one));
    let left = after.others.iter().filter(|one| missing(one, before)).map(|one| other("it left behind", one));
    differences.iter().map(trace).chain(lost).chain(left).collect()
}

fn trace(difference: &Difference) -> String {
    let text = difference.to_string();
    match difference.change {
        "added" => text.replacen("added", "it left behind", 1),
        "removed" => text.replacen("removed", "it lost", 1),
        _ => text,
    }
}
