//! Expressions, read as far as it takes to find the keyword behind them.
//!
//! `WHILE do > 3 DO` and `IF CASE WHEN end THEN 1 END THEN` use keywords as names. A keyword ends the expression
//! only outside of parentheses and `CASE … END`, where an operand is complete; where one has to begin, it is a name.

use super::Token;

/// What has been read of an expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Expression {
    words: &'static Operators,
    is_empty: bool,
    parentheses: usize,
    /// `CASE`s without their `END`.
    cases: usize,
    /// Whether an operand is complete.
    after_operand: bool,
    /// Whether the next word is a name, whatever it is: after `.` and `@`.
    name_follows: bool,
}

/// The words that need an operand behind them.
#[derive(Debug, PartialEq)]
pub(super) struct Operators {
    /// Those that need none before them.
    pub(super) prefix: &'static [&'static str],
    /// Those that need one before them, and are names elsewhere.
    pub(super) infix: &'static [&'static str],
}

impl Expression {
    pub(super) fn new(words: &'static Operators) -> Self {
        Self { words, is_empty: true, parentheses: 0, cases: 0, after_operand: false, name_follows: false }
    }

    /// Returns whether the expression can end here.
    pub(super) fn is_complete(&self) -> bool {
        self.after_operand && !self.name_follows && self.is_outside()
    }

    /// Returns whether nothing has been read.
    pub(super) fn is_empty(&self) -> bool {
        self.is_empty
    }

    /// Returns whether neither a parenthesis nor a `CASE` is open.
    pub(super) fn is_outside(&self) -> bool {
        self.parentheses == 0 && self.cases == 0
    }

    pub(super) fn read(&mut self, token: Token<'_>) {
        self.is_empty = false;
        let is_name = std::mem::take(&mut self.name_follows);
        match token {
            Token::Symbol(b'(') => {
                self.parentheses += 1;
                self.after_operand = false;
            }
            Token::Symbol(b')') => {
                self.parentheses = self.parentheses.saturating_sub(1);
                self.after_operand = true;
            }
            Token::Symbol(symbol) => {
                self.name_follows = matches!(symbol, b'.' | b'@');
                self.after_operand = symbol == b'}';
            }
            Token::Quoted => self.after_operand = true,
            Token::Word(_) if is_name => self.after_operand = true,
            // Whatever is open inside of parentheses closes there.
            Token::Word(_) if self.parentheses > 0 => {}
            Token::Word(_) => self.keyword(&token.keyword()),
        }
    }

    fn keyword(&mut self, word: &str) {
        self.after_operand = match word {
            "CASE" => {
                self.cases += 1;
                false
            }
            "WHEN" | "THEN" | "ELSE" if self.cases > 0 => false,
            "END" if self.cases > 0 && self.after_operand => {
                self.cases -= 1;
                true
            }
            // `a NOT LIKE b`: the operator is still to come.
            "NOT" if self.after_operand => true,
            _ if self.words.prefix.contains(&word) => false,
            _ => !(self.after_operand && self.words.infix.contains(&word)),
        };
    }
}
