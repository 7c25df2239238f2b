//! Schema → `table!` source.

use std::collections::{BTreeMap, BTreeSet};

use alembic_schema::{
    Column, Constraint, ForeignKey, Identity, Index, IndexKey, Initially, Name, Naming, Schema, Sequence, Table,
};
use alembic_sql::{Dialect, control::visible, wording::joined};

use super::{
    DieselType, Models,
    meta::Meta,
    names::{Names, ident},
    type_names::TypeNames,
};

/// How much of a schema is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Detail {
    /// As `diesel print-schema` does: what Diesel needs.
    #[default]
    Plain,
    /// All, for `alembic_runtime::table!`.
    Complete,
}

/// Prints a schema, in the order of names.
#[must_use]
pub fn print(schema: &Schema, dialect: Dialect, naming: &Naming, detail: Detail) -> String {
    let printer = Printer::new(schema, dialect, naming, detail);
    let mut parts = vec![HEAD.to_owned()];
    parts.extend(printer.sql_types());
    parts.extend(printer.by_schema_of(&schema.tables.iter().collect::<Vec<_>>()));
    let joins = printer.joins();
    if !joins.is_empty() {
        parts.push(format!("{}\n", joins.join("\n")));
    }
    parts.extend(printer.together(&[]));
    parts.join("\n")
}

const HEAD: &str = "// Printed by `cargo alembic print-schema`; `--update` keeps what is written by hand.\n";

/// Returns a comment of one line, which no name in it ends.
fn comment(text: &str) -> String {
    format!("// {}", visible(text, &[]).replace('\n', "\\n").replace('\r', "\\r"))
}

fn indented(line: &str) -> String {
    if line.is_empty() { String::new() } else { format!("    {line}") }
}

pub(super) struct Printer<'s> {
    pub(super) schema: &'s Schema,
    pub(super) dialect: Dialect,
    naming: &'s Naming,
    detail: Detail,
    names: Names,
    type_names: TypeNames<'s>,
}

impl<'s> Printer<'s> {
    pub(super) fn new(schema: &'s Schema, dialect: Dialect, naming: &'s Naming, detail: Detail) -> Self {
        let names = Names::of(&schema.tables);
        Self { schema, dialect, naming, detail, names, type_names: TypeNames::of(schema, dialect) }
    }

    /// Takes the names in Rust that models have already.
    pub(super) fn named_as(mut self, models: &Models) -> Self {
        self.names.take_over(models);
        self
    }

    /// Prints tables, those of another schema in a module of its name.
    pub(super) fn by_schema_of(&self, tables: &[&Table]) -> Vec<String> {
        let mut by_schema: BTreeMap<Option<&str>, Vec<String>> = BTreeMap::new();
        for table in tables {
            by_schema.entry(table.name.schema.as_deref()).or_default().push(self.table(table));
        }
        let module = |(namespace, texts): (Option<&str>, Vec<String>)| match namespace {
            None => texts,
            Some(namespace) => {
                let inner = texts.join("\n").lines().map(indented).collect::<Vec<_>>().join("\n");
                vec![format!("pub mod {} {{\n{inner}\n}}\n", ident(namespace))]
            }
        };
        by_schema.into_iter().flat_map(module).collect()
    }

    pub(super) fn ident(&self, table: &Name) -> &str {
        self.names.table(table).unwrap_or_default()
    }

    fn column_ident<'n>(&'n self, table: &Name, column: &'n str) -> &'n str {
        self.names.column(table, column)
    }

