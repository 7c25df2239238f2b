//! SQLite's catalog, which holds a schema as the statements that created it: parser and semantics.

mod inspect;
pub(crate) mod semantics;
mod source;
pub(crate) mod text;
mod unread;
pub(crate) mod words;

pub use inspect::{Master, inspect};
pub use source::{TableSource, source};
pub(crate) use unread::unread_clauses;
