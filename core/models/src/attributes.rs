//! What `#[alembic(…)]` says of a table and of a column.

use std::str::FromStr;

use alembic_schema::{
    Action, Check, Constraint, ForeignKey, Generated, Identity, Index, IndexKey, Initially, Name, Sequence, Unique,
};
use alembic_sql::Dialect;
use proc_macro2::Span;
use syn::{Lit, LitBool, ext::IdentExt};

use super::{
    PerDialect,
    argument::{Argument, unknown},
    problems::Problems,
};

/// The attributes of a column.
#[derive(Default)]
pub(super) struct OfColumn {
    pub(super) renamed_from: Option<String>,
    pub(super) native: PerDialect,
    pub(super) values: Vec<String>,
    pub(super) default: PerDialect,
    pub(super) identity: Option<Identity>,
    pub(super) sequence: Sequence,
    pub(super) generated: Option<Generated>,
    pub(super) collation: Option<String>,
    pub(super) on_update: Option<String>,
    pub(super) comment: Option<String>,
    pub(super) constraints: Vec<Constraint>,
    pub(super) indexes: Vec<Index>,
}

/// The attributes of a table.
#[derive(Default)]
pub(super) struct OfTable {
    pub(super) renamed_from: Option<String>,
    pub(super) comment: Option<String>,
    pub(super) options: Option<String>,
    pub(super) key_name: Option<String>,
    pub(super) constraints: Vec<Constraint>,
    pub(super) indexes: Vec<Index>,
}

/// Names of columns: in Rust and in the database.
pub(super) struct Columns<'c>(pub(super) &'c [(String, String)]);

impl Columns<'_> {
    /// Returns the name in the database of a column that is named in Rust.
    fn find(&self, name: &str, span: Span) -> syn::Result<String> {
        let found = self.0.iter().find(|(ident, _)| ident == name).map(|(_, name)| name.clone());
        let near = alembic_sql::suggest::did_you_mean(name, self.0.iter().map(|(ident, _)| ident.as_str()));
        found.ok_or_else(|| syn::Error::new(span, format!("there is no column `{name}`{near}")))
    }

    fn of(&self, argument: &Argument) -> syn::Result<String> {
        match argument {
            Argument::Word { arguments: None, .. } => self.find(&argument.key(), argument.span()),
            _ => Err(syn::Error::new(argument.span(), "expected a column")),
        }
    }
}

const OF_COLUMN: [&str; 14] = [
    "default",
    "identity",
    "serial",
    "unique",
    "index",
    "references",
    "check",
    "type",
    "values",
    "collation",
    "generated",
    "on_update",
    "comment",
    "renamed_from",
];

/// Returns whether an attribute describes the table; a former name and the type of one column say nothing of the rest.
pub(super) fn says_something(arguments: &[Argument]) -> bool {
    arguments.iter().any(|argument| !["renamed_from", "type"].contains(&argument.key().as_str()))
}

/// Reads the attributes of a column; every argument that is not understood is a mistake of its own.
pub(super) fn of_column(arguments: &[Argument], table: &Name, column: &str) -> syn::Result<OfColumn> {
    let (mut this, mut problems) = (OfColumn::default(), Problems::default());
    for argument in arguments {
        problems.keep(this.read(argument, table, column));
    }
    problems.or(this)
}

impl OfColumn {
    fn read(&mut self, argument: &Argument, table: &Name, column: &str) -> syn::Result<()> {
        match argument.key().as_str() {
            "default" => self.default = per_dialect(argument)?,
            "type" => self.native = per_dialect(argument)?,
            "identity" if matches!(argument, Argument::Word { .. }) => {
                let (kind, options) = match argument.arguments() {
                    [always, options @ ..] if always.key() == "always" => (Identity::Always, options),
                    options => (Identity::ByDefault, options),
                };
                (self.identity, self.sequence) = (Some(kind), sequence(options)?);
            }
            "identity" => return Err(syn::Error::new(argument.span(), "expected `identity` or `identity(always)`")),
            "serial" => (self.identity, self.sequence) = (Some(Identity::Serial), sequence(argument.arguments())?),
            "unique" => self.constraints.push(unique(&[column.to_owned()], argument.arguments())?.into()),
            "index" => self.indexes.push(column_index(table, column, argument.arguments())?),
            "references" => self.constraints.push(references(column, argument)?.into()),
            "check" => self.constraints.push(check(argument)?.into()),
            "values" => self.values = argument.texts()?,
            "collation" => self.collation = Some(argument.text()?),
            "generated" => self.generated = Some(generated(argument)?),
            "on_update" => self.on_update = Some(argument.text()?),
            "comment" => self.comment = Some(argument.text()?),
            "renamed_from" => self.renamed_from = Some(argument.text()?),
            _ => return Err(unknown(argument, "attribute of a column", &OF_COLUMN)),
        }
        Ok(())
    }
}

