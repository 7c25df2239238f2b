//! `rows!`.

/// Makes rows for `bulk_insert`: `rows![{ id: 1, name: "CHECKING" }, { id: 2, name: "SAVINGS" }]`.
///
/// Values are what [`Value`](crate::prelude::Value) can be made from: numbers, text, bytes, dates,
/// options of these, `Value::expression("…")`. Every row names the same columns, in any order; if one does
/// not, `bulk_insert` fails and says which.
#[macro_export]
macro_rules! rows {
    ($({ $($column:ident : $value:expr),* $(,)? }),* $(,)?) => {
        [$(::std::vec![$((
            ::std::string::String::from(::core::stringify!($column).trim_start_matches("r#")),
            $crate::__private::Value::from($value),
        )),*]),*]
    };
}
