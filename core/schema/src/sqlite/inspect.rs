//! `sqlite_master` → schema.

use alembic_sql::Dialect;

use super::{
    semantics::constraint,
    text::{self, Clause, ClauseKind, ColumnText, TableText},
    words::{Token, is, name_of, tokens},
};
use crate::{
    Action, Column, Constraint, DefaultValue, ForeignKey, Generated, Identity, Index, IndexKey, Initially, Name, Other,
    PrimaryKey, Schema, Table, TableOption, Type,
};

/// Row of `sqlite_master`.
#[derive(Debug, Clone)]
pub struct Master {
    /// `table`, `index`, `view` or `trigger`.
    pub kind: String,
    /// Name.
    pub name: String,
    /// Table that it belongs to.
    pub table: String,
    /// Statement that created it.
    pub sql: String,
}

/// Suffixes of the shadow tables of SQLite's own modules (FTS, R*Tree, Geopoly).
const SHADOWS: [&str; 12] = [
    "_data",
    "_idx",
    "_content",
    "_docsize",
    "_config",
    "_segments",
    "_segdir",
    "_stat",
    "_node",
    "_rowid",
    "_parent",
    "_instance",
];

/// Returns the schema that a catalog describes. Virtual tables, views and triggers are known as text ([`Other`]).
#[must_use]
pub fn inspect(rows: &[Master]) -> Schema {
    let mut schema = Schema::default();
    let virtual_tables: Vec<&str> =
        rows.iter().filter(|row| row.kind == "table" && is_virtual(&row.sql)).map(|row| row.name.as_str()).collect();
    // A virtual table keeps its contents in tables that are named after it.
    let shadows =
        |name: &str| virtual_tables.iter().any(|of| name.strip_prefix(of).is_some_and(|rest| SHADOWS.contains(&rest)));
    for row in rows {
        let table = (row.kind == "table" && !shadows(&row.name)).then(|| text::parse(&row.sql)).flatten();
        match (row.kind.as_str(), table) {
            ("table", Some(parsed)) => {
                let definition = Some(row.sql.clone());
                schema.tables.push(Table { definition, ..table_of(&row.name, &parsed) });
            }
            ("table", None) if shadows(&row.name) => {}
            ("index" | "trigger", _) => {}
            (kind, _) => {
                let kind = if kind == "table" { "virtual table" } else { kind };
                let (name, definition) = (Name::from_plain(&row.name), row.sql.clone());
                schema.others.push(Other { kind: kind.to_owned(), name, definition });
            }
        }
    }
    for row in rows.iter().filter(|row| row.kind == "trigger") {
        let other = Other { kind: row.kind.clone(), name: Name::from_plain(&row.name), definition: row.sql.clone() };
        // Those of views are objects of their own.
        match schema.tables.iter_mut().find(|table| table.name.name.eq_ignore_ascii_case(&row.table)) {
            Some(table) => table.others.push(other),
            None => schema.others.push(other),
        }
    }
    for row in rows.iter().filter(|row| row.kind == "index") {
        let table = schema.tables.iter_mut().find(|table| table.name.name.eq_ignore_ascii_case(&row.table));
        if let Some((table, mut index)) = table.zip(index_of(row)) {
            let columns: Vec<String> = table.columns.iter().map(|column| column.name.clone()).collect();
            for key in &mut index.keys {
                if let IndexKey::Column(name) | IndexKey::Descending(name) = key {
                    respell(name, &columns);
                }
            }
            table.indexes.push(index);
        }
    }
    fill_in_referred_columns(&mut schema);
    for table in &mut schema.tables {
        table.indexes.sort_by(|a, b| a.name.cmp(&b.name));
    }
    schema.tables.sort_by(|a, b| a.name.cmp(&b.name));
    schema.others.sort_unstable();
    schema
}

fn is_virtual(sql: &str) -> bool {
    tokens(sql).is_some_and(|tokens| tokens.get(1).is_some_and(|token| is(token, "VIRTUAL")))
}

