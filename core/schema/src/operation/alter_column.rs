//! Alterations of a column.

use crate::{Column, DefaultValue, Identity, Name, Sequence, Type};

/// Alteration of a column. What is `None` stays as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct AlterColumn {
    /// Table.
    pub table: Name,
    /// Column.
    pub column: String,
    /// New type.
    pub column_type: Option<Type>,
    /// The PostgreSQL `USING` expression that converts existing values.
    pub postgres_using: Option<String>,
    /// Expression that converts existing values when SQLite rebuilds the table; without it they are copied.
    pub sqlite_using: Option<String>,
    /// Whether it accepts NULL.
    pub nullable: Option<bool>,
    /// New default; `Some(None)` drops it.
    pub default: Option<Option<DefaultValue>>,
    /// New identity; `Some(None)` drops it.
    pub identity: Option<Option<Identity>>,
    /// New options of the sequence that numbers the rows. PostgreSQL only.
    pub sequence: Option<Sequence>,
    /// New collation; `Some(None)` is the database's default.
    pub collation: Option<Option<String>>,
    /// New `ON UPDATE`; `Some(None)` drops it. MySQL and MariaDB only.
    pub on_update: Option<Option<String>>,
    /// New attributes beyond these; `Some(None)` drops them. MySQL and MariaDB only.
    pub attributes: Option<Option<String>>,
    /// New comment; `Some(None)` drops it. Not on SQLite.
    pub comment: Option<Option<String>>,
    /// New name.
    pub rename: Option<String>,
    /// The column as it is. MySQL restates the whole column, and needs all of it.
    pub existing: Option<Column>,
}

impl AlterColumn {
    /// Returns an alteration that changes nothing.
    #[must_use]
    pub fn new(table: impl Into<Name>, column: &str) -> Self {
        Self {
            table: table.into(),
            column: column.to_owned(),
            column_type: None,
            postgres_using: None,
            sqlite_using: None,
            nullable: None,
            default: None,
            identity: None,
            sequence: None,
            collation: None,
            on_update: None,
            attributes: None,
            comment: None,
            rename: None,
            existing: None,
        }
    }

    /// Sets the type.
    #[must_use]
    pub fn column_type(mut self, column_type: Type) -> Self {
        self.column_type = Some(column_type);
        self
    }

    /// Sets the PostgreSQL `USING` expression that converts existing values.
    #[must_use]
    pub fn postgres_using(mut self, expression: &str) -> Self {
        self.postgres_using = Some(expression.to_owned());
        self
    }

    /// Sets the expression that converts existing values when SQLite rebuilds the table.
    #[must_use]
    pub fn sqlite_using(mut self, expression: &str) -> Self {
        self.sqlite_using = Some(expression.to_owned());
        self
    }

    /// Makes it `NOT NULL`.
    #[must_use]
    pub fn not_null(mut self) -> Self {
        self.nullable = Some(false);
        self
    }

    /// Makes it accept NULL.
    #[must_use]
    pub fn nullable(mut self) -> Self {
        self.nullable = Some(true);
        self
    }

    /// Sets the default. Existing rows stay as they are.
    #[must_use]
    pub fn default(mut self, default: impl Into<DefaultValue>) -> Self {
        self.default = Some(Some(default.into()));
        self
    }

    /// Drops the default.
    #[must_use]
    pub fn drop_default(mut self) -> Self {
        self.default = Some(None);
        self
    }

    /// Makes it an identity column, or drops the identity.
    #[must_use]
    pub fn identity(mut self, identity: bool) -> Self {
        self.identity = Some(identity.then_some(Identity::ByDefault));
        self
    }

    /// Makes it an identity column of a kind; `None` drops the identity.
    #[must_use]
    pub fn identity_as(mut self, identity: Option<Identity>) -> Self {
        self.identity = Some(identity);
        self
    }

    /// Sets the options of the sequence that numbers the rows; PostgreSQL only. It needs [`existing`](Self::existing).
    #[must_use]
    pub fn sequence(mut self, sequence: Sequence) -> Self {
        self.sequence = Some(sequence);
        self
    }

    /// Sets `ON UPDATE`; `None` drops it. MySQL and MariaDB only.
    #[must_use]
    pub fn on_update(mut self, expression: Option<&str>) -> Self {
        self.on_update = Some(expression.map(str::to_owned));
        self
    }

    /// Sets the attributes that have no method of their own, as the server writes them; `None` drops them. MySQL and
    /// MariaDB only.
    #[must_use]
    pub fn attributes(mut self, sql: Option<&str>) -> Self {
        self.attributes = Some(sql.map(str::to_owned));
        self
    }

    /// Sets the collation.
    #[must_use]
    pub fn collation(mut self, collation: &str) -> Self {
        self.collation = Some(Some(collation.to_owned()));
        self
    }

    /// Drops the collation, in favour of the database's default.
    #[must_use]
    pub fn drop_collation(mut self) -> Self {
        self.collation = Some(None);
        self
    }

    /// Sets the comment.
    #[must_use]
    pub fn comment(mut self, comment: &str) -> Self {
        self.comment = Some(Some(comment.to_owned()));
        self
    }

    /// Drops the comment.
    #[must_use]
    pub fn drop_comment(mut self) -> Self {
        self.comment = Some(None);
        self
    }

    /// Renames it.
    #[must_use]
    pub fn rename(mut self, name: &str) -> Self {
        self.rename = Some(name.to_owned());
        self
    }

    /// Describes the column as it is: MySQL and MariaDB need it for everything but the default and the name.
    #[must_use]
    pub fn existing(mut self, column: Column) -> Self {
        self.existing = Some(column);
        self
    }

    /// Returns whether more than the name changes.
    pub(super) fn changes_more_than_the_name(&self) -> bool {
        *self
            != Self {
                rename: self.rename.clone(),
                existing: self.existing.clone(),
                ..Self::new(&self.table, &self.column)
            }
    }

    /// Returns the column as it will be, given as it is.
    pub(super) fn apply(&self, existing: &Column) -> Column {
        let mut column = existing.clone();
        if let Some(column_type) = &self.column_type {
            column.column_type = column_type.clone();
        }
        column.nullable = self.nullable.unwrap_or(column.nullable);
        column.identity = self.identity.unwrap_or(column.identity);
        if let Some(sequence) = &self.sequence {
            column.sequence.clone_from(sequence);
        }
        if let Some(collation) = &self.collation {
            column.collation.clone_from(collation);
        }
        if let Some(on_update) = &self.on_update {
            column.on_update.clone_from(on_update);
        }
        if let Some(attributes) = &self.attributes {
            column.attributes.clone_from(attributes);
        }
        if let Some(default) = &self.default {
            column.default.clone_from(default);
        }
        if let Some(comment) = &self.comment {
            column.comment.clone_from(comment);
        }
        if let Some(name) = &self.rename {
            column.name.clone_from(name);
        }
        column
    }
}
