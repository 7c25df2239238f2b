//! In which schema a table is that is named without one.

/// Where an unqualified table is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TableSchema {
    /// In this schema, or it would be made there.
    In(String),
    /// In another schema than the one in which it would be made.
    Elsewhere {
        /// Where it is.
        found: String,
        /// Where it would be made.
        first: String,
    },
    /// Where every unqualified name leads: in the database in use.
    Current,
    /// The search path names no schema that exists.
    Nowhere,
}
