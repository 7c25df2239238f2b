//! Tokens of a statement, with their depth in parentheses.

use alembic_sql::{Dialect, Piece, pieces};

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

pub(crate) fn tokens(sql: &str, dialect: Dialect) -> Option<Vec<Token<'_>>> {
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