const OF_TABLE: [&str; 8] =
    ["unique", "index", "foreign_key", "check", "primary_key", "comment", "options", "renamed_from"];

/// Reads the attributes of a table; every argument that is not understood is a mistake of its own.
pub(super) fn of_table(arguments: &[Argument], table: &Name, columns: &Columns<'_>) -> syn::Result<OfTable> {
    let (mut this, mut problems) = (OfTable::default(), Problems::default());
    for argument in arguments {
        problems.keep(this.read(argument, table, columns));
    }
    problems.or(this)
}

impl OfTable {
    fn read(&mut self, argument: &Argument, table: &Name, columns: &Columns<'_>) -> syn::Result<()> {
        match argument.key().as_str() {
            "unique" => {
                let (names, rest) = leading_columns(argument.arguments(), columns)?;
                if names.is_empty() {
                    return Err(syn::Error::new(argument.span(), "expected `unique(column, …)`"));
                }
                self.constraints.push(unique(&names, rest)?.into());
            }
            "index" => self.indexes.push(table_index(table, argument, columns)?),
            "foreign_key" => self.constraints.push(foreign_key(argument, columns)?.into()),
            "check" => self.constraints.push(check(argument)?.into()),
            "primary_key" => {
                let [name] = argument.arguments() else {
                    return Err(syn::Error::new(argument.span(), "expected `primary_key(name = \"…\")`"));
                };
                self.key_name = Some(name.text()?);
            }
            "comment" => self.comment = Some(argument.text()?),
            "options" => self.options = Some(argument.text()?),
            "renamed_from" => self.renamed_from = Some(argument.text()?),
            _ => return Err(unknown(argument, "attribute of a table", &OF_TABLE)),
        }
        Ok(())
    }
}

/// `key = "…"`, or `key(postgres = "…", sqlite = "…")`.
fn per_dialect(argument: &Argument) -> syn::Result<PerDialect> {
    let mut this = PerDialect::default();
    if matches!(argument, Argument::Pair(..)) {
        this.general = Some(argument.text()?);
        return Ok(this);
    }
    for part in argument.arguments() {
        match part {
            Argument::Text(text) => this.general = Some(text.value()),
            _ => {
                let dialect =
                    Dialect::from_str(&part.key()).map_err(|error| syn::Error::new(part.span(), error.to_string()))?;
                this.special.insert(dialect, part.text()?);
            }
        }
    }
    match this == PerDialect::default() {
        true => Err(syn::Error::new(argument.span(), format!("expected `{} = \"…\"`", argument.key()))),
        false => Ok(this),
    }
}

/// `start = 100, increment = 2, min = 1, max = 1000, cache = 10, cycle, type = "integer"`.
fn sequence(options: &[Argument]) -> syn::Result<Sequence> {
    let mut sequence = Sequence::default();
    for option in options {
        match option.key().as_str() {
            "type" => sequence.data_type = Some(option.text()?),
            "start" => sequence.start = Some(option.number()?),
            "increment" => sequence.increment = Some(option.number()?),
            "min" => sequence.min = Some(option.number()?),
            "max" => sequence.max = Some(option.number()?),
            "cache" => sequence.cache = Some(option.number()?),
            "cycle" => sequence.cycle = true,
            _ => {
                let known = ["type", "start", "increment", "min", "max", "cache", "cycle"];
                return Err(unknown(option, "option of a sequence", &known));
            }
        }
    }
    Ok(sequence)
}

fn leading_columns<'a>(arguments: &'a [Argument], columns: &Columns<'_>) -> syn::Result<(Vec<String>, &'a [Argument])> {
    let ends = |argument: &Argument| !matches!(argument, Argument::Word { arguments: None, .. }) || is_flag(argument);
    let count = arguments.iter().position(ends).unwrap_or(arguments.len());
    let names = arguments[..count].iter().map(|argument| columns.of(argument)).collect::<syn::Result<_>>()?;
    Ok((names, &arguments[count..]))
}

