//! Constraints of tables.

use std::fmt;

use super::Name;

/// Constraint of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Constraint {
    /// Primary key.
    PrimaryKey(PrimaryKey),
    /// Unique constraint.
    Unique(Unique),
    /// Foreign key.
    ForeignKey(ForeignKey),
    /// Check constraint.
    Check(Check),
}

/// Kind of a constraint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConstraintKind {
    /// Primary key.
    PrimaryKey,
    /// Unique constraint.
    Unique,
    /// Foreign key.
    ForeignKey,
    /// Check constraint.
    Check,
}

impl fmt::Display for ConstraintKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PrimaryKey => "primary key",
            Self::Unique => "unique constraint",
            Self::ForeignKey => "foreign key",
            Self::Check => "check constraint",
        })
    }
}

/// Primary key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrimaryKey {
    /// Name; `None` leaves it to the naming convention.
    pub name: Option<String>,
    /// Columns.
    pub columns: Vec<String>,
}

/// Unique constraint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unique {
    /// Name; `None` leaves it to the naming convention.
    pub name: Option<String>,
    /// Columns.
    pub columns: Vec<String>,
    /// When it is checked, if that can be deferred to the end of the transaction. PostgreSQL only.
    pub deferrable: Option<Initially>,
}

/// Foreign key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKey {
    /// Name; `None` leaves it to the naming convention.
    pub name: Option<String>,
    /// Columns.
    pub columns: Vec<String>,
    /// Referenced table.
    pub referred_table: Name,
    /// Referenced columns.
    pub referred_columns: Vec<String>,
    /// Action when the referenced row is deleted.
    pub on_delete: Option<Action>,
    /// Action when the key of the referenced row is updated.
    pub on_update: Option<Action>,
    /// When it is checked, if that can be deferred to the end of the transaction. PostgreSQL and SQLite.
    pub deferrable: Option<Initially>,
    /// `NOT VALID`: existing rows are not checked until `validate_constraint`. PostgreSQL only.
    pub not_valid: bool,
}

/// Check constraint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Name; `None` leaves it to the naming convention.
    pub name: Option<String>,
    /// Condition.
    pub expression: String,
    /// `NOT VALID`: existing rows are not checked until `validate_constraint`. PostgreSQL only.
    pub not_valid: bool,
}

/// Action of a foreign key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Refuse, at the end of the statement or later.
    NoAction,
    /// Refuse at once.
    Restrict,
    /// Delete or update the referencing row, too.
    Cascade,
    /// Set the columns to NULL.
    SetNull,
    /// Set the columns to their defaults.
    SetDefault,
}

impl Action {
    /// Returns the action as SQL.
    #[must_use]
    pub fn sql(self) -> &'static str {
        match self {
            Self::NoAction => "NO ACTION",
            Self::Restrict => "RESTRICT",
            Self::Cascade => "CASCADE",
            Self::SetNull => "SET NULL",
            Self::SetDefault => "SET DEFAULT",
        }
    }
}

/// When a deferrable constraint is checked, unless the transaction changes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Initially {
    /// At the end of each statement.
    Immediate,
    /// At the end of the transaction.
    Deferred,
}

impl Initially {
    /// Returns the clause as SQL.
    #[must_use]
    pub fn sql(self) -> &'static str {
        match self {
            Self::Immediate => "DEFERRABLE INITIALLY IMMEDIATE",
            Self::Deferred => "DEFERRABLE INITIALLY DEFERRED",
        }
    }
}

fn owned<'c>(columns: impl IntoIterator<Item = &'c str>) -> Vec<String> {
    columns.into_iter().map(str::to_owned).collect()
}

impl PrimaryKey {
    /// Returns a primary key of these columns.
    #[must_use]
    pub fn new<'c>(columns: impl IntoIterator<Item = &'c str>) -> Self {
        Self { name: None, columns: owned(columns) }
    }

    /// Sets the name.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }
}

impl Unique {
    /// Returns a unique constraint over these columns.
    #[must_use]
    pub fn new<'c>(columns: impl IntoIterator<Item = &'c str>) -> Self {
        Self { name: None, columns: owned(columns), deferrable: None }
    }

    /// Sets the name.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// Makes it deferrable to the end of the transaction.
    #[must_use]
    pub fn deferrable(mut self, initially: Initially) -> Self {
        self.deferrable = Some(initially);
        self
    }
}

