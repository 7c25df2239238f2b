//! Comparison of constraints, indexes and expressions: when two of them mean the same.

use alembic_sql::{Dialect, pieces, spelled_alike};

use crate::{Constraint, Index, IndexKey, Other};

/// How the parts of two schemas are compared.
#[derive(Debug)]
pub struct Comparison {
    dialect: Dialect,
}

impl Comparison {
    /// Returns the comparison for a database.
    #[must_use]
    pub fn new(dialect: Dialect) -> Self {
        Self { dialect }
    }

    pub(super) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Compares expressions: one may be said in several ways.
    #[must_use]
    pub fn expression(&self, one: &str, other: &str) -> bool {
        same_expression(one, other, self.dialect)
    }

    /// Compares what constraints say, not what they are called.
    #[must_use]
    pub fn content(&self, before: &Constraint, after: &Constraint) -> bool {
        match (before, after) {
            (Constraint::PrimaryKey(one), Constraint::PrimaryKey(other)) => one.columns == other.columns,
            (Constraint::Unique(one), Constraint::Unique(other)) => {
                one.columns == other.columns && one.deferrable == other.deferrable
            }
            (Constraint::Check(one), Constraint::Check(other)) => self.expression(&one.expression, &other.expression),
            (Constraint::ForeignKey(one), Constraint::ForeignKey(other)) => {
                one.columns == other.columns
                    && one.referred_table == other.referred_table
                    && one.referred_columns == other.referred_columns
                    && one.on_delete == other.on_delete
                    && one.on_update == other.on_update
                    && one.deferrable == other.deferrable
            }
            _ => false,
        }
    }

    /// A name that is not given can be any. What keys are called means nothing.
    pub(super) fn constraint(&self, before: &Constraint, after: &Constraint) -> bool {
        let named = |name: &&String| {
            !matches!(after, Constraint::PrimaryKey(_) | Constraint::ForeignKey(_)) && !name.is_empty()
        };
        let names = before.own_name().filter(named).zip(after.own_name().filter(named));
        let alike = self.content(before, after) && before.is_not_valid() == after.is_not_valid();
        alike && names.is_none_or(|(one, other)| one == other)
    }

    /// Compares what is known as text.
    pub(super) fn other(&self, before: &Other, after: &Other) -> bool {
        self.expression(&before.definition, &after.definition)
    }

    /// Compares indexes.
    #[must_use]
    pub fn index(&self, before: &Index, after: &Index) -> bool {
        let condition = match (&before.predicate, &after.predicate) {
            (Some(one), Some(other)) => self.expression(one, other),
            (one, other) => one == other,
        };
        let names = before.name.as_ref().zip(after.name.as_ref());
        let keys = before.keys.len() == after.keys.len()
            && before.keys.iter().zip(&after.keys).all(|(one, other)| self.key(one, other));
        let rest = before.unique == after.unique && before.include == after.include && before.method == after.method;
        keys && condition && rest && names.is_none_or(|(one, other)| one == other)
    }

    fn key(&self, before: &IndexKey, after: &IndexKey) -> bool {
        match (before, after) {
            (IndexKey::Written(one), IndexKey::Written(other)) => self.expression(one, other),
            (one, other) => one == other,
        }
    }
}

/// Returns whether two expressions mean the same.
///
/// SQLite keeps the words that it was given. PostgreSQL has one way to say something, but puts other casts to text
/// into what it has said itself when it reads that again.
pub(super) fn same_expression(one: &str, other: &str, dialect: Dialect) -> bool {
    one == other
        || match dialect {
            Dialect::Sqlite => folded(one) == folded(other),
            Dialect::Postgres => without_casts(one) == without_casts(other),
            Dialect::Mysql | Dialect::Mariadb => false,
        }
}