fn is_flag(argument: &Argument) -> bool {
    ["unique", "deferrable", "not_valid"].contains(&argument.key().as_str())
}

fn unique(columns: &[String], rest: &[Argument]) -> syn::Result<Unique> {
    let mut unique = Unique::new(columns.iter().map(String::as_str));
    for argument in rest {
        match argument.key().as_str() {
            "name" => unique.name = Some(argument.text()?),
            "deferrable" => unique.deferrable = initially(argument)?,
            _ => return Err(unknown(argument, "argument of a unique constraint", &["name", "deferrable"])),
        }
    }
    Ok(unique)
}

fn initially(argument: &Argument) -> syn::Result<Option<Initially>> {
    match argument {
        Argument::Word { .. } => Ok(Some(Initially::Immediate)),
        Argument::Pair(_, Lit::Bool(LitBool { value, .. })) => Ok(value.then_some(Initially::Immediate)),
        _ => match argument.text()?.as_str() {
            "immediate" => Ok(Some(Initially::Immediate)),
            "deferred" => Ok(Some(Initially::Deferred)),
            other => Err(syn::Error::new(argument.span(), format!("`{other}` is not `immediate` or `deferred`"))),
        },
    }
}

/// `check = "…"`, `check("…")`, `check("…", name = "…")`.
fn check(argument: &Argument) -> syn::Result<Check> {
    if let Argument::Pair(..) = argument {
        return Ok(Check::new(&argument.text()?));
    }
    let (expression, rest) = match argument.arguments() {
        [Argument::Text(expression), rest @ ..] => (expression.value(), rest),
        _ => return Err(syn::Error::new(argument.span(), "expected `check(\"condition\")`")),
    };
    let mut check = Check::new(&expression);
    for argument in rest {
        match argument.key().as_str() {
            "name" => check.name = Some(argument.text()?),
            _ => return Err(unknown(argument, "argument of a check", &["name"])),
        }
    }
    Ok(check)
}

/// `generated = "…"`, `generated("…", virtual)`.
fn generated(argument: &Argument) -> syn::Result<Generated> {
    if let Argument::Pair(..) = argument {
        return Ok(Generated { expression: argument.text()?, stored: true });
    }
    match argument.arguments() {
        [Argument::Text(text)] => Ok(Generated { expression: text.value(), stored: true }),
        [Argument::Text(text), kind] if ["stored", "virtual"].contains(&kind.key().as_str()) => {
            Ok(Generated { expression: text.value(), stored: kind.key() == "stored" })
        }
        _ => Err(syn::Error::new(argument.span(), "expected `generated(\"expression\", stored)` or `virtual`")),
    }
}

/// `references(users(id), on_delete = "cascade")`.
fn references(column: &str, argument: &Argument) -> syn::Result<ForeignKey> {
    let [target, rest @ ..] = argument.arguments() else {
        return Err(syn::Error::new(argument.span(), "expected `references(table(column))`"));
    };
    let (table, columns) = referred(target)?;
    key_options(ForeignKey::new([column], table, columns.iter().map(String::as_str)), rest)
}

/// `foreign_key(a, b, references(users(x, y)), on_delete = "cascade")`.
fn foreign_key(argument: &Argument, columns: &Columns<'_>) -> syn::Result<ForeignKey> {
    let (names, rest) = leading_columns(argument.arguments(), columns)?;
    let expected =
        || syn::Error::new(argument.span(), "expected `foreign_key(column, …, references(table(column, …)))`");
    let (target, rest) = rest.split_first().ok_or_else(expected)?;
    let ([target], false) = (target.arguments(), names.is_empty()) else { return Err(expected()) };
    let (table, referred) = referred(target)?;
    if referred.len() != names.len() {
        return Err(syn::Error::new(target.span(), "both sides need the same number of columns"));
    }
    let key = ForeignKey::new(names.iter().map(String::as_str), table, referred.iter().map(String::as_str));
    key_options(key, rest)
}

