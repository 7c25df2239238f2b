//! What a column holds that is not given.

use alembic_sql::Dialect;

use super::{Type, Value, mysql_default};

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
            Self::Expression(sql) => Some(sql.clone()),
            other => other.sql(None, dialect).ok(),
        }
    }

    /// Returns the default as SQL, for a column of this type.
    pub(crate) fn sql(&self, column_type: Option<&Type>, dialect: Dialect) -> Result<String, String> {
        let mysql = dialect.is_mysql_family();
        Ok(match self {
            Self::Value(value) if mysql && column_type.is_some_and(Type::is_large_on_mysql) => {
                format!("({})", value.sql(dialect)?)
            }
            Self::Value(value) => value.sql(dialect)?,
            Self::Expression(sql) if mysql => mysql_default::expression(sql, column_type),
            Self::Expression(sql) if dialect == Dialect::Postgres => sql.clone(),
            // SQLite takes expressions in parentheses only.
            Self::Expression(sql) => format!("({sql})"),
            Self::Now if mysql => mysql_default::now(column_type),
            Self::Now => match column_type {
                Some(Type::Date) => "CURRENT_DATE".into(),
                Some(Type::Time) => "CURRENT_TIME".into(),
                _ => "CURRENT_TIMESTAMP".into(),
            },
        })
    }

    /// Returns whether MySQL sets this default only together with the whole column: `ALTER COLUMN … SET DEFAULT` takes
    /// neither a constant for a large type nor `CURRENT_TIMESTAMP`.
    pub(crate) fn needs_whole_column_on_mysql(&self, column_type: &Type) -> bool {
        match self {
            Self::Value(_) => column_type.is_large_on_mysql(),
            Self::Expression(sql) => {
                column_type.is_large_on_mysql() && mysql_default::is_constant(sql)
                    || mysql_default::is_current_time_of(sql, Some(column_type))
            }
            Self::Now => true,
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
