//! What a column holds that is not given.

use alembic_sql::Dialect;

use super::Value;

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

    /// Understands a default as it stands in SQL: constants as such, all else as an expression.
    #[must_use]
    pub fn written(sql: &str, dialect: Dialect) -> Self {
        let sql = sql.trim();
        let text = sql.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
        let text = text.map(|inner| Value::Text(inner.replace("''", "'")));
        let number = sql.parse().ok().map(Value::Integer);
        let null = sql.eq_ignore_ascii_case("NULL").then_some(Value::Null);
        // Only what is written again as it was.
        let same = |value: &Value| value.sql(dialect).is_ok_and(|again| again.eq_ignore_ascii_case(sql));
        match [text, number, null].into_iter().flatten().find(same) {
            Some(value) => Self::Value(value),
            None if is_number(sql) => Self::Value(Value::Expression(sql.to_owned())),
            None => Self::expression(sql),
        }
    }

    /// Returns what [`written`](Self::written) understands as this.
    #[must_use]
    pub fn text(&self, dialect: Dialect) -> Option<String> {
        match self {
            Self::Value(value) => value.sql(dialect).ok(),
            Self::Expression(sql) => Some(sql.clone()),
            Self::Now => Some("CURRENT_TIMESTAMP".to_owned()),
        }
    }

    /// Returns whether every row gets the same: SQLite adds columns of this kind only.
    pub(crate) fn is_constant(&self) -> bool {
        match self {
            Self::Value(Value::Expression(sql)) => is_number(sql),
            Self::Value(_) => true,
            Self::Expression(_) | Self::Now => false,
        }
    }
}

/// `1.50` is not `1.5` to who wrote it.
fn is_number(sql: &str) -> bool {
    let digits = sql.strip_prefix(['-', '+']).unwrap_or(sql);
    digits.bytes().any(|byte| byte.is_ascii_digit()) && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

impl<V: Into<Value>> From<V> for DefaultValue {
    fn from(value: V) -> Self {
        Self::Value(value.into())
    }
}
