//! A source file: its tables, and where more of them may be.

use alembic_schema::Name;
use syn::{
    Attribute, Expr, Ident, Item, ItemMod, ItemUse, Lit, Macro, Meta, Token, UseTree, parenthesized,
    parse::{Parse, ParseStream},
};

use super::{ModelError, Models, SqlType, TableMacro, argument, postgres::named, table::ours};

/// What a file says, and which other files to read.
#[derive(Debug, Default)]
pub struct Found {
    /// What it says itself.
    pub models: Models,
    /// Modules whose text is elsewhere.
    pub modules: Vec<Module>,
    /// Files that `include!` names, relative to this one.
    pub includes: Vec<String>,
}

/// A module whose text is elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// The modules of this file that it is in, and its own name.
    pub path: Vec<String>,
    /// The file that `#[path]` names.
    pub file: Option<String>,
    /// Whether the compiler may not want it.
    pub is_conditional: bool,
}

/// Reads a file of Rust without compiling it. `file` is its name for messages.
///
/// # Errors
///
/// [`ModelError`] for what is not Rust, and for each table that is not understood.
pub fn read(text: &str, file: &str) -> Result<Found, Vec<ModelError>> {
    let syntax = syn::parse_file(text).map_err(|error| error_at(error, file))?;
    let mut reader = Reader { file, found: Found::default(), errors: Vec::new() };
    reader.items(&syntax.items, &mut Vec::new());
    if reader.errors.is_empty() {
        Ok(reader.found)
    } else {
        Err(reader.errors.into_iter().flat_map(|error| error_at(error, file)).collect())
    }
}

/// Turns an error of the parser, which may be several, into ours.
pub(super) fn error_at(error: syn::Error, file: &str) -> Vec<ModelError> {
    let place = |error: syn::Error| {
        let start = error.span().start();
        ModelError { file: file.to_owned(), line: start.line, column: start.column + 1, problem: error.to_string() }
    };
    error.into_iter().map(place).collect()
}

struct Reader<'f> {
    file: &'f str,
    found: Found,
    errors: Vec<syn::Error>,
}

impl Reader<'_> {
    fn items(&mut self, items: &[Item], path: &mut Vec<String>) {
        // A bare `table!` is ours if its name was brought here from us.
        let ours = items.iter().any(|item| matches!(item, Item::Use(import) if imports_ours(import)));
        for item in items {
            match item {
                Item::Macro(item) => self.macro_call(&item.mac, ours),
                Item::Mod(module) => self.module(module, path),
                Item::Struct(item) => {
                    let declared = sql_type(&item.ident, &item.attrs);
                    match declared {
                        Ok(declared) => self.found.models.types.extend(declared),
                        Err(error) => self.errors.push(error),
                    }
                }
                _ => {}
            }
        }
    }

    fn macro_call(&mut self, call: &Macro, ours: bool) {
        let segments: Vec<String> = call.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        let first = segments.first().map(String::as_str).unwrap_or_default();
        match segments.last().map(String::as_str) {
            Some("table") => match syn::parse2::<TableMacro>(call.tokens.clone()) {
                Ok(TableMacro(mut table)) => {
                    table.complete |= first == "alembic_runtime" || (ours && segments.len() == 1);
                    self.file.clone_into(&mut table.place.file);
                    for column in &mut table.columns {
                        self.file.clone_into(&mut column.place.file);
                    }
                    self.found.models.tables.push(table);
                }
                Err(error) => self.errors.push(error),
            },
            Some("joinable") => match syn::parse2::<Join>(call.tokens.clone()) {
                Ok(Join(join)) => self.found.models.joins.push(join),
                Err(error) => self.errors.push(error),
            },
            Some("include") => {
                if let Ok(text) = syn::parse2::<syn::LitStr>(call.tokens.clone()) {
                    self.found.includes.push(text.value());
                }
            }
            _ => {}
        }
    }

    fn module(&mut self, module: &ItemMod, path: &mut Vec<String>) {
        let own = |attribute: &&Attribute| attribute.path().is_ident("path");
        let file = module.attrs.iter().find(own).and_then(|attribute| match &attribute.meta {
            Meta::NameValue(pair) => text(&pair.value),
            _ => None,
        });
        path.push(module.ident.to_string());
        match &module.content {
            Some((_, items)) => self.items(items, path),
            None => {
                let is_conditional = module.attrs.iter().any(|attribute| attribute.path().is_ident("cfg"));
                self.found.modules.push(Module { path: path.clone(), file, is_conditional });
            }
        }
        path.pop();
    }
}

