//! Bodies in which `;` does not end the statement: triggers, routines, `BEGIN ATOMIC`, rules.

use super::lexer::TokenKind;
use crate::Dialect;

/// What is open inside the statement being read.
#[derive(Default)]
pub(super) struct Body {
    head: Vec<String>,
    parentheses: usize,
    /// `BEGIN`, `CASE`, `IF`, `LOOP` … that wait for their `END`.
    blocks: usize,
    kind: Kind,
    /// The word before, in capitals; empty after anything that is not a word.
    previous: String,
    /// Whether a statement of the body may begin here.
    at_start: bool,
    from_stdin: bool,
}

#[derive(Default, Clone, Copy, PartialEq)]
enum Kind {
    #[default]
    Plain,
    /// A PostgreSQL routine, whose body may be `BEGIN ATOMIC … END`.
    Routine,
    /// An SQLite trigger.
    Trigger,
    /// A MySQL stored program, or MariaDB's `BEGIN NOT ATOMIC`.
    Program,
}

impl Body {
    pub(super) fn is_open(&self) -> bool {
        self.blocks > 0 || self.parentheses > 0
    }

    pub(super) fn copies_from_stdin(&self) -> bool {
        self.from_stdin && self.head.first().is_some_and(|word| word == "COPY")
    }

    pub(super) fn end_of_statement(&mut self) {
        self.previous.clear();
        self.at_start = true;
    }

    pub(super) fn token(&mut self, kind: TokenKind, text: &str, dialect: Dialect) {
        match kind {
            TokenKind::Word => self.word(text.to_ascii_uppercase(), dialect),
            other => {
                match other {
                    TokenKind::Symbol(b'(') => self.parentheses += 1,
                    TokenKind::Symbol(b')') => self.parentheses = self.parentheses.saturating_sub(1),
                    _ => {}
                }
                // A label (`outer: LOOP`) is followed by a statement.
                self.at_start = kind == TokenKind::Symbol(b':');
                self.previous.clear();
            }
        }
    }

    fn word(&mut self, word: String, dialect: Dialect) {
        self.from_stdin |= self.previous == "FROM" && word == "STDIN";
        // `CREATE OR REPLACE DEFINER = a@b SQL SECURITY … FUNCTION`: what a statement is shows
        // within its first words.
        if self.head.len() < 32 {
            self.head.push(word.clone());
        }
        if self.kind == Kind::Plain && self.blocks == 0 {
            self.kind = classify(&self.head, dialect);
        }
        match self.kind {
            Kind::Plain => {}
            Kind::Routine => self.routine(&word),
            Kind::Trigger => self.trigger(&word),
            Kind::Program => self.program(&word),
        }
        self.at_start = self.kind == Kind::Program && starts_statement(&word);
        self.previous = word;
    }

    fn routine(&mut self, word: &str) {
        match word {
            "ATOMIC" if self.previous == "BEGIN" => self.blocks += 1,
            "CASE" if self.blocks > 0 => self.blocks += 1,
            "END" => self.blocks = self.blocks.saturating_sub(1),
            _ => {}
        }
    }

    fn trigger(&mut self, word: &str) {
        match word {
            "BEGIN" if self.blocks == 0 => self.blocks = 1,
            "CASE" if self.blocks > 0 => self.blocks += 1,
            "END" => self.blocks = self.blocks.saturating_sub(1),
            _ => {}
        }
    }

    fn program(&mut self, word: &str) {
        match word {
            // `END IF`, `END CASE` … close; the word after END opens nothing.
            "CASE" | "IF" | "LOOP" | "WHILE" | "REPEAT" if self.previous == "END" => {}
            // The third word of `BEGIN NOT ATOMIC`, by which the statement is recognised.
            "ATOMIC" if self.blocks == 0 => self.blocks = 1,
            "BEGIN" | "CASE" => self.blocks += 1,
            // Elsewhere these are functions (`IF(a, b, c)`) or clauses (`IF EXISTS`).
            "IF" | "LOOP" | "WHILE" | "REPEAT" if self.at_start => self.blocks += 1,
            "END" => self.blocks = self.blocks.saturating_sub(1),
            _ => {}
        }
    }
}

fn classify(head: &[String], dialect: Dialect) -> Kind {
    let words: Vec<&str> = head.iter().map(String::as_str).collect();
    if words.first() == Some(&"BEGIN") && words.get(1..3) == Some(&["NOT", "ATOMIC"]) && dialect.is_mysql_family() {
        return Kind::Program;
    }
    let (Some(&"CREATE"), Some(last)) = (words.first(), words.last()) else {
        return Kind::Plain;
    };
    match (dialect, *last) {
        (Dialect::Postgres, "FUNCTION" | "PROCEDURE") => Kind::Routine,
        (Dialect::Sqlite, "TRIGGER") if words.len() <= 3 => Kind::Trigger,
        (Dialect::Mysql | Dialect::Mariadb, "FUNCTION" | "PROCEDURE" | "TRIGGER" | "EVENT" | "PACKAGE")
            if !words[1..].iter().any(|word| matches!(*word, "TABLE" | "VIEW" | "INDEX" | "USER" | "DATABASE")) =>
        {
            Kind::Program
        }
        _ => Kind::Plain,
    }
}

/// Words after which a statement of a stored program begins.
fn starts_statement(word: &str) -> bool {
    matches!(word, "BEGIN" | "THEN" | "ELSE" | "DO" | "LOOP" | "REPEAT" | "ROW")
}
