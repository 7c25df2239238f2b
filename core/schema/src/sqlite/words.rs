//! Tokens of an SQLite statement, with their depth in parentheses.

use alembic_sql::{Dialect, Piece, Word, name, pieces};

/// Word, quoted name, string or punctuation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token<'a> {
    pub(crate) text: &'a str,
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Number of parentheses around it; the outermost parentheses are at depth 0.
    pub(crate) depth: usize,
    pub(crate) quoted: bool,
}

pub(crate) fn tokens(sql: &str) -> Option<Vec<Token<'_>>> {
    tokens_of(sql, Dialect::Sqlite)
}

/// Returns the tokens of a statement of any database.
pub(crate) fn tokens_of(sql: &str, dialect: Dialect) -> Option<Vec<Token<'_>>> {
    let mut depth = 0_usize;
    let mut tokens = Vec::new();
    for Piece { range, quoted } in pieces(sql, dialect)? {
        let text = &sql[range.clone()];
        if text == ")" {
            depth = depth.checked_sub(1)?;
        }
        tokens.push(Token { text, start: range.start, end: range.end, depth, quoted });
        depth += usize::from(text == "(");
    }
    Some(tokens)
}

/// Returns whether a token is this keyword.
pub(crate) fn is(token: &Token<'_>, word: &str) -> bool {
    !token.quoted && token.text.eq_ignore_ascii_case(word)
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
