//! `table!` source, brought up to date: what is written by hand stays.

use std::{collections::BTreeSet, ops::Range};

use alembic_schema::{Column, Name, Naming, Schema, Table, diff::Diff};
use alembic_sql::Dialect;
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::{Item, spanned::Spanned};

use super::{
    Detail, ModelColumn, ModelError, ModelTable, Models, Printer, TableMacro,
    file::{error_at, read},
};

/// Brings a file up to date with a schema.
///
/// Tables and columns that say what is there stay as they are written, with comments and attributes. A column of
/// another type is printed again, and attributes of complete tables are left to their authors. A table goes
/// if it was looked for and is gone, which `is_gone` tells; what is new comes last.
///
/// # Errors
///
/// [`ModelError`] if the file is not understood.
pub fn update(
    text: &str,
    file: &str,
    schema: &Schema,
    printing: Printing<'_>,
    is_gone: &dyn Fn(&Name) -> bool,
) -> Result<String, Vec<ModelError>> {
    let models = read(text, file)?.models.within(schema);
    let syntax = syn::parse_file(text).map_err(|error| error_at(error, file))?;
    let complete = models.tables.iter().any(|table| table.complete);
    let detail = if complete { Detail::Complete } else { Detail::Plain };
    let printer = Printer::new(schema, printing.dialect, printing.naming, detail).named_as(&models);
    let wanted = models.over(schema, printing.dialect, &|_| false)?;
    let diff = Diff::between(schema, &wanted.schema, printing.dialect);
    let differing = diff.altered_tables.into_iter().map(|diff| diff.after.name).collect();
    let mut updating =
        Updating { text, models: &models, schema, printer, differing, is_gone, edits: Vec::new(), together: None };
    updating.items(&syntax.items);
    Ok(updating.finish())
}

/// How a schema is printed.
#[derive(Debug, Clone, Copy)]
pub struct Printing<'n> {
    /// For which database.
    pub dialect: Dialect,
    /// What has a name by convention.
    pub naming: &'n Naming,
}

struct Updating<'u> {
    text: &'u str,
    models: &'u Models,
    schema: &'u Schema,
    printer: Printer<'u>,
    /// Tables that are not what their models say.
    differing: Vec<Name>,
    is_gone: &'u dyn Fn(&Name) -> bool,
    edits: Vec<(Range<usize>, String)>,
    /// What may be used together, and where that is said.
    together: Option<(Range<usize>, Vec<String>)>,
}

impl Updating<'_> {
    fn items(&mut self, items: &[Item]) {
        for item in items {
            match item {
                Item::Mod(module) => {
                    if let Some((_, items)) = &module.content {
                        self.items(items);
                    }
                }
                Item::Macro(item) => {
                    let name = item.mac.path.segments.last().map(|segment| segment.ident.to_string());
                    self.macro_call(name.as_deref(), &item.mac.tokens, item.span().byte_range());
                }
                _ => {}
            }
        }
    }

    fn macro_call(&mut self, name: Option<&str>, tokens: &TokenStream, range: Range<usize>) {
        match name {
            Some("table") => {
                let Ok(TableMacro(mut model)) = syn::parse2(tokens.clone()) else { return };
                model.name = self.schema.unqualified(&model.name);
                match self.schema.table(&model.name) {
                    None if (self.is_gone)(&model.name) => {
                        self.edits.push((whole_lines(self.text, range), String::new()));
                    }
                    Some(table) if self.differing.contains(&model.name) => self.table(&model, table, tokens, range),
                    _ => {}
                }
            }
            Some("allow_tables_to_appear_in_same_query") => {
                let words = tokens.to_string().replace(char::is_whitespace, "");
                let words = words.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect();
                self.together = Some((range, words));
            }
            Some("joinable") => {
                let gone = |word: &str| {
                    let table = self.models.tables.iter().find(|table| table.ident == word);
                    table.is_some_and(|table| self.schema.table(&table.name).is_none() && (self.is_gone)(&table.name))
                };
                if tokens.clone().into_iter().any(|token| gone(&token.to_string())) {
                    self.edits.push((whole_lines(self.text, range), String::new()));
                }
            }
            _ => {}
        }
    }

    /// Columns are changed one by one where that is all there is to change, and each has lines of its own.
    fn table(&mut self, model: &ModelTable, table: &Table, tokens: &TokenStream, range: Range<usize>) {
        let all = |columns: &[String]| columns.iter().all(|column| model.key.contains(column));
        let same_key = table.primary_key().len() == model.key.len() && all(table.primary_key());
        let has_lines = self.text[range.clone()].lines().count() > model.columns.len() + 3;
        let custom = |column: &Column| self.printer.custom(table, column).is_some();
        let new = |column: &&Column| !model.columns.iter().any(|known| known.name == column.name);
        let plain = !table.columns.iter().filter(new).any(custom);
        // A table's own attributes are written by hand.
        if !model.complete && (!same_key || !has_lines || !plain) {
            self.edits.push((whole_lines(self.text, range), self.printer.table(table)));
        } else {
            self.edits.extend(columns(self.text, tokens, self.models, model, table, &self.printer));
        }
    }

    fn finish(mut self) -> String {
        let known: BTreeSet<&Name> = self.models.tables.iter().map(|table| &table.name).collect();
        let is_new = |table: &&Table| !known.contains(&table.name) && self.printer.beyond_diesel(table).is_none();
        let new: Vec<&Table> = self.schema.tables.iter().filter(is_new).collect();
        let gone = |table: &ModelTable| self.schema.table(&table.name).is_none() && (self.is_gone)(&table.name);
        let changes = !new.is_empty() || self.models.tables.iter().any(gone);
        if let Some((range, mut words)) = self.together.take().filter(|_| changes) {
            // Views and what else is written by hand stay.
            words.retain(|word| !self.models.tables.iter().any(|table| table.ident == *word && gone(table)));
            let text = self.printer.together(&words);
            self.edits.extend(text.map(|text| (whole_lines(self.text, range), text)));
        }
        let mut added = self.missing_types();
        added.extend(self.printer.by_schema_of(&new));
        let declared = |join: &&String| {
            let words = |(from, to, by): &(String, String, String)| format!("!({from} -> {to} ({by}))");
            self.models.joins.iter().any(|known| join.contains(&words(known)))
        };
        let joins = self.printer.joins();
        let of_new =
            |join: &&String| new.iter().any(|table| join.contains(&format!("!({} ", self.printer.ident(&table.name))));
        let joins: Vec<&str> = joins.iter().filter(of_new).filter(|join| !declared(join)).map(String::as_str).collect();
        if !joins.is_empty() {
            added.push(format!("{}\n", joins.join("\n")));
        }
        let added: String = added.iter().map(|text| format!("\n{text}")).collect();
        format!("{}{added}", edited(self.text, self.edits))
    }

    /// Returns types that tables name and the file does not declare.
    fn missing_types(&mut self) -> Vec<String> {
        let known = |ident: &str| self.models.types.iter().any(|declared| declared.ident == ident);
        let missing: Vec<String> =
            self.printer.types().into_iter().filter(|(ident, _)| !known(ident)).map(|(_, text)| text).collect();
        if missing.is_empty() {
            return Vec::new();
        }
        let body = missing.join("\n");
        match self.text.find("pub mod sql_types {") {
            Some(at) => {
                let at = at + "pub mod sql_types {\n".len();
                self.edits.push((at..at, format!("{body}\n")));
                Vec::new()
            }
            None => vec![format!("pub mod sql_types {{\n{body}}}\n")],
        }
    }
}

