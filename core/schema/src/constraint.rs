//! Constraints of tables.

use std::fmt;

use super::Name;

/// What has to be true of a table's rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Constraint {
    /// What names a row.
    PrimaryKey(PrimaryKey),
    /// What no two rows share.
    Unique(Unique),
    /// What another table holds.
    ForeignKey(ForeignKey),
    /// A condition.
    Check(Check),
}

/// The kinds of constraints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConstraintKind {
    /// What names a row.
    PrimaryKey,
    /// What no two rows share.
    Unique,
    /// What another table holds.
    ForeignKey,
    /// A condition.
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

/// A primary key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrimaryKey {
    /// Its name; none leaves it to the naming convention.
    pub name: Option<String>,
    /// Its columns.
    pub columns: Vec<String>,
}

/// A unique constraint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unique {
    /// Its name; none leaves it to the naming convention.
    pub name: Option<String>,
    /// Its columns.
    pub columns: Vec<String>,
    /// Whether it may be checked at the end of the transaction. PostgreSQL only.
    pub deferrable: Option<Initially>,
}

/// A foreign key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKey {
    /// Its name; none leaves it to the naming convention.
    pub name: Option<String>,
    /// Its columns.
    pub columns: Vec<String>,
    /// The table that it refers to.
    pub referred_table: Name,
    /// The columns there.
    pub referred_columns: Vec<String>,
    /// What happens when the row that it refers to goes.
    pub on_delete: Option<Action>,
    /// What happens when that row changes its key.
    pub on_update: Option<Action>,
    /// Whether it may be checked at the end of the transaction. PostgreSQL and SQLite.
    pub deferrable: Option<Initially>,
    /// Whether the rows that are there go unchecked until `validate_constraint`. PostgreSQL only.
    pub not_valid: bool,
}

/// A check constraint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Its name; none leaves it to the naming convention.
    pub name: Option<String>,
    /// The condition.
    pub expression: String,
    /// Whether the rows that are there go unchecked until `validate_constraint`. PostgreSQL only.
    pub not_valid: bool,
}

/// What a foreign key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Refuses, at the end of the statement or later.
    NoAction,
    /// Refuses at once.
    Restrict,
    /// Does the same to the row that refers.
    Cascade,
    /// Sets the columns to nothing.
    SetNull,
    /// Sets the columns to their defaults.
    SetDefault,
}

impl Action {
    /// Returns the words of SQL.
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

/// When a deferrable constraint is checked, unless the transaction says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Initially {
    /// At the end of each statement.
    Immediate,
    /// At the end of the transaction.
    Deferred,
}

impl Initially {
    /// Returns the words of SQL.
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

    /// Sets its name.
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

    /// Sets its name.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// Lets it be checked at the end of the transaction.
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

    /// Sets its name.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// Sets what happens when the row that it refers to goes.
    #[must_use]
    pub fn on_delete(mut self, action: Action) -> Self {
        self.on_delete = Some(action);
        self
    }

    /// Sets what happens when that row changes its key.
    #[must_use]
    pub fn on_update(mut self, action: Action) -> Self {
        self.on_update = Some(action);
        self
    }

    /// Lets it be checked at the end of the transaction.
    #[must_use]
    pub fn deferrable(mut self, initially: Initially) -> Self {
        self.deferrable = Some(initially);
        self
    }

    /// Leaves the rows that are there unchecked, until `validate_constraint`.
    #[must_use]
    pub fn not_valid(mut self) -> Self {
        self.not_valid = true;
        self
    }
}

impl Check {
    /// Returns a constraint that a condition is true, or unknown.
    #[must_use]
    pub fn new(expression: &str) -> Self {
        Self { name: None, expression: expression.to_owned(), not_valid: false }
    }

    /// Sets its name.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// Leaves the rows that are there unchecked, until `validate_constraint`.
    #[must_use]
    pub fn not_valid(mut self) -> Self {
        self.not_valid = true;
        self
    }
}

impl Constraint {
    /// Returns which kind it is.
    #[must_use]
    pub fn kind(&self) -> ConstraintKind {
        match self {
            Self::PrimaryKey(_) => ConstraintKind::PrimaryKey,
            Self::Unique(_) => ConstraintKind::Unique,
            Self::ForeignKey(_) => ConstraintKind::ForeignKey,
            Self::Check(_) => ConstraintKind::Check,
        }
    }

    /// Returns its columns; a check has none that we know of.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        match self {
            Self::PrimaryKey(key) => &key.columns,
            Self::Unique(unique) => &unique.columns,
            Self::ForeignKey(key) => &key.columns,
            Self::Check(_) => &[],
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

    /// Leaves the naming of the constraint to the database.
    pub fn forget_name(&mut self) {
        match self {
            Self::PrimaryKey(key) => key.name = None,
            Self::Unique(unique) => unique.name = None,
            Self::ForeignKey(key) => key.name = None,
            Self::Check(check) => check.name = None,
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
