//! `table!` source, brought up to date: what is written by hand stays.

use std::{collections::BTreeSet, ops::Range};

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::{Item, spanned::Spanned};

use super::{
    Detail, ModelError, ModelTable, Models, Printer, TableMacro,
    file::{error_at, read},
    print::beyond_diesel,
};
use crate::{
    Dialect,
    diff::Diff,
    schema::{Name, Naming, Schema, Table},
};

/// Brings a file up to date with a schema.
///
/// Tables and columns that say what is there stay as they are written, with comments and attributes. What differs is
/// printed: a column, or all of a table that means to say all. What is gone goes, and what is new comes last.
///
/// # Errors
///
/// [`ModelError`] if the file is not understood.
pub fn update(
    text: &str,
    file: &str,
    schema: &Schema,
    dialect: Dialect,
    naming: &Naming,
) -> Result<String, Vec<ModelError>> {
    let models = read(text, file)?.models;
    let syntax = syn::parse_file(text).map_err(|error| error_at(error, file))?;
    let detail = if models.tables.iter().any(|table| table.complete) { Detail::Complete } else { Detail::Plain };
    let printer = Printer::new(schema, dialect, naming, detail);
    let wanted = models.over(schema, dialect, &|_| false)?;
    let differing: Vec<Name> =
        Diff::between(schema, &wanted.schema, dialect).altered_tables.into_iter().map(|diff| diff.after.name).collect();
    let mut edits = Vec::new();
    let mut known = BTreeSet::new();
    let mut together = None;
    for item in &syntax.items {
        let Item::Macro(item) = item else { continue };
        let range = item.span().byte_range();
        match item.mac.path.segments.last().map(|segment| segment.ident.to_string()).as_deref() {
            Some("table") => {
                let Ok(TableMacro(model)) = syn::parse2(item.mac.tokens.clone()) else { continue };
                known.insert(model.name.clone());
                match schema.table(&model.name) {
                    None => edits.push((whole_lines(text, range), String::new())),
                    // All of it is meant, so all of it is printed.
                    Some(table) if model.complete && differing.contains(&model.name) => {
                        edits.push((whole_lines(text, range), printer.table(table)));
                    }
                    Some(table) => {
                        edits.extend(columns(text, &item.mac.tokens, &models, &model, table, &printer, dialect));
                    }
                }
            }
            Some("allow_tables_to_appear_in_same_query") => together = Some(range),
            Some("joinable") => {
                let gone = |ident: &str| {
                    models.tables.iter().any(|table| table.ident == ident && schema.table(&table.name).is_none())
                };
                let words: Vec<String> = item.mac.tokens.clone().into_iter().map(|token| token.to_string()).collect();
                if words.iter().any(|word| gone(word)) {
                    edits.push((whole_lines(text, range), String::new()));
                }
            }
            _ => {}
        }
    }
    let new: Vec<&Table> =
        schema.tables.iter().filter(|table| !known.contains(&table.name) && beyond_diesel(table).is_none()).collect();
    let changed = !new.is_empty() || models.tables.iter().any(|table| schema.table(&table.name).is_none());
    if let (Some(range), true) = (together.clone(), changed) {
        edits.push((whole_lines(text, range), printer.together().unwrap_or_default()));
    }
    let mut added: Vec<String> = new.iter().map(|table| format!("\n{}", printer.table(table))).collect();
    let joins = printer.joins();
    let missing: Vec<&String> = joins
        .iter()
        .filter(|join| new.iter().any(|table| join.contains(&format!("!({} ", printer.ident(&table.name)))))
        .collect();
    if !missing.is_empty() {
        added.push(format!("\n{}\n", missing.into_iter().cloned().collect::<Vec<_>>().join("\n")));
    }
    Ok(format!("{}{}", edited(text, edits), added.concat()))
}

