//! PostgreSQL: bodies of the SQL standard, and rules with several commands.
//!
//! ```text
//! routine    = CREATE [OR REPLACE] {FUNCTION | PROCEDURE} … BEGIN ATOMIC { statement ; } END
//! rule       = CREATE [OR REPLACE] RULE … DO [ALSO | INSTEAD] ( command ; … )
//! statement  = anything without `;` that does not begin with END
//! ```
//!
//! `CASE … END` is always inside of a statement and needs no counting. Every other body is a string, which the lexer
//! reads. Bodies in the manner of other databases, `AS BEGIN … END`, are refused, and so are triggers with a body,
//! events and `DELIMITER`: PostgreSQL has none of them, and their `;` would cut them up.

use super::{Semicolon, Token, Unclear};

const AS_STRING: &str = "write the body as a string: `AS $$ … $$`, or `BEGIN ATOMIC … END` for SQL";
const AS_FUNCTION: &str =
    "write a function, `CREATE FUNCTION … RETURNS trigger LANGUAGE plpgsql AS $$ … $$`, and `EXECUTE FUNCTION …` here";
const NO_DELIMITER: &str = "delete it: a body in dollars, `AS $$ … $$`, needs none";
const NO_EVENTS: &str = "delete it: whatever runs at certain times has to be run by another program";
const HINT: &str = "end the body with `END;`, and every statement in it with `;`";

/// What has been read of a statement.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) enum Statement {
    #[default]
    Start,
    /// After `CREATE [OR REPLACE]`.
    Create,
    /// After `FUNCTION` or `PROCEDURE`.
    Routine {
        parentheses: usize,
        previous: Previous,
    },
    /// After `BEGIN ATOMIC`.
    Body {
        begin: usize,
        at_start: bool,
    },
    /// After the `END` of the body.
    Closed,
    /// After `CREATE RULE`, with the places of its open parentheses.
    Rule(Vec<usize>),
    /// After `COPY`.
    Copy {
        after_from: bool,
        from_stdin: bool,
    },
    /// After `DO`.
    Do,
    /// After `CREATE TRIGGER`.
    Trigger(Trigger),
    /// After `CREATE EVENT`.
    Event,
    /// After a `BEGIN` of its own, and `NOT`.
    Begin,
    BeginNot,
    /// After an `END` of its own.
    End,
    /// Whatever has no body.
    Plain,
}

/// What the token before was in the head of a trigger.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Trigger {
    /// `ON` or the dot in the name of the table.
    On,
    /// The table.
    Table,
    /// `FOR [EACH]`.
    For,
    /// `FOR EACH ROW`.
    Row,
    /// Any other.
    Other,
}

/// What the token before was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Previous {
    /// `AS`, which the body follows.
    As,
    /// A `BEGIN` at this place that can only open a body.
    Begin(usize),
    /// A token that a name follows.
    NameFollows,
    /// Any other.
    Other,
}

impl Statement {
    pub(super) fn read(&mut self, token: Token<'_>, start: usize) -> Result<(), Unclear> {
        if *self == Self::Plain {
            return Ok(());
        }
        *self = match (&mut *self, token.keyword().as_str()) {
            (Self::Start, "CREATE") | (Self::Create, "OR" | "REPLACE") => Self::Create,
            (Self::Start, "COPY") => Self::Copy { after_from: false, from_stdin: false },
            (Self::Start, "DO") => Self::Do,
            (Self::Start, "END") => Self::End,
            (Self::Start, "BEGIN") => Self::Begin,
            (Self::Begin, "NOT") => Self::BeginNot,
            (Self::BeginNot, "ATOMIC") => return Err(not_a_string("BEGIN NOT ATOMIC")),
            (Self::Start, "DELIMITER") => {
                return Err(Unclear::new("`DELIMITER` is a command of MySQL's client", NO_DELIMITER));
            }
            (Self::Create, "CONSTRAINT") => Self::Create,
            (Self::Create, "TRIGGER") => Self::Trigger(Trigger::Other),
            (Self::Create, "EVENT") => Self::Event,
            (Self::Event, word) if word != "TRIGGER" => {
                return Err(Unclear::new("PostgreSQL has no events like MySQL's", NO_EVENTS));
            }
            (Self::Trigger(previous), word) => Self::Trigger(previous.then(token, word)?),
            (Self::Create, "FUNCTION" | "PROCEDURE") => {
                Self::Routine { parentheses: 0, previous: Previous::NameFollows }
            }
            (Self::Create, "RULE") => Self::Rule(Vec::new()),
            (Self::Routine { parentheses, previous }, _) => match read_head(parentheses, previous, token, start)? {
                Head::GoesOn => return Ok(()),
                Head::Body { begin } => Self::Body { begin, at_start: true },
                Head::NoBody => Self::Plain,
            },
            (Self::Body { at_start: true, .. }, "END") => Self::Closed,
            (Self::Body { begin, .. }, _) => Self::Body { begin: *begin, at_start: false },
            (Self::Closed, _) => {
                return Err(Unclear::new("there is no `;` between the `END` of the body and this", HINT));
            }
            (Self::Rule(open), _) => {
                match token {
                    Token::Symbol(b'(') => open.push(start),
                    Token::Symbol(b')') => drop(open.pop()),
                    _ => {}
                }
                return Ok(());
            }
            (Self::Copy { after_from, from_stdin }, word) => {
                *from_stdin |= *after_from && word == "STDIN";
                *after_from = word == "FROM";
                return Ok(());
            }
            (Self::Do, word @ ("BEGIN" | "DECLARE")) => return Err(not_a_string(word)),
            (Self::End, word @ ("IF" | "CASE" | "LOOP" | "WHILE" | "REPEAT" | "FOR")) => {
                return Err(Unclear::new(format!("`END {word}` closes a block outside of a body"), AS_STRING));
            }
            _ => Self::Plain,
        };
        Ok(())
    }

