//! The compound statements of MySQL and MariaDB.
//!
//! ```text
//! statement  = [label :] block [label] | DECLARE {CONTINUE | EXIT | UNDO} HANDLER FOR condition, … statement
//!            | anything without `;` that begins with none of these words
//! block      = BEGIN [NOT ATOMIC] { statement ; } END
//!            | IF expression THEN statements { ELSEIF expression THEN statements } [ELSE statements] END IF
//!            | CASE [expression] { WHEN expression THEN statements } [ELSE statements] END CASE
//!            | LOOP statements END LOOP
//!            | WHILE expression DO statements END WHILE
//!            | REPEAT statements UNTIL expression END REPEAT
//!            | FOR name IN range DO statements END FOR                                      (MariaDB)
//! condition  = NOT FOUND | SQLSTATE [VALUE] string | name | number
//! ```
//!
//! These words count where a statement begins, and behind a complete expression; elsewhere they are functions
//! (`IF(a, b, c)`, `REPEAT('a', 3)`), names (`end`, `do`) or a `CASE` with its `END` inside of a statement.

use super::{
    Semicolon, Token, Unclear,
    expression::{Expression, Operators},
    mysql::DELIMITER,
};

pub(super) const OPERATORS: Operators = Operators {
    prefix: &["NOT", "BINARY", "INTERVAL", "FOR", "TO"],
    infix: &["AND", "OR", "XOR", "LIKE", "RLIKE", "REGEXP", "IN", "IS", "BETWEEN", "DIV", "MOD", "COLLATE"],
};

/// A block that waits for its `END`.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Open {
    block: Block,
    start: usize,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Block {
    Begin,
    If,
    Case,
    Loop,
    While,
    Repeat,
    For,
}

impl Block {
    const ALL: [Self; 7] = [Self::Begin, Self::If, Self::Case, Self::Loop, Self::While, Self::Repeat, Self::For];

    fn from_keyword(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|block| block.keyword() == word)
    }

    fn keyword(self) -> &'static str {
        match self {
            Self::Begin => "BEGIN",
            Self::If => "IF",
            Self::Case => "CASE",
            Self::Loop => "LOOP",
            Self::While => "WHILE",
            Self::Repeat => "REPEAT",
            Self::For => "FOR",
        }
    }

    /// The keyword behind the expression with which the block begins.
    fn expression_ends_with(self) -> Option<&'static str> {
        match self {
            Self::If => Some("THEN"),
            Self::Case => Some("WHEN"),
            Self::While | Self::For => Some("DO"),
            Self::Begin | Self::Loop | Self::Repeat => None,
        }
    }

    fn closing(self) -> String {
        if self == Self::Begin { "END".into() } else { format!("END {}", self.keyword()) }
    }
}

/// A statement that may hold others, as far as it has been read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Compound {
    open: Vec<Open>,
    state: State,
}

#[derive(Debug, Clone, PartialEq)]
enum State {
    /// A statement begins.
    Start,
    /// After `BEGIN`.
    Begin,
    /// After a word that begins no block: the label of one, or a statement.
    LabelOrStatement,
    /// Inside a statement without others.
    Statement,
    /// After `DECLARE`.
    Declare,
    /// After `DECLARE CONTINUE`, `EXIT` or `UNDO`.
    Handler,
    /// A condition of a handler begins.
    Condition,
    /// After the first word of a condition of two.
    ConditionGoesOn,
    /// After a condition of a handler.
    AfterCondition,
    /// An expression, up to this keyword.
    Expression(Expression, &'static str),
    /// After `END`, before the name of this block.
    End(Open),
    /// After a whole block, before its label.
    Closed,
    /// After a whole block and its label.
    Labelled,
}

impl Compound {
    /// A statement that begins with the next token.
    pub(super) fn new() -> Self {
        Self { open: Vec::new(), state: State::Start }
    }

    /// After the `BEGIN` of MariaDB's `BEGIN NOT ATOMIC`.
    pub(super) fn after_begin(start: usize) -> Self {
        Self { open: vec![Open { block: Block::Begin, start }], state: State::Begin }
    }

    /// Returns whether a statement that begins with this word may hold others.
    pub(super) fn opens_with(word: &str) -> bool {
        Block::from_keyword(word).is_some()
    }

