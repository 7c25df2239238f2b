//! MySQL: stored programs.
//!
//! ```text
//! procedure  = CREATE prefix PROCEDURE [IF NOT EXISTS] name ( … ) { characteristic } statement
//! function   = CREATE prefix [AGGREGATE] FUNCTION [IF NOT EXISTS] name ( … ) RETURNS type { characteristic } statement
//! trigger    = CREATE prefix TRIGGER … FOR EACH ROW [{FOLLOWS | PRECEDES} name] statement
//! event      = CREATE prefix EVENT … DO statement | ALTER prefix EVENT … [DO statement]
//! prefix     = [OR REPLACE] [DEFINER = user]
//! ```
//!
//! `statement` is that of [`compound`](super::compound). Code in `/*! … */` is read as if it stood there by itself.

use std::ops::Range;

use super::{
    Semicolon, Token, Unclear,
    compound::{Compound, OPERATORS},
    expression::Expression,
    mariadb::{First, Next, oracle},
};
use crate::Dialect;

/// The way out that works for every text.
pub(super) const DELIMITER: &str = "if the server takes the statement as it is, write `DELIMITER //` on a line before it, \
                                    `//` after it, and `DELIMITER ;` on the next line";

/// What has been read of a statement.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) enum Statement {
    #[default]
    Start,
    /// After a word that begins nothing with a body.
    FirstWord,
    /// First words that MariaDB may take for more than MySQL.
    First(First),
    /// After `CREATE` or `ALTER`.
    Prefix { name_follows: bool, alter: bool },
    /// The name of what is made.
    Name(Program, Name),
    /// The parameters of a routine.
    Parameters(Program, usize),
    /// The characteristics of a procedure; whether the next word is the name of a language.
    Characteristics { language_follows: bool },
    /// After the parameters of a function.
    Function(Function),
    /// After `AS` in a routine.
    Code,
    /// The head of a trigger; how much of `FOR EACH ROW` was read.
    Trigger { matched: usize },
    /// After `FOR EACH ROW`.
    ForEachRow,
    /// After `FOLLOWS` or `PRECEDES`.
    OtherTrigger,
    /// The head of an event.
    Event(Expression),
    /// In the body.
    Body(Compound),
    /// Whatever has no body.
    Plain,
    /// What only `DELIMITER` ends.
    UntilDelimiter,
}

/// What is made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Program {
    Procedure,
    Function,
    Trigger,
    Event,
}

/// What was read of a name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Name {
    Follows,
    Read,
}

/// What was read between the parameters and the body of a function.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Function {
    returns: bool,
    /// Whether the next word is a name, whatever it is.
    name_follows: bool,
    /// Whether the word before could be a label.
    may_be_label: bool,
}

impl Statement {
    pub(super) fn trust_delimiter(&mut self) {
        *self = Self::UntilDelimiter;
    }

    pub(super) fn semicolon(&mut self) -> Result<Semicolon, Unclear> {
        match self {
            Self::Body(compound) => compound.semicolon(),
            Self::UntilDelimiter => Ok(Semicolon::Belongs),
            _ => Ok(Semicolon::Ends),
        }
    }

    pub(super) fn end_of_text(&self) -> Result<(), Unclear> {
        match self {
            Self::Body(compound) => compound.end_of_text(),
            _ => Ok(()),
        }
    }

    pub(super) fn read(&mut self, token: Token<'_>, start: usize) -> Result<(), Unclear> {
        match self {
            Self::Plain | Self::UntilDelimiter => return Ok(()),
            Self::Body(compound) => return compound.read(token, start),
            _ => {}
        }
        let word = token.keyword();
        let next = match self {
            Self::Start => Self::first(&word, start)?,
            Self::FirstWord if matches!(token, Token::Symbol(b':')) => Self::Body(Compound::new()),
            Self::FirstWord if matches!(token, Token::Symbol(b'$')) => return Err(in_dollars()),
            Self::First(first) => match first.read(token)? {
                Next::GoesOn => return Ok(()),
                Next::Statement => Self::Start,
                Next::Compound(mut compound) => {
                    compound.read(token, start)?;
                    Self::Body(compound)
                }
                Next::Plain => Self::Plain,
            },
            Self::Prefix { name_follows, alter } => Self::prefix(*name_follows, *alter, token, &word)?,
            Self::Name(program, name) => match Self::name(*program, *name, token, &word)? {
                Some(next) => next,
                None => return self.after_name(token, start),
            },
            Self::Parameters(program, open) => Self::parameters(*program, *open, token),
            Self::Characteristics { .. } | Self::Function(_) | Self::Code => {
                return self.before_routine_body(token, &word, start);
            }
            Self::Trigger { matched } => Self::trigger(*matched, &word),
            Self::ForEachRow if matches!(word.as_str(), "FOLLOWS" | "PRECEDES") => Self::OtherTrigger,
            Self::ForEachRow if word == "DECLARE" => return Err(oracle("a trigger with `DECLARE`")),
            Self::ForEachRow => return self.begin_body(token, start),
            Self::OtherTrigger => Self::Body(Compound::new()),
            Self::Event(head) if word == "DO" && (head.is_complete() || head.is_empty()) => Self::Body(Compound::new()),
            Self::Event(head) => {
                head.read(token);
                return Ok(());
            }
            Self::FirstWord | Self::Body(_) | Self::Plain | Self::UntilDelimiter => Self::Plain,
        };
        *self = next;
        Ok(())
    }

