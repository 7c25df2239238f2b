//! Diesel's types of columns, and the databases' types that they represent.

use alembic_schema::{Schema, Type};
use alembic_sql::Dialect;
use syn::{GenericArgument, PathArguments};

use super::{
    ModelColumn, Models, SqlType,
    postgres::{POSTGRES, TAKEN, typname},
};

/// The type of a column as `table!` names it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DieselType {
    /// The name: the last segment of its path, without wrappers.
    pub name: String,
    /// Whether it may be NULL.
    pub nullable: bool,
    /// Whether it has no sign. MySQL and MariaDB.
    pub unsigned: bool,
    /// Whether there are several. PostgreSQL.
    pub array: bool,
}

impl DieselType {
    pub(super) fn of(syntax: &syn::Type) -> syn::Result<Self> {
        let wrong = || syn::Error::new_spanned(syntax, "expected a type of Diesel");
        let syn::Type::Path(path) = syntax else { return Err(wrong()) };
        let last = path.path.segments.last().ok_or_else(wrong)?;
        let name = last.ident.to_string();
        let inner = match &last.arguments {
            PathArguments::AngleBracketed(arguments) => arguments.args.iter().find_map(|argument| match argument {
                GenericArgument::Type(inner) => Some(inner),
                _ => None,
            }),
            _ => None,
        };
        let Some(inner) = inner.map(Self::of).transpose()? else {
            return Ok(Self { name, ..Self::default() });
        };
        Ok(match name.as_str() {
            "Nullable" => Self { nullable: true, ..inner },
            "Unsigned" => Self { unsigned: true, ..inner },
            // Diesel does not tell whether its elements may be NULL, and the database does not either.
            "Array" => Self { array: true, nullable: false, ..inner },
            "Range" => Self { name: range(&inner.name).to_owned(), ..Self::default() },
            "Multirange" => Self { name: range(&inner.name).replace("range", "multirange"), ..Self::default() },
            _ => Self { name, ..Self::default() },
        })
    }

    /// Returns one name for all that Diesel takes for the same.
    fn kind(&self) -> String {
        let lower = self.name.to_lowercase();
        match lower.as_str() {
            "int2" | "smallserial" => "smallint",
            "int4" | "serial" | "mediumint" => "integer",
            "int8" | "bigserial" => "bigint",
            "boolean" => "bool",
            "float4" => "float",
            "float8" => "double",
            "decimal" => "numeric",
            "varchar" | "char" | "bpchar" | "tinytext" | "mediumtext" | "longtext" => "text",
            "bytea" | "blob" | "tinyblob" | "mediumblob" | "longblob" | "varbinary" | "bit" => "binary",
            "timestamptzsqlite" => "timestamptz",
            other => other,
        }
        .to_owned()
    }
}

fn range(of: &str) -> &'static str {
    match of.to_lowercase().as_str() {
        "integer" | "int4" => "Int4range",
        "bigint" | "int8" => "Int8range",
        "numeric" | "decimal" => "Numrange",
        "date" => "Daterange",
        "timestamp" => "Tsrange",
        _ => "Tstzrange",
    }
}

/// A type of the database as Diesel would print it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Printed {
    pub(super) diesel: DieselType,
    pub(super) max_length: Option<u32>,
    /// Whether Diesel has no such type, so that one has to be declared.
    pub(super) custom: bool,
}

/// Returns what Diesel makes of a type of the database.
pub(super) fn printed(native: &str, dialect: Dialect) -> Printed {
    match dialect {
        Dialect::Sqlite => known(of_sqlite(native)),
        Dialect::Postgres => of_postgres(native),
        Dialect::Mysql | Dialect::Mariadb => of_mysql(native),
    }
}

fn known(name: &str) -> Printed {
    Printed { diesel: DieselType { name: name.to_owned(), ..DieselType::default() }, max_length: None, custom: false }
}

fn of_sqlite(native: &str) -> &'static str {
    let name = native.to_lowercase();
    let has = |word: &str| name.contains(word);
    match name.as_str() {
        "boolean" | "bool" => "Bool",
        _ if has("tiny") && has("int") => "Bool",
        "int2" => "SmallInt",
        _ if has("small") && has("int") => "SmallInt",
        "int8" => "BigInt",
        _ if has("big") && has("int") => "BigInt",
        _ if has("int") => "Integer",
        _ if has("char") || has("clob") || has("text") => "Text",
        "" => "Binary",
        _ if has("blob") || has("binary") => "Binary",
        _ if has("float") || has("real") => "Float",
        _ if has("double") || has("num") || has("dec") => "Double",
        "timestamptz" => "TimestamptzSqlite",
        "datetime" | "timestamp" => "Timestamp",
        "date" => "Date",
        "time" => "Time",
        "jsonb" => "Jsonb",
        "json" => "Json",
        _ => "Text",
    }
}

