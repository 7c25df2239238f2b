//! Qualified names.

use std::fmt;

use alembic_sql::Dialect;

/// Name of a table, a type or another object in a schema.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    /// Schema; on MySQL a database, on SQLite an attached database. `None` is the current one.
    pub schema: Option<String>,
    /// Name within the schema.
    pub name: String,
}

impl Name {
    /// Returns the name as SQL, always quoted, because no list of reserved words is complete.
    #[must_use]
    pub fn sql(&self, dialect: Dialect) -> String {
        match &self.schema {
            Some(schema) => format!("{}.{}", dialect.quote(schema), dialect.quote(&self.name)),
            None => dialect.quote(&self.name),
        }
    }

    /// Returns a name without schema; a dot in it is part of the name.
    #[must_use]
    pub fn from_plain(name: &str) -> Self {
        Self { schema: None, name: name.to_owned() }
    }

    /// Returns the name of another object in the same schema.
    #[must_use]
    pub fn beside(&self, name: &str) -> Self {
        Self { schema: self.schema.clone(), name: name.to_owned() }
    }
}

/// `schema.name`, or `name` alone.
impl From<&str> for Name {
    fn from(text: &str) -> Self {
        match text.split_once('.') {
            Some((schema, name)) => Self { schema: Some(schema.to_owned()), name: name.to_owned() },
            None => Self { schema: None, name: text.to_owned() },
        }
    }
}

impl From<&Self> for Name {
    fn from(name: &Self) -> Self {
        name.clone()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.schema {
            Some(schema) => write!(f, "{schema}.{}", self.name),
            None => f.write_str(&self.name),
        }
    }
}