    /// Returns what a type is called that Diesel does not know, and how it is declared.
    pub(super) fn custom(&self, table: &Table, column: &Column) -> Option<(String, String)> {
        self.type_names.custom(table, column)
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

    fn sql_types(&self) -> Option<String> {
        let types: Vec<String> = self.types().into_values().collect();
        let head = "/// Types that Diesel does not know.\npub mod sql_types {\n";
        (!types.is_empty()).then(|| format!("{head}{}}}\n", types.join("\n")))
    }

    /// Returns the values of a type of the database that lists them.
    fn listed(&self, column: &Column) -> Vec<String> {
        let known = self.schema.enums.iter().find(|known| column.column_type.is_named(&known.name));
        known.map(|known| known.values.clone()).unwrap_or_default()
    }

    pub(super) fn table(&self, table: &Table) -> String {
        if let Some(why) = self.beyond_diesel(table) {
            let why = format!("The table `{}` {why}, so Diesel cannot have it. It is left as it is.", table.name);
            return format!("{}\n", comment(&why));
        }
        let ident = self.ident(&table.name);
        let mut lines = Vec::new();
        let custom: BTreeSet<String> =
            table.columns.iter().filter_map(|column| self.custom(table, column)).map(|(ident, _)| ident).collect();
        if !custom.is_empty() {
            lines.push("use diesel::sql_types::*;".to_owned());
            let up = if table.name.schema.is_some() { "super::super" } else { "super" };
            lines.extend(custom.iter().map(|ident| format!("use {up}::sql_types::{ident};")));
            lines.push(String::new());
        }
        lines.extend(self.parts(table));
        lines.extend(self.table_attributes(table));
        if *ident != table.name.name {
            lines.push(format!("#[sql_name = {:?}]", table.name.name));
        }
        let key = table.primary_key().iter().map(|column| self.column_ident(&table.name, column));
        let rowid = rowid(table, self.dialect);
        let key: Vec<&str> = key.chain(rowid).collect();
        let schema = table.name.schema.as_ref().map(|schema| format!("{schema}.")).unwrap_or_default();
        lines.push(format!("{schema}{ident} ({}) {{", key.join(", ")));
        lines.extend(rowid.map(|name| indented(&format!("{name} -> BigInt,"))));
        for column in &table.columns {
            lines.extend(self.column(table, column).into_iter().map(|line| indented(&line)));
        }
        lines.push("}".to_owned());
        let body: Vec<String> = lines.iter().map(|line| indented(line)).collect();
        let name = if self.detail == Detail::Complete { "alembic_runtime::table" } else { "diesel::table" };
        format!("{name}! {{\n{}\n}}\n", body.join("\n"))
    }

    pub(super) fn column(&self, table: &Table, column: &Column) -> Vec<String> {
        let (_, is) = self.type_names.printed(column);
        let name = self.custom(table, column).map_or_else(|| is.diesel.name.clone(), |(ident, _)| ident);
        let mut diesel = DieselType { name, ..is.diesel.clone() };
        diesel.nullable = column.nullable;
        let ident = self.column_ident(&table.name, &column.name);
        let mut lines = Vec::new();
        if self.detail == Detail::Complete {
            let attributes = self.column_attributes(table, column);
            if !attributes.is_empty() {
                lines.push(format!("#[alembic({})]", joined(attributes)));
            }
            let beyond = column.attributes.iter().flat_map(|attributes| attributes.lines());
            lines.extend(beyond.map(|line| comment(&format!("Kept as it is: {line}"))));
        }
        if *ident != column.name {
            lines.push(format!("#[sql_name = {:?}]", column.name));
        }
        if let Some(length) = is.max_length {
            lines.push(format!("#[max_length = {length}]"));
        }
        lines.push(format!("{ident} -> {},", written(&diesel)));
        lines
    }

    fn column_attributes(&self, table: &Table, column: &Column) -> Vec<Meta> {
        let native = column.column_type.sql(self.dialect);
        let mut attributes = Vec::new();
        let (base, is) = self.type_names.printed(column);
        let told = is.diesel.native(is.max_length, self.dialect).is_some_and(|told| told == native);
        // A type of PostgreSQL's is declared by its name, which has no modifier.
        let declared = is.custom && self.dialect == Dialect::Postgres && base == native && !native.contains('(');
        if !(told || declared) {
            attributes.push(Meta::NameValue("type", native));
        }
        attributes.extend(column.identity.map(|identity| numbering(identity, &column.sequence)));
        let default = column.default.as_ref().and_then(|default| default.text(self.dialect));
        attributes.extend(default.map(|default| Meta::NameValue("default", default)));
        attributes.extend(column.generated.as_ref().map(|generated| {
            let kind = Meta::path(if generated.stored { "stored" } else { "virtual" });
            Meta::list("generated", [Meta::Literal(generated.expression.clone()), kind])
        }));
        for (name, value) in
            [("collation", &column.collation), ("on_update", &column.on_update), ("comment", &column.comment)]
        {
            attributes.extend(value.clone().map(|value| Meta::NameValue(name, value)));
        }
        for key in table.foreign_keys().filter(|key| key.columns == [column.name.clone()]) {
            let target = std::iter::once(self.referred(&table.name, key));
            attributes.push(Meta::list("references", target.chain(self.key_options(table, key))));
        }
        attributes
    }

    fn columns(&self, table: &Name, columns: &[String]) -> Vec<Meta> {
        columns.iter().map(|column| Meta::path(self.column_ident(table, column))).collect()
    }

    /// Returns what a foreign key of a table refers to: by the names of Rust, if the target has them.
    fn referred(&self, table: &Name, key: &ForeignKey) -> Meta {
        let target = &key.referred_table;
        let qualified = |schema: Option<&String>, ident: &str| match schema {
            Some(schema) => format!("{schema}.{ident}"),
            None => ident.to_owned(),
        };
        let current = self.schema.current.as_ref();
        let is_left_out = self.schema.table(target).is_some_and(|table| self.beyond_diesel(table).is_some());
        match self.names.table(target).filter(|_| !is_left_out) {
            Some(ident) => {
                // Without a schema, a table means another one of its own schema.
                let current = current.filter(|_| target.schema != table.schema);
                let schema = target.schema.as_ref().or(current);
                Meta::List(qualified(schema, ident), self.columns(target, &key.referred_columns))
            }
            None => {
                let has_dot = target.name.contains('.');
                let (schema, text) = match (target.schema.as_ref().or(current), has_dot) {
                    (Some(schema), true) => (Some(schema), target.name.clone()),
                    _ => (None, target.to_string()),
                };
                let texts = std::iter::once(text).chain(key.referred_columns.iter().cloned());
                Meta::List(qualified(schema, "table"), texts.map(Meta::Literal).collect())
            }
        }
    }

    fn key_options(&self, table: &Table, key: &ForeignKey) -> Vec<Meta> {
        let actions = [("on_delete", key.on_delete), ("on_update", key.on_update)].into_iter();
        let actions = actions.filter_map(|(name, action)| Some(Meta::NameValue(name, action?.sql().to_lowercase())));
        actions.chain(deferrable(key.deferrable)).chain(self.own_name(table, &key.clone().into())).collect()
    }

    /// Returns the name of a constraint that has another one than the convention gives it.
    fn own_name(&self, table: &Table, constraint: &Constraint) -> Option<Meta> {
        let mut unnamed = constraint.clone();
        unnamed.forget_name();
        let by_convention = self.naming.constraint(&table.name, &unnamed, self.dialect);
        let name = constraint.own_name().filter(|name| **name != by_convention);
        name.map(|name| Meta::NameValue("name", name.clone()))
    }

    /// Returns comments about what no attribute says.
    fn parts(&self, table: &Table) -> impl Iterator<Item = String> {
        let others = table.others.iter().filter(|_| self.detail == Detail::Complete);
        others.map(|other| {
            let definition = other.definition.split_whitespace().collect::<Vec<_>>().join(" ");
            comment(&format!("Left as it is, known only as text: {other}: {definition}"))
        })
    }

    fn table_attributes(&self, table: &Table) -> Vec<String> {
        if self.detail == Detail::Plain {
            return Vec::new();
        }
        let constraints = table.constraints.iter().filter_map(|constraint| self.table_constraint(table, constraint));
        let of_key = |index: &&Index| table.foreign_keys().any(|key| key.name.is_some() && key.name == index.name);
        let implied = |index: &&Index| self.dialect.is_mysql_family() && of_key(index);
        let indexes = table.indexes.iter().filter(|index| !implied(index)).map(|index| self.index(table, index));
        let comment = table.comment.clone().map(|comment| Meta::NameValue("comment", comment));
        let options = table.options.iter().map(|option| Meta::NameValue("options", option.sql.clone()));
        let attributes = constraints.chain(indexes).chain(comment).chain(options);
        attributes.map(|attribute| format!("#[alembic({attribute})]")).collect()
    }

    /// Returns the attribute of a constraint; none if it is printed at a column.
    fn table_constraint(&self, table: &Table, constraint: &Constraint) -> Option<Meta> {
        let name = self.own_name(table, constraint);
        match constraint {
            Constraint::Unique(unique) => {
                let columns = self.columns(&table.name, &unique.columns).into_iter();
                Some(Meta::list("unique", columns.chain(deferrable(unique.deferrable)).chain(name)))
            }
            Constraint::Check(check) => {
                Some(Meta::list("check", std::iter::once(Meta::Literal(check.expression.clone())).chain(name)))
            }
            Constraint::ForeignKey(key) if key.columns.len() > 1 => {
                let columns = self.columns(&table.name, &key.columns).into_iter();
                let references = Meta::list("references", [self.referred(&table.name, key)]);
                Some(Meta::list("foreign_key", columns.chain([references]).chain(self.key_options(table, key))))
            }
            Constraint::PrimaryKey(_) | Constraint::ForeignKey(_) => None,
        }
    }

    fn index(&self, table: &Table, index: &Index) -> Meta {
        let column = |column: &String| self.column_ident(&table.name, column).to_owned();
        let keys = index.keys.iter().map(|key| match key {
            IndexKey::Column(name) => Meta::Path(column(name)),
            IndexKey::Descending(name) => Meta::Path(format!("{} desc", column(name))),
            IndexKey::Expression(text) => Meta::Literal(format!("({text})")),
            IndexKey::Written(text) => Meta::Literal(text.clone()),
        });
        let unique = index.unique.then(|| Meta::path("unique"));
        let predicate = index.predicate.clone().map(|predicate| Meta::NameValue("where", predicate));
        let include = self.columns(&table.name, &index.include);
        let include = (!include.is_empty()).then(|| Meta::list("include", include));
        let method = index.method.clone().map(|method| Meta::NameValue("method", method));
        let by_convention = self.naming.index(&Index { name: None, ..index.clone() }, self.dialect);
        let name = index.name.clone().filter(|name| *name != by_convention);
        let name = name.map(|name| Meta::NameValue("name", name));
        Meta::list("index", keys.chain(unique).chain(predicate).chain(include).chain(method).chain(name))
    }

    /// Returns the joins that Diesel can tell apart.
    pub(super) fn joins(&self) -> Vec<String> {
        let tables: Vec<&Table> = self.here().collect();
        let mut joins = Vec::new();
        for table in &tables {
            for key in table.foreign_keys() {
                let target =
                    tables.iter().find(|target| target.name == key.referred_table && target.name != table.name);
                let Some(target) = target else { continue };
                let between = table.foreign_keys().filter(|other| other.referred_table == target.name).count()
                    + target.foreign_keys().filter(|other| other.referred_table == table.name).count();
                let (own, is_key) = (&key.columns, key.referred_columns == target.primary_key());
                if let ([column], true, 1) = (&own[..], is_key, between) {
                    let column = self.column_ident(&table.name, column);
                    joins.push(format!(
                        "diesel::joinable!({} -> {} ({column}));",
                        self.ident(&table.name),
                        self.ident(&target.name)
                    ));
                }
            }
        }
        joins
    }

    /// Returns why Diesel cannot have a table, if it cannot.
    pub(super) fn beyond_diesel(&self, table: &Table) -> Option<&'static str> {
        beyond_diesel(table).filter(|_| rowid(table, self.dialect).is_none() || table.columns.len() > 127)
    }

