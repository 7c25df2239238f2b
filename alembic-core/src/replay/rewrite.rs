//! Takes parts out of a statement.

use std::ops::Range;

/// Returns the statement without some of its parts. Line breaks stay, so that messages name the right line.
pub(super) fn without(statement: &str, parts: &[Range<usize>]) -> String {
    let keep = |(at, c): (usize, char)| {
        let is_out = parts.iter().any(|part| part.contains(&at));
        if is_out && c != '\n' { None } else { Some(c) }
    };
    statement.char_indices().filter_map(keep).collect()
}
