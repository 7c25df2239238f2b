//! Tokens and names of SQLite.

use alembic_sql::{Dialect, Word, name};

use crate::token;
pub(crate) use crate::token::{Token, is};

pub(crate) fn tokens(sql: &str) -> Option<Vec<Token<'_>>> {
    token::tokens(sql, Dialect::Sqlite)
}

/// Returns the name that a token is.
pub(crate) fn name_of(token: &Token<'_>) -> Option<String> {
    name(if token.quoted { Word::Quoted(token.text) } else { Word::Bare(token.text) }, Dialect::Sqlite)
}

/// Returns whether a statement mentions a name.
pub(crate) fn mentions(sql: &str, name: &str) -> bool {
    let tokens = tokens(sql).unwrap_or_default();
    tokens.iter().any(|token| name_of(token).is_some_and(|found| found.eq_ignore_ascii_case(name)))
}
