//! The identifier language: `head`, `3f2a`, `+2`, `shop@head`, `base:current`.
//!
//! `[branch@]symbol[±N]` or `[branch@]±N`. A symbol is `head`, `heads`, `base`, `current`, an id,
//! a unique beginning of an id, or a branch label; a bare label means the revision that declares
//! it. What a form means depends on who asks:
//!
//! | | relative to | `±N` alone | `current` | several |
//! |---|---|---|---|---|
//! | upgrade | what is applied | `+N` | no | `heads` |
//! | downgrade | what is applied | `-N` | no | no |
//! | stamp, merge, `--head` | nothing | no | no | yes |
//! | show, edit | the heads | `-N` | yes | yes |
//! | history | both ends | yes | yes | yes |

mod contexts;
mod error;
mod resolve;
mod walk;

pub(crate) use contexts::no_overlap;
pub use contexts::{DowngradeTarget, Stays, downgrade, history, revisions, show, stamp, upgrade};
pub use error::TargetError;
pub use resolve::Resolver;

/// A target as it was typed, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target<'a> {
    /// The whole text, for messages.
    pub text: &'a str,
    /// The part before `@`.
    pub branch: Option<&'a str>,
    /// The id, label or keyword.
    pub symbol: Option<&'a str>,
    /// The signed count.
    pub offset: Option<i64>,
}

impl<'a> Target<'a> {
    /// Takes a target apart; the whole text has to be understood.
    ///
    /// # Errors
    ///
    /// [`TargetError::Syntax`].
    pub fn parse(text: &'a str) -> Result<Self, TargetError> {
        let bad = |problem: &str| TargetError::Syntax { text: text.to_owned(), problem: problem.to_owned() };
        let (branch, rest) = match text.split_once('@') {
            Some(("", _)) => return Err(bad("there is no branch before `@`")),
            Some((branch, rest)) => (Some(branch), rest),
            None => (None, text),
        };
        let (symbol, offset) = match rest.find(['+', '-']) {
            Some(at) => (
                &rest[..at],
                Some(
                    number(&rest[at..])
                        .ok_or_else(|| bad("expected one `+` or `-` with a number greater than zero at the end"))?,
                ),
            ),
            None => (rest, None),
        };
        if symbol.is_empty() && offset.is_none() {
            return Err(bad("expected a revision, `head`, `heads`, `base` or a relative form such as `+1`"));
        }
        if let Some(c) = branch.unwrap_or_default().chars().chain(symbol.chars()).find(|c| !is_symbol_character(*c)) {
            return Err(bad(&format!("`{c}` cannot be part of a revision id or label")));
        }
        Ok(Self { text, branch, symbol: (!symbol.is_empty()).then_some(symbol), offset })
    }
}

fn is_symbol_character(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '.'
}

fn number(text: &str) -> Option<i64> {
    let digits = &text[1..];
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|n| *n != 0)
}

#[cfg(test)]
mod tests;
