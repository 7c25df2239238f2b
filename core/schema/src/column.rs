//! Columns.

use super::{Check, Constraint, DefaultValue, ForeignKey, PrimaryKey, Type, Unique};

/// A column of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub column_type: Type,
    /// Whether it may hold nothing.
    pub nullable: bool,
    /// What it holds if nothing is given.
    pub default: Option<DefaultValue>,
    /// How the database numbers the rows, if it does.
    pub identity: Option<Identity>,
    /// How it is computed from others.
    pub generated: Option<Generated>,
    /// How its text is ordered.
    pub collation: Option<String>,
    /// What it holds after its row was changed without giving it. MySQL and MariaDB only.
    pub on_update: Option<String>,
    /// What is said of it.
    pub comment: Option<String>,
    /// Constraints that concern it alone.
    pub constraints: Vec<Constraint>,
}

/// How the database numbers rows. MySQL (`AUTO_INCREMENT`) and SQLite (`AUTOINCREMENT`) have one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    /// Unless a number is given.
    ByDefault,
    /// Whatever is given. PostgreSQL only.
    Always,
    /// By the default of a sequence that belongs to the column, as `serial` makes it. PostgreSQL only.
    Serial,
}

/// How a column is computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generated {
    /// From what.
    pub expression: String,
    /// Whether it is computed when the row is written; else when it is read.
    pub stored: bool,
}

impl Column {
    /// Returns a column that may hold nothing and has no default, as in SQL.
    #[must_use]
    pub fn new(name: &str, column_type: Type) -> Self {
        Self {
            name: name.to_owned(),
            column_type,
            nullable: true,
            default: None,
            identity: None,
            generated: None,
            collation: None,
            on_update: None,
            comment: None,
            constraints: Vec::new(),
        }
    }

    /// Makes it hold a value in every row.
    #[must_use]
    pub fn not_null(mut self) -> Self {
        self.nullable = false;
        self
    }

    /// Sets what it holds if nothing is given.
    #[must_use]
    pub fn default(mut self, default: impl Into<DefaultValue>) -> Self {
        self.default = Some(default.into());
        self
    }

    /// Lets the database number the rows.
    #[must_use]
    pub fn identity(mut self) -> Self {
        self.identity = Some(Identity::ByDefault);
        self.not_null()
    }

    /// Sets how the database numbers the rows.
    #[must_use]
    pub fn identity_as(mut self, identity: Identity) -> Self {
        self.identity = Some(identity);
        self.not_null()
    }

    /// Makes it the primary key.
    #[must_use]
    pub fn primary_key(self) -> Self {
        let key = PrimaryKey::new([self.name.as_str()]);
        self.not_null().constraint(key)
    }

    /// Lets no two rows hold the same.
    #[must_use]
    pub fn unique(self) -> Self {
        let unique = Unique::new([self.name.as_str()]);
        self.constraint(unique)
    }

    /// Lets it hold only what a column of another table holds.
    #[must_use]
    pub fn references(self, table: &str, column: &str) -> Self {
        let key = ForeignKey::new([self.name.as_str()], table, [column]);
        self.constraint(key)
    }

    /// Lets it hold only what a condition is true for.
    #[must_use]
    pub fn check(self, expression: &str) -> Self {
        self.constraint(Check::new(expression))
    }

    /// Adds a constraint.
    #[must_use]
    pub fn constraint(mut self, constraint: impl Into<Constraint>) -> Self {
        self.constraints.push(constraint.into());
        self
    }

    /// Computes it from others when a row is written.
    #[must_use]
    pub fn generated_stored(mut self, expression: &str) -> Self {
        self.generated = Some(Generated { expression: expression.to_owned(), stored: true });
        self
    }

    /// Computes it from others when a row is read. Not on PostgreSQL.
    #[must_use]
    pub fn generated_virtual(mut self, expression: &str) -> Self {
        self.generated = Some(Generated { expression: expression.to_owned(), stored: false });
        self
    }

    /// Sets how its text is ordered.
    #[must_use]
    pub fn collation(mut self, collation: &str) -> Self {
        self.collation = Some(collation.to_owned());
        self
    }

    /// Sets what it holds after its row was changed without giving it. MySQL and MariaDB only.
    #[must_use]
    pub fn on_update(mut self, expression: &str) -> Self {
        self.on_update = Some(expression.to_owned());
        self
    }

    /// Sets what is said of it. Not on SQLite.
    #[must_use]
    pub fn comment(mut self, comment: &str) -> Self {
        self.comment = Some(comment.to_owned());
        self
    }
}