    pub(super) fn semicolon(&mut self) -> Semicolon {
        match self {
            Self::Body { at_start, .. } => {
                *at_start = true;
                Semicolon::Belongs
            }
            Self::Rule(open) if !open.is_empty() => Semicolon::Belongs,
            _ => Semicolon::Ends,
        }
    }

    pub(super) fn end_of_text(&self) -> Result<(), Unclear> {
        match self {
            Self::Body { begin, .. } => Err(Unclear::not_closed(*begin, "BEGIN ATOMIC", "END", HINT)),
            Self::Rule(open) => match open.last() {
                Some(open) => Err(Unclear::not_closed(*open, "(", ")", "close it behind the commands of the rule")),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    pub(super) fn copies_from_stdin(&self) -> bool {
        matches!(self, Self::Copy { from_stdin: true, .. })
    }
}

impl Trigger {
    fn then(self, token: Token<'_>, word: &str) -> Result<Self, Unclear> {
        Ok(match (self, word) {
            (Self::On, _) => Self::Table,
            (Self::Table | Self::Row, "BEGIN") => {
                return Err(Unclear::new("a trigger of PostgreSQL has no body of its own", AS_FUNCTION));
            }
            (Self::Table, _) if matches!(token, Token::Symbol(b'.')) => Self::On,
            (_, "ON") => Self::On,
            (_, "FOR") | (Self::For, "EACH") => Self::For,
            (Self::For, "ROW" | "STATEMENT") => Self::Row,
            _ => Self::Other,
        })
    }
}

/// How it goes on after a token before the body of a routine.
enum Head {
    GoesOn,
    Body { begin: usize },
    NoBody,
}

fn read_head(
    parentheses: &mut usize,
    previous: &mut Previous,
    token: Token<'_>,
    start: usize,
) -> Result<Head, Unclear> {
    let before = std::mem::replace(previous, Previous::Other);
    match token {
        Token::Symbol(b'(') => *parentheses += 1,
        Token::Symbol(b')') => *parentheses = parentheses.saturating_sub(1),
        Token::Symbol(b'.' | b'=' | b',') => *previous = Previous::NameFollows,
        _ => {}
    }
    let word = token.keyword();
    if *parentheses > 0 || word.is_empty() {
        return Ok(Head::GoesOn);
    }
    *previous = match (before, word.as_str()) {
        (Previous::Begin(begin), "ATOMIC") => return Ok(Head::Body { begin }),
        (Previous::Begin(begin), _) => return Err(Unclear { offset: Some(begin), ..not_a_string("BEGIN") }),
        (_, "SETOF") => Previous::NameFollows,
        // The `U` of `U&'…'`.
        (Previous::NameFollows, _) | (Previous::As, "U") => Previous::Other,
        (Previous::As, word) => return Err(not_a_string(word)),
        (Previous::Other, "RETURN") => return Ok(Head::NoBody),
        (Previous::Other, "AS") => Previous::As,
        (Previous::Other, "BEGIN") => Previous::Begin(start),
        (Previous::Other, "RETURNS" | "LANGUAGE" | "SET" | "TO") => Previous::NameFollows,
        (Previous::Other, _) => Previous::Other,
    };
    Ok(Head::GoesOn)
}

fn not_a_string(word: &str) -> Unclear {
    Unclear::new(format!("`{word}` begins a body that is not a string"), AS_STRING)
}
