//! Types that Diesel does not know: what they are called, and how they are declared.

use std::collections::{BTreeMap, BTreeSet};

use alembic_schema::{Column, Name, Table};

use super::{
    diesel_type::{Printed, camel, printed},
    postgres::typname,
    print::{Detail, Printer},
};

/// A type that Diesel does not know: on MySQL and MariaDB every column has one of its own.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Declared {
    attribute: String,
    column: Option<(Name, String)>,
}

impl Printer<'_> {
    /// Names the types that Diesel does not know, no two the same.
    pub(super) fn name_types(&self) -> BTreeMap<Declared, String> {
        let mut named: BTreeMap<Declared, String> = BTreeMap::new();
        let mut used = BTreeSet::new();
        for table in &self.schema.tables {
            for column in &table.columns {
                let Some((declared, mut ident)) = self.declared(table, column) else { continue };
                if named.contains_key(&declared) {
                    continue;
                }
                while !used.insert(ident.clone()) {
                    ident.push('_');
                }
                named.insert(declared, ident);
            }
        }
        named
    }

    /// Returns what a type is called that Diesel does not know, and how it is declared.
    pub(super) fn custom(&self, table: &Table, column: &Column) -> Option<(String, String)> {
        let (declared, _) = self.declared(table, column)?;
        let ident = self.custom.get(&declared)?.clone();
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

    /// Returns the types that Diesel does not know, each with its declaration.
    pub(super) fn types(&self) -> BTreeMap<String, String> {
        let mut types = BTreeMap::new();
        for table in self.schema.tables.iter().filter(|table| self.beyond_diesel(table).is_none()) {
            for column in &table.columns {
                let Some((ident, attribute)) = self.custom(table, column) else { continue };
                let values =
                    self.listed(column).iter().map(|value| format!("{value:?}")).collect::<Vec<_>>().join(", ");
                let values = match (self.detail, values.is_empty()) {
                    (Detail::Complete, false) => format!("    #[cfg_attr(any(), alembic(values({values})))]\n"),
                    _ => String::new(),
                };
                let text = format!(
                    "    #[derive(diesel::query_builder::QueryId, Clone, diesel::sql_types::SqlType)]\n    \
                     #[diesel({attribute})]\n{values}    pub struct {ident};\n"
                );
                types.insert(ident, text);
            }
        }
        types
    }

    pub(super) fn sql_types(&self) -> Option<String> {
        let types: Vec<String> = self.types().into_values().collect();
        let head = "/// Types that Diesel does not know.\npub mod sql_types {\n";
        (!types.is_empty()).then(|| format!("{head}{}}}\n", types.join("\n")))
    }

    /// Returns the values of a type of the database that lists them.
    fn listed(&self, column: &Column) -> Vec<String> {
        let known = self.schema.enums.iter().find(|known| column.column_type.is_named(&known.name));
        known.map(|known| known.values.clone()).unwrap_or_default()
    }
}
