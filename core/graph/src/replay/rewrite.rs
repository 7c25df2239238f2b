//! Takes a part out of a statement.

use std::ops::Range;

use super::Replayed;

/// Returns the statement without a part of it. Line breaks stay, so that messages name the right line.
pub(super) fn without(statement: &str, part: Range<usize>) -> Replayed {
    let keep = |(at, c): (usize, char)| (!part.contains(&at) || c == '\n').then_some(c);
    Replayed::Without {
        statement: statement.char_indices().filter_map(keep).collect(),
        part: statement.get(part.clone()).unwrap_or_default().to_owned(),
    }
}