fn of_postgres(native: &str) -> Printed {
    if let Some(element) = native.strip_suffix("[]") {
        let of = of_postgres(element);
        return Printed { diesel: DieselType { array: true, ..of.diesel }, max_length: None, custom: of.custom };
    }
    let (base, length) = match native.split_once('(') {
        Some((base, rest)) => {
            let (inside, after) = rest.split_once(')').unwrap_or((rest, ""));
            (format!("{}{after}", base.trim_end()), inside.parse().ok())
        }
        None => (native.to_owned(), None),
    };
    match base.as_str() {
        "character varying" => Printed { max_length: length, ..known("Varchar") },
        "character" | "bpchar" => Printed { max_length: length, ..known("Bpchar") },
        _ if base == "interval" || base.starts_with("interval ") => known("Interval"),
        _ => match POSTGRES.iter().find(|(name, _)| *name == base) {
            Some((_, diesel)) => known(diesel),
            None => {
                let ident = camel(&typname(native).1);
                let taken = TAKEN.contains(&ident.as_str()) || POSTGRES.iter().any(|(_, diesel)| *diesel == ident);
                let ident = if taken { format!("Pg{ident}") } else { ident };
                Printed { custom: true, ..known(&ident) }
            }
        },
    }
}

fn of_mysql(native: &str) -> Printed {
    let lower = native.to_lowercase();
    let (base, rest) = lower.split_once('(').unwrap_or((&lower, ""));
    let base = base.split(' ').next().unwrap_or_default();
    let length: Option<u32> = rest.split(')').next().and_then(|inside| inside.parse().ok());
    let unsigned = lower.contains("unsigned");
    let name = match base {
        "tinyint" if length == Some(1) && !unsigned => "Bool",
        "tinyint" => "TinyInt",
        "smallint" => "SmallInt",
        "int" | "integer" | "mediumint" => "Integer",
        "bigint" => "BigInt",
        "float" => "Float",
        "double" => "Double",
        "decimal" => "Decimal",
        "varchar" => "Varchar",
        "char" => "Char",
        "tinytext" => "Tinytext",
        "text" => "Text",
        "mediumtext" => "Mediumtext",
        "longtext" => "Longtext",
        "binary" => "Binary",
        "varbinary" => "Varbinary",
        "tinyblob" => "Tinyblob",
        "blob" => "Blob",
        "mediumblob" => "Mediumblob",
        "longblob" => "Longblob",
        "bit" => "Bit",
        "date" => "Date",
        "time" => "Time",
        "datetime" => "Datetime",
        "timestamp" => "Timestamp",
        "json" => "Json",
        "year" => "SmallInt",
        "uuid" | "inet4" | "inet6" => "Text",
        "geometry" | "point" | "linestring" | "polygon" | "multipoint" | "multilinestring" | "multipolygon"
        | "geomcollection" | "geometrycollection" | "vector" => "Blob",
        other => return Printed { custom: true, ..known(&camel(other)) },
    };
    let max_length = length.filter(|_| matches!(name, "Varchar" | "Char"));
    let mut printed = Printed { max_length, ..known(name) };
    // Diesel knows integers without a sign only.
    printed.diesel.unsigned = unsigned && ["TinyInt", "SmallInt", "Integer", "BigInt"].contains(&name);
    printed
}

/// `asset_kind` → `AssetKind`; always a name that Rust takes.
pub(super) fn camel(name: &str) -> String {
    match words(name) {
        name if name.is_empty() || name == "Self" => format!("{name}Type"),
        // Diesel takes the first letter for one byte.
        name if !name.starts_with(|c: char| c.is_ascii_alphabetic()) => format!("Type{name}"),
        name => name,
    }
}

fn words(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>()).unwrap_or_default()
    };
    words.map(capital).collect()
}

