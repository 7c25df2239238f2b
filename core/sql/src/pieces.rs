//! A statement cut into its smallest pieces, with their places.

use std::ops::Range;

use super::lexer::{Lexer, TokenKind};
use crate::Dialect;

/// A word, a quoted name, a string or a sign.
pub struct Piece {
    /// Where it is in the statement, in bytes.
    pub range: Range<usize>,
    /// Whether it is in quotes of any kind.
    pub quoted: bool,
}

/// Returns the pieces of a statement without its comments, or nothing if it does not lex.
#[must_use]
pub fn pieces(statement: &str, dialect: Dialect) -> Option<Vec<Piece>> {
    let mut lexer = Lexer::new(statement, dialect);
    let mut pieces = Vec::new();
    while let Some(token) = lexer.next().ok()? {
        pieces.push(Piece { range: token.start..token.end, quoted: token.kind == TokenKind::Quoted });
    }
    Some(pieces)
}

/// Returns the placeholders `:name` of a statement, with their places; not what is in quotes, and not the
/// casts of PostgreSQL.
#[must_use]
pub fn placeholders(statement: &str, dialect: Dialect) -> Vec<(Range<usize>, &str)> {
    let pieces = pieces(statement, dialect).unwrap_or_default();
    let text = |piece: &Piece| &statement[piece.range.clone()];
    let mut found = Vec::new();
    for (at, piece) in pieces.iter().enumerate().filter(|(_, piece)| text(piece) == ":") {
        let doubled = at.checked_sub(1).is_some_and(|before| text(&pieces[before]) == ":");
        let follows = |next: &&Piece| next.range.start == piece.range.end && !next.quoted && !doubled;
        let is_word = |next: &&Piece| text(next).starts_with(|c: char| c.is_alphabetic() || c == '_');
        let name = pieces.get(at + 1).filter(follows).filter(is_word);
        if let Some(name) = name {
            found.push((piece.range.start..name.range.end, text(name)));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_stand_outside_of_quotes() {
        let names = |sql| placeholders(sql, Dialect::Postgres).into_iter().map(|(_, name)| name).collect::<Vec<_>>();
        assert_eq!(names("SELECT :from, ':to', a::tout, :total -- :x"), ["from", "total"]);
    }
}
