//! What MariaDB has and MySQL has not.
//!
//! ```text
//! statement  = BEGIN NOT ATOMIC … | IF … | CASE … | LOOP … | WHILE … | REPEAT … | FOR …     (as in a routine)
//!            | SET STATEMENT variable = value, … FOR statement
//! ```
//!
//! `sql_mode = ORACLE` has another grammar: routines with `AS` or `IS`, packages, blocks without `NOT ATOMIC`. They
//! are refused, unless `DELIMITER` says where they end. MySQL has no other meaning for any of this, so that its
//! texts are read alike.

use super::{Token, Unclear, compound::Compound, mysql::DELIMITER};

/// What a statement is whose first words can be MariaDB's only.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum First {
    /// `BEGIN`, at this place: of a block or a transaction.
    Begin(usize),
    /// `SET`.
    Set,
    /// The variables of `SET STATEMENT`.
    SetStatement { parentheses: usize },
}

/// How it goes on after a token.
pub(super) enum Next {
    GoesOn,
    /// A statement of its own begins.
    Statement,
    Compound(Compound),
    Plain,
}

impl First {
    pub(super) fn read(&mut self, token: Token<'_>) -> Result<Next, Unclear> {
        let word = token.keyword();
        match (&mut *self, word.as_str()) {
            (Self::Begin(start), "NOT") => return Ok(Next::Compound(Compound::after_begin(*start))),
            (Self::Begin(_), "WORK") => return Ok(Next::Plain),
            (Self::Begin(_), _) => return Err(oracle("a block without `NOT ATOMIC`")),
            (Self::Set, "STATEMENT") => *self = Self::SetStatement { parentheses: 0 },
            (Self::Set, _) => return Ok(Next::Plain),
            (Self::SetStatement { parentheses: 0 }, "FOR") => return Ok(Next::Statement),
            (Self::SetStatement { parentheses }, _) => match token {
                Token::Symbol(b'(') => *parentheses += 1,
                Token::Symbol(b')') => *parentheses = parentheses.saturating_sub(1),
                _ => {}
            },
        }
        Ok(Next::GoesOn)
    }
}

/// What is read only where `DELIMITER` says where it ends.
pub(super) fn oracle(what: &str) -> Unclear {
    Unclear::new(format!("where {what} ends is unclear: this is the grammar of `sql_mode = ORACLE`"), DELIMITER)
}
