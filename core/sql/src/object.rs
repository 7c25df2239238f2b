//! Objects that a catalog lists.

/// Something that a catalog lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Object {
    /// A table or view.
    Relation(Name),
    /// A column.
    Column(Name, String),
    /// An index, with its table if the statement says it.
    Index(Option<Name>, Name),
    /// A foreign key, check or unique constraint of a table.
    Constraint(Name, String),
    /// The primary key of a table.
    PrimaryKey(Name),
    /// A function or procedure.
    Routine(Name),
    /// A trigger.
    Trigger(Name),
}

/// A name with its schema, if the statement says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The schema.
    pub schema: Option<String>,
    /// The name in it.
    pub name: String,
}
