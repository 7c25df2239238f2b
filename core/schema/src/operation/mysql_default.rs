//! Defaults of MySQL and MariaDB.
//!
//! Constants and `CURRENT_TIMESTAMP` are written bare: MySQL adds such a column at once, and copies the table for one
//! whose default is in parentheses. <https://dev.mysql.com/doc/refman/9.0/en/data-type-defaults.html>

use alembic_sql::Dialect;

use crate::Type;

/// Writes an expression, bare if that is possible, otherwise in parentheses.
pub(super) fn expression(sql: &str, column_type: Option<&Type>) -> String {
    let is_large = column_type.is_some_and(is_large);
    let bare = (is_constant(sql) && !is_large) || is_current_time_of(sql, column_type);
    if bare { sql.to_owned() } else { format!("({sql})") }
}

/// Writes the current date or time.
pub(super) fn now(column_type: Option<&Type>) -> String {
    match column_type.map(base_and_precision) {
        Some((base, _)) if base == "date" => "(CURRENT_DATE)".to_owned(),
        Some((base, _)) if base == "time" => "(CURRENT_TIME)".to_owned(),
        Some((base, precision)) if precision > 0 && is_moment(&base) => format!("CURRENT_TIMESTAMP({precision})"),
        _ => "CURRENT_TIMESTAMP".to_owned(),
    }
}

/// Returns whether an expression is the current time in the precision of the column: only then it can be bare.
pub(super) fn is_current_time_of(sql: &str, column_type: Option<&Type>) -> bool {
    let Some((base, precision)) = column_type.map(base_and_precision) else { return false };
    is_moment(&base) && current_time(sql) == Some(precision)
}

/// Returns whether a default is one literal. A backslash or a double quote means something else in other `sql_mode`s.
pub(super) fn is_constant(sql: &str) -> bool {
    let word = sql.to_ascii_lowercase();
    if ["true", "false", "null"].contains(&word.as_str()) || is_number(&word) {
        return true;
    }
    let Some((introducer, rest)) = sql.split_once('\'') else { return false };
    let Some(text) = rest.strip_suffix('\'') else { return false };
    let introducer = introducer.trim_end().to_ascii_lowercase();
    let is_introducer = ["", "b", "x", "n"].contains(&introducer.as_str())
        || introducer
            .strip_prefix('_')
            .is_some_and(|name| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric()));
    let is_one_string = !text.replace("''", "").contains('\'') && !text.contains('\\');
    is_introducer && is_one_string
}

/// `-1.5e3`, `0x1f`, `0b101`.
fn is_number(word: &str) -> bool {
    let all = |digits: &str, is_digit: fn(u8) -> bool| !digits.is_empty() && digits.bytes().all(is_digit);
    if let Some(digits) = word.strip_prefix("0x") {
        return all(digits, |digit| digit.is_ascii_hexdigit());
    }
    if let Some(digits) = word.strip_prefix("0b") {
        return all(digits, |digit| matches!(digit, b'0' | b'1'));
    }
    let starts_like_one = word.trim_start_matches(['+', '-']).starts_with(|c: char| c.is_ascii_digit() || c == '.');
    starts_like_one && word.parse::<f64>().is_ok()
}

/// Returns whether an expression is the current time, in any precision.
pub(crate) fn is_current_time(sql: &str) -> bool {
    current_time(sql).is_some()
}

/// Returns the precision of an expression that is the current time.
fn current_time(sql: &str) -> Option<u8> {
    let text = sql.trim().to_ascii_lowercase();
    let name_end = text.find(|c: char| !c.is_ascii_alphabetic() && c != '_').unwrap_or(text.len());
    let (name, arguments) = text.split_at(name_end);
    let arguments = arguments.trim();
    match (name, arguments) {
        ("current_timestamp" | "localtime" | "localtimestamp", "") => Some(0),
        ("current_timestamp" | "localtime" | "localtimestamp" | "now", _) => {
            let digits = arguments.strip_prefix('(')?.strip_suffix(')')?.trim();
            if digits.is_empty() { Some(0) } else { digits.parse().ok() }
        }
        _ => None,
    }
}

/// Returns whether defaults of this type must be in parentheses.
pub(super) fn is_large(column_type: &Type) -> bool {
    match column_type {
        Type::Text | Type::Binary | Type::Json | Type::Jsonb => true,
        Type::Native(name) => ["text", "blob", "json"].iter().any(|kind| name.to_lowercase().contains(kind)),
        _ => false,
    }
}

fn is_moment(base: &str) -> bool {
    ["datetime", "timestamp"].contains(&base)
}

fn base_and_precision(column_type: &Type) -> (String, u8) {
    let text = column_type.sql(Dialect::Mysql).to_lowercase();
    let (base, rest) = text.split_once('(').unwrap_or((&text, ""));
    let precision = rest.split(')').next().and_then(|digits| digits.trim().parse().ok()).unwrap_or(0);
    (base.trim().to_owned(), precision)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_stand_bare_and_all_else_in_parentheses() {
        let int = Type::native("int");
        for literal in
            ["b'1'", "x'00ff'", "0x1F", "0b101", "false", "TRUE", "-1.5e3", "1.50", "N'it''s'", "_utf8mb4'x'"]
        {
            assert_eq!(expression(literal, Some(&int)), literal);
        }
        for written in
            ["1 + 1", "'a' || 'b'", "lower('x')", "'a\\'", "\"x\"", "uuid()", "a", "inf", "_utf8mb4 x'1' + '2'"]
        {
            assert_eq!(expression(written, Some(&int)), format!("({written})"));
        }
        assert_eq!(expression("N'x'", Some(&Type::native("longtext"))), "(N'x')");
    }

    #[test]
    fn the_time_stands_bare_where_it_is_as_exact_as_the_column() {
        for (sql, column_type, written) in [
            ("CURRENT_TIMESTAMP(6)", "datetime(6)", "CURRENT_TIMESTAMP(6)"),
            ("now()", "timestamp", "now()"),
            ("localtimestamp ( 3 )", "datetime(3)", "localtimestamp ( 3 )"),
            ("current_timestamp", "datetime(3)", "(current_timestamp)"),
            ("current_timestamp", "varchar(40)", "(current_timestamp)"),
            ("now(6) + interval 1 day", "datetime(6)", "(now(6) + interval 1 day)"),
        ] {
            assert_eq!(expression(sql, Some(&Type::native(column_type))), written);
        }
        assert_eq!(now(Some(&Type::native("datetime(3)"))), "CURRENT_TIMESTAMP(3)");
    }
}
