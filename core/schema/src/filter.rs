//! Which tables are looked at.

use super::{Name, Schema};

/// Which tables are looked at, by patterns in which `*` stands for anything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TableFilter {
    /// These; none is all.
    pub include: Vec<String>,
    /// Not these.
    pub exclude: Vec<String>,
}

impl TableFilter {
    /// Returns whether a table is left alone. A pattern without a dot is about tables of any schema.
    #[must_use]
    pub fn leaves_alone(&self, table: &Name) -> bool {
        let matches = |pattern: &String| {
            is_like(&table.name, pattern) || table.schema.is_some() && is_like(&table.to_string(), pattern)
        };
        let included = self.include.is_empty() || self.include.iter().any(matches);
        !included || self.exclude.iter().any(matches)
    }

    /// Returns what of a schema a snapshot is about: what is in the current one, and not left alone.
    #[must_use]
    pub fn in_scope(&self, schema: &Schema) -> Schema {
        let mut schema = schema.clone();
        schema.tables.retain(|table| table.name.schema.is_none() && !self.leaves_alone(&table.name));
        schema.enums.retain(|of| of.name.schema.is_none());
        schema.others.retain(|other| other.name.schema.is_none());
        schema
    }
}

/// Returns whether a text is like a pattern.
fn is_like(text: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        None => text == pattern,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|after| {
            let ends = after.char_indices().map(|(at, _)| at).chain([after.len()]);
            ends.into_iter().any(|at| is_like(&after[at..], rest))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_anything() {
        assert!(is_like("app_users", "app_*") && is_like("app_users", "*users") && is_like("app_users", "a*_u*s"));
        assert!(!is_like("app_users", "app") && !is_like("users", "app_*") && is_like("", "*"));
    }
}
