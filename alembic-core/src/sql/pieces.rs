//! A statement cut into its smallest pieces, with their places.

use std::ops::Range;

use super::lexer::{Lexer, TokenKind};
use crate::Dialect;

/// A word, a quoted name, a string or a sign.
pub(crate) struct Piece {
    pub(crate) range: Range<usize>,
    pub(crate) quoted: bool,
}

/// Returns the pieces of a statement without its comments, or nothing if it does not lex.
pub(crate) fn pieces(statement: &str, dialect: Dialect) -> Option<Vec<Piece>> {
    let mut lexer = Lexer::new(statement, dialect);
    let mut pieces = Vec::new();
    while let Some(token) = lexer.next().ok()? {
        pieces.push(Piece { range: token.start..token.end, quoted: token.kind == TokenKind::Quoted });
    }
    Some(pieces)
}
