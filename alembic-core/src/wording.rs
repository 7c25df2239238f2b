//! Plurals and lists, so that no message builds them by hand.

use std::fmt::Display;

/// Returns `1 revision`, `2 revisions`.
#[must_use]
pub fn count(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// Returns the items in backticks, joined with `, `.
pub fn quoted<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    joined(items.into_iter().map(|item| format!("`{item}`")))
}

/// Returns the items joined with `, `.
pub fn joined<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}
