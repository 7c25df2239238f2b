//! Cuts SQL text into statements. Concatenating the pieces gives back the input, byte for byte.

use std::{fmt, ops::Range};

use super::{
    body::{self, Body, Semicolon, Unclear},
    carriage_return, client_command,
    lexer::{Lexer, Token, TokenKind},
};
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
    /// What to do about it, if that is known.
    pub hint: Option<&'static str>,
}

impl SplitError {
    /// Returns the problem together with the hint.
    #[must_use]
    pub fn problem_and_hint(&self) -> String {
        match self.hint {
            Some(hint) => format!("{}: {hint}", self.problem),
            None => self.problem.clone(),
        }
    }
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
/// [`SplitError`] for a quote or comment that does not end, for `COPY … FROM STDIN`, for client commands such as
/// `\connect`, which no server understands, and for a body that does not tell where it ends. The `\restrict` of
/// dumps is passed over.
pub fn split(sql: &str, dialect: Dialect) -> Result<Vec<Statement<'_>>, SplitError> {
    let mut statements = Vec::new();
    let mut lexer = Lexer::new(sql, dialect);
    let mut current = Current::new(dialect);
    let mut end = 0;
    loop {
        let token = lexer.next().map_err(|e| at(sql, e.offset, e.problem))?;
        refuse_carriage_return(sql, end, token.as_ref())?;
        let Some(token) = token else { break };
        end = token.end;
        let delimited = lexer.has_custom_delimiter();
        match token.kind {
            TokenKind::Delimiter => {}
            TokenKind::ClientCommand => {
                let command = &sql[token.start..token.end];
                let in_statement = current.start.is_some();
                if in_statement || !client_command::is_skipped(command) {
                    return Err(at(sql, token.start, client_command::problem(command, in_statement, dialect)));
                }
            }
            TokenKind::End if delimited => current.finish(sql, &mut statements)?,
            TokenKind::End => {
                if current.semicolon(sql, &token, delimited)? == Semicolon::Ends {
                    current.finish(sql, &mut statements)?;
                }
            }
            TokenKind::Symbol(b';') => {
                if current.start.is_some() && current.semicolon(sql, &token, delimited)? == Semicolon::Ends {
                    current.ended.get_or_insert(current.end);
                }
            }
            _ => {
                if let Some(end) = current.ended {
                    current.end = end;
                    current.finish(sql, &mut statements)?;
                }
                current.token(sql, &token, delimited)?;
            }
        }
    }
    if !lexer.has_custom_delimiter() {
        current.body.end_of_text().map_err(|unclear| unclear_at(sql, sql.len(), unclear))?;
    }
    current.finish(sql, &mut statements)?;
    locate(sql, &mut statements);
    Ok(statements)
}

/// Refuses a carriage return without line feed between two tokens, or in the body of a function behind `--`: what follows
/// looks like a part of the comment, and PostgreSQL runs it.
fn refuse_carriage_return(sql: &str, end: usize, token: Option<&Token>) -> Result<(), SplitError> {
    let start = token.map_or(sql.len(), |token| token.start);
    let between = sql.get(end..start).and_then(carriage_return::lone).map(|at| end + at);
    let body = token.map(|token| (token.start, &sql[token.start..token.end])).filter(|(_, text)| text.starts_with('$'));
    let inside = || body.and_then(|(start, text)| Some(start + carriage_return::lone_in_body(text)?));
    match between.or_else(inside) {
        None => Ok(()),
        Some(offset) => Err(at(
            sql,
            offset,
            "a carriage return (CR) stands here without a line feed (LF), and PostgreSQL ends a comment there: replace it by a \
             line feed"
                .to_owned(),
        )),
    }
}

/// The statement being read.
struct Current {
    dialect: Dialect,
    start: Option<usize>,
    end: usize,
    /// Where a `;` ended the statement, although `DELIMITER` names another terminator: servers end it there, too.
    ended: Option<usize>,
    body: Body,
}

impl Current {
    fn new(dialect: Dialect) -> Self {
        Self { dialect, start: None, end: 0, ended: None, body: Body::new(dialect) }
    }

    fn token(&mut self, sql: &str, token: &Token, delimited: bool) -> Result<(), SplitError> {
        self.start.get_or_insert(token.start);
        self.end = token.end;
        let text = &sql[token.start..token.end];
        let read = match token.kind {
            TokenKind::Word => self.body.read(body::Token::Word(text), token.start),
            TokenKind::Symbol(byte) => self.body.read(body::Token::Symbol(byte), token.start),
            TokenKind::Quoted if text.starts_with("/*") => self.body.read_code_comment(text, token.start, self.dialect),
            _ => self.body.read(body::Token::Quoted, token.start),
        };
        read.or_else(|unclear| self.unclear(sql, token, unclear, delimited))
    }

    fn semicolon(&mut self, sql: &str, token: &Token, delimited: bool) -> Result<Semicolon, SplitError> {
        let read = self.body.semicolon();
        read.or_else(|unclear| self.unclear(sql, token, unclear, delimited).map(|()| Semicolon::Belongs))
    }

    /// `DELIMITER` is the way out of everything that is unclear.
    fn unclear(&mut self, sql: &str, token: &Token, unclear: Unclear, delimited: bool) -> Result<(), SplitError> {
        if delimited {
            self.body.trust_delimiter();
            return Ok(());
        }
        Err(unclear_at(sql, token.start, unclear))
    }

    fn finish<'a>(&mut self, sql: &'a str, statements: &mut Vec<Statement<'a>>) -> Result<(), SplitError> {
        let this = std::mem::replace(self, Self::new(self.dialect));
        let Some(start) = this.start else {
            return Ok(());
        };
        if this.body.copies_from_stdin() {
            let problem = "`COPY … FROM STDIN` needs a client that sends the data: use INSERT, which `pg_dump --inserts` \
                           writes, or COPY from a file";
            return Err(at(sql, start, problem.into()));
        }
        statements.push(Statement { text: &sql[start..this.end], range: start..this.end, line: 0, column: 0 });
        Ok(())
    }
}

fn unclear_at(sql: &str, offset: usize, Unclear { problem, hint, offset: place }: Unclear) -> SplitError {
    SplitError { hint: Some(hint), ..at(sql, place.unwrap_or(offset), problem) }
}

fn at(sql: &str, offset: usize, problem: String) -> SplitError {
    let (line, column) = line_and_column(sql, offset);
    SplitError { line, column, problem, hint: None }
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
