//! The contents of `table!`.

use alembic_schema::{Name, PrimaryKey};
use proc_macro2::{Span, TokenStream};
use syn::{
    Attribute, Ident, Lit, Meta, Path, Token, Type, braced,
    ext::IdentExt,
    parenthesized,
    parse::{Parse, ParseStream},
    punctuated::Punctuated,
    spanned::Spanned,
    token::Paren,
};

use super::{
    DieselType, ModelColumn, ModelTable, Place,
    argument::{self, Argument},
    attributes::{Columns, of_column, of_table, says_something},
    problems::Problems,
};

/// A table, parsed from the contents of `table!`. Every mistake has its place.
pub struct TableMacro(pub ModelTable);

impl Parse for TableMacro {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut attributes = input.call(Attribute::parse_outer)?;
        while input.peek(Token![use]) {
            input.parse::<syn::ItemUse>()?;
            attributes = input.call(Attribute::parse_outer)?;
        }
        let mut ident = Ident::parse_any(input)?;
        let mut schema = None;
        if input.peek(Token![.]) {
            input.parse::<Token![.]>()?;
            schema = Some(std::mem::replace(&mut ident, Ident::parse_any(input)?).unraw().to_string());
        }
        let key = if input.peek(Paren) {
            let content;
            parenthesized!(content in input);
            Some(content.call(Punctuated::<Ident, Token![,]>::parse_terminated)?)
        } else {
            None
        };
        let content;
        braced!(content in input);
        let columns = content.call(Punctuated::<ColumnSyntax, Token![,]>::parse_terminated)?;
        let (said, problems) = Said::of(&attributes);
        let syntax = TableSyntax { said, schema, ident, key, columns: columns.into_iter().collect() };
        syntax.table(problems).map(Self)
    }
}

struct TableSyntax {
    said: Said,
    schema: Option<String>,
    ident: Ident,
    key: Option<Punctuated<Ident, Token![,]>>,
    columns: Vec<ColumnSyntax>,
}

/// A column; its mistakes are reported together with all others.
struct ColumnSyntax {
    said: Said,
    ident: Ident,
    diesel_type: Option<DieselType>,
    problems: Problems,
}

impl Parse for ColumnSyntax {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let (said, mut problems) = Said::of(&input.call(Attribute::parse_outer)?);
        let ident = Ident::parse_any(input)?;
        input.parse::<Token![->]>()?;
        let diesel_type = problems.keep(DieselType::of(&input.parse::<Type>()?));
        Ok(Self { said, ident, diesel_type, problems })
    }
}

/// What the attributes of a table or a column say.
#[derive(Default)]
struct Said {
    sql_name: Option<String>,
    max_length: Option<u32>,
    arguments: Vec<Argument>,
}

impl Said {
    fn of(attributes: &[Attribute]) -> (Self, Problems) {
        let (mut this, mut problems) = (Self::default(), Problems::default());
        for attribute in attributes {
            problems.keep(this.read(attribute));
        }
        (this, problems)
    }

    fn read(&mut self, attribute: &Attribute) -> syn::Result<()> {
        let path = attribute.path();
        if path.is_ident("sql_name") {
            self.sql_name = Some(literal(&attribute.meta, |lit| match lit {
                Lit::Str(text) => Some(text.value()),
                _ => None,
            })?);
        } else if path.is_ident("max_length") {
            self.max_length = Some(literal(&attribute.meta, |lit| match lit {
                Lit::Int(number) => number.base10_parse().ok(),
                _ => None,
            })?);
        } else if let Some(tokens) = ours(&attribute.meta)? {
            self.arguments.extend(syn::parse::Parser::parse2(argument::list, tokens)?);
        }
        Ok(())
    }
}

fn literal<T>(meta: &Meta, read: impl FnOnce(&Lit) -> Option<T>) -> syn::Result<T> {
    let value = match meta {
        Meta::NameValue(pair) => match &pair.value {
            syn::Expr::Lit(expr) => read(&expr.lit),
            _ => None,
        },
        _ => None,
    };
    value.ok_or_else(|| syn::Error::new(meta.span(), "expected a literal"))
}

