//! Reads a statement word by word.

use super::{
    object::{Name, Object},
    words::{Word, name, words},
};
use crate::Dialect;

/// Returns a bare word in capitals; anything else is no keyword.
pub(super) fn keyword(word: Word<'_>) -> String {
    match word {
        Word::Bare(text) => text.to_ascii_uppercase(),
        Word::Quoted(_) | Word::Symbol(_) => String::new(),
    }
}

/// Returns the first keyword of a statement, by which most questions end: what follows may be megabytes of rows.
pub(super) fn first_keyword(statement: &str, dialect: Dialect) -> String {
    words(statement, dialect).next().map(keyword).unwrap_or_default()
}

pub(super) struct Reader<'a> {
    pub(super) words: &'a [Word<'a>],
    pub(super) at: usize,
    pub(super) dialect: Dialect,
}

impl Reader<'_> {
    pub(super) fn keyword(&mut self) -> Option<String> {
        let word = self.words.get(self.at).copied().map(keyword).filter(|word| !word.is_empty())?;
        self.at += 1;
        Some(word)
    }

    /// Reads an object, unless `IF EXISTS` or `IF NOT EXISTS` comes first: then twice is as good.
    pub(super) fn unless_conditional(
        &mut self,
        read: impl FnOnce(&mut Self) -> Option<Object>,
    ) -> Option<Option<Object>> {
        if self.takes(&["IF", "EXISTS"]) || self.takes(&["IF", "NOT", "EXISTS"]) {
            return Some(None);
        }
        read(self).map(Some)
    }

    /// Reads a name that may be left out, where a keyword would come instead.
    pub(super) fn own_name(&mut self) -> Option<Name> {
        let unnamed = ["FOREIGN", "UNIQUE", "CHECK", "PRIMARY", "USING", "INDEX", "KEY"];
        let next = self.words.get(self.at).copied().map(keyword)?;
        if unnamed.contains(&next.as_str()) { None } else { self.name() }
    }

    /// Moves past these keywords, if they come next.
    pub(super) fn takes(&mut self, keywords: &[&str]) -> bool {
        let next = self.words.get(self.at..self.at + keywords.len()).unwrap_or_default();
        let found = next.len() == keywords.len() && next.iter().copied().map(keyword).eq(keywords.iter().copied());
        self.at += if found { keywords.len() } else { 0 };
        found
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.words.get(self.at..).unwrap_or_default().iter().all(|word| *word == Word::Symbol(b';'))
    }

    /// Reads PostgreSQL's `(name, name value, name = value)` as switches; without value, one is on.
    pub(super) fn switches(&mut self) -> Vec<(String, bool)> {
        if !self.takes_symbol(b'(') {
            return Vec::new();
        }
        let rest = self.words.get(self.at..).unwrap_or_default();
        let end = rest.iter().position(|word| *word == Word::Symbol(b')')).unwrap_or(rest.len());
        self.at += end + 1;
        let switch = |words: &[Word<'_>]| {
            let value = words.get(1..).unwrap_or_default().iter().find_map(|word| match word {
                Word::Bare(value) | Word::Quoted(value) => Some(value.trim_matches(['\'', '"']).to_ascii_lowercase()),
                Word::Symbol(_) => None,
            });
            let is_on = value.is_none_or(|value| !["false", "off", "0"].contains(&value.as_str()));
            name(*words.first()?, self.dialect).map(|name| (name.to_ascii_uppercase(), is_on))
        };
        rest[..end].split(|word| *word == Word::Symbol(b',')).filter_map(switch).collect()
    }

    /// Reads the switches that follow a keyword somewhere in the rest.
    pub(super) fn switches_after(&mut self, word: &str) -> Vec<(String, bool)> {
        let rest = self.words.get(self.at..).unwrap_or_default();
        let Some(found) = rest.iter().position(|next| keyword(*next) == word) else { return Vec::new() };
        self.at += found + 1;
        self.switches()
    }

    pub(super) fn takes_one(&mut self, keywords: &[&str]) -> bool {
        keywords.iter().any(|keyword| self.takes(&[keyword]))
    }

    pub(super) fn takes_symbol(&mut self, symbol: u8) -> bool {
        let found = self.words.get(self.at) == Some(&Word::Symbol(symbol));
        self.at += usize::from(found);
        found
    }

    /// Moves past `DEFINER = 'me'@'%'`.
    pub(super) fn takes_assignment(&mut self, keywords: &[&str]) -> bool {
        if !self.takes_one(keywords) || !self.takes_symbol(b'=') {
            return false;
        }
        self.at += 1;
        if self.takes_symbol(b'@') {
            self.at += 1;
        }
        true
    }

    /// Moves past the next comma outside parentheses; returns whether there is one.
    pub(super) fn skip_to_comma(&mut self) -> bool {
        let mut depth = 0_usize;
        while let Some(word) = self.words.get(self.at) {
            self.at += 1;
            match word {
                Word::Symbol(b'(') => depth += 1,
                Word::Symbol(b')') => depth = depth.saturating_sub(1),
                Word::Symbol(b',') if depth == 0 => return true,
                _ => {}
            }
        }
        false
    }

    /// Reads a name or `schema.name`.
    pub(super) fn name(&mut self) -> Option<Name> {
        let first = name(*self.words.get(self.at)?, self.dialect)?;
        self.at += 1;
        if !self.takes_symbol(b'.') {
            return Some(Name { schema: None, name: first });
        }
        let second = name(*self.words.get(self.at)?, self.dialect)?;
        self.at += 1;
        Some(Name { schema: Some(first), name: second })
    }

    /// Reads what follows `CREATE kind` or `DROP kind`.
    pub(super) fn object(&mut self, kind: &str) -> Option<Object> {
        match kind {
            "TABLE" | "VIEW" => self.name().map(Object::Relation),
            "INDEX" => {
                let index = self.name().filter(|name| !name.name.eq_ignore_ascii_case("on"))?;
                // PostgreSQL drops an index by its name alone.
                if self.dialect == Dialect::Postgres && !self.takes(&["ON"]) {
                    return Some(Object::Index(None, index));
                }
                while self.dialect.is_mysql_family() && !self.takes(&["ON"]) {
                    self.at += 1;
                    self.words.get(self.at)?;
                }
                self.takes(&["ONLY"]);
                Some(Object::Index(Some(self.name()?), index))
            }
            "FUNCTION" | "PROCEDURE" if self.dialect.is_mysql_family() => self.name().map(Object::Routine),
            "TRIGGER" if self.dialect.is_mysql_family() => self.name().map(Object::Trigger),
            _ => None,
        }
    }
}
