//! Changes of a column.

use crate::{Column, DefaultValue, Identity, Name, Type};

/// What becomes of a column. What is not said stays as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct AlterColumn {
    /// The table.
    pub table: Name,
    /// The column.
    pub column: String,
    /// Its new type.
    pub column_type: Option<Type>,
    /// How PostgreSQL makes a value of the new type of an old one.
    pub postgres_using: Option<String>,
    /// How SQLite does, when it rebuilds the table; else the value stays, as far as the new type takes it.
    pub sqlite_using: Option<String>,
    /// Whether it may hold nothing from now on.
    pub nullable: Option<bool>,
    /// Its new default; none inside takes it away.
    pub default: Option<Option<DefaultValue>>,
    /// How the database numbers the rows from now on; none inside ends it.
    pub identity: Option<Option<Identity>>,
    /// How its text is ordered from now on; none inside is the database's own way.
    pub collation: Option<Option<String>>,
    /// What it holds from now on after its row was changed. MySQL and MariaDB only.
    pub on_update: Option<Option<String>>,
    /// What is said of it from now on; none inside takes it away. Not on SQLite.
    pub comment: Option<Option<String>>,
    /// Its new name.
    pub rename: Option<String>,
    /// The column as it is. MySQL writes the whole column anew, and has to be told all of it.
    pub existing: Option<Column>,
}

impl AlterColumn {
    /// Returns a change that changes nothing yet.
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
            collation: None,
            on_update: None,
            comment: None,
            rename: None,
            existing: None,
        }
    }

    /// Gives it another type.
    #[must_use]
    pub fn column_type(mut self, column_type: Type) -> Self {
        self.column_type = Some(column_type);
        self
    }

    /// Says how PostgreSQL makes a value of the new type of an old one.
    #[must_use]
    pub fn postgres_using(mut self, expression: &str) -> Self {
        self.postgres_using = Some(expression.to_owned());
        self
    }

    /// Says how SQLite does, when it rebuilds the table.
    #[must_use]
    pub fn sqlite_using(mut self, expression: &str) -> Self {
        self.sqlite_using = Some(expression.to_owned());
        self
    }

    /// Makes it hold a value in every row.
    #[must_use]
    pub fn not_null(mut self) -> Self {
        self.nullable = Some(false);
        self
    }

    /// Lets it hold nothing.
    #[must_use]
    pub fn nullable(mut self) -> Self {
        self.nullable = Some(true);
        self
    }

    /// Sets what it holds if nothing is given. Rows that are there stay as they are.
    #[must_use]
    pub fn default(mut self, default: impl Into<DefaultValue>) -> Self {
        self.default = Some(Some(default.into()));
        self
    }

    /// Takes its default away.
    #[must_use]
    pub fn drop_default(mut self) -> Self {
        self.default = Some(None);
        self
    }

    /// Sets whether the database numbers the rows.
    #[must_use]
    pub fn identity(mut self, identity: bool) -> Self {
        self.identity = Some(identity.then_some(Identity::ByDefault));
        self
    }

    /// Sets how the database numbers the rows; none ends it.
    #[must_use]
    pub fn identity_as(mut self, identity: Option<Identity>) -> Self {
        self.identity = Some(identity);
        self
    }

    /// Sets what it holds after its row was changed; none is what it held. MySQL and MariaDB only.
    #[must_use]
    pub fn on_update(mut self, expression: Option<&str>) -> Self {
        self.on_update = Some(expression.map(str::to_owned));
        self
    }

    /// Sets how its text is ordered.
    #[must_use]
    pub fn collation(mut self, collation: &str) -> Self {
        self.collation = Some(Some(collation.to_owned()));
        self
    }

    /// Lets its text be ordered as the database does.
    #[must_use]
    pub fn drop_collation(mut self) -> Self {
        self.collation = Some(None);
        self
    }

    /// Sets what is said of it.
    #[must_use]
    pub fn comment(mut self, comment: &str) -> Self {
        self.comment = Some(Some(comment.to_owned()));
        self
    }

    /// Takes away what is said of it.
    #[must_use]
    pub fn drop_comment(mut self) -> Self {
        self.comment = Some(None);
        self
    }

    /// Gives it another name.
    #[must_use]
    pub fn rename(mut self, name: &str) -> Self {
        self.rename = Some(name.to_owned());
        self
    }

    /// Says how the column is: MySQL and MariaDB need it for everything but the default and the name.
    #[must_use]
    pub fn existing(mut self, column: Column) -> Self {
        self.existing = Some(column);
        self
    }

    /// Returns whether anything but the name changes.
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
        if let Some(collation) = &self.collation {
            column.collation.clone_from(collation);
        }
        if let Some(on_update) = &self.on_update {
            column.on_update.clone_from(on_update);
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
