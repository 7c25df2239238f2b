//! Checks names and puts revisions into their total order.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, HashSet},
};

use super::{GraphError, GraphErrors};
use crate::Revision;

/// Checks ids, labels, and that everything named exists.
pub(super) fn check_names(revisions: &[Revision]) -> Result<(), GraphErrors> {
    let mut errors = Vec::new();
    let mut files: HashMap<&str, Vec<&str>> = HashMap::with_capacity(revisions.len());
    for revision in revisions {
        files.entry(&revision.id).or_default().push(&revision.path);
    }
    let mut names: HashMap<&str, &str> = files.keys().map(|id| (*id, *id)).collect();
    let mut reported = HashSet::new();
    for revision in revisions {
        let id = revision.id.as_str();
        if files[id].len() > 1 && reported.insert(id) {
            let files = files[id].iter().map(ToString::to_string).collect();
            errors.push(GraphError::DuplicateId { id: id.to_owned(), files });
        }
        for label in &revision.labels {
            if let Some(other) = names.insert(label, id) {
                errors.push(GraphError::DuplicateLabel {
                    label: label.clone(),
                    id: id.to_owned(),
                    file: revision.path.clone(),
                    other: other.to_owned(),
                });
            }
        }
    }
    for revision in revisions {
        let (id, file) = (&revision.id, &revision.path);
        errors.extend(
            revision
                .parents
                .iter()
                .filter(|parent| !files.contains_key(parent.as_str()))
                .map(|parent| GraphError::UnknownParent { id: id.clone(), file: file.clone(), parent: parent.clone() }),
        );
        errors.extend(revision.dependencies.iter().filter(|name| !names.contains_key(name.as_str())).map(|name| {
            GraphError::UnknownDependency { id: id.clone(), file: file.clone(), dependency: name.clone() }
        }));
    }
    if errors.is_empty() { Ok(()) } else { Err(GraphErrors(errors)) }
}

/// Sorts by Kahn's algorithm with the earliest create date, then the smallest id, first.
pub(super) fn sort(revisions: Vec<Revision>) -> Result<Vec<Revision>, GraphErrors> {
    let before = edges(&revisions);
    let mut after = vec![Vec::new(); revisions.len()];
    let mut waiting: Vec<usize> = before.iter().map(Vec::len).collect();
    for (index, parents) in before.iter().enumerate() {
        for parent in parents {
            after[*parent].push(index);
        }
    }
    let key = |index: usize| {
        let revision = &revisions[index];
        let created = revision.created.as_ref().map(crate::revision::Created::seconds);
        Reverse((created.is_none(), created, revision.id.as_str(), index))
    };
    let mut ready: BinaryHeap<_> = (0..revisions.len()).filter(|i| waiting[*i] == 0).map(key).collect();
    let mut order = Vec::with_capacity(revisions.len());
    while let Some(Reverse((.., index))) = ready.pop() {
        order.push(index);
        for &next in &after[index] {
            waiting[next] -= 1;
            if waiting[next] == 0 {
                ready.push(key(next));
            }
        }
    }
    if order.len() < revisions.len() {
        return Err(cycles(&revisions, &before, &waiting));
    }
    let mut slots: Vec<Option<Revision>> = revisions.into_iter().map(Some).collect();
    Ok(order.into_iter().filter_map(|index| slots[index].take()).collect())
}

/// Returns for each revision the indices of those that come before it; names are known to exist.
fn edges(revisions: &[Revision]) -> Vec<Vec<usize>> {
    let mut index: HashMap<&str, usize> = HashMap::with_capacity(revisions.len());
    for (i, revision) in revisions.iter().enumerate() {
        for name in std::iter::once(&revision.id).chain(&revision.labels) {
            index.insert(name, i);
        }
    }
    revisions
        .iter()
        .map(|revision| {
            let mut before: Vec<usize> =
                revision.parents.iter().chain(&revision.dependencies).map(|name| index[name.as_str()]).collect();
            before.sort_unstable();
            before.dedup();
            before
        })
        .collect()
}

/// Names the ids on each cycle. Everything downstream of a cycle waits too, but is not on it: going
/// from parent to parent among the waiting must run into the cycle.
fn cycles(revisions: &[Revision], before: &[Vec<usize>], waiting: &[usize]) -> GraphErrors {
    let mut seen = vec![false; revisions.len()];
    let mut errors = Vec::new();
    for start in (0..revisions.len()).filter(|i| waiting[*i] > 0) {
        let mut path = Vec::new();
        let mut current = start;
        while !seen[current] {
            seen[current] = true;
            path.push(current);
            let Some(parent) = before[current].iter().copied().find(|p| waiting[*p] > 0) else {
                break;
            };
            current = parent;
        }
        if let Some(first) = path.iter().position(|i| *i == current) {
            let cycle = &path[first..];
            let smallest = (0..cycle.len()).min_by_key(|i| &revisions[cycle[*i]].id).unwrap_or(0);
            let ring = || cycle.iter().cycle().skip(smallest).take(cycle.len()).map(|i| &revisions[*i]);
            errors.push(GraphError::Cycle {
                ids: ring().map(|r| r.id.clone()).collect(),
                files: ring().map(|r| r.path.clone()).collect(),
            });
        }
    }
    GraphErrors(errors)
}
