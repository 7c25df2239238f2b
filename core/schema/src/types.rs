//! Types of columns, and how each database calls them.

use alembic_sql::{Dialect, wording::joined};

use super::Name;

/// The type of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Type {
    /// 16 bits.
    SmallInt,
    /// 32 bits.
    Integer,
    /// 64 bits.
    BigInt,
    /// True or false.
    Boolean,
    /// 32 bits.
    Float,
    /// 64 bits.
    Double,
    /// Digits in all, and after the point.
    Numeric(u16, u16),
    /// Text of any length; on MySQL 65,535 bytes.
    Text,
    /// Text of at most so many characters.
    Varchar(u32),
    /// Text of exactly so many characters.
    Char(u32),
    /// Bytes of any number; on MySQL 65,535.
    Binary,
    /// A day.
    Date,
    /// A time of day.
    Time,
    /// A day and a time, as a clock on some wall shows it. `DATETIME(6)` on MySQL.
    Timestamp,
    /// A moment. `TIMESTAMP(6)` on MySQL.
    TimestampTz,
    /// JSON as text.
    Json,
    /// JSON taken apart; where there is no such thing, JSON.
    Jsonb,
    /// 16 bytes, or a type of its own on PostgreSQL.
    Uuid,
    /// One of some words. On PostgreSQL a type of this name, made by `create_enum`; on MySQL the words
    /// are listed in the column; on SQLite they are checked.
    Enum(Name, Vec<String>),
    /// What the database calls it.
    Native(String),
}

impl Type {
    /// Returns a type by the name that the database has for it.
    #[must_use]
    pub fn native(name: &str) -> Self {
        Self::Native(name.to_owned())
    }

    /// Returns an enumeration.
    #[must_use]
    pub fn enumeration<'v>(name: &str, values: impl IntoIterator<Item = &'v str>) -> Self {
        Self::Enum(name.into(), values.into_iter().map(str::to_owned).collect())
    }

    /// Returns the type as SQL.
    #[must_use]
    pub fn sql(&self, dialect: Dialect) -> String {
        let pick = |sqlite: &str, postgres: &str, mysql: &str| {
            match dialect {
                Dialect::Sqlite => sqlite,
                Dialect::Postgres => postgres,
                Dialect::Mysql | Dialect::Mariadb => mysql,
            }
            .to_owned()
        };
        match self {
            Self::SmallInt => "SMALLINT".into(),
            Self::Integer => "INTEGER".into(),
            Self::BigInt => "BIGINT".into(),
            Self::Boolean => "BOOLEAN".into(),
            Self::Float => pick("REAL", "REAL", "FLOAT"),
            Self::Double => pick("DOUBLE", "DOUBLE PRECISION", "DOUBLE"),
            Self::Numeric(precision, scale) => format!("NUMERIC({precision}, {scale})"),
            Self::Text => "TEXT".into(),
            Self::Varchar(length) => format!("VARCHAR({length})"),
            Self::Char(length) => format!("CHAR({length})"),
            Self::Binary => pick("BLOB", "BYTEA", "BLOB"),
            Self::Date => "DATE".into(),
            Self::Time => "TIME".into(),
            Self::Timestamp => pick("TIMESTAMP", "TIMESTAMP", "DATETIME(6)"),
            Self::TimestampTz => pick("TIMESTAMPTZ", "TIMESTAMPTZ", "TIMESTAMP(6)"),
            Self::Json => pick("TEXT", "JSON", "JSON"),
            Self::Jsonb => pick("TEXT", "JSONB", "JSON"),
            Self::Uuid => pick("BLOB", "UUID", "BINARY(16)"),
            Self::Enum(_, values) if dialect.is_mysql_family() => format!("ENUM({})", literals(values, dialect)),
            Self::Enum(name, _) if dialect == Dialect::Postgres => name.sql(dialect),
            Self::Enum(..) => "TEXT".into(),
            Self::Native(name) => name.clone(),
        }
    }

    /// Returns whether this is a type of PostgreSQL that has a name of its own, or an array of it.
    #[must_use]
    pub fn is_named(&self, name: &Name) -> bool {
        let written = self.sql(Dialect::Postgres);
        let written = written.trim_end_matches("[]");
        written == name.to_string()
            || written == name.sql(Dialect::Postgres)
            || written == Dialect::Postgres.quote(&name.name)
    }

    pub(crate) fn is_integer(&self) -> bool {
        match self {
            Self::SmallInt | Self::Integer | Self::BigInt => true,
            Self::Native(name) => name.eq_ignore_ascii_case("INTEGER"),
            _ => false,
        }
    }
}

/// Returns the values of an enumeration as a list of SQL literals.
#[must_use]
pub fn literals(values: &[String], dialect: Dialect) -> String {
    joined(values.iter().map(|value| dialect.literal(value)))
}