    pub(super) fn read(&mut self, token: Token<'_>, start: usize) -> Result<(), Unclear> {
        let word = token.keyword();
        self.state = match (&mut self.state, word.as_str()) {
            (State::Statement, _) => return Ok(()),
            (State::Expression(expression, end), word) => {
                let complete = expression.is_complete() || expression.is_empty() && *end == "WHEN";
                if !complete || word != *end {
                    expression.read(token);
                    return unexpected_keyword(word, expression, end);
                }
                self.after_expression()?
            }
            (State::Begin, "NOT") => State::Begin,
            (State::Begin, "ATOMIC") => State::Start,
            (State::Start | State::Begin, word) => self.begin_statement(token, word, start)?,
            (State::LabelOrStatement, _) if matches!(token, Token::Symbol(b':')) => State::Start,
            (State::LabelOrStatement, _) => State::Statement,
            (State::Declare, "CONTINUE" | "EXIT" | "UNDO") => State::Handler,
            (State::Declare, _) => State::Statement,
            (State::Handler, "FOR") => State::Condition,
            (State::Handler, "HANDLER") => State::Handler,
            (State::Condition, "NOT" | "SQLSTATE") | (State::ConditionGoesOn, "VALUE") => State::ConditionGoesOn,
            (State::Condition | State::ConditionGoesOn, _) if token.is_name() => State::AfterCondition,
            (State::AfterCondition, _) if matches!(token, Token::Symbol(b',')) => State::Condition,
            (State::AfterCondition, word) => self.begin_statement(token, word, start)?,
            (State::End(open), word) if word == open.block.keyword() => State::Closed,
            (State::Closed, word) if token.is_name() && !Self::opens_with(word) => State::Labelled,
            (State::End(open), _) => return Err(unclear(&format!("`{}` is expected here", open.block.closing()))),
            (State::Handler | State::Condition | State::ConditionGoesOn, _) => {
                return Err(unclear("this is no handler"));
            }
            (State::Closed | State::Labelled, _) => return Err(unclear("there is no `;` between the `END` and this")),
        };
        Ok(())
    }

    fn begin_statement(&mut self, token: Token<'_>, word: &str, start: usize) -> Result<State, Unclear> {
        if let Some(block) = Block::from_keyword(word) {
            self.open.push(Open { block, start });
            return Ok(match block.expression_ends_with() {
                Some(end) => expression_until(end),
                None if block == Block::Begin => State::Begin,
                None => State::Start,
            });
        }
        let open = self.open.last().map(|open| open.block);
        match (word, open) {
            ("END", Some(_)) => Ok(self.close()),
            ("ELSEIF", Some(Block::If)) | ("WHEN", Some(Block::Case)) => Ok(expression_until("THEN")),
            ("ELSE", Some(Block::If | Block::Case)) => Ok(State::Start),
            ("UNTIL", Some(Block::Repeat)) => Ok(expression_until("END")),
            ("END" | "ELSEIF" | "WHEN" | "ELSE" | "UNTIL" | "THEN", _) => {
                Err(unclear(&format!("`{word}` belongs to no open block")))
            }
            ("DECLARE", _) => Ok(State::Declare),
            _ if token.is_name() => Ok(State::LabelOrStatement),
            _ if matches!(token, Token::Symbol(b'(')) => Ok(State::Statement),
            _ => Err(unclear("no statement begins like this")),
        }
    }

    /// After the keyword that ends an expression.
    fn after_expression(&mut self) -> Result<State, Unclear> {
        match &self.state {
            State::Expression(_, "WHEN") => Ok(expression_until("THEN")),
            State::Expression(_, "END") => Ok(self.close()),
            _ => Ok(State::Start),
        }
    }

    /// After `END`.
    fn close(&mut self) -> State {
        match self.open.pop() {
            Some(open) if open.block != Block::Begin => State::End(open),
            _ => State::Closed,
        }
    }

    pub(super) fn semicolon(&mut self) -> Result<Semicolon, Unclear> {
        match self.state {
            State::Expression(_, end) => return Err(unclear(&format!("there is no `{end}` before this `;`"))),
            State::End(open) => return Err(unclear(&format!("`{}` is expected here", open.block.closing()))),
            _ => {}
        }
        if self.open.is_empty() {
            return Ok(Semicolon::Ends);
        }
        self.state = State::Start;
        Ok(Semicolon::Belongs)
    }

    pub(super) fn end_of_text(&self) -> Result<(), Unclear> {
        let Some(Open { block, start }) = self.open.last() else { return Ok(()) };
        Err(Unclear::not_closed(*start, block.keyword(), &block.closing(), DELIMITER))
    }
}

fn expression_until(end: &'static str) -> State {
    State::Expression(Expression::new(&OPERATORS), end)
}

/// Oracle's `WHILE … LOOP` and `FOR … LOOP` would end with `END LOOP`.
fn unexpected_keyword(word: &str, expression: &Expression, end: &str) -> Result<(), Unclear> {
    if end == "DO" && word == "LOOP" && expression.is_outside() {
        return Err(unclear("`LOOP` stands where `DO` is expected"));
    }
    Ok(())
}

fn unclear(problem: &str) -> Unclear {
    Unclear::new(format!("where this body ends is unclear: {problem}"), DELIMITER)
}