/// Only what is in quotes has a case of its own.
fn folded(sql: &str) -> String {
    let spelled = spelled_alike(sql, Dialect::Sqlite);
    let parts = spelled.split('\'').enumerate();
    let folded = parts.map(|(at, part)| if at % 2 == 0 { part.to_lowercase() } else { part.to_owned() });
    folded.collect::<Vec<_>>().join("'")
}

/// Names of types that text is cast to without becoming anything else.
const TEXT: [&[&str]; 3] = [&["text"], &["character", "varying"], &["bpchar"]];

/// Returns the words of an expression without casts to text, and without parentheses that change nothing.
fn without_casts(sql: &str) -> Vec<String> {
    let words: Vec<&str> =
        pieces(sql, Dialect::Postgres).unwrap_or_default().into_iter().map(|piece| &sql[piece.range]).collect();
    let mut kept: Vec<String> = Vec::new();
    let mut at = 0;
    while at < words.len() {
        match after_cast(&words, at) {
            Some(after) => at = after,
            None => {
                kept.push(words[at].to_owned());
                at += 1;
            }
        }
    }
    while let Some((open, close)) = needless(&kept) {
        kept.remove(close);
        kept.remove(open);
    }
    kept
}

/// Returns where a cast to text that begins here ends.
fn after_cast(words: &[&str], at: usize) -> Option<usize> {
    if words.get(at..at + 2) != Some(&[":", ":"]) {
        return None;
    }
    let name = TEXT.into_iter().find(|name| words.get(at + 2..at + 2 + name.len()) == Some(name))?;
    let mut end = at + 2 + name.len();
    if words.get(end) == Some(&"(") {
        end += 3;
    }
    if words.get(end..end + 2) == Some(&["[", "]"]) {
        end += 2;
    }
    Some(end)
}

/// Finds parentheses around one word, or around parentheses or an array, that are no call.
fn needless(words: &[String]) -> Option<(usize, usize)> {
    for open in (0..words.len()).filter(|at| words[*at] == "(") {
        let before = open.checked_sub(1).and_then(|before| words[before].chars().next_back());
        if before.is_some_and(|last| last.is_alphanumeric() || last == '_' || last == '"') {
            continue;
        }
        let close = closing(words, open)?;
        let array = words.get(open + 1).is_some_and(|word| word.eq_ignore_ascii_case("ARRAY"))
            && words.get(open + 2).is_some_and(|word| word == "[")
            && closing(words, open + 2) == Some(close - 1);
        let doubled = words[open + 1] == "(" && closing(words, open + 1) == Some(close - 1);
        if close == open + 2 || array || doubled || open == 0 && close == words.len() - 1 {
            return Some((open, close));
        }
    }
    None
}

fn closing(words: &[String], open: usize) -> Option<usize> {
    let (opens, closes) = if words[open] == "[" { ("[", "]") } else { ("(", ")") };
    let mut depth = 0_usize;
    words.iter().enumerate().skip(open).find_map(|(at, word)| {
        if word == opens {
            depth += 1;
        } else if word == closes {
            depth -= 1;
        }
        (depth == 0).then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_postgresql_makes_of_its_own_words_is_the_same() {
        let same = |one: &str, other: &str| same_expression(one, other, Dialect::Postgres);
        let written = "(state)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[])";
        let again = "(state)::text = ANY (ARRAY[('a'::character varying)::text, ('b'::character varying)::text])";
        assert!(same(written, again));
        assert!(!same(written, &again.replace("'b'", "'c'")));
        assert!(!same("a * (b + c)", "a * b + c"));
        assert!(!same("lower(a)", "lower a"));
        assert!(!same("a::integer", "a"));
    }

    #[test]
    fn sqlite_takes_any_words() {
        let same = |one: &str, other: &str| same_expression(one, other, Dialect::Sqlite);
        assert!(same("\"a\">0 and b IN ('X')", "A > 0 AND b in ( 'X' )"));
        assert!(!same("a = 'x'", "a = 'X'"));
    }
}