fn text(value: &Expr) -> Option<String> {
    match value {
        Expr::Lit(expr) => match &expr.lit {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

fn number(value: &Expr) -> Option<u32> {
    match value {
        Expr::Lit(expr) => match &expr.lit {
            Lit::Int(number) => number.base10_parse().ok(),
            _ => None,
        },
        _ => None,
    }
}

fn imports_ours(import: &ItemUse) -> bool {
    fn names_table(tree: &UseTree) -> bool {
        match tree {
            UseTree::Name(name) => name.ident == "table",
            UseTree::Group(group) => group.items.iter().any(names_table),
            _ => false,
        }
    }
    matches!(&import.tree, UseTree::Path(path) if path.ident == "alembic_runtime" && names_table(&path.tree))
}

/// `posts -> users (author_id)`.
struct Join((String, String, String));

impl Parse for Join {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let table = |input: ParseStream<'_>| -> syn::Result<String> {
            let path: syn::Path = input.parse()?;
            path.segments.last().map(|segment| segment.ident.to_string()).ok_or_else(|| input.error("expected a table"))
        };
        let from = table(input)?;
        input.parse::<Token![->]>()?;
        let to = table(input)?;
        let content;
        parenthesized!(content in input);
        let column: Ident = content.parse()?;
        Ok(Self((from, to, column.to_string())))
    }
}

/// Reads a type that derives `SqlType`.
fn sql_type(ident: &Ident, attributes: &[Attribute]) -> syn::Result<Option<SqlType>> {
    let mut declared =
        SqlType { ident: ident.to_string(), postgres: None, mysql: None, sqlite: None, values: Vec::new() };
    let mut is_type = false;
    for attribute in attributes {
        if attribute.path().is_ident("diesel") {
            attribute.parse_nested_meta(|meta| {
                let kind = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
                let (mut name, mut schema) = (None, None);
                if meta.input.peek(syn::token::Paren) {
                    meta.parse_nested_meta(|part| {
                        let value: Expr = part.value()?.parse()?;
                        match part.path.get_ident().map(ToString::to_string).as_deref() {
                            Some("name") => name = text(&value),
                            Some("schema") => schema = text(&value),
                            Some("oid") => {
                                name = name.take().or_else(|| number(&value).and_then(named).map(str::to_owned));
                            }
                            _ => {}
                        }
                        Ok(())
                    })?;
                } else if meta.input.peek(Token![=]) {
                    drop(meta.value()?.parse::<Expr>()?);
                }
                match (kind.as_str(), name) {
                    ("postgres_type", Some(name)) => declared.postgres = Some(Name { schema, name }),
                    ("mysql_type", Some(name)) => declared.mysql = Some(name),
                    ("sqlite_type", Some(name)) => declared.sqlite = Some(name),
                    _ => return Ok(()),
                }
                is_type = true;
                Ok(())
            })?;
        } else if let Some(tokens) = ours(&attribute.meta)? {
            let arguments = syn::parse::Parser::parse2(argument::list, tokens)?;
            for argument in &arguments {
                match argument.key().as_str() {
                    "values" => declared.values = argument.texts()?,
                    _ => return Err(argument::unknown(argument, "attribute of a type", &["values"])),
                }
            }
        }
    }
    Ok(is_type.then_some(declared))
}

impl Module {
    /// Returns the files that may hold the module, relative to the folder of the file that declares it. `owner` is
    /// the folder of that file's own modules: the same for `main.rs`, `lib.rs` and `mod.rs`, else one below.
    #[must_use]
    pub fn files(&self, owner: &str) -> Vec<String> {
        let (name, outer) = self.path.split_last().map(|(name, outer)| (name.as_str(), outer)).unwrap_or_default();
        let inside =
            |folder: &str, name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
        let folder = outer.iter().fold(owner.to_owned(), |folder, module| inside(&folder, module));
        match &self.file {
            // In a module of the file itself the path starts in that module's folder.
            Some(file) if !outer.is_empty() => vec![inside(&folder, file)],
            Some(file) => vec![file.clone()],
            None => vec![inside(&folder, &format!("{name}.rs")), inside(&folder, &format!("{name}/mod.rs"))],
        }
    }
}
