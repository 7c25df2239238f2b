//! What a column holds that is not given.

use super::{Type, Value};
use crate::Dialect;

/// The default of a column.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum DefaultValue {
    /// A constant.
    Value(Value),
    /// What the database computes for each row.
    Expression(String),
    /// The time at which the row is written.
    Now,
}

impl DefaultValue {
    /// Returns a default that the database computes.
    #[must_use]
    pub fn expression(sql: &str) -> Self {
        Self::Expression(sql.to_owned())
    }

    /// Returns the default as SQL, for a column of this type.
    pub(crate) fn sql(&self, column_type: Option<&Type>, dialect: Dialect) -> Result<String, String> {
        let mysql = dialect.is_mysql_family();
        Ok(match self {
            Self::Value(value) if mysql && column_type.is_some_and(Type::is_large_on_mysql) => {
                format!("({})", value.sql(dialect)?)
            }
            Self::Value(value) => value.sql(dialect)?,
            // SQLite and MySQL take expressions in parentheses only.
            Self::Expression(sql) if dialect == Dialect::Postgres => sql.clone(),
            Self::Expression(sql) => format!("({sql})"),
            Self::Now => match column_type {
                Some(Type::Date) if mysql => "(CURRENT_DATE)".into(),
                Some(Type::Date) => "CURRENT_DATE".into(),
                Some(Type::Time) if mysql => "(CURRENT_TIME)".into(),
                Some(Type::Time) => "CURRENT_TIME".into(),
                Some(Type::Timestamp | Type::TimestampTz) if mysql => "CURRENT_TIMESTAMP(6)".into(),
                _ => "CURRENT_TIMESTAMP".into(),
            },
        })
    }

    /// Returns whether every row gets the same: SQLite adds columns of this kind only.
    pub(crate) fn is_constant(&self) -> bool {
        matches!(self, Self::Value(value) if !matches!(value, Value::Expression(_)))
    }
}

impl<V: Into<Value>> From<V> for DefaultValue {
    fn from(value: V) -> Self {
        Self::Value(value.into())
    }
}
