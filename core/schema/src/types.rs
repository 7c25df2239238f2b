//! Types of columns, with their names on each database.

use alembic_sql::{Dialect, wording::joined};

use super::Name;

/// Type of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Type {
    /// Integer of 16 bits.
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
    /// Decimal number: precision (digits in all) and scale (digits after the point).
    Numeric(u16, u16),
    /// Text of any length; on MySQL 65,535 bytes.
    Text,
    /// Text of at most this many characters.
    Varchar(u32),
    /// Text of exactly this many characters.
    Char(u32),
    /// Bytes of any length; on MySQL 65,535.
    Binary,
    /// Date.
    Date,
    /// Time of day.
    Time,
    /// Date and time without time zone. `DATETIME(6)` on MySQL.
    Timestamp,
    /// Point in time. `TIMESTAMP(6)` on MySQL.
    TimestampTz,
    /// JSON, stored as text.
    Json,
    /// JSON, stored parsed on PostgreSQL; the same as [`Json`](Self::Json) elsewhere.
    Jsonb,
    /// UUID: 16 bytes, a type of its own on PostgreSQL.
    Uuid,
    /// Enumeration. On PostgreSQL a type of this name, created by `create_enum`; on MySQL the values
    /// are listed in the column; on SQLite a check constraint lists them.
    Enum(Name, Vec<String>),
    /// Type by its name on the database.
    Native(String),
}

impl Type {
    /// Returns a type by its name on the database.
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

    /// Returns whether this is the PostgreSQL type of this name, or an array of it.
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
