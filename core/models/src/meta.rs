//! Attributes as trees, printed last: a text in one may hold any character.

use std::fmt;

/// An argument of `#[alembic(…)]`, by the names that `syn` has for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meta {
    /// `identity`, a column, `created desc`.
    Path(String),
    /// `"n > 0"`
    Literal(String),
    /// `name = "ix"`
    NameValue(&'static str, String),
    /// `unique(a, b)`
    List(String, Vec<Self>),
}

impl Meta {
    pub(super) fn path(path: &str) -> Self {
        Self::Path(path.to_owned())
    }

    pub(super) fn list(name: &str, items: impl IntoIterator<Item = Self>) -> Self {
        Self::List(name.to_owned(), items.into_iter().collect())
    }
}

impl fmt::Display for Meta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => f.write_str(path),
            Self::Literal(text) => write!(f, "{text:?}"),
            Self::NameValue(name, text) => write!(f, "{name} = {text:?}"),
            Self::List(name, items) => write!(f, "{name}({})", alembic_sql::wording::joined(items)),
        }
    }
}
