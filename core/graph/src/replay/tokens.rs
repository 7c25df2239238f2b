//! A statement as words with their places, the code in MySQL's comments included.

use std::ops::Range;

use alembic_sql::{Dialect, Word, name, pieces};

/// A word, a quoted thing or a sign, with its place.
#[derive(Debug, Clone)]
pub(super) struct Token<'a> {
    pub(super) word: Word<'a>,
    pub(super) range: Range<usize>,
    /// The word in capitals; empty for what is no bare word.
    pub(super) keyword: String,
}

impl Token<'_> {
    pub(super) fn is(&self, keyword: &str) -> bool {
        self.keyword == keyword
    }

    pub(super) fn is_one_of(&self, keywords: &[&str]) -> bool {
        !self.keyword.is_empty() && keywords.contains(&self.keyword.as_str())
    }

    pub(super) fn is_sign(&self, sign: u8) -> bool {
        self.word == Word::Symbol(sign)
    }
}

/// The words of a statement, read from any place on.
#[derive(Debug)]
pub(super) struct Tokens<'a> {
    pub(super) all: Vec<Token<'a>>,
    pub(super) dialect: Dialect,
    /// Whether the whole statement could be read.
    pub(super) is_complete: bool,
}

impl<'a> Tokens<'a> {
    /// Reads a statement.
    pub(super) fn of(statement: &'a str, dialect: Dialect) -> Self {
        let mut all = Vec::new();
        let is_complete = read(statement, 0, dialect, &mut all);
        Self { all, dialect, is_complete }
    }

    pub(super) fn get(&self, at: usize) -> Option<&Token<'a>> {
        self.all.get(at)
    }

    pub(super) fn keyword(&self, at: usize) -> &str {
        self.get(at).map_or("", |token| token.keyword.as_str())
    }

    pub(super) fn is_sign(&self, at: usize, sign: u8) -> bool {
        self.get(at).is_some_and(|token| token.is_sign(sign))
    }

    /// Returns whether these keywords are at a place.
    pub(super) fn has(&self, at: usize, keywords: &[&str]) -> bool {
        keywords.iter().enumerate().all(|(n, keyword)| self.keyword(at + n) == *keyword)
    }

    /// Returns the place after these keywords, if they are there; otherwise the same place.
    pub(super) fn after(&self, at: usize, keywords: &[&str]) -> usize {
        if self.has(at, keywords) { at + keywords.len() } else { at }
    }

    /// Returns the place after `IF EXISTS` or `IF NOT EXISTS`.
    pub(super) fn after_condition(&self, at: usize) -> usize {
        self.after(self.after(at, &["IF", "NOT", "EXISTS"]), &["IF", "EXISTS"])
    }

    /// Returns the name at a place.
    pub(super) fn name(&self, at: usize) -> Option<String> {
        name(self.get(at)?.word, self.dialect)
    }

    /// Returns the name of a role or user at a place, which MySQL lets people write as a string.
    pub(super) fn role(&self, at: usize) -> Option<String> {
        match self.get(at)?.word {
            Word::Quoted(text) if text.starts_with('\'') => Some(text.trim_matches('\'').to_owned()),
            word => name(word, self.dialect),
        }
    }

    /// Returns the place of a keyword from a place on.
    pub(super) fn find(&self, from: usize, keyword: &str) -> Option<usize> {
        (from..self.all.len()).find(|at| self.keyword(*at) == keyword)
    }

    /// Returns whether a statement begins at a place: at the beginning, and inside of bodies.
    pub(super) fn begins_statement(&self, at: usize) -> bool {
        let Some(before) = at.checked_sub(1).and_then(|before| self.get(before)) else { return true };
        let opening = ["BEGIN", "THEN", "ELSE", "DO", "LOOP", "REPEAT", "ATOMIC", "EXPLAIN", "ROW", "AS"];
        [b';', b':', b')'].iter().any(|sign| before.is_sign(*sign)) || before.is_one_of(&opening)
    }
}

/// Returns whether the text could be read to its end.
fn read<'a>(text: &'a str, offset: usize, dialect: Dialect, all: &mut Vec<Token<'a>>) -> bool {
    let Some(pieces) = pieces(text, dialect) else { return false };
    let mut is_complete = true;
    for piece in pieces {
        let (start, end) = (piece.range.start, piece.range.end);
        let part = &text[start..end];
        let code = part.strip_prefix("/*M!").or_else(|| part.strip_prefix("/*!"));
        if let Some(code) = code.filter(|_| dialect.is_mysql_family()) {
            let inner = code.strip_suffix("*/").unwrap_or(code);
            let inner = inner.trim_start_matches(|c: char| c.is_ascii_digit());
            let from = start + part.find(inner).unwrap_or_default();
            is_complete &= read(inner, offset + from, dialect, all);
            continue;
        }
        let bare = part.starts_with(|c: char| c.is_alphanumeric() || c == '_' || !c.is_ascii());
        let word = match part.as_bytes() {
            [sign] if !piece.quoted && !bare => Word::Symbol(*sign),
            _ if piece.quoted => Word::Quoted(part),
            _ => Word::Bare(part),
        };
        // SQLite takes a byte order mark for space, wherever it is.
        let keyword = match word {
            Word::Bare(text) => text.trim_matches('\u{feff}').to_ascii_uppercase(),
            _ => String::new(),
        };
        all.push(Token { word, range: offset + start..offset + end, keyword });
    }
    is_complete
}
