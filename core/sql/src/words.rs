//! A statement as words: comments and the space between them do not count.

use super::lexer::{Lexer, TokenKind};
use crate::Dialect;

/// A piece of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word<'a> {
    /// A keyword, an unquoted name, a number.
    Bare(&'a str),
    /// A string, a quoted name, a dollar-quoted body; with its quotes.
    Quoted(&'a str),
    /// Any other character.
    Symbol(u8),
}

/// Reads the words of one statement, as far as they are asked for; those of a text that does not lex
/// end where it breaks. Code in a comment of MySQL's (`/*!40101 SET … */`) is read as the server reads it.
pub(super) fn words(statement: &str, dialect: Dialect) -> impl Iterator<Item = Word<'_>> {
    let mut open = vec![(Lexer::new(statement, dialect), statement)];
    std::iter::from_fn(move || {
        loop {
            let (lexer, source) = open.last_mut()?;
            let Some(token) = lexer.next().ok().flatten() else {
                open.pop();
                continue;
            };
            let text = &source[token.start..token.end];
            match token.kind {
                TokenKind::Word => return Some(Word::Bare(text)),
                TokenKind::Quoted if dialect.is_mysql_family() && text.starts_with("/*") => {
                    open.extend(code_in_comment(text, dialect).map(|code| (Lexer::new(code, dialect), code)));
                }
                TokenKind::Quoted => return Some(Word::Quoted(text)),
                TokenKind::Symbol(byte) => return Some(Word::Symbol(byte)),
                TokenKind::End => return Some(Word::Symbol(b';')),
                TokenKind::Delimiter | TokenKind::ClientCommand => {}
            }
        }
    })
}

/// Returns the code of `/*!40101 … */` and of MariaDB's `/*M! … */`, if servers of today run it.
fn code_in_comment(comment: &str, dialect: Dialect) -> Option<&str> {
    let mariadb = dialect == Dialect::Mariadb;
    let inner = comment.strip_prefix("/*!").or_else(|| comment.strip_prefix("/*M!").filter(|_| mariadb))?;
    let code = inner.trim_start_matches(|c: char| c.is_ascii_digit());
    let version: u32 = inner[..inner.len() - code.len()].parse().unwrap_or(0);
    // MariaDB passes over what is meant for MySQL 5.7 and later.
    let runs = if mariadb { !(50_700..=99_999).contains(&version) && version < 990_000 } else { version < 99_999 };
    code.strip_suffix("*/").filter(|_| runs)
}

/// A catalog name as it was written, unquoted and folded as the database folds it.
#[must_use]
pub fn name(word: Word<'_>, dialect: Dialect) -> Option<String> {
    match word {
        Word::Bare(text) if dialect == Dialect::Postgres => Some(text.to_lowercase()),
        Word::Bare(text) => Some(text.to_owned()),
        Word::Quoted(text) => {
            // SQLite takes what others write, and strings, for names.
            let sqlite = dialect == Dialect::Sqlite;
            if let Some(inner) = text.strip_prefix('[').filter(|_| sqlite) {
                return inner.strip_suffix(']').map(str::to_owned);
            }
            let mark = text.chars().next().filter(|mark| matches!(mark, '"' | '`') || sqlite && *mark == '\'')?;
            let inner = text.strip_prefix(mark)?.strip_suffix(mark)?;
            Some(inner.replace(&format!("{mark}{mark}"), &mark.to_string()))
        }
        Word::Symbol(_) => None,
    }
}

/// The separator of words. With a space, two minus signs could become a comment.
const GAP: char = '\u{1f}';

/// Returns what of a statement the server heeds: no comments, and all space alike. For comparing, not
/// for running.
#[must_use]
pub fn essence(statement: &str, dialect: Dialect) -> String {
    let mut lexer = Lexer::new(statement, dialect);
    let mut essence = String::with_capacity(statement.len());
    let mut end = 0;
    loop {
        match lexer.next() {
            Ok(Some(token)) => {
                if token.start > end && !essence.is_empty() {
                    essence.push(GAP);
                }
                essence.push_str(&statement[token.start..token.end]);
                end = token.end;
            }
            Ok(None) => return essence,
            // A text that does not lex is its own canonical text.
            Err(_) => {
                essence.push_str(&statement[end..]);
                return essence;
            }
        }
    }
}

/// Returns a statement with one space between its words, and without the quotes of names: two that differ
/// only in how they are written are the same then.
#[must_use]
pub fn spelled_alike(statement: &str, dialect: Dialect) -> String {
    let spelled = |word: Word<'_>| match word {
        Word::Quoted(text) if text.starts_with('\'') => text.to_owned(),
        Word::Symbol(sign) => char::from(sign).to_string(),
        Word::Bare(text) => text.to_owned(),
        Word::Quoted(text) => name(word, dialect).unwrap_or_else(|| text.to_owned()),
    };
    words(statement, dialect).map(spelled).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_space_make_no_other_statement() {
        let alike = |statement| spelled_alike(statement, Dialect::Sqlite);
        assert_eq!(alike("CREATE TABLE \"t\"(\n  [x] INT)"), alike("CREATE TABLE t (x INT)"));
        assert_ne!(alike("SELECT 'a'"), alike("SELECT a"));
    }

    #[test]
    fn comments_and_space_do_not_count() {
        let essence = |statement| essence(statement, Dialect::Mariadb);
        assert_eq!(essence("CREATE  TABLE t /* of x */\n(x INT) -- end"), essence("CREATE TABLE t (x INT)"));
        assert_ne!(essence("INSERT INTO t VALUES ('a  b')"), essence("INSERT INTO t VALUES ('a b')"));
        assert_ne!(essence("SELECT 1 - -2"), essence("SELECT 1 --2"));
        assert_ne!(essence("SELECT a b"), essence("SELECT ab"));
    }
}
