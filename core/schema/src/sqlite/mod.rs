//! SQLite remembers a schema as the statements that made it; this takes them apart.

mod inspect;
pub(crate) mod semantics;
mod source;
pub(crate) mod text;
pub(crate) mod words;

pub use inspect::{Master, inspect};
pub use source::{TableSource, source};
