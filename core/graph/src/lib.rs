//! What a revision is, how revisions form a graph, and what a command would do to a database.
//!
//! Everything in this crate is a function of values: nothing reads a file, opens a connection,
//! looks at the clock or the environment. The command line, the procedural macro and the runtime
//! agree with each other because all three call this crate.

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