impl Models {
    /// Returns whether a column of the database is what a model says, as far as Diesel's type tells.
    pub(super) fn fits(&self, column: &ModelColumn, native: &str, dialect: Dialect) -> bool {
        let (is, wanted) = (printed(native, dialect), &column.diesel_type);
        let shape = is.diesel.array == wanted.array && is.diesel.unsigned == wanted.unsigned;
        let declared = self.sql_type(&wanted.name);
        let (one, other) =
            (is.diesel.kind(), declared.and_then(|declared| declared.kind(dialect)).unwrap_or_else(|| wanted.kind()));
        // Diesel prints a length for bytes and enumerations, too.
        let length = one != "text" || column.max_length.is_none_or(|length| is.max_length == Some(length));
        let same = match (dialect, declared.and_then(|declared| declared.postgres.as_ref())) {
            (Dialect::Postgres, Some(name)) => typname(native).1 == name.name,
            // Rows are numbered by integers of any size.
            (Dialect::Sqlite, _) if native.eq_ignore_ascii_case("INTEGER") && other == "bigint" => true,
            // MariaDB has text for JSON.
            (Dialect::Mysql | Dialect::Mariadb, _) if one == "json" => other == "json" || other == "text",
            _ => one == other,
        };
        same && shape && length
    }

    /// Returns whether Diesel loads a column of the database as a plain model says: a domain as what it is made of,
    /// and as text whatever is sent as text.
    pub(super) fn loads(&self, column: &ModelColumn, native: &str, schema: &Schema, dialect: Dialect) -> bool {
        let native = schema.base_type(native);
        if self.fits(column, &native, dialect) {
            return true;
        }
        let (is, wanted) = (printed(&native, dialect).diesel, &column.diesel_type);
        let kinds = (is.kind(), wanted.kind());
        let textual = match dialect {
            Dialect::Sqlite => false,
            Dialect::Postgres => {
                ["citext", "name", "xml", "json"].contains(&native.trim_end_matches("[]"))
                    || schema.enums.iter().any(|listed| Type::native(&native).is_named(&listed.name))
            }
            Dialect::Mysql | Dialect::Mariadb => ["enum", "set"].contains(&kinds.0.as_str()),
        };
        let moments = ["timestamp", "datetime"];
        let moment =
            dialect.is_mysql_family() && moments.contains(&kinds.0.as_str()) && moments.contains(&kinds.1.as_str());
        let undeclared = self.sql_type(&wanted.name).is_none() && column.values.is_empty();
        undeclared && is.array == wanted.array && (textual && kinds.1 == "text" || moment)
    }

    /// Returns whether Diesel has no type for a type of the database, and nobody declared one.
    pub(super) fn has_no_type(&self, native: &str, schema: &Schema, dialect: Dialect) -> bool {
        let native = schema.base_type(native);
        let listed = schema.enums.iter().any(|listed| Type::native(&native).is_named(&listed.name));
        let name = typname(&native).1;
        let is_it = |declared: &SqlType| declared.postgres.as_ref().is_some_and(|declared| declared.name == name);
        dialect == Dialect::Postgres && printed(&native, dialect).custom && !listed && !self.types.iter().any(is_it)
    }

    /// Returns whether a type of the database certainly differs from the one declared to Diesel. SQLite's types decide nothing.
    pub(super) fn contradicts(&self, column: &ModelColumn, native: &str, dialect: Dialect) -> bool {
        let known = !printed(native, dialect).custom && self.sql_type(&column.diesel_type.name).is_none();
        let unlimited = ModelColumn { max_length: None, ..column.clone() };
        dialect != Dialect::Sqlite && known && column.values.is_empty() && !self.fits(&unlimited, native, dialect)
    }

    /// Returns the type of the database for a new column, or one whose type changes; none if Diesel's does not tell.
    pub(super) fn native(&self, column: &ModelColumn, dialect: Dialect) -> Option<String> {
        let wanted = &column.diesel_type;
        let values = self.values(column);
        let declared = self.sql_type(&wanted.name);
        match (dialect, declared.and_then(|declared| declared.postgres.as_ref())) {
            (Dialect::Postgres, Some(name)) => Some(wanted.around(name.sql(dialect))),
            (Dialect::Mysql | Dialect::Mariadb, _) if !values.is_empty() => Some(wanted.around(format!(
                "enum({})",
                values.iter().map(|value| dialect.literal(value)).collect::<Vec<_>>().join(",")
            ))),
            (Dialect::Sqlite, _) if !values.is_empty() => Some("TEXT".to_owned()),
            _ => match declared.and_then(|declared| declared.kind(dialect)) {
                Some(kind) => of_kind(&kind, "", column.max_length, dialect).map(|base| wanted.around(base)),
                None => wanted.native(column.max_length, dialect),
            },
        }
    }