/// Returns the changes of the columns of a table.
fn columns(
    text: &str,
    tokens: &TokenStream,
    models: &Models,
    model: &ModelTable,
    table: &Table,
    printer: &Printer<'_>,
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
    let fits = |column: &ModelColumn, native: &str| match model.complete {
        true => models.fits(column, native, printer.dialect),
        false => models.loads(column, native, printer.schema, printer.dialect),
    };
    let mut edits = Vec::new();
    for (column, range) in model.columns.iter().zip(&ranges) {
        match table.columns.iter().find(|is| is.name == column.name) {
            None => edits.push((whole_lines(text, range.clone()), String::new())),
            Some(is) => {
                let key = model.key.contains(&column.name);
                let nullable = is.nullable == column.diesel_type.nullable || key;
                if !nullable || !fits(column, &is.column_type.sql(printer.dialect)) {
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

/// Widens a range to whole lines, if they hold nothing else.
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
    use alembic_schema::{PrimaryKey, Type};
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn what_is_written_by_hand_stays() {
        let text = "// Ours.\n\ndiesel::table! {\n    /// Who.\n    users (id) {\n        id -> Integer,\n        /// Where letters go.\n        email -> Text, // not checked\n        gone -> Text,\n        age -> Integer,\n    }\n}\n\ndiesel::table! {\n    dropped {\n        id -> Integer,\n    }\n}\n\ndiesel::joinable!(dropped -> users (user_id));\ndiesel::allow_tables_to_appear_in_same_query!(a_view, dropped, shop::orders, users);\n";
        let column = |name: &str, native: &str| Column::new(name, Type::native(native)).not_null();
        let table = |name: &str, columns: Vec<Column>| Table {
            columns,
            ..Table::new(Name::from_plain(name)).constraint(PrimaryKey::new(["id"]))
        };
        let users =
            vec![column("id", "INTEGER"), column("email", "TEXT"), column("age", "BIGINT"), column("nick", "TEXT")];
        let tables = vec![table("posts", vec![column("id", "INTEGER")]), table("users", users)];
        let schema = Schema { tables, ..Schema::default() };
        let naming = Naming::default();
        let bring = |text: &str| {
            let printing = Printing { dialect: Dialect::Sqlite, naming: &naming };
            update(text, "schema.rs", &schema, printing, &|name| name.name == "dropped").unwrap()
        };
        let updated = bring(text);
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


        diesel::allow_tables_to_appear_in_same_query!(a_view, posts, shop::orders, users);

        diesel::table! {
            posts (id) {
                id -> Integer,
            }
        }
        ");
        assert_eq!(bring(&updated), updated);
        let view = "diesel::table! { named (id) { id -> Integer } }\n";
        assert!(bring(view).starts_with(view), "what was not looked for stays");
        let nested = "pub mod inner {\n    diesel::table! { posts { id -> Integer } }\n}\n";
        assert!(!bring(nested).contains("posts (id)"), "{}", bring(nested));
        let short = "diesel::table! { users { id -> Integer } }\n";
        assert!(bring(short).contains("    users (id) {\n"), "{}", bring(short));
    }
}
