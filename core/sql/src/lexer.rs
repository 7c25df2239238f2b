//! Words, quoted things, comments and terminators; nothing more of SQL.

use crate::Dialect;

/// What a token is, as far as finding ends of statements needs to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A keyword, identifier or number.
    Word,
    /// A string, quoted identifier, dollar-quoted body or code in a MySQL comment.
    Quoted,
    /// Any other character.
    Symbol(u8),
    /// The terminator.
    End,
    /// A `DELIMITER` line of the MySQL client.
    Delimiter,
    /// A backslash command of psql, or of MySQL's client.
    ClientCommand,
}

#[derive(Debug)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) start: usize,
    pub(super) end: usize,
}

pub(super) struct LexError {
    pub(super) offset: usize,
    pub(super) problem: String,
}

/// What the clients have room for.
const LONGEST_DELIMITER: usize = 15;

pub(super) struct Lexer<'a> {
    sql: &'a str,
    bytes: &'a [u8],
    position: usize,
    dialect: Dialect,
    delimiter: String,
    /// Whether nothing but space and comments came since the last terminator.
    at_start: bool,
    /// Whether the word before was `AS`, behind which MySQL 9 has dollar-quoted code.
    after_as: bool,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(sql: &'a str, dialect: Dialect) -> Self {
        Self {
            sql,
            bytes: sql.as_bytes(),
            position: 0,
            dialect,
            delimiter: ";".into(),
            at_start: true,
            after_as: false,
        }
    }

    pub(super) fn has_custom_delimiter(&self) -> bool {
        self.delimiter != ";"
    }

    pub(super) fn next(&mut self) -> Result<Option<Token>, LexError> {
        self.skip_blanks()?;
        let start = self.position;
        let Some(&byte) = self.bytes.get(start) else {
            return Ok(None);
        };
        let kind = if self.rest().starts_with(&self.delimiter) {
            self.position += self.delimiter.len();
            TokenKind::End
        } else if byte == b'\\' && self.mysql() && self.peek(1) != b'N' {
            // `\N` is null on MariaDB.
            self.client_command()
        } else {
            self.token(byte)?
        };
        self.at_start = matches!(kind, TokenKind::End | TokenKind::Delimiter);
        self.after_as = kind == TokenKind::Word && self.sql[start..self.position].eq_ignore_ascii_case("as");
        Ok(Some(Token { kind, start, end: self.position }))
    }

    fn rest(&self) -> &'a str {
        &self.sql[self.position..]
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.position + ahead).copied().unwrap_or(0)
    }

    fn mysql(&self) -> bool {
        self.dialect.is_mysql_family()
    }

    fn token(&mut self, byte: u8) -> Result<TokenKind, LexError> {
        let postgres = self.dialect == Dialect::Postgres;
        match byte {
            b'\'' => self.quoted(b'\'', self.mysql()),
            b'"' => self.quoted(b'"', self.mysql()),
            b'`' if !postgres => self.quoted(b'`', false),
            b'[' if self.dialect == Dialect::Sqlite => self.until("]", "bracketed name"),
            b'e' | b'E' if postgres && self.peek(1) == b'\'' => {
                self.position += 1;
                self.quoted(b'\'', true)
            }
            b'$' if postgres || self.after_as && self.dialect == Dialect::Mysql => self.dollar(),
            b'/' if self.rest().starts_with("/*") => self.code_comment(),
            b'\\' if postgres => Ok(self.client_command()),
            // `\N` is null on MariaDB.
            b'\\' if self.mysql() && self.peek(1) != b'N' => Ok(self.client_command()),
            _ if is_word(byte) => self.word(),
            _ => {
                self.position += 1;
                Ok(TokenKind::Symbol(byte))
            }
        }
    }

    fn client_command(&mut self) -> TokenKind {
        self.position += self.rest().find('\n').unwrap_or(self.rest().len());
        TokenKind::ClientCommand
    }

    fn word(&mut self) -> Result<TokenKind, LexError> {
        let rest = &self.bytes[self.position..];
        // A delimiter may be made of word characters only if it ends the word; `$$` is not one here.
        let length = rest.iter().position(|b| !is_word(*b) && *b != b'$').unwrap_or(rest.len());
        let word = &self.sql[self.position..self.position + length];
        if self.at_start && self.mysql() && word.eq_ignore_ascii_case("delimiter") {
            return self.delimiter_line();
        }
        // The client ends statements in the middle of a word, too.
        let ends = |at: &usize| self.rest()[*at..].starts_with(&self.delimiter);
        let cut = if self.has_custom_delimiter() { word.char_indices().map(|(at, _)| at).find(ends) } else { None };
        self.position += cut.unwrap_or(length);
        Ok(TokenKind::Word)
    }

    /// `DELIMITER //`, read as the clients of MySQL and MariaDB read it: the first word or the first quoted text.
    fn delimiter_line(&mut self) -> Result<TokenKind, LexError> {
        let start = self.position;
        let refuse = |problem: &str| Err(LexError { offset: start, problem: problem.into() });
        let line = self.rest().lines().next().unwrap_or_default();
        self.position += line.len();
        let argument = &line["delimiter".len()..];
        if argument.starts_with(|c: char| !c.is_whitespace()) {
            return refuse("there is no space behind `DELIMITER`");
        }
        let argument = argument.trim();
        let quote = argument.chars().next().filter(|first| matches!(first, '\'' | '"' | '`'));
        let delimiter = match quote {
            Some(quote) => argument[1..].split(quote).next(),
            None => argument.split(' ').next(),
        };
        let delimiter = delimiter.unwrap_or_default();
        if delimiter.is_empty() {
            return refuse("`DELIMITER` is followed by no terminator; write `DELIMITER //`");
        }
        if delimiter.contains('\\') || delimiter.len() > LONGEST_DELIMITER {
            return refuse("no client takes this terminator: write one without backslash of at most 15 bytes");
        }
        delimiter.clone_into(&mut self.delimiter);
        Ok(TokenKind::Delimiter)
    }

    /// Moves past blanks and comments. `/*! … */` and `/*M! … */` are code on MySQL.
    fn skip_blanks(&mut self) -> Result<(), LexError> {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start();
            self.position += rest.len() - trimmed.len();
            // As in the clients, a terminator goes before a comment: `DELIMITER #`.
            if self.has_custom_delimiter() && trimmed.starts_with(&self.delimiter) {
                return Ok(());
            }
            // On MySQL it is two minus signs without space behind it; the clients pass over it before a statement.
            let is_minus = self.mysql() && !self.at_start && self.peek(2) > b' ' && self.peek(2) != 0x7f;
            if trimmed.starts_with("--") && !is_minus || self.mysql() && trimmed.starts_with('#') {
                let ends: &[char] = if self.dialect == Dialect::Postgres { &['\n', '\r'] } else { &['\n'] };
                self.position += trimmed.find(ends).unwrap_or(trimmed.len());
            } else if trimmed.starts_with("/*") && !(self.mysql() && is_code_comment(trimmed)) {
                self.block_comment()?;
            } else {
                return Ok(());
            }
        }
    }

    fn block_comment(&mut self) -> Result<(), LexError> {
        if self.dialect != Dialect::Postgres {
            let kind = self.until("*/", "comment")?;
            debug_assert_eq!(kind, TokenKind::Quoted);
            return Ok(());
        }
        let start = self.position;
        let mut depth = 0;
        loop {
            match (self.peek(0), self.peek(1)) {
                (b'/', b'*') => (depth, self.position) = (depth + 1, self.position + 2),
                (b'*', b'/') => (depth, self.position) = (depth - 1, self.position + 2),
                _ if self.position >= self.bytes.len() => {
                    return Err(unterminated(start, "comment"));
                }
                _ => self.position += 1,
            }
            if depth == 0 {
                return Ok(());
            }
        }
    }

    /// `/*! … */`: code, with strings and comments that may hold a `*/` of their own.
    fn code_comment(&mut self) -> Result<TokenKind, LexError> {
        match self.end_of_code_comment() {
            Some(end) => self.position = end,
            // What no server heeds need not be code.
            None => return self.until("*/", "comment"),
        }
        Ok(TokenKind::Quoted)
    }

    fn end_of_code_comment(&self) -> Option<usize> {
        let mut inside = Self::new(self.sql, self.dialect);
        inside.position = self.position + self.rest().find('!')? + 1;
        inside.at_start = false;
        loop {
            inside.skip_blanks().ok()?;
            let byte = *inside.bytes.get(inside.position)?;
            if inside.rest().starts_with("*/") {
                return Some(inside.position + 2);
            }
            let nested = inside.rest().starts_with("/*");
            if nested { inside.until("*/", "comment") } else { inside.token(byte) }.ok()?;
        }
    }

    fn until(&mut self, end: &str, what: &str) -> Result<TokenKind, LexError> {
        let from = if end == "*/" { 2 } else { 1 };
        let found = self.rest().get(from..).and_then(|rest| rest.find(end));
        let Some(found) = found else {
            return Err(unterminated(self.position, what));
        };
        self.position += from + found + end.len();
        Ok(TokenKind::Quoted)
    }

    fn quoted(&mut self, mark: u8, backslash: bool) -> Result<TokenKind, LexError> {
        let start = self.position;
        let mut i = start + 1;
        while let Some(&byte) = self.bytes.get(i) {
            if byte == b'\\' && backslash {
                i += 2;
            } else if byte != mark {
                i += 1;
            } else if self.bytes.get(i + 1) == Some(&mark) {
                i += 2;
            } else {
                self.position = i + 1;
                return Ok(TokenKind::Quoted);
            }
        }
        Err(unterminated(start, if mark == b'\'' { "string" } else { "quoted name" }))
    }

    /// `$tag$ … $tag$`; a `$` that opens none is an ordinary symbol, as in `$1`.
    fn dollar(&mut self) -> Result<TokenKind, LexError> {
        let rest = self.rest();
        let tag_end = rest[1..].find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii()));
        let tag = match tag_end {
            Some(end) if rest[1 + end..].starts_with('$') && !rest[1..].starts_with(|c: char| c.is_ascii_digit()) => {
                &rest[..end + 2]
            }
            _ => {
                self.position += 1;
                return Ok(TokenKind::Symbol(b'$'));
            }
        };
        let Some(end) = rest[tag.len()..].find(tag) else {
            return Err(unterminated(self.position, "dollar-quoted string"));
        };
        self.position += tag.len() + end + tag.len();
        Ok(TokenKind::Quoted)
    }
}

fn unterminated(offset: usize, what: &str) -> LexError {
    LexError { offset, problem: format!("this {what} does not end") }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn is_code_comment(text: &str) -> bool {
    text.starts_with("/*!") || text.starts_with("/*M!")
}