    /// Returns the tables at the top level of the file.
    fn here(&self) -> impl Iterator<Item = &'s Table> {
        self.schema.tables.iter().filter(|table| table.name.schema.is_none() && self.beyond_diesel(table).is_none())
    }

    /// Returns what lets the tables be used together, with what else was there.
    pub(super) fn together(&self, others: &[String]) -> Option<String> {
        let tables = self.here().map(|table| self.ident(&table.name));
        let tables: BTreeSet<&str> = tables.chain(others.iter().map(String::as_str)).collect();
        let tables: Vec<&str> = tables.into_iter().collect();
        let one_line = format!("diesel::allow_tables_to_appear_in_same_query!({});\n", tables.join(", "));
        let lines = format!("diesel::allow_tables_to_appear_in_same_query!(\n    {},\n);\n", tables.join(",\n    "));
        let text = if one_line.len() > 100 { lines } else { one_line };
        (tables.len() > 1).then_some(text)
    }
}

fn numbering(identity: Identity, sequence: &Sequence) -> Meta {
    let (name, always) = match identity {
        Identity::ByDefault => ("identity", None),
        Identity::Always => ("identity", Some(Meta::path("always"))),
        Identity::Serial => ("serial", None),
    };
    let data_type = sequence.data_type.clone().map(|data_type| Meta::NameValue("type", data_type));
    let numbers =
        sequence.numbers().into_iter().filter_map(|(name, number)| Some(Meta::Path(format!("{name} = {}", number?))));
    let cycle = sequence.cycle.then(|| Meta::path("cycle"));
    let options: Vec<Meta> = always.into_iter().chain(data_type).chain(numbers).chain(cycle).collect();
    if options.is_empty() { Meta::path(name) } else { Meta::list(name, options) }
}