fn table_of(name: &str, parsed: &TableText) -> Table {
    let mut table = Table::new(Name::from_plain(name));
    for column in &parsed.columns {
        table.columns.push(column_of(column));
        let clauses = column.clauses.iter();
        table.constraints.extend(clauses.filter_map(|clause| constraint_of(clause, Some(&column.name))));
    }
    table.constraints.extend(parsed.constraints.iter().filter_map(|clause| constraint_of(clause, None)));
    // A key may spell a column in another case.
    let columns: Vec<String> = table.columns.iter().map(|column| column.name.clone()).collect();
    for constraint in &mut table.constraints {
        constraint.columns_mut().iter_mut().for_each(|name| respell(name, &columns));
    }
    let counts = parsed.is_autoincrement();
    let options = parsed.options.split_whitespace().collect::<Vec<_>>().join(" ").to_uppercase();
    // Elsewhere a key that is not the rowid itself may be NULL.
    let keys_are_not_null = options.contains("WITHOUT ROWID") || options.contains("STRICT");
    for constraint in &table.constraints {
        let Constraint::PrimaryKey(key) = constraint else { continue };
        for column in table.columns.iter_mut().filter(|column| names(&key.columns, &column.name)) {
            column.nullable &= !keys_are_not_null && parsed.rowid_alias() != Some(column.name.as_str());
            column.identity = counts.then_some(Identity::ByDefault);
        }
    }
    if !options.is_empty() {
        table.options.push(TableOption { dialect: Dialect::Sqlite, sql: options });
    }
    table
}

fn respell(name: &mut String, columns: &[String]) {
    if let Some(column) = columns.iter().find(|column| column.eq_ignore_ascii_case(name)) {
        name.clone_from(column);
    }
}

fn names(columns: &[String], column: &str) -> bool {
    columns.iter().any(|name| name.eq_ignore_ascii_case(column))
}

fn column_of(text: &ColumnText) -> Column {
    let mut column = Column::new(&text.name, Type::Native(type_name(&text.column_type)));
    for clause in &text.clauses {
        match clause.kind {
            ClauseKind::NotNull => column.nullable = false,
            ClauseKind::Default => {
                column.default = after(&clause.text, "DEFAULT").map(default).filter(|default| !default.is_null());
            }
            ClauseKind::Collate => {
                let words = tokens(&clause.text).unwrap_or_default();
                column.collation = words.last().and_then(name_of).map(|name| name.to_uppercase());
            }
            ClauseKind::Generated => {
                let expression = in_parentheses(&clause.text).unwrap_or_default().to_owned();
                let words = tokens(&clause.text).unwrap_or_default();
                let stored = words.last().is_some_and(|token| is(token, "STORED"));
                column.generated = Some(Generated { expression, stored });
            }
            ClauseKind::PrimaryKey
            | ClauseKind::Null
            | ClauseKind::Unique
            | ClauseKind::Check
            | ClauseKind::References => {}
        }
    }
    column
}

/// Returns a type in upper case with uniform spaces, which mean nothing to SQLite.
fn type_name(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ").to_uppercase();
    words
        .replace(" (", "(")
        .replace("( ", "(")
        .replace(" )", ")")
        .replace(" ,", ",")
        .replace(", ", ",")
        .replace(',', ", ")
}

/// Returns what follows a keyword.
fn after<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let tokens = tokens(text)?;
    let at = tokens.iter().position(|token| token.depth == 0 && is(token, word))?;
    Some(&text[tokens.get(at + 1)?.start..tokens.last()?.end])
}

fn default(sql: &str) -> DefaultValue {
    let whole = sql.starts_with('(') && tokens(sql).is_some_and(|t| t.iter().filter(|t| t.depth == 0).count() == 2);
    let inner = if whole { in_parentheses(sql).unwrap_or(sql) } else { sql };
    DefaultValue::written(inner, Dialect::Sqlite)
}

/// Returns the text between the outermost parentheses.
fn in_parentheses(text: &str) -> Option<&str> {
    let tokens = tokens(text)?;
    let open = tokens.iter().find(|token| token.depth == 0 && token.text == "(")?;
    let close = tokens.iter().rfind(|token| token.depth == 0 && token.text == ")")?;
    Some(text[open.end..close.start].trim())
}

fn constraint_of(clause: &Clause, column: Option<&str>) -> Option<Constraint> {
    let name = clause.name.clone();
    Some(match (clause.kind, constraint(clause, column)) {
        (ClauseKind::PrimaryKey, Constraint::PrimaryKey(key)) => PrimaryKey { name, ..key }.into(),
        (ClauseKind::Unique, Constraint::Unique(mut unique)) => {
            unique.name = name;
            unique.into()
        }
        (ClauseKind::Check, Constraint::Check(mut check)) => {
            check.name = name;
            in_parentheses(&clause.text).unwrap_or_default().clone_into(&mut check.expression);
            check.into()
        }
        (ClauseKind::References, Constraint::ForeignKey(key)) => {
            foreign_key(ForeignKey { name, ..key }, &clause.text).into()
        }
        _ => return None,
    })
}

