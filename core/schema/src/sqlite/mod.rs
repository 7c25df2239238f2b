//! SQLite's catalog, which holds a schema as the statements that created it: parser and semantics.

mod inspect;
pub(crate) mod semantics;
mod source;
pub(crate) mod text;
pub(crate) mod words;

pub use inspect::{Master, inspect};
pub use source::{TableSource, source};