fn deferrable(initially: Option<Initially>) -> Option<Meta> {
    initially.map(|initially| match initially {
        Initially::Immediate => Meta::path("deferrable"),
        Initially::Deferred => Meta::NameValue("deferrable", "deferred".to_owned()),
    })
}

/// Returns what Diesel takes for the key of a table of SQLite that has none, though every row has a number.
pub(super) fn rowid(table: &Table, dialect: Dialect) -> Option<&'static str> {
    let is_free = |name: &&str| !table.columns.iter().any(|column| column.name.eq_ignore_ascii_case(name));
    let has_none = dialect == Dialect::Sqlite && table.primary_key().is_empty();
    ["rowid", "_rowid_", "oid"].into_iter().find(is_free).filter(|_| has_none)
}

/// Returns why Diesel cannot have a table, if it cannot.
pub(super) fn beyond_diesel(table: &Table) -> Option<&'static str> {
    match (table.primary_key().is_empty(), table.columns.len()) {
        (true, _) => Some("has no primary key"),
        (_, 129..) => Some("has more than 128 columns"),
        _ => None,
    }
}

fn written(diesel: &DieselType) -> String {
    let mut text = diesel.name.clone();
    if diesel.unsigned {
        text = format!("Unsigned<{text}>");
    }
    if diesel.array {
        text = format!("Array<Nullable<{text}>>");
    }
    if diesel.nullable { format!("Nullable<{text}>") } else { text }
}
