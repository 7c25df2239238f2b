//! Cuts SQL text into statements, by the lexical rules of each database.
//!
//! The server parses; this finds where statements end, and reads their first words to tell what
//! becomes of one that was interrupted. Concatenating the pieces gives back the input, byte for byte.

mod alter_table;
mod body;
mod lexer;
mod names;
mod nature;
mod pieces;
mod reader;
mod requires_autocommit;
mod session;
mod tables;
mod transaction_control;
mod words;

use std::{fmt, ops::Range};

use body::Body;
use lexer::{Lexer, Token, TokenKind};
pub use names::mentioned;
pub use nature::{Effect, Name, Nature, Object, nature};
pub use pieces::placeholders;
pub(crate) use pieces::{Piece, pieces};
pub use requires_autocommit::must_run_alone;
pub use session::{leaves_in_session, moves_names, setting, uses_session};
pub use tables::{changes_table, dropped_table};
pub use transaction_control::{breaks_journal, controls_transaction, may_commit_inside};
pub(crate) use words::{Word, name};
pub use words::{essence, spelled_alike};

use crate::Dialect;

/// One statement of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement<'a> {
    /// The statement, without leading comments and without its terminator.
    pub text: &'a str,
    /// Where `text` is in the input, in bytes.
    pub range: Range<usize>,
    /// The line on which it begins, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

/// A text that cannot be cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitError {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub problem: String,
}

impl fmt::Display for SplitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.problem)
    }
}

impl std::error::Error for SplitError {}

/// Cuts `sql` into statements; text that is only comments yields none. Linear in the input.
///
/// # Errors
///
/// [`SplitError`] for a quote or comment that does not end, for `COPY … FROM STDIN` and for client
/// commands such as `\connect`, which no server understands.
pub fn split(sql: &str, dialect: Dialect) -> Result<Vec<Statement<'_>>, SplitError> {
    let mut statements = Vec::new();
    let mut lexer = Lexer::new(sql, dialect);
    let mut current = Current::default();
    loop {
        let token = lexer.next().map_err(|e| at(sql, e.offset, e.problem))?;
        let Some(token) = token else { break };
        match token.kind {
            TokenKind::Delimiter if current.start.is_none() => {}
            TokenKind::ClientCommand => {
                let problem = "client commands that begin with a backslash are understood by psql only; use SQL";
                return Err(at(sql, token.start, problem.into()));
            }
            TokenKind::End if current.body.is_open() && !lexer.has_custom_delimiter() => {
                current.body.end_of_statement();
            }
            TokenKind::End => current.finish(sql, &mut statements)?,
            _ => current.token(sql, &token, dialect),
        }
    }
    current.finish(sql, &mut statements)?;
    locate(sql, &mut statements);
    Ok(statements)
}

/// The statement being read.
#[derive(Default)]
struct Current {
    start: Option<usize>,
    end: usize,
    body: Body,
}

impl Current {
    fn token(&mut self, sql: &str, token: &Token, dialect: Dialect) {
        self.start.get_or_insert(token.start);
        self.end = token.end;
        self.body.token(token.kind, &sql[token.start..token.end], dialect);
    }

    fn finish<'a>(&mut self, sql: &'a str, statements: &mut Vec<Statement<'a>>) -> Result<(), SplitError> {
        let this = std::mem::take(self);
        let Some(start) = this.start else {
            return Ok(());
        };
        if this.body.copies_from_stdin() {
            let problem = "`COPY … FROM STDIN` needs a client that sends the data; use INSERT, or COPY from a file";
            return Err(at(sql, start, problem.into()));
        }
        statements.push(Statement { text: &sql[start..this.end], range: start..this.end, line: 0, column: 0 });
        Ok(())
    }
}

fn at(sql: &str, offset: usize, problem: String) -> SplitError {
    let (line, column) = line_and_column(sql, offset);
    SplitError { line, column, problem }
}

/// Returns the line and the column in characters of a byte offset, both from 1.
#[must_use]
pub fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// Fills in lines and columns in one pass over the text.
fn locate(sql: &str, statements: &mut [Statement<'_>]) {
    let (mut line, mut line_start, mut seen) = (1, 0, 0);
    for statement in statements {
        for (offset, _) in sql[seen..statement.range.start].match_indices('\n') {
            line += 1;
            line_start = seen + offset + 1;
        }
        seen = statement.range.start;
        statement.line = line;
        statement.column = sql[line_start..seen].chars().count() + 1;
    }
}

#[cfg(test)]
mod tests;
