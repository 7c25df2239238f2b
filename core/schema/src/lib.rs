#![warn(missing_docs)]
#![doc = include_str!("../README.md")]

mod catalog;
mod column;
mod constraint;
pub mod conversion;
mod default;
pub mod diff;
mod filter;
mod index;
pub mod mysql;
mod name;
mod name_limit;
mod naming;
mod object;
pub mod operation;
mod other;
mod sequence;
pub mod snapshot;
pub mod sqlite;
mod table;
mod token;
mod types;
mod value;

pub use catalog::{Enumeration, Schema};
pub use column::{Column, Generated, Identity};
pub use constraint::{Action, Check, Constraint, ConstraintKind, ForeignKey, Initially, PrimaryKey, Unique};
pub use default::DefaultValue;
pub use filter::TableFilter;
pub use index::{Index, IndexKey};
pub use name::Name;
pub use name_limit::{NameLimit, shortened};
pub use naming::Naming;
pub use object::{Object, ObjectKey, ObjectPart, in_order, order};
pub use other::Other;
pub use sequence::Sequence;
pub use table::{Table, TableOption};
pub use types::{Type, literals};
pub use value::{Rows, Value};