    fn first(word: &str, start: usize) -> Result<Self, Unclear> {
        Ok(match word {
            "CREATE" | "ALTER" => Self::Prefix { name_follows: false, alter: word == "ALTER" },
            "BEGIN" => Self::First(First::Begin(start)),
            "SET" => Self::First(First::Set),
            "DECLARE" => return Err(oracle("a block with `DECLARE`")),
            "END" | "ELSE" | "ELSEIF" | "WHEN" | "THEN" | "UNTIL" => {
                return Err(Unclear::new(format!("`{word}` belongs to no block that is open here"), DELIMITER));
            }
            _ if Compound::opens_with(word) => {
                let mut compound = Compound::new();
                compound.read(Token::Word(word), start)?;
                Self::Body(compound)
            }
            _ => Self::FirstWord,
        })
    }

    /// `OR REPLACE DEFINER = user@host AGGREGATE`, in front of the kind of what is made.
    fn prefix(name_follows: bool, alter: bool, token: Token<'_>, word: &str) -> Result<Self, Unclear> {
        let program = match (word, token) {
            _ if name_follows => return Ok(Self::Prefix { name_follows: false, alter }),
            (_, Token::Symbol(b'=' | b'@' | b'.')) => return Ok(Self::Prefix { name_follows: true, alter }),
            ("OR" | "REPLACE" | "DEFINER" | "AGGREGATE", _) | (_, Token::Symbol(_)) => {
                return Ok(Self::Prefix { name_follows: false, alter });
            }
            ("EVENT", _) => Program::Event,
            _ if alter => return Ok(Self::Plain),
            ("PROCEDURE", _) => Program::Procedure,
            ("FUNCTION", _) => Program::Function,
            ("TRIGGER", _) => Program::Trigger,
            ("PACKAGE", _) => {
                return Err(Unclear::new("where a package ends is unclear: its routines have bodies", DELIMITER));
            }
            _ => return Ok(Self::Plain),
        };
        Ok(Self::Name(program, Name::Follows))
    }

    /// Returns nothing if the token is behind the name.
    fn name(program: Program, name: Name, token: Token<'_>, word: &str) -> Result<Option<Self>, Unclear> {
        Ok(match (name, token) {
            (Name::Follows, _) if matches!(word, "IF" | "NOT" | "EXISTS") => Some(Self::Name(program, Name::Follows)),
            (Name::Follows, _) if token.is_name() => Some(Self::Name(program, Name::Read)),
            (_, Token::Symbol(b'.')) => Some(Self::Name(program, Name::Follows)),
            (Name::Follows, _) => return Err(Unclear::new("a name is expected here", DELIMITER)),
            (Name::Read, _) => None,
        })
    }

    fn after_name(&mut self, token: Token<'_>, start: usize) -> Result<(), Unclear> {
        let Self::Name(program, _) = *self else { return Ok(()) };
        *self = match program {
            Program::Trigger => Self::Trigger { matched: 0 },
            Program::Event => Self::Event(Expression::new(&OPERATORS)),
            // `CREATE FUNCTION name RETURNS STRING SONAME 'library'`.
            Program::Function if matches!(token, Token::Word(_)) => Self::Function(Function::default()),
            Program::Procedure if matches!(token, Token::Word(_)) => {
                return Err(oracle("a procedure without parameters in parentheses"));
            }
            Program::Procedure | Program::Function => Self::Parameters(program, 0),
        };
        self.read(token, start)
    }

