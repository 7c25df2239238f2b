#![warn(missing_docs)]
#![doc = include_str!("../README.md")]

pub mod collection;
pub mod config;
pub mod created;
pub mod graph;
pub mod hint;
pub mod identifier;
pub mod image;
pub mod lockfile;
pub mod offline;
pub mod plan;
pub mod replay;
pub mod revision;
pub mod script;
pub mod seed;
pub mod version_table;

pub use collection::{Collection, Problem};
pub use graph::{Graph, GraphError, Node};
pub use hint::Hint;
pub use plan::{Direction, Plan, Step};
pub use revision::Revision;
pub use script::Script;
