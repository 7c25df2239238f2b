//! Pairing: the parts of an old and a new schema, side by side.

use std::collections::BTreeMap;

use crate::{Column, Enumeration, Name, Table};

/// A part that its key tells from its siblings.
pub(super) trait Keyed {
    type Key: Ord;

    fn key(&self) -> &Self::Key;
}

impl Keyed for Table {
    type Key = Name;

    fn key(&self) -> &Name {
        &self.name
    }
}

impl Keyed for Enumeration {
    type Key = Name;

    fn key(&self) -> &Name {
        &self.name
    }
}

impl Keyed for Column {
    type Key = String;

    fn key(&self) -> &String {
        &self.name
    }
}

/// The old and the new parts of one kind.
pub(super) struct Pairing<'p, T> {
    /// Only new, in their order there.
    pub(super) created: Vec<&'p T>,
    /// Only old, in their order there.
    pub(super) dropped: Vec<&'p T>,
    /// Old and new, in the order of the new ones.
    pub(super) kept: Vec<(&'p T, &'p T)>,
}

impl<'p, T> Pairing<'p, T> {
    /// Pairs parts of the same key.
    pub(super) fn by_key(before: &'p [T], after: &'p [T]) -> Self
    where
        T: Keyed,
    {
        let by_key = |parts: &'p [T]| parts.iter().map(|part| (part.key(), part)).collect::<BTreeMap<_, _>>();
        let (old, new) = (by_key(before), by_key(after));
        Self {
            created: after.iter().filter(|part| !old.contains_key(part.key())).collect(),
            dropped: before.iter().filter(|part| !new.contains_key(part.key())).collect(),
            kept: after.iter().filter_map(|part| Some((*old.get(part.key())?, part))).collect(),
        }
    }

    /// Pairs parts that are the same, each once: constraints and indexes may have no name.
    pub(super) fn by_comparison(before: &'p [T], after: &'p [T], same: impl Fn(&T, &T) -> bool) -> Self {
        let mut this = Self { created: Vec::new(), dropped: before.iter().collect(), kept: Vec::new() };
        for new in after {
            match this.dropped.iter().position(|old| same(old, new)) {
                Some(at) => this.kept.push((this.dropped.remove(at), new)),
                None => this.created.push(new),
            }
        }
        this
    }
}

/// Returns parts as values of their own.
pub(super) fn owned<T: Clone>(parts: &[&T]) -> Vec<T> {
    parts.iter().map(|part| (*part).clone()).collect()
}
