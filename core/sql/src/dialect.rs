//! The databases, and how each spells names and values.

use std::{fmt, str::FromStr};

/// A database that revisions can be written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    /// SQLite 3.
    Sqlite,
    /// PostgreSQL.
    Postgres,
    /// Oracle MySQL.
    Mysql,
    /// MariaDB, which takes MySQL's sections where it has none of its own.
    Mariadb,
}

impl Dialect {
    /// All of them, in the order used in messages.
    pub const ALL: [Self; 4] = [Self::Sqlite, Self::Postgres, Self::Mysql, Self::Mariadb];

    /// Returns the name used in section headings, configuration and messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::Mysql => "mysql",
            Self::Mariadb => "mariadb",
        }
    }

    /// Returns whether DDL rolls back with the transaction it ran in.
    #[must_use]
    pub fn transactional_ddl(self) -> bool {
        matches!(self, Self::Sqlite | Self::Postgres)
    }

    /// Returns whether this is MySQL or its descendant.
    #[must_use]
    pub fn is_mysql_family(self) -> bool {
        matches!(self, Self::Mysql | Self::Mariadb)
    }

    /// Quotes an identifier, doubling any quote inside it.
    #[must_use]
    pub fn quote(self, identifier: &str) -> String {
        let mark = if self.is_mysql_family() { '`' } else { '"' };
        format!("{mark}{}{mark}", identifier.replace(mark, &format!("{mark}{mark}")))
    }

    /// Quotes an identifier only if it needs it, as a person would.
    #[must_use]
    pub fn quote_if_needed(self, identifier: &str) -> String {
        let plain = identifier.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if plain && identifier.starts_with(|c: char| c.is_ascii_lowercase()) {
            identifier.to_owned()
        } else {
            self.quote(identifier)
        }
    }

    /// Writes a string literal. On PostgreSQL it means the same whatever `standard_conforming_strings` is.
    #[must_use]
    pub fn literal(self, text: &str) -> String {
        let doubled = text.replace('\'', "''").replace('\0', "");
        match self {
            Self::Mysql | Self::Mariadb => format!("'{}'", doubled.replace('\\', "\\\\")),
            Self::Postgres if doubled.contains('\\') => format!("E'{}'", doubled.replace('\\', "\\\\")),
            Self::Postgres | Self::Sqlite => format!("'{doubled}'"),
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The word names no database.
#[derive(Debug, Clone, thiserror::Error)]
#[error("`{0}` is no database we know; expected sqlite, postgres, mysql or mariadb")]
pub struct UnknownDialect(pub String);

impl FromStr for Dialect {
    type Err = UnknownDialect;

    fn from_str(name: &str) -> Result<Self, UnknownDialect> {
        Self::ALL
            .into_iter()
            .find(|dialect| dialect.name() == name)
            .or_else(|| (name == "postgresql").then_some(Self::Postgres))
            .ok_or_else(|| UnknownDialect(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_cannot_be_broken_out_of() {
        assert_eq!(Dialect::Postgres.quote("a\"b"), "\"a\"\"b\"");
        assert_eq!(Dialect::Mysql.quote("a`b"), "`a``b`");
        assert_eq!(Dialect::Sqlite.literal("it's \\"), "'it''s \\'");
        assert_eq!(Dialect::Mariadb.literal("it's \\"), "'it''s \\\\'");
        assert_eq!(Dialect::Postgres.quote_if_needed("alembic_version"), "alembic_version");
        assert_eq!(Dialect::Postgres.quote_if_needed("Version"), "\"Version\"");
    }
}