/// Parses the text from `REFERENCES` on.
fn foreign_key(mut key: ForeignKey, text: &str) -> ForeignKey {
    let tokens = tokens(text).unwrap_or_default();
    let words: Vec<&Token<'_>> = tokens.iter().skip_while(|token| !is(token, "REFERENCES")).skip(1).collect();
    let Some(table) = words.first().and_then(|token| name_of(token)) else { return key };
    key.referred_table = Name::from_plain(&table);
    if words.get(1).is_some_and(|token| token.text == "(") {
        let inside = words[2..].iter().take_while(|token| token.depth > 0 && token.text != ")");
        key.referred_columns = inside.filter(|token| token.text != ",").filter_map(|token| name_of(token)).collect();
    }
    let follows = |at: usize, phrase: &[&str]| {
        phrase.iter().enumerate().all(|(i, word)| words.get(at + i).is_some_and(|token| is(token, word)))
    };
    for at in 0..words.len() {
        for action in [Action::NoAction, Action::Restrict, Action::Cascade, Action::SetNull, Action::SetDefault] {
            let said: Vec<&str> = action.sql().split(' ').collect();
            let meant = (action != Action::NoAction).then_some(action);
            if follows(at, &[&["ON", "DELETE"], &said[..]].concat()) {
                key.on_delete = meant;
            }
            if follows(at, &[&["ON", "UPDATE"], &said[..]].concat()) {
                key.on_update = meant;
            }
        }
        if follows(at, &["DEFERRABLE"]) && !(at > 0 && follows(at - 1, &["NOT"])) {
            let deferred = follows(at + 1, &["INITIALLY", "DEFERRED"]);
            key.deferrable = Some(if deferred { Initially::Deferred } else { Initially::Immediate });
        }
    }
    key
}

/// Completes foreign keys that name no columns: they reference the primary key.
fn fill_in_referred_columns(schema: &mut Schema) {
    let key_of = |table: &Table| {
        let keys = table.constraints.iter().find(|constraint| matches!(constraint, Constraint::PrimaryKey(_)));
        (table.name.clone(), keys.map(|key| key.columns().to_vec()).unwrap_or_default())
    };
    let keys: Vec<(Name, Vec<String>)> = schema.tables.iter().map(key_of).collect();
    for constraint in schema.tables.iter_mut().flat_map(|table| &mut table.constraints) {
        if let Constraint::ForeignKey(key) = constraint {
            let referred = keys.iter().find(|(name, _)| name.name.eq_ignore_ascii_case(&key.referred_table.name));
            if let Some((name, columns)) = referred {
                key.referred_table = name.clone();
                key.referred_columns.iter_mut().for_each(|column| respell(column, columns));
                if key.referred_columns.is_empty() {
                    key.referred_columns.clone_from(columns);
                }
            }
        }
    }
}

fn index_of(row: &Master) -> Option<Index> {
    let tokens = tokens(&row.sql)?;
    let on = tokens.iter().position(|token| token.depth == 0 && is(token, "ON"))?;
    let open = on + tokens[on..].iter().position(|token| token.depth == 0 && token.text == "(")?;
    let close = open + tokens[open..].iter().position(|token| token.depth == 0 && token.text == ")")?;
    let keys = tokens[open + 1..close].split(|token| token.text == "," && token.depth == 1);
    let mut index = Index::new(Name::from_plain(&row.table), keys.map(|key| index_key(&row.sql, key))).named(&row.name);
    index.unique = is(&tokens[1], "UNIQUE");
    let condition = tokens.get(close + 2).filter(|_| tokens.get(close + 1).is_some_and(|token| is(token, "WHERE")));
    index.predicate = condition.map(|first| row.sql[first.start..].trim_end_matches(';').trim().to_owned());
    Some(index)
}

fn index_key(sql: &str, key: &[Token<'_>]) -> IndexKey {
    match key {
        [column] if name_of(column).is_some() => IndexKey::Column(name_of(column).unwrap_or_default()),
        [column, order] if is(order, "ASC") => IndexKey::Column(name_of(column).unwrap_or_default()),
        [column, order] if is(order, "DESC") => IndexKey::Descending(name_of(column).unwrap_or_default()),
        [first, .., last] => IndexKey::Written(sql[first.start..last.end].to_owned()),
        [] | [_] => IndexKey::Written(key.first().map_or(String::new(), |token| token.text.to_owned())),
    }
}
