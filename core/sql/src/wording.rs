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

/// Returns where a database with these rows in its version table is: the revisions, or `base`.
#[must_use]
pub fn place(rows: &[String]) -> String {
    if rows.is_empty() { "base".to_owned() } else { joined(rows) }
}

/// Returns the items joined with `, `.
pub fn joined<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}

/// Returns the first items joined with `, `, and how many more there are.
#[must_use]
pub fn abridged(items: &[String], shown: usize) -> String {
    let (first, rest) = items.split_at(items.len().min(shown));
    if rest.is_empty() { joined(first) } else { format!("{} and {} more", joined(first), rest.len()) }
}