    fn parameters(program: Program, open: usize, token: Token<'_>) -> Self {
        let open = match token {
            Token::Symbol(b'(') => open + 1,
            Token::Symbol(b')') => open.saturating_sub(1),
            _ => open,
        };
        match program {
            _ if open > 0 => Self::Parameters(program, open),
            Program::Function => Self::Function(Function::default()),
            _ => Self::Characteristics { language_follows: false },
        }
    }

    fn before_routine_body(&mut self, token: Token<'_>, word: &str, start: usize) -> Result<(), Unclear> {
        match self {
            Self::Code if matches!(token, Token::Quoted) => *self = Self::Plain,
            Self::Code if matches!(token, Token::Symbol(b'$')) => return Err(in_dollars()),
            Self::Code => return Err(oracle("a routine with `AS` or `IS`")),
            Self::Characteristics { language_follows: true } => {
                *self = Self::Characteristics { language_follows: false }
            }
            Self::Function(function) if function.name_follows => {
                *function = Function { name_follows: false, may_be_label: true, ..*function };
            }
            _ if word == "AS" => *self = Self::Code,
            _ if word == "IS" => return Err(oracle("a routine with `AS` or `IS`")),
            Self::Characteristics { .. } => match word {
                "LANGUAGE" => *self = Self::Characteristics { language_follows: true },
                "" | "COMMENT" | "NOT" | "DETERMINISTIC" | "CONTAINS" | "SQL" | "NO" | "READS" | "MODIFIES"
                | "DATA" | "SECURITY" | "DEFINER" | "INVOKER" | "USING" => {}
                _ => return self.begin_body(token, start),
            },
            Self::Function(function) => match (token, word) {
                (Token::Symbol(b':'), _) if function.may_be_label => *self = Self::Body(Compound::new()),
                (_, "RETURN") if !function.returns => return Err(oracle("a function with `RETURN` for its type")),
                _ if function.returns && (word == "RETURN" || Compound::opens_with(word)) => {
                    return self.begin_body(token, start);
                }
                _ => {
                    function.returns |= word == "RETURNS";
                    function.name_follows = matches!(token, Token::Symbol(b'.')) || word == "OF";
                    function.may_be_label = token.is_name();
                }
            },
            _ => {}
        }
        Ok(())
    }

    fn trigger(matched: usize, word: &str) -> Self {
        match (matched, word) {
            (_, "FOR") => Self::Trigger { matched: 1 },
            (1, "EACH") => Self::Trigger { matched: 2 },
            (2, "ROW") => Self::ForEachRow,
            _ => Self::Trigger { matched: 0 },
        }
    }

    fn begin_body(&mut self, token: Token<'_>, start: usize) -> Result<(), Unclear> {
        let mut compound = Compound::new();
        compound.read(token, start)?;
        *self = Self::Body(compound);
        Ok(())
    }
}

fn in_dollars() -> Unclear {
    Unclear::new("a body in dollars is PostgreSQL's", "write `BEGIN … END`, and no `LANGUAGE`")
}

/// Returns whether servers heed the code in a comment, if that is the same for all of them.
pub(super) fn is_heeded(comment: &str, dialect: Dialect) -> Option<bool> {
    let for_mariadb = comment.starts_with("/*M!");
    let version = version_in_comment(comment);
    match (dialect, version.parse::<u32>()) {
        (Dialect::Mysql, _) if for_mariadb => Some(false),
        (_, Err(_)) => Some(true),
        (Dialect::Mariadb, Ok(50_700..=99_999)) if !for_mariadb => Some(false),
        // The first line of a dump, `/*M!999999\- enable the sandbox mode */`.
        (_, Ok(999_999)) => Some(false),
        // Older servers are out of support.
        (_, Ok(version)) => (version <= 50_700).then_some(true),
    }
}

/// Returns where the code in a comment is.
pub(super) fn code_in_comment(comment: &str) -> Range<usize> {
    let sign = comment.find('!').map_or(0, |sign| sign + 1);
    let end = comment.len().saturating_sub("*/".len()).max(sign);
    sign + version_in_comment(comment).len()..end
}

/// Five or six digits right behind the `!`.
fn version_in_comment(comment: &str) -> &str {
    let code = comment.find('!').map_or("", |sign| &comment[sign + 1..]);
    let digits = code.bytes().take(6).take_while(u8::is_ascii_digit).count();
    &code[..if digits < 5 { 0 } else { digits }]
}
