//! What is known only as the database's text.

use std::fmt;

use super::Name;

/// Object, or part of a table, that has no value of its own: it is known as the database's text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Other {
    /// Kind: `view`, `trigger`, `function`, `exclusion constraint`, …
    pub kind: String,
    /// Name.
    pub name: Name,
    /// Definition in the database's words. Of a part of a table: the statements that make it.
    pub definition: String,
}

/// Kinds with columns, which Diesel can use as a table.
const RELATIONS: [&str; 7] =
    ["view", "materialized view", "foreign table", "partition", "inherited table", "virtual table", "system versioned"];

impl Other {
    /// Returns whether another is of the same kind and name.
    #[must_use]
    pub fn is_called_like(&self, other: &Self) -> bool {
        self.kind == other.kind && self.name == other.name
    }

    /// Returns the type of a domain, which its definition begins with.
    pub(crate) fn domain_base(&self) -> &str {
        let ends = [" NOT NULL", " DEFAULT ", " CONSTRAINT ", " CHECK ", " COLLATE "];
        let end = ends.iter().filter_map(|word| self.definition.find(word)).min();
        self.definition[..end.unwrap_or(self.definition.len())].trim()
    }

    /// Returns whether it is the comment of another object.
    pub(crate) fn is_comment(&self) -> bool {
        self.kind == "comment"
    }

    /// Returns whether a foreign key may rely on it.
    pub(crate) fn may_be_key(&self) -> bool {
        ["constraint", "index", "unique index", "primary key"].contains(&self.kind.as_str())
    }

    /// Returns whether Diesel can use it as a table.
    #[must_use]
    pub fn is_relation(&self) -> bool {
        RELATIONS.contains(&self.kind.as_str())
    }
}

impl fmt::Display for Other {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`", self.kind, self.name)
    }
}