impl ForeignKey {
    /// Returns a foreign key from columns to columns of another table.
    #[must_use]
    pub fn new<'c, 'r>(
        columns: impl IntoIterator<Item = &'c str>,
        referred_table: impl Into<Name>,
        referred_columns: impl IntoIterator<Item = &'r str>,
    ) -> Self {
        Self {
            name: None,
            columns: owned(columns),
            referred_table: referred_table.into(),
            referred_columns: owned(referred_columns),
            on_delete: None,
            on_update: None,
            deferrable: None,
            not_valid: false,
        }
    }

    /// Sets the name.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// Sets the action when the referenced row is deleted.
    #[must_use]
    pub fn on_delete(mut self, action: Action) -> Self {
        self.on_delete = Some(action);
        self
    }

    /// Sets the action when the key of the referenced row is updated.
    #[must_use]
    pub fn on_update(mut self, action: Action) -> Self {
        self.on_update = Some(action);
        self
    }

    /// Makes it deferrable to the end of the transaction.
    #[must_use]
    pub fn deferrable(mut self, initially: Initially) -> Self {
        self.deferrable = Some(initially);
        self
    }

    /// Adds it as `NOT VALID`: existing rows are not checked until `validate_constraint`.
    #[must_use]
    pub fn not_valid(mut self) -> Self {
        self.not_valid = true;
        self
    }
}

impl Check {
    /// Returns a check that a condition is true or unknown.
    #[must_use]
    pub fn new(expression: &str) -> Self {
        Self { name: None, expression: expression.to_owned(), not_valid: false }
    }

    /// Sets the name.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// Adds it as `NOT VALID`: existing rows are not checked until `validate_constraint`.
    #[must_use]
    pub fn not_valid(mut self) -> Self {
        self.not_valid = true;
        self
    }
}

impl Constraint {
    /// Returns the kind.
    #[must_use]
    pub fn kind(&self) -> ConstraintKind {
        match self {
            Self::PrimaryKey(_) => ConstraintKind::PrimaryKey,
            Self::Unique(_) => ConstraintKind::Unique,
            Self::ForeignKey(_) => ConstraintKind::ForeignKey,
            Self::Check(_) => ConstraintKind::Check,
        }
    }

    /// Returns the columns; none for a check, whose condition is not parsed.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        match self {
            Self::PrimaryKey(key) => &key.columns,
            Self::Unique(unique) => &unique.columns,
            Self::ForeignKey(key) => &key.columns,
            Self::Check(_) => &[],
        }
    }

    pub(crate) fn foreign_key_mut(&mut self) -> Option<&mut ForeignKey> {
        match self {
            Self::ForeignKey(key) => Some(key),
            _ => None,
        }
    }

    pub(crate) fn columns_mut(&mut self) -> &mut [String] {
        match self {
            Self::PrimaryKey(key) => &mut key.columns,
            Self::Unique(unique) => &mut unique.columns,
            Self::ForeignKey(key) => &mut key.columns,
            Self::Check(_) => &mut [],
        }
    }

    /// Returns whether it was not checked on the rows that were there.
    #[must_use]
    pub fn is_not_valid(&self) -> bool {
        match self {
            Self::ForeignKey(key) => key.not_valid,
            Self::Check(check) => check.not_valid,
            Self::PrimaryKey(_) | Self::Unique(_) => false,
        }
    }

    /// Leaves the naming of the constraint to the database.
    pub fn forget_name(&mut self) {
        *self.name_mut() = None;
    }

    pub(crate) fn set_name(&mut self, name: String) {
        *self.name_mut() = Some(name);
    }

    fn name_mut(&mut self) -> &mut Option<String> {
        match self {
            Self::PrimaryKey(key) => &mut key.name,
            Self::Unique(unique) => &mut unique.name,
            Self::ForeignKey(key) => &mut key.name,
            Self::Check(check) => &mut check.name,
        }
    }

    /// Returns the name, if the constraint was given one.
    #[must_use]
    pub fn own_name(&self) -> Option<&String> {
        match self {
            Self::PrimaryKey(key) => key.name.as_ref(),
            Self::Unique(unique) => unique.name.as_ref(),
            Self::ForeignKey(key) => key.name.as_ref(),
            Self::Check(check) => check.name.as_ref(),
        }
    }
}

macro_rules! into_constraint {
    ($($kind:ident)+) => {
        $(impl From<$kind> for Constraint {
            fn from(constraint: $kind) -> Self {
                Self::$kind(constraint)
            }
        })+
    };
}

into_constraint!(PrimaryKey Unique ForeignKey Check);
