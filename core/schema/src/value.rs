//! Values of rows, as SQL literals.

use alembic_sql::Dialect;
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};

/// Value of a column.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// `NULL`.
    Null,
    /// True or false.
    Boolean(bool),
    /// Integer.
    Integer(i64),
    /// Floating-point number.
    Float(f64),
    /// Point in time.
    Moment(DateTime<Utc>),
    /// Text; also dates, decimal numbers and JSON, which every database reads from text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// SQL, written as it is.
    Expression(String),
}

impl Value {
    /// Returns a value that the database computes from an SQL expression.
    #[must_use]
    pub fn expression(sql: &str) -> Self {
        Self::Expression(sql.to_owned())
    }

    /// Returns the value as SQL.
    ///
    /// # Errors
    ///
    /// What the database has no literal for.
    pub fn sql(&self, dialect: Dialect) -> Result<String, String> {
        Ok(match self {
            Self::Null => "NULL".to_owned(),
            Self::Boolean(value) if dialect == Dialect::Sqlite => u8::from(*value).to_string(),
            Self::Boolean(value) => if *value { "TRUE" } else { "FALSE" }.to_owned(),
            Self::Integer(value) => value.to_string(),
            Self::Float(value) if value.is_finite() => format!("{value:?}"),
            Self::Float(value) if dialect == Dialect::Postgres => format!("'{value}'::float8"),
            Self::Float(value) => return Err(format!("the number {value}")),
            // MariaDB reads no offset, and takes a literal as time in the session's time zone.
            Self::Moment(moment) if dialect.is_mysql_family() => {
                format!("CONVERT_TZ('{}', '+00:00', @@session.time_zone)", moment.format("%Y-%m-%d %H:%M:%S%.6f"))
            }
            Self::Moment(moment) => format!("'{}+00:00'", moment.format("%Y-%m-%d %H:%M:%S%.f")),
            Self::Text(text) if text.contains('\0') => return Err("text with a NUL character".into()),
            Self::Text(text) => dialect.literal(text),
            Self::Bytes(bytes) => {
                let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                if dialect == Dialect::Postgres { format!("'\\x{hex}'::bytea") } else { format!("X'{hex}'") }
            }
            Self::Expression(sql) => sql.clone(),
        })
    }
}

macro_rules! into_value {
    ($($from:ty => $value:ident => $to:expr;)+) => {
        $(impl From<$from> for Value {
            fn from($value: $from) -> Self {
                $to
            }
        })+
    };
}

into_value! {
    bool => value => Self::Boolean(value);
    i16 => value => Self::Integer(value.into());
    i32 => value => Self::Integer(value.into());
    i64 => value => Self::Integer(value);
    u32 => value => Self::Integer(value.into());
    f32 => value => Self::Float(value.into());
    f64 => value => Self::Float(value);
    &str => value => Self::Text(value.to_owned());
    String => value => Self::Text(value);
    Vec<u8> => value => Self::Bytes(value);
    NaiveDate => value => Self::Text(value.to_string());
    NaiveTime => value => Self::Text(value.to_string());
    NaiveDateTime => value => Self::Text(value.format("%Y-%m-%d %H:%M:%S%.f").to_string());
    DateTime<Utc> => value => Self::Moment(value);
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// Rows of one table, all with the same columns.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rows {
    /// Columns that have values.
    pub columns: Vec<String>,
    /// Rows, each with a value per column.
    pub rows: Vec<Vec<Value>>,
}

impl Rows {
    /// Collects rows that name their columns, in any order.
    ///
    /// # Errors
    ///
    /// Which row has other columns than the first.
    pub fn new(rows: impl IntoIterator<Item = Vec<(String, Value)>>) -> Result<Self, String> {
        let mut this = Self::default();
        for (number, row) in rows.into_iter().enumerate() {
            if number == 0 {
                this.columns = row.iter().map(|(column, _)| column.clone()).collect();
            }
            let mut values = vec![None; this.columns.len()];
            let given = row.len();
            for (column, value) in row {
                if let Some(at) = this.columns.iter().position(|known| *known == column) {
                    values[at] = Some(value);
                }
            }
            let values: Option<Vec<Value>> = values.into_iter().collect();
            match values.filter(|values| values.len() == given) {
                Some(values) => this.rows.push(values),
                None => return Err(format!("row {} has other columns than the first", number + 1)),
            }
        }
        Ok(this)
    }
}
