//! The server's words: literals, names and clauses of a version.

use alembic_sql::{Dialect, Word, name};

use super::Surroundings;
use crate::token::{Token, is, tokens};

/// Words of a text, or of a part of it.
#[derive(Clone)]
pub(super) struct Words<'s> {
    text: &'s str,
    database: &'s str,
    pub(super) tokens: Vec<Token<'s>>,
}

impl<'s> Words<'s> {
    pub(super) fn new(text: &'s str, around: &'s Surroundings) -> Option<Self> {
        Some(Self { text, database: &around.database, tokens: tokens(text, around.dialect)? })
    }

    /// Returns those of a range.
    pub(super) fn part(&self, tokens: &[Token<'s>]) -> Self {
        Self { tokens: tokens.to_vec(), ..*self }
    }

    pub(super) fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Returns whether the words at a place are these.
    pub(super) fn are(&self, at: usize, words: &[&str]) -> bool {
        words.iter().enumerate().all(|(i, word)| self.tokens.get(at + i).is_some_and(|token| is(token, word)))
    }

    /// Returns whether it begins with a name in quotes, as a column does.
    pub(super) fn starts_with_name(&self) -> bool {
        self.tokens.first().is_some_and(|token| token.text.starts_with('`'))
    }

    /// Returns the name at a place, without its quotes.
    pub(super) fn name(&self, at: usize) -> Option<String> {
        let token = self.tokens.get(at)?;
        name(if token.quoted { Word::Quoted(token.text) } else { Word::Bare(token.text) }, Dialect::Mysql)
    }

    /// Returns the text of the literal at a place.
    pub(super) fn literal(&self, at: usize) -> Option<String> {
        let inner = self.tokens.get(at)?.text.strip_prefix('\'')?.strip_suffix('\'')?;
        Some(unescaped(inner))
    }

    /// Returns what the parentheses at a place hold, and where they end.
    pub(super) fn parentheses(&self, at: usize) -> Option<(Self, usize)> {
        let open = self.tokens.get(at).filter(|token| token.text == "(")?;
        let is_end = |token: &Token<'_>| token.text == ")" && token.depth == open.depth;
        let end = at + self.tokens[at..].iter().position(is_end)?;
        Some((self.part(&self.tokens[at + 1..end]), end + 1))
    }

    /// Returns the parts between commas that no further parentheses enclose.
    pub(super) fn list(&self) -> Vec<Self> {
        let depth = self.tokens.first().map_or(0, |token| token.depth);
        let parts = self.tokens.split(|token| token.text == "," && token.depth == depth);
        parts.filter(|part| !part.is_empty()).map(|part| self.part(part)).collect()
    }

    /// Takes the parentheses away that enclose all, if there are any.
    pub(super) fn unwrapped(self) -> Self {
        match self.parentheses(0) {
            Some((inner, end)) if end == self.len() => inner,
            _ => self,
        }
    }

    /// Returns the text as a person writes it.
    pub(super) fn plain(&self) -> String {
        let mut plain = String::new();
        let mut end = None;
        let mut at = 0;
        while let Some(token) = self.tokens.get(at) {
            if let Some(end) = end {
                plain.push_str(&self.text[end..token.start]);
            }
            at += self.needless(at);
            let Some(token) = self.tokens.get(at) else { break };
            plain.push_str(&spelled(token));
            end = Some(token.end);
            at += 1;
        }
        plain
    }

    /// Returns how many words at a place say what goes without saying: the database in use, the character set of
    /// every connection, and the role that defined a view, which is another one on each database.
    fn needless(&self, at: usize) -> usize {
        if self.are(at, &["DEFINER", "="]) {
            let has_host = self.tokens.get(at + 3).is_some_and(|token| token.text == "@");
            return if has_host { 5 } else { 3 };
        }
        let token = &self.tokens[at];
        let next = self.tokens.get(at + 1);
        if token.text.starts_with('`') && self.name(at).as_deref() == Some(self.database) {
            return if next.is_some_and(|next| next.text == ".") { 2 } else { 0 };
        }
        let introduces = is(token, "_utf8mb4") && next.is_some_and(|next| next.text.starts_with('\''));
        usize::from(introduces)
    }
}

/// Spells a quote in a literal as every `sql_mode` reads it, and takes a clause out of the comment that keeps earlier
/// versions from reading it.
fn spelled(token: &Token<'_>) -> String {
    if let Some(clause) = token.text.strip_prefix("/*!").and_then(|rest| rest.strip_suffix("*/")) {
        return clause.trim_start_matches(|c: char| c.is_ascii_digit()).trim().to_owned();
    }
    if !token.text.starts_with('\'') {
        return token.text.to_owned();
    }
    let mut spelled = String::new();
    let mut chars = token.text.chars();
    while let Some(c) = chars.next() {
        match (c, (c == '\\').then(|| chars.next()).flatten()) {
            ('\\', Some('\'')) => spelled.push_str("''"),
            (c, escaped) => spelled.extend(std::iter::once(c).chain(escaped)),
        }
    }
    spelled
}

/// Returns what is between the quotes of a literal.
/// <https://dev.mysql.com/doc/refman/9.0/en/string-literals.html>
fn unescaped(inner: &str) -> String {
    let mut text = String::new();
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        let escaped = if c == '\\' || c == '\'' { chars.next() } else { None };
        match (c, escaped) {
            ('\\', Some('0')) => text.push('\0'),
            ('\\', Some('b')) => text.push('\u{8}'),
            ('\\', Some('n')) => text.push('\n'),
            ('\\', Some('r')) => text.push('\r'),
            ('\\', Some('t')) => text.push('\t'),
            ('\\', Some('Z')) => text.push('\u{1a}'),
            (_, Some(escaped)) => text.push(escaped),
            (c, None) => text.push(c),
        }
    }
    text
}

/// Cuts a `CREATE TABLE` into its lines, and what follows them.
pub(super) fn items<'s>(words: &Words<'s>) -> Option<(Vec<Words<'s>>, Words<'s>)> {
    if !words.are(0, &["CREATE", "TABLE"]) {
        return None;
    }
    let open = words.tokens.iter().position(|token| token.text == "(")?;
    let (inner, end) = words.parentheses(open)?;
    Some((inner.list(), words.part(&words.tokens[end..])))
}