/// `users(id)`, `shop.users(id)`; a table and columns whose names are not Rust's are texts: `references("Users"("Id"))`
/// is not Rust, so it is `references(table("Users", "Id"))`, or `shop.table("Users", "Id")`.
fn referred(argument: &Argument) -> syn::Result<(Name, Vec<String>)> {
    let Argument::Word { schema, ident, arguments: Some(columns), .. } = argument else {
        return Err(syn::Error::new(argument.span(), "expected `table(column)`"));
    };
    let name = |argument: &Argument| match argument {
        Argument::Text(text) => text.value(),
        _ => argument.key(),
    };
    let mut names: Vec<String> = columns.iter().map(name).collect();
    let quoted =
        ident == "table" && columns.iter().all(|column| matches!(column, Argument::Text(_))) && columns.len() > 1;
    let schema = schema.as_ref().map(|schema| schema.unraw().to_string());
    let table = match (quoted, &schema) {
        (true, None) => Name::from(names.remove(0).as_str()),
        (true, Some(_)) => Name { schema, name: names.remove(0) },
        (false, _) => Name { schema, name: ident.unraw().to_string() },
    };
    Ok((table, names))
}

fn key_options(mut key: ForeignKey, rest: &[Argument]) -> syn::Result<ForeignKey> {
    for argument in rest {
        match argument.key().as_str() {
            "on_delete" => key.on_delete = action(argument)?,
            "on_update" => key.on_update = action(argument)?,
            "name" => key.name = Some(argument.text()?),
            "deferrable" => key.deferrable = initially(argument)?,
            _ => {
                let known = ["on_delete", "on_update", "name", "deferrable"];
                return Err(unknown(argument, "argument of a foreign key", &known));
            }
        }
    }
    Ok(key)
}

fn action(argument: &Argument) -> syn::Result<Option<Action>> {
    let said = match argument {
        Argument::Pair(_, Lit::Str(text)) => text.value().to_uppercase().replace('_', " "),
        _ => argument.text()?,
    };
    let all = [Action::NoAction, Action::Restrict, Action::Cascade, Action::SetNull, Action::SetDefault];
    match all.into_iter().find(|action| action.sql() == said) {
        Some(Action::NoAction) => Ok(None),
        Some(action) => Ok(Some(action)),
        None => {
            let known = "cascade, restrict, set null, set default, no action";
            Err(syn::Error::new(argument.span(), format!("`{}` is none of {known}", said.to_lowercase())))
        }
    }
}

fn column_index(table: &Name, column: &str, arguments: &[Argument]) -> syn::Result<Index> {
    let descending = |argument: &Argument| argument.key() == "desc";
    let key = if arguments.iter().any(descending) {
        IndexKey::Descending(column.to_owned())
    } else {
        IndexKey::Column(column.to_owned())
    };
    let rest: Vec<&Argument> = arguments.iter().filter(|argument| !descending(argument)).collect();
    index_options(Index::new(table, [key]), &rest, &Columns(&[]))
}

fn table_index(table: &Name, argument: &Argument, columns: &Columns<'_>) -> syn::Result<Index> {
    let is_key = |argument: &&Argument| match argument {
        Argument::Text(_) => true,
        Argument::Word { arguments: None, .. } => !is_flag(argument),
        _ => false,
    };
    let (keys, rest): (Vec<&Argument>, Vec<&Argument>) = argument.arguments().iter().partition(is_key);
    let key = |argument: &Argument| match argument {
        Argument::Text(text) => Ok(IndexKey::Written(text.value())),
        Argument::Word { descending: true, .. } => Ok(IndexKey::Descending(columns.of(argument)?)),
        _ => Ok(IndexKey::Column(columns.of(argument)?)),
    };
    let keys: Vec<IndexKey> = keys.into_iter().map(key).collect::<syn::Result<_>>()?;
    if keys.is_empty() {
        return Err(syn::Error::new(argument.span(), "expected `index(column, …)`"));
    }
    index_options(Index::new(table, keys), &rest, columns)
}

fn index_options(mut index: Index, rest: &[&Argument], columns: &Columns<'_>) -> syn::Result<Index> {
    for argument in rest {
        match argument.key().as_str() {
            "unique" => index.unique = true,
            "name" => index.name = Some(argument.text()?),
            "where" => index.predicate = Some(argument.text()?),
            "method" => index.method = Some(argument.text()?),
            "include" => {
                let included = argument.arguments().iter().map(|column| columns.of(column));
                index.include = included.collect::<syn::Result<_>>()?;
            }
            _ => {
                let known = ["unique", "name", "where", "method", "include"];
                return Err(unknown(argument, "argument of an index", &known));
            }
        }
    }
    Ok(index)
}
