//! Indexes.

use super::Name;

/// An index of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// Its name; none leaves it to the naming convention.
    pub name: Option<String>,
    /// The table.
    pub table: Name,
    /// What it orders by.
    pub keys: Vec<IndexKey>,
    /// Whether no two rows may share its keys.
    pub unique: bool,
    /// Which rows it holds; none is all. PostgreSQL and SQLite.
    pub predicate: Option<String>,
    /// Columns that it holds besides. PostgreSQL only.
    pub include: Vec<String>,
    /// Of which kind it is: `gin`, `hash`, … Not on SQLite.
    pub method: Option<String>,
    /// Whether it is built without keeping writers waiting. PostgreSQL only, outside a transaction.
    pub concurrently: bool,
    /// Whether one of this name is taken for it.
    pub if_not_exists: bool,
}

/// A part of what an index orders by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IndexKey {
    /// A column.
    Column(String),
    /// A column, the greatest first.
    Descending(String),
    /// What is computed from the row. Not on MariaDB.
    Expression(String),
    /// As it stands in SQL, with whatever follows: a collation, an operator class, an order.
    Written(String),
}

impl From<&str> for IndexKey {
    fn from(column: &str) -> Self {
        Self::Column(column.to_owned())
    }
}

impl Index {
    /// Returns an index over columns of a table.
    #[must_use]
    pub fn new<K: Into<IndexKey>>(table: impl Into<Name>, keys: impl IntoIterator<Item = K>) -> Self {
        Self {
            name: None,
            table: table.into(),
            keys: keys.into_iter().map(Into::into).collect(),
            unique: false,
            predicate: None,
            include: Vec::new(),
            method: None,
            concurrently: false,
            if_not_exists: false,
        }
    }

    /// Returns the columns that it names: not those in expressions.
    pub fn columns(&self) -> impl Iterator<Item = &String> {
        let keys = self.keys.iter().filter_map(|key| match key {
            IndexKey::Column(column) | IndexKey::Descending(column) => Some(column),
            IndexKey::Expression(_) | IndexKey::Written(_) => None,
        });
        keys.chain(&self.include)
    }

    /// Sets its name.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// Lets no two rows share its keys.
    #[must_use]
    pub fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    /// Holds only rows for which a condition is true.
    #[must_use]
    pub fn filter(mut self, predicate: &str) -> Self {
        self.predicate = Some(predicate.to_owned());
        self
    }

    /// Holds these columns, too.
    #[must_use]
    pub fn include<'c>(mut self, columns: impl IntoIterator<Item = &'c str>) -> Self {
        self.include = columns.into_iter().map(str::to_owned).collect();
        self
    }

    /// Sets of which kind it is.
    #[must_use]
    pub fn using(mut self, method: &str) -> Self {
        self.method = Some(method.to_owned());
        self
    }

    /// Builds it without keeping writers waiting. The revision needs `Transaction: none`.
    #[must_use]
    pub fn concurrently(mut self) -> Self {
        self.concurrently = true;
        self
    }

    /// Takes one of this name for it.
    #[must_use]
    pub fn if_not_exists(mut self) -> Self {
        self.if_not_exists = true;
        self
    }
}
