//! How long a name may be.

use std::fmt;

use alembic_sql::{Checksum, Dialect};

/// Greatest length of a name, in the unit that a database counts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NameLimit {
    longest: usize,
    unit: Unit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Bytes,
    Characters,
}

impl Unit {
    fn measure(self, text: &str) -> usize {
        match self {
            Self::Bytes => text.len(),
            Self::Characters => text.chars().count(),
        }
    }
}

/// As in "63 bytes".
impl fmt::Display for NameLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            Unit::Bytes => "bytes",
            Unit::Characters => "characters",
        };
        write!(f, "{} {unit}", self.longest)
    }
}

impl NameLimit {
    /// Returns the limit of a database; SQLite has none.
    #[must_use]
    pub fn of(dialect: Dialect) -> Option<Self> {
        match dialect {
            Dialect::Sqlite => None,
            Dialect::Postgres => Some(Self { longest: 63, unit: Unit::Bytes }),
            Dialect::Mysql | Dialect::Mariadb => Some(Self { longest: 64, unit: Unit::Characters }),
        }
    }

    /// Returns whether a name fits.
    #[must_use]
    pub fn allows(self, name: &str) -> bool {
        self.unit.measure(name) <= self.longest
    }

    /// Returns the start of a name that leaves room for `rest` after it.
    fn start(self, name: &str, rest: usize) -> &str {
        let fits = |end: &usize| self.unit.measure(&name[..*end]) + rest <= self.longest;
        let ends = name.char_indices().map(|(at, _)| at);
        &name[..ends.take_while(fits).last().unwrap_or(0)]
    }
}

/// Returns six digits of the checksum of a text.
pub(crate) fn short(text: &str) -> String {
    Checksum::of([text.as_bytes()]).to_string()[..6].to_owned()
}

/// Returns a name of ours that fits: one that is too long ends in its checksum instead.
#[must_use]
pub fn shortened(name: &str, dialect: Dialect) -> String {
    match NameLimit::of(dialect) {
        Some(limit) if !limit.allows(name) => format!("{}_{}", limit.start(name, 7), short(name)),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_cut_to_the_limit_of_its_database() {
        let long = "é".repeat(64);
        assert_eq!(shortened(&long, Dialect::Sqlite), long);
        assert_eq!(shortened(&long, Dialect::Mysql), long, "it has 64 characters");
        let cut = shortened(&long, Dialect::Postgres);
        assert!(cut.starts_with(&"é".repeat(28)) && cut.len() == 63, "{cut}");
        let cut = shortened(&"é".repeat(65), Dialect::Mariadb);
        assert!(cut.starts_with(&"é".repeat(57)) && cut.chars().count() == 64, "{cut}");
        assert_eq!(NameLimit::of(Dialect::Mysql).unwrap().to_string(), "64 characters");
    }
}
