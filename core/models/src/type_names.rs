//! Types that Diesel does not know: what they are called, and how they are declared.

use std::collections::{BTreeMap, BTreeSet};

use alembic_schema::{Column, Name, Schema, Table};
use alembic_sql::Dialect;

use super::{
    diesel_type::{Printed, camel, printed},
    postgres::typname,
};

/// A type that Diesel does not know: on MySQL and MariaDB every column has one of its own.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Declared {
    attribute: String,
    column: Option<(Name, String)>,
}

/// What the types of a schema are called that Diesel does not know.
pub(super) struct TypeNames<'s> {
    schema: &'s Schema,
    dialect: Dialect,
    names: BTreeMap<Declared, String>,
}

impl<'s> TypeNames<'s> {
    /// Makes names up, no two the same.
    pub(super) fn of(schema: &'s Schema, dialect: Dialect) -> Self {
        let mut this = Self { schema, dialect, names: BTreeMap::new() };
        let mut used = BTreeSet::new();
        for table in &schema.tables {
            for column in &table.columns {
                let Some((declared, mut ident)) = this.declared(table, column) else { continue };
                if this.names.contains_key(&declared) {
                    continue;
                }
                while !used.insert(ident.clone()) {
                    ident.push('_');
                }
                this.names.insert(declared, ident);
            }
        }
        this
    }

    /// Returns what a type is called that Diesel does not know, and how it is declared.
    pub(super) fn custom(&self, table: &Table, column: &Column) -> Option<(String, String)> {
        let (declared, _) = self.declared(table, column)?;
        let ident = self.names.get(&declared)?.clone();
        Some((ident, declared.attribute))
    }

    /// Returns how a type is declared that Diesel does not know, and what it is called unless another one is.
    fn declared(&self, table: &Table, column: &Column) -> Option<(Declared, String)> {
        let (native, is) = self.printed(column);
        if !is.custom {
            return None;
        }
        if self.dialect.is_mysql_family() {
            let ident = format!("{}{}{}", camel(&table.name.name), camel(&column.name), is.diesel.name);
            let attribute = format!("mysql_type(name = {:?})", is.diesel.name);
            return Some((Declared { attribute, column: Some((table.name.clone(), column.name.clone())) }, ident));
        }
        let (schema, name) = typname(&native);
        let schema = schema.map(|schema| format!(", schema = {schema:?}")).unwrap_or_default();
        Some((Declared { attribute: format!("postgres_type(name = {name:?}{schema})"), column: None }, is.diesel.name))
    }

    /// Returns the type of a column, of a domain that of which it is one, and what Diesel makes of it.
    pub(super) fn printed(&self, column: &Column) -> (String, Printed) {
        let native = self.schema.base_type(&column.column_type.sql(self.dialect));
        let is = printed(&native, self.dialect);
        (native, is)
    }
}