/// Returns the contents of `alembic(…)`, also where the compiler does not look: `cfg_attr(any(), alembic(…))`.
pub(super) fn ours(meta: &Meta) -> syn::Result<Option<TokenStream>> {
    let Meta::List(list) = meta else {
        let bare = meta.path().is_ident("alembic");
        return if bare { Err(syn::Error::new(meta.span(), "expected `alembic(…)`")) } else { Ok(None) };
    };
    if is_ours(&list.path) {
        return Ok(Some(list.tokens.clone()));
    }
    if !list.path.is_ident("cfg_attr") {
        return Ok(None);
    }
    let parts = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)?;
    let mut parts = parts.into_iter().skip(1);
    let found = parts.find_map(|part| match part {
        Meta::List(list) if is_ours(&list.path) => Some(list.tokens),
        _ => None,
    });
    Ok(found)
}

fn is_ours(path: &Path) -> bool {
    path.is_ident("alembic")
}

fn place(span: Span) -> Place {
    Place { file: String::new(), line: span.start().line }
}

impl TableSyntax {
    fn table(self, mut problems: Problems) -> syn::Result<ModelTable> {
        let ident = self.ident.unraw().to_string();
        let name =
            Name { schema: self.schema.clone(), name: self.said.sql_name.clone().unwrap_or_else(|| ident.clone()) };
        let names =
            self.columns.iter().map(|column| (column.ident.unraw().to_string(), column.name())).collect::<Vec<_>>();
        let columns = Columns(&names);
        let of_table = problems.keep(of_table(&self.said.arguments, &name, &columns)).unwrap_or_default();
        let mut complete = says_something(&self.said.arguments);
        let (mut constraints, mut indexes) = (Vec::new(), Vec::new());
        let mut model_columns = Vec::new();
        let key = problems.keep(self.key(&names)).unwrap_or_default();
        for column in self.columns {
            complete |= says_something(&column.said.arguments);
            let Some((model, of_constraints, of_indexes)) = column.model(&name, &mut problems) else { continue };
            constraints.extend(of_constraints);
            indexes.extend(of_indexes);
            model_columns.push(model);
        }
        if let Some(key_name) = of_table.key_name {
            constraints.insert(0, PrimaryKey::new(key.iter().map(String::as_str)).named(&key_name).into());
        }
        constraints.extend(of_table.constraints);
        indexes.extend(of_table.indexes);
        problems.or(ModelTable {
            place: place(self.ident.span()),
            ident,
            name,
            renamed_from: of_table.renamed_from,
            complete,
            columns: model_columns,
            key,
            constraints,
            indexes,
            options: of_table.options,
            comment: of_table.comment,
        })
    }

    fn key(&self, names: &[(String, String)]) -> syn::Result<Vec<String>> {
        let find = |name: &str| names.iter().find(|(ident, _)| ident == name).map(|(_, name)| name.clone());
        match &self.key {
            Some(key) => {
                let (mut columns, mut problems) = (Vec::new(), Problems::default());
                for ident in key {
                    let name = ident.unraw().to_string();
                    let missing = || syn::Error::new(ident.span(), format!("there is no column `{name}`"));
                    columns.extend(problems.keep(find(&name).ok_or_else(missing)));
                }
                problems.or(columns)
            }
            None => find("id").map(|id| vec![id]).ok_or_else(|| {
                syn::Error::new(self.ident.span(), "a table without a column `id` has to name its primary key")
            }),
        }
    }
}

type OfColumn = (ModelColumn, Vec<alembic_schema::Constraint>, Vec<alembic_schema::Index>);

impl ColumnSyntax {
    fn name(&self) -> String {
        self.said.sql_name.clone().unwrap_or_else(|| self.ident.unraw().to_string())
    }

    fn model(self, table: &Name, problems: &mut Problems) -> Option<OfColumn> {
        let (ident, name) = (self.ident.unraw().to_string(), self.name());
        problems.join(self.problems);
        let said = problems.keep(of_column(&self.said.arguments, table, &name))?;
        let model = ModelColumn {
            ident,
            name,
            renamed_from: said.renamed_from,
            diesel_type: self.diesel_type?,
            max_length: self.said.max_length,
            native: said.native,
            values: said.values,
            default: said.default,
            identity: said.identity,
            sequence: said.sequence,
            generated: said.generated,
            collation: said.collation,
            on_update: said.on_update,
            comment: said.comment,
            place: place(self.ident.span()),
        };
        Some((model, said.constraints, said.indexes))
    }
}
