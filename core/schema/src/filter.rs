//! Filter for tables.

use super::{Name, Schema};

/// Filter for tables, by patterns in which `*` matches any text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TableFilter {
    /// Patterns of included tables; if there are none, all are.
    pub include: Vec<String>,
    /// Patterns of excluded tables.
    pub exclude: Vec<String>,
}

impl TableFilter {
    /// Returns whether a table is excluded. A pattern without a dot matches tables of any schema.
    #[must_use]
    pub fn leaves_alone(&self, table: &Name) -> bool {
        let matches = |pattern: &String| {
            is_like(&table.name, pattern) || table.schema.is_some() && is_like(&table.to_string(), pattern)
        };
        let included = self.include.is_empty() || self.include.iter().any(matches);
        !included || self.exclude.iter().any(matches)
    }

    /// Returns the part of a schema that a snapshot covers: the current schema without excluded tables.
    #[must_use]
    pub fn in_scope(&self, schema: &Schema) -> Schema {
        let mut schema = schema.clone();
        schema.tables.retain(|table| table.name.schema.is_none() && !self.leaves_alone(&table.name));
        schema.enums.retain(|of| of.name.schema.is_none());
        schema.others.retain(|other| other.name.schema.is_none());
        schema
    }
}

/// Returns whether a text matches a pattern.
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
