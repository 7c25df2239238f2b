//! Schema of a database.

use alembic_sql::Dialect;

use super::{Constraint, Name, Other, Table, Type, shortened};

/// Schema of a database, as far as revisions change it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Schema {
    /// Name of the current schema, whose objects are named without it. PostgreSQL only.
    pub current: Option<String>,
    /// Tables, sorted by name. Their columns have no constraints of their own.
    pub tables: Vec<Table>,
    /// Enumeration types, sorted by name. PostgreSQL only.
    pub enums: Vec<Enumeration>,
    /// Objects that are known as text; they are left alone and reported by name.
    pub others: Vec<Other>,
}

/// Enumeration type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Enumeration {
    /// Name.
    pub name: Name,
    /// Values, in order.
    pub values: Vec<String>,
}

impl Enumeration {
    /// Returns the name under which it makes way for one of its own name.
    #[must_use]
    pub fn name_aside(&self) -> String {
        shortened(&format!("{}_alembic_old", self.name.name), Dialect::Postgres)
    }
}

impl Schema {
    /// Returns a table.
    #[must_use]
    pub fn table(&self, name: &Name) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == *name)
    }

    /// Returns all that is known as text: objects, and parts of tables.
    pub fn all_others(&self) -> impl Iterator<Item = &Other> {
        self.others.iter().chain(self.tables.iter().flat_map(|table| &table.others))
    }

    /// Returns a name as the schema has it: objects of the current schema are named without it.
    #[must_use]
    pub fn unqualified(&self, name: &Name) -> Name {
        let is_current = name.schema.is_some() && name.schema == self.current;
        if is_current { Name::from_plain(&name.name) } else { name.clone() }
    }

    /// Returns an enumeration type.
    #[must_use]
    pub fn enumeration(&self, name: &Name) -> Option<&Enumeration> {
        self.enums.iter().find(|enumeration| enumeration.name == *name)
    }

    /// Returns the type of which a type is a domain; every other type is its own. PostgreSQL only.
    #[must_use]
    pub fn base_type(&self, native: &str) -> String {
        let (element, array) = native.strip_suffix("[]").map_or((native, ""), |element| (element, "[]"));
        let is_it = |other: &&Other| other.kind == "domain" && Type::native(element).is_named(&other.name);
        match self.others.iter().find(is_it) {
            Some(domain) => format!("{}{array}", self.base_type(domain.domain_base())),
            None => native.to_owned(),
        }
    }

    /// Returns the same schema sorted by name throughout: the order of columns and constraints in a table is a
    /// matter of its history.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        for table in &mut self.tables {
            table.columns.sort_by(|a, b| a.name.cmp(&b.name));
            table.constraints.sort_by_cached_key(sort_key);
            table.indexes.sort_by(|a, b| a.name.cmp(&b.name));
            table.others.sort_unstable();
        }
        self.tables.sort_by(|a, b| a.name.cmp(&b.name));
        self.enums.sort_unstable();
        self.others.sort_unstable();
        self
    }
}

fn sort_key(constraint: &Constraint) -> String {
    format!("{} {:?}", constraint.kind(), constraint)
}
