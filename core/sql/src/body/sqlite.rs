//! SQLite: `CREATE TRIGGER … BEGIN statement; … END`.
//!
//! ```text
//! trigger    = [EXPLAIN [QUERY PLAN]] CREATE [TEMP | TEMPORARY] TRIGGER … ON table [FOR EACH ROW] [WHEN expression]
//!              BEGIN { statement ; } END
//! statement  = anything without `;` that does not begin with END
//! ```
//!
//! SQLite lets `begin` and `end` be names wherever a name is allowed: `BEGIN` opens the body only behind the table or
//! a complete expression, `END` closes it only where a statement begins. `ON` and `WHEN` are never names.

use super::{
    Semicolon, Token, Unclear,
    expression::{Expression, Operators},
};

const OPERATORS: Operators = Operators {
    prefix: &["NOT"],
    infix: &[
        "AND", "OR", "LIKE", "GLOB", "REGEXP", "MATCH", "IN", "IS", "BETWEEN", "COLLATE", "ESCAPE", "FROM", "OVER",
    ],
};

const TRIGGERS_ONLY: &str = "delete it: what it does belongs into the program, or into a trigger";
const NO_DELIMITER: &str = "delete it: the body of a trigger needs none";
const HINT: &str = "end the body with `END;`, and every statement in it with `;`";

/// What has been read of a statement.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) enum Statement {
    #[default]
    Start,
    /// After `CREATE`.
    Create,
    /// After `CREATE TRIGGER`, up to `ON`.
    Trigger,
    /// After `ON` or the dot of `schema.table`.
    Table,
    /// After the table.
    AfterTable,
    /// After `WHEN`.
    Condition(Expression),
    /// After `BEGIN`.
    Body { begin: usize, at_start: bool },
    /// After the `END` of the body.
    Closed,
    /// Whatever has no body.
    Plain,
}

impl Statement {
    pub(super) fn read(&mut self, token: Token<'_>, start: usize) -> Result<(), Unclear> {
        if *self == Self::Plain {
            return Ok(());
        }
        let body = || Self::Body { begin: start, at_start: true };
        *self = match (&mut *self, token.keyword().as_str()) {
            (Self::Start, "EXPLAIN" | "QUERY" | "PLAN") => Self::Start,
            (Self::Start, "CREATE") | (Self::Create, "TEMP" | "TEMPORARY" | "OR" | "REPLACE") => Self::Create,
            (Self::Create, "TRIGGER") => Self::Trigger,
            (Self::Start, "DELIMITER") => {
                return Err(Unclear::new("`DELIMITER` is a command of MySQL's client", NO_DELIMITER));
            }
            (Self::Start, "DO") => return Err(Unclear::new("SQLite has no `DO`", TRIGGERS_ONLY)),
            (Self::Create, word @ ("PROCEDURE" | "FUNCTION" | "EVENT")) => {
                return Err(Unclear::new(format!("SQLite has no `CREATE {word}`"), TRIGGERS_ONLY));
            }
            (Self::Trigger, "ON") => Self::Table,
            (Self::Table, _) => Self::AfterTable,
            (Self::AfterTable, "BEGIN") => body(),
            (Self::AfterTable, "WHEN") => Self::Condition(Expression::new(&OPERATORS)),
            (Self::AfterTable, _) if matches!(token, Token::Symbol(b'.')) => Self::Table,
            (Self::Condition(expression), "BEGIN") if expression.is_complete() => body(),
            (Self::Condition(expression), _) => {
                expression.read(token);
                return Ok(());
            }
            (Self::Body { at_start: true, .. }, "END") => Self::Closed,
            (Self::Body { begin, .. }, _) => Self::Body { begin: *begin, at_start: false },
            (Self::Closed, _) => {
                return Err(Unclear::new("there is no `;` between the `END` of the trigger and this", HINT));
            }
            (Self::Trigger | Self::AfterTable, _) => return Ok(()),
            (Self::Start | Self::Create | Self::Plain, _) => Self::Plain,
        };
        Ok(())
    }

    pub(super) fn semicolon(&mut self) -> Semicolon {
        if let Self::Body { at_start, .. } = self {
            *at_start = true;
            return Semicolon::Belongs;
        }
        Semicolon::Ends
    }

    pub(super) fn end_of_text(&self) -> Result<(), Unclear> {
        match self {
            Self::Body { begin, .. } => Err(Unclear::not_closed(*begin, "BEGIN", "END", HINT)),
            _ => Ok(()),
        }
    }
}
