//! Column defaults.

use alembic_sql::Dialect;

use super::Value;

/// Default of a column.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum DefaultValue {
    /// Constant.
    Value(Value),
    /// SQL expression that is computed for each row.
    Expression(String),
    /// Current date or time, by the type of the column.
    Now,
}

impl DefaultValue {
    /// Returns a default that is an SQL expression.
    #[must_use]
    pub fn expression(sql: &str) -> Self {
        Self::Expression(sql.to_owned())
    }

    /// Parses a default from SQL: a constant if it is one, otherwise an expression.
    #[must_use]
    pub fn written(sql: &str, dialect: Dialect) -> Self {
        let sql = sql.trim();
        let text = sql.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
        let text = text.map(|inner| Value::Text(inner.replace("''", "'")));
        let number = sql.parse().ok().map(Value::Integer);
        let null = sql.eq_ignore_ascii_case("NULL").then_some(Value::Null);
        // Only a value that is written back as it was read.
        let same = |value: &Value| value.sql(dialect).is_ok_and(|again| again.eq_ignore_ascii_case(sql));
        match [text, number, null].into_iter().flatten().find(same) {
            Some(value) => Self::Value(value),
            None if is_number(sql) => Self::Value(Value::Expression(sql.to_owned())),
            None => Self::expression(sql),
        }
    }

    /// Returns the SQL from which [`written`](Self::written) parses this.
    #[must_use]
    pub fn text(&self, dialect: Dialect) -> Option<String> {
        match self {
            Self::Value(value) => value.sql(dialect).ok(),
            Self::Expression(sql) => Some(sql.clone()),
            Self::Now => Some("CURRENT_TIMESTAMP".to_owned()),
        }
    }

    /// Returns whether it says what a column without a default has, too.
    #[must_use]
    pub fn is_null(&self) -> bool {
        match self {
            Self::Value(value) => *value == Value::Null,
            Self::Expression(sql) => sql.eq_ignore_ascii_case("NULL"),
            Self::Now => false,
        }
    }

    /// Returns whether every row gets the same value. SQLite adds only columns whose default is constant.
    pub(crate) fn is_constant(&self) -> bool {
        match self {
            Self::Value(Value::Expression(sql)) => is_number(sql),
            Self::Value(_) => true,
            Self::Expression(_) | Self::Now => false,
        }
    }
}

/// Returns whether a text is a number. The written scale is kept: `1.50` and `1.5` differ.
fn is_number(sql: &str) -> bool {
    let digits = sql.strip_prefix(['-', '+']).unwrap_or(sql);
    digits.bytes().any(|byte| byte.is_ascii_digit()) && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

impl<V: Into<Value>> From<V> for DefaultValue {
    fn from(value: V) -> Self {
        Self::Value(value.into())
    }
}