    /// Returns the values that a column may hold, if they are listed.
    pub(super) fn values<'m>(&'m self, column: &'m ModelColumn) -> &'m [String] {
        match self.sql_type(&column.diesel_type.name) {
            Some(declared) if column.values.is_empty() => &declared.values,
            _ => &column.values,
        }
    }
}

impl SqlType {
    /// Returns what Diesel's attribute says the type is sent as on SQLite or MySQL, by the name for all that is the same.
    fn kind(&self, dialect: Dialect) -> Option<String> {
        let name = match dialect {
            Dialect::Postgres => return None,
            Dialect::Sqlite => self.sqlite.as_ref()?,
            Dialect::Mysql | Dialect::Mariadb => self.mysql.as_ref()?,
        };
        let kind = match (dialect, name.as_str()) {
            (Dialect::Sqlite, "Long") | (_, "LongLong") => "bigint",
            (_, "Long") => "integer",
            (_, "Short") => "smallint",
            (_, "Tiny") => "tinyint",
            (_, "String") => "text",
            (_, "Blob" | "Bit") => "binary",
            (_, other) => return Some(other.to_lowercase()),
        };
        Some(kind.to_owned())
    }
}

impl DieselType {
    /// Returns the type of the database that Diesel's own type tells, if it does.
    pub(super) fn native(&self, max_length: Option<u32>, dialect: Dialect) -> Option<String> {
        of_kind(&self.kind(), &self.name, max_length, dialect).map(|base| self.around(base))
    }

    fn around(&self, base: String) -> String {
        let base = if self.unsigned { format!("{base} unsigned") } else { base };
        if self.array { format!("{base}[]") } else { base }
    }
}

fn of_kind(kind: &str, name: &str, length: Option<u32>, dialect: Dialect) -> Option<String> {
    let (sqlite, postgres, mysql) = match kind {
        "smallint" => ("SMALLINT", "smallint", "smallint"),
        "integer" => ("INTEGER", "integer", "int"),
        "bigint" => ("BIGINT", "bigint", "bigint"),
        "tinyint" => ("", "", "tinyint"),
        "bool" => ("BOOLEAN", "boolean", "tinyint(1)"),
        "float" => ("REAL", "real", "float"),
        "double" => ("DOUBLE", "double precision", "double"),
        "numeric" => ("NUMERIC", "numeric", "decimal(20,6)"),
        "date" => ("DATE", "date", "date"),
        "time" => ("TIME", "time without time zone", "time"),
        "timestamp" => ("TIMESTAMP", "timestamp without time zone", "timestamp"),
        "datetime" => ("", "", "datetime(6)"),
        "timestamptz" => ("TIMESTAMPTZ", "timestamp with time zone", ""),
        "json" => ("JSON", "json", "json"),
        "jsonb" => ("JSONB", "jsonb", ""),
        "text" => return Some(text(name, length, dialect)),
        "binary" => match name {
            "Tinyblob" | "Mediumblob" | "Longblob" => (
                "BLOB",
                "bytea",
                match name {
                    "Tinyblob" => "tinyblob",
                    "Mediumblob" => "mediumblob",
                    _ => "longblob",
                },
            ),
            _ => ("BLOB", "bytea", "blob"),
        },
        _ => {
            let found = POSTGRES.iter().find(|(_, diesel)| diesel.eq_ignore_ascii_case(name));
            return found.filter(|_| dialect == Dialect::Postgres).map(|(native, _)| (*native).to_owned());
        }
    };
    let name = match dialect {
        Dialect::Sqlite => sqlite,
        Dialect::Postgres => postgres,
        Dialect::Mysql | Dialect::Mariadb => mysql,
    };
    (!name.is_empty()).then(|| name.to_owned())
}

fn text(name: &str, length: Option<u32>, dialect: Dialect) -> String {
    let lower = name.to_lowercase();
    match (dialect, lower.as_str(), length) {
        (Dialect::Sqlite, ..) => "TEXT".to_owned(),
        (Dialect::Postgres, "bpchar" | "char", length) => format!("character({})", length.unwrap_or(1)),
        (Dialect::Postgres, _, Some(length)) => format!("character varying({length})"),
        (Dialect::Postgres, "varchar", None) => "character varying".to_owned(),
        (Dialect::Postgres, ..) => "text".to_owned(),
        (_, "char" | "bpchar", length) => format!("char({})", length.unwrap_or(1)),
        (_, "tinytext" | "mediumtext" | "longtext", _) => lower,
        (_, "varchar", length) => format!("varchar({})", length.unwrap_or(255)),
        (_, _, Some(length)) => format!("varchar({length})"),
        (_, _, None) => "text".to_owned(),
    }
}