/// Returns the changes of the columns of a table.
fn columns(
    text: &str,
    tokens: &TokenStream,
    models: &Models,
    model: &ModelTable,
    table: &Table,
    printer: &Printer<'_>,
    dialect: Dialect,
) -> Vec<(Range<usize>, String)> {
    let Some(body) = tokens.clone().into_iter().find_map(|token| match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Some(group),
        _ => None,
    }) else {
        return Vec::new();
    };
    let ranges = column_ranges(body.stream());
    let close = body.span_close().byte_range().start;
    let lines = |table: &Table, name: &str| -> String {
        let column = table.columns.iter().find(|column| column.name == name);
        let printed = column.map(|column| printer.column(table, column)).unwrap_or_default();
        printed.iter().map(|line| format!("        {line}\n")).collect()
    };
    let mut edits = Vec::new();
    for (column, range) in model.columns.iter().zip(&ranges) {
        match table.columns.iter().find(|is| is.name == column.name) {
            None => edits.push((whole_lines(text, range.clone()), String::new())),
            Some(is) => {
                let key = model.key.contains(&column.name);
                let nullable = is.nullable == column.diesel_type.nullable || key;
                if !nullable || !models.fits(column, &is.column_type.sql(dialect), dialect) {
                    edits.push((whole_lines(text, range.clone()), lines(table, &column.name)));
                }
            }
        }
    }
    let known = |name: &str| model.columns.iter().any(|column| column.name == name);
    let new: String =
        table.columns.iter().filter(|column| !known(&column.name)).map(|column| lines(table, &column.name)).collect();
    if !new.is_empty() {
        let at = text[..close].rfind('\n').map_or(close, |newline| newline + 1);
        edits.push((at..at, new));
    }
    edits
}

/// Returns where each column is, with its attributes and its comma.
fn column_ranges(tokens: TokenStream) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut current: Option<Range<usize>> = None;
    let mut angles = 0_i32;
    let mut before = ' ';
    for token in tokens {
        let range = token.span().byte_range();
        let mark = match &token {
            TokenTree::Punct(mark) => mark.as_char(),
            _ => ' ',
        };
        match mark {
            '<' => angles += 1,
            '>' if before != '-' => angles -= 1,
            _ => {}
        }
        before = mark;
        let start = current.as_ref().map_or(range.start, |current| current.start);
        current = Some(start..range.end);
        if mark == ',' && angles == 0 {
            ranges.extend(current.take());
        }
    }
    ranges.extend(current);
    ranges
}

/// Widens a range to whole lines, if nothing else stands on them.
fn whole_lines(text: &str, range: Range<usize>) -> Range<usize> {
    let start = text[..range.start].rfind('\n').map_or(0, |newline| newline + 1);
    let start = if text[start..range.start].trim().is_empty() { start } else { range.start };
    let rest = &text[range.end..];
    let rest_of_line = rest.split('\n').next().unwrap_or_default();
    let alone = [",", ";", ""].contains(&rest_of_line.trim());
    let end = if alone { (range.end + rest_of_line.len() + 1).min(text.len()) } else { range.end };
    start..end
}

fn edited(text: &str, mut edits: Vec<(Range<usize>, String)>) -> String {
    edits.sort_by_key(|(range, _)| range.start);
    let (mut out, mut at) = (String::new(), 0);
    for (range, replacement) in edits {
        out.push_str(text.get(at..range.start).unwrap_or_default());
        out.push_str(&replacement);
        at = range.end.max(at);
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::schema::{Column, PrimaryKey, Type};

    #[test]
    fn what_is_written_by_hand_stays() {
        let text = "// Ours.\n\ndiesel::table! {\n    /// Who.\n    users (id) {\n        id -> Integer,\n        /// Where letters go.\n        email -> Text, // not checked\n        gone -> Text,\n        age -> Integer,\n    }\n}\n\ndiesel::table! {\n    dropped {\n        id -> Integer,\n    }\n}\n\ndiesel::joinable!(dropped -> users (user_id));\ndiesel::allow_tables_to_appear_in_same_query!(dropped, users);\n";
        let column = |name: &str, native: &str| Column::new(name, Type::native(native)).not_null();
        let table = |name: &str, columns: Vec<Column>| Table {
            columns,
            ..Table::new(Name::from_plain(name)).constraint(PrimaryKey::new(["id"]))
        };
        let users =
            vec![column("id", "INTEGER"), column("email", "TEXT"), column("age", "BIGINT"), column("nick", "TEXT")];
        let tables = vec![table("posts", vec![column("id", "INTEGER")]), table("users", users)];
        let schema = Schema { tables, ..Schema::default() };
        let updated = update(text, "schema.rs", &schema, Dialect::Sqlite, &Naming::default()).unwrap();
        assert_snapshot!(updated, @"
        // Ours.

        diesel::table! {
            /// Who.
            users (id) {
                id -> Integer,
                /// Where letters go.
                email -> Text, // not checked
                age -> BigInt,
                nick -> Text,
            }
        }


        diesel::allow_tables_to_appear_in_same_query!(posts, users);

        diesel::table! {
            posts (id) {
                id -> Integer,
            }
        }
        ");
        assert_eq!(update(&updated, "schema.rs", &schema, Dialect::Sqlite, &Naming::default()).unwrap(), updated);
    }
}
