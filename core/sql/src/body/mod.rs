//! Where a `;` belongs to the body of a statement and does not end it.
//!
//! A body is read by a grammar of its database, small enough to be certain: keywords open and close blocks only
//! where a statement of the body begins, so that a function `IF(…)`, a column `end` or an alias `case` is never
//! taken for a block.
//!
//! | database | statements with a body | grammar |
//! |---|---|---|
//! | PostgreSQL | `CREATE FUNCTION`/`PROCEDURE` with `BEGIN ATOMIC … END`, `CREATE RULE … DO (…; …)` | [`postgres`] |
//! | SQLite | `CREATE TRIGGER … BEGIN … END` | [`sqlite`] |
//! | MySQL | `CREATE PROCEDURE`, `FUNCTION`, `TRIGGER`, `EVENT`, `ALTER EVENT … DO` | [`mysql`], [`compound`] |
//! | MariaDB | as MySQL, and blocks outside of routines | [`mariadb`] |
//!
//! What fits no grammar is [`Unclear`], an error with its place, unless the text says by `DELIMITER` where its
//! statements end.

mod compound;
mod expression;
mod mariadb;
mod mysql;
mod postgres;
mod sqlite;

use super::lexer::{LexError, Lexer, TokenKind};
use crate::Dialect;

/// A token of a statement.
#[derive(Debug, Clone, Copy)]
pub(super) enum Token<'a> {
    /// A keyword, unquoted name or number.
    Word(&'a str),
    /// A string or quoted name.
    Quoted,
    /// Any other character.
    Symbol(u8),
}

impl Token<'_> {
    /// Returns a word in capitals; empty for everything else.
    fn keyword(self) -> String {
        match self {
            Self::Word(word) => word.to_ascii_uppercase(),
            _ => String::new(),
        }
    }

    /// Returns whether a name can be written so.
    fn is_name(self) -> bool {
        !matches!(self, Self::Symbol(_))
    }
}

/// Why it cannot be told where a statement ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unclear {
    pub(super) problem: String,
    pub(super) hint: &'static str,
    /// Where, if not at the token that was read.
    pub(super) offset: Option<usize>,
}

impl Unclear {
    fn new(problem: impl Into<String>, hint: &'static str) -> Self {
        Self { problem: problem.into(), hint, offset: None }
    }

    fn not_closed(offset: usize, opening: &str, closing: &str, hint: &'static str) -> Self {
        let problem = format!("this `{opening}` has no `{closing}`");
        Self { problem, hint, offset: Some(offset) }
    }
}

/// Whether a `;` ends the statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Semicolon {
    /// It ends the statement.
    Ends,
    /// It belongs to the body.
    Belongs,
}

/// What has been read of a statement, as far as it tells where it ends.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Body(Statement);

/// The same by the grammar of each database.
#[derive(Debug, Clone, PartialEq)]
enum Statement {
    Postgres(postgres::Statement),
    Sqlite(sqlite::Statement),
    Mysql(mysql::Statement),
}

impl Body {
    pub(super) fn new(dialect: Dialect) -> Self {
        Self(match dialect {
            Dialect::Postgres => Statement::Postgres(postgres::Statement::default()),
            Dialect::Sqlite => Statement::Sqlite(sqlite::Statement::default()),
            Dialect::Mysql | Dialect::Mariadb => Statement::Mysql(mysql::Statement::default()),
        })
    }

    /// Reads a token that begins at `start`.
    pub(super) fn read(&mut self, token: Token<'_>, start: usize) -> Result<(), Unclear> {
        match &mut self.0 {
            Statement::Postgres(statement) => statement.read(token, start),
            Statement::Sqlite(statement) => statement.read(token, start),
            Statement::Mysql(statement) => statement.read(token, start),
        }
    }

    /// Reads a `;`.
    pub(super) fn semicolon(&mut self) -> Result<Semicolon, Unclear> {
        match &mut self.0 {
            Statement::Postgres(statement) => Ok(statement.semicolon()),
            Statement::Sqlite(statement) => Ok(statement.semicolon()),
            Statement::Mysql(statement) => statement.semicolon(),
        }
    }

    /// Returns an error if the text must not end here.
    pub(super) fn end_of_text(&self) -> Result<(), Unclear> {
        match &self.0 {
            Statement::Postgres(statement) => statement.end_of_text(),
            Statement::Sqlite(statement) => statement.end_of_text(),
            Statement::Mysql(statement) => statement.end_of_text(),
        }
    }

    /// Returns whether the statement waits for data that only a client can send.
    pub(super) fn copies_from_stdin(&self) -> bool {
        matches!(&self.0, Statement::Postgres(statement) if statement.copies_from_stdin())
    }

    /// Leaves it to `DELIMITER` where the statement ends.
    pub(super) fn trust_delimiter(&mut self) {
        if let Statement::Mysql(statement) = &mut self.0 {
            statement.trust_delimiter();
        }
    }

    /// Reads the code in `/*! … */` or `/*M! … */`, which begins at `start`.
    ///
    /// Servers heed it or not by their version. Where that is not known, the body must be the same both ways.
    pub(super) fn read_code_comment(&mut self, comment: &str, start: usize, dialect: Dialect) -> Result<(), Unclear> {
        let heeded = mysql::is_heeded(comment, dialect);
        if heeded == Some(false) {
            return Ok(());
        }
        let without = self.clone();
        self.read_code(comment, start, dialect)?;
        if heeded.is_none() && *self != without {
            let problem = "the version of the server decides whether this comment is a part of the statement";
            return Err(Unclear::new(problem, mysql::DELIMITER));
        }
        Ok(())
    }

    fn read_code(&mut self, comment: &str, start: usize, dialect: Dialect) -> Result<(), Unclear> {
        let code = mysql::code_in_comment(comment);
        let (text, start) = (&comment[code.clone()], start + code.start);
        let mut lexer = Lexer::new(text, dialect);
        let at = |mut unclear: Unclear, offset: usize| {
            unclear.offset.get_or_insert(start + offset);
            unclear
        };
        loop {
            let token = lexer.next().map_err(|LexError { offset, problem }| {
                at(Unclear::new(problem, "close it inside of the comment"), offset)
            })?;
            let Some(token) = token else { return Ok(()) };
            let of_text = match token.kind {
                TokenKind::Word => Token::Word(&text[token.start..token.end]),
                TokenKind::Symbol(byte) => Token::Symbol(byte),
                TokenKind::End => match self.semicolon().map_err(|unclear| at(unclear, token.start))? {
                    Semicolon::Belongs => continue,
                    Semicolon::Ends => {
                        let problem = "this `;` ends a statement inside of a comment";
                        return Err(at(Unclear::new(problem, "write a comment for each statement"), token.start));
                    }
                },
                _ => Token::Quoted,
            };
            self.read(of_text, start + token.start).map_err(|unclear| at(unclear, token.start))?;
        }
    }
}

#[cfg(test)]
mod tests;
