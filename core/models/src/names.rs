//! What the tables and columns of a database are called in Rust.

use std::collections::{BTreeMap, BTreeSet};

use alembic_schema::{Name, Table};

use super::Models;

/// What Rust keeps for itself, what Diesel puts beside the columns of a table, and what is used beside the tables.
const RESERVED: [&str; 61] = [
    "abstract",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "const",
    "continue",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "pub",
    "ref",
    "return",
    "self",
    "static",
    "struct",
    "super",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
    "bool",
    "columns",
    "table",
    "star",
    "dsl",
    "all_columns",
    "",
    "alembic_runtime",
    "diesel",
    "sql_types",
];

/// Returns a name that Rust takes.
pub(super) fn ident(name: &str) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c.to_ascii_lowercase() } else { '_' };
    let mut ident: String = name.chars().map(allowed).collect();
    if ident.starts_with(|c: char| c.is_ascii_digit()) || ident.chars().all(|c| c == '_') {
        ident.insert(0, 'x');
    }
    if RESERVED.contains(&ident.as_str()) {
        ident.push('_');
    }
    ident
}

/// Returns a name for each of some, no two the same.
fn idents<'n>(names: impl Iterator<Item = &'n str>, taken: &str) -> BTreeMap<String, String> {
    let mut used: BTreeSet<String> = BTreeSet::from([taken.to_owned()]);
    let mut idents = BTreeMap::new();
    for name in names {
        let mut ident = ident(name);
        while !used.insert(ident.clone()) {
            ident.push('_');
        }
        idents.insert(name.to_owned(), ident);
    }
    idents
}

/// The names of tables and their columns in Rust.
pub(super) struct Names(BTreeMap<Name, OfTable>);

struct OfTable {
    ident: String,
    columns: BTreeMap<String, String>,
}

impl Names {
    /// Makes names up, no two the same.
    pub(super) fn of(tables: &[Table]) -> Self {
        let mut names = BTreeMap::new();
        let mut taken: BTreeSet<(Option<&str>, String)> = BTreeSet::new();
        for table in tables {
            let mut own = ident(&table.name.name);
            while !taken.insert((table.name.schema.as_deref(), own.clone())) {
                own.push('_');
            }
            let columns = idents(table.columns.iter().map(|column| column.name.as_str()), &own);
            names.insert(table.name.clone(), OfTable { ident: own, columns });
        }
        Self(names)
    }

    /// Takes the names that models have already.
    pub(super) fn take_over(&mut self, models: &Models) {
        for model in &models.tables {
            let Some(names) = self.0.get_mut(&model.name) else { continue };
            names.ident.clone_from(&model.ident);
            names.columns.extend(model.columns.iter().map(|column| (column.name.clone(), column.ident.clone())));
        }
    }

    /// Returns the name of a table, if it has one.
    pub(super) fn table(&self, table: &Name) -> Option<&str> {
        self.0.get(table).map(|names| names.ident.as_str())
    }

    /// Returns the name of a column; of one that is not known, the name that it has.
    pub(super) fn column<'n>(&'n self, table: &Name, column: &'n str) -> &'n str {
        self.0.get(table).and_then(|names| names.columns.get(column)).map_or(column, String::as_str)
    }
}
