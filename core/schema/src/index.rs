//! Indexes.

use super::Name;

/// Index of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// Name; `None` leaves it to the naming convention.
    pub name: Option<String>,
    /// Table.
    pub table: Name,
    /// Keys, in order.
    pub keys: Vec<IndexKey>,
    /// Unique index.
    pub unique: bool,
    /// Condition of a partial index. PostgreSQL and SQLite.
    pub predicate: Option<String>,
    /// Columns that are included without being keys (`INCLUDE`). PostgreSQL only.
    pub include: Vec<String>,
    /// Index method: `gin`, `hash`, … Not on SQLite.
    pub method: Option<String>,
    /// Use `CONCURRENTLY` (PostgreSQL, outside a transaction).
    pub concurrently: bool,
    /// Emit `IF NOT EXISTS`.
    pub if_not_exists: bool,
}

/// Key of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IndexKey {
    /// Column, ascending.
    Column(String),
    /// Column, descending.
    Descending(String),
    /// Expression. Not on MariaDB.
    Expression(String),
    /// SQL as written, with a collation, an operator class or an order.
    Written(String),
}

impl IndexKey {
    /// Returns the SQL of a key that is no column.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Expression(text) | Self::Written(text) => Some(text),
            Self::Column(_) | Self::Descending(_) => None,
        }
    }

    pub(crate) fn column_mut(&mut self) -> Option<&mut String> {
        match self {
            Self::Column(column) | Self::Descending(column) => Some(column),
            Self::Expression(_) | Self::Written(_) => None,
        }
    }
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

    /// Returns the columns that are keys or included, without those in expressions.
    pub fn columns(&self) -> impl Iterator<Item = &String> {
        let keys = self.keys.iter().filter_map(|key| match key {
            IndexKey::Column(column) | IndexKey::Descending(column) => Some(column),
            IndexKey::Expression(_) | IndexKey::Written(_) => None,
        });
        keys.chain(&self.include)
    }

    /// Sets the name.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// Makes it unique.
    #[must_use]
    pub fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    /// Makes it partial: only rows that satisfy a condition are indexed.
    #[must_use]
    pub fn filter(mut self, predicate: &str) -> Self {
        self.predicate = Some(predicate.to_owned());
        self
    }

    /// Includes columns that are not keys.
    #[must_use]
    pub fn include<'c>(mut self, columns: impl IntoIterator<Item = &'c str>) -> Self {
        self.include = columns.into_iter().map(str::to_owned).collect();
        self
    }

    /// Sets the index method.
    #[must_use]
    pub fn using(mut self, method: &str) -> Self {
        self.method = Some(method.to_owned());
        self
    }

    /// Builds it with `CONCURRENTLY`, which does not block writes. The revision needs `Transaction: none`.
    #[must_use]
    pub fn concurrently(mut self) -> Self {
        self.concurrently = true;
        self
    }

    /// Emits `IF NOT EXISTS`.
    #[must_use]
    pub fn if_not_exists(mut self) -> Self {
        self.if_not_exists = true;
        self
    }
}
