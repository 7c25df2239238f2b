//! Sequences that number the rows of a column.

use std::fmt;

/// Options of the sequence that a column owns, as far as they are not what the server chooses. PostgreSQL only.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sequence {
    /// Type, where it is not that of the column.
    pub data_type: Option<String>,
    /// First value (`START WITH`).
    pub start: Option<i64>,
    /// Step (`INCREMENT BY`).
    pub increment: Option<i64>,
    /// Least value (`MINVALUE`).
    pub min: Option<i64>,
    /// Greatest value (`MAXVALUE`).
    pub max: Option<i64>,
    /// Numbers that a session takes at once (`CACHE`).
    pub cache: Option<i64>,
    /// Whether it begins again after its last value (`CYCLE`).
    pub cycle: bool,
}

/// Ranges of the integer types of PostgreSQL, by name; narrower ones first.
const INTEGERS: [(&str, &str); 3] = [("smallint", "int2"), ("integer", "int4"), ("bigint", "int8")];

fn width(data_type: &str) -> Option<usize> {
    INTEGERS
        .iter()
        .position(|(name, short)| data_type.eq_ignore_ascii_case(name) || data_type.eq_ignore_ascii_case(short))
}

impl Sequence {
    /// Returns whether it ends before its column does: inserts fail while the column has room.
    #[must_use]
    pub fn is_narrower_than(&self, column_type: &str) -> bool {
        let own = self.data_type.as_deref().and_then(width);
        own.zip(width(column_type)).is_some_and(|(own, column)| own < column)
    }

    /// Returns whether it counts down.
    pub(crate) fn is_descending(&self) -> bool {
        self.increment.is_some_and(|increment| increment < 0)
    }

    /// Returns the first value.
    pub(crate) fn first(&self) -> i64 {
        let (bound, chosen) = if self.is_descending() { (self.max, -1) } else { (self.min, 1) };
        self.start.or(bound).unwrap_or(chosen)
    }

    /// Returns all options as SQL, those that the server chooses too, for a column of a type.
    pub(crate) fn all_options(&self, column_type: &str) -> String {
        // `AS` resets a bound that is that of a type, so the one where it begins is stated.
        let (min, max) = match self.is_descending() {
            true => (self.min, self.max.or(Some(-1))),
            false => (self.min.or(Some(1)), self.max),
        };
        let bound =
            |word: &str, value: Option<i64>| value.map_or(format!("NO {word}"), |value| format!("{word} {value}"));
        format!(
            "AS {} INCREMENT BY {} {} {} START WITH {} CACHE {} {}",
            self.data_type.as_deref().unwrap_or(column_type),
            self.increment.unwrap_or(1),
            bound("MINVALUE", min),
            bound("MAXVALUE", max),
            self.first(),
            self.cache.unwrap_or(1),
            if self.cycle { "CYCLE" } else { "NO CYCLE" },
        )
    }

    /// Returns the options that are stated, by their names in models.
    #[must_use]
    pub fn numbers(&self) -> [(&'static str, Option<i64>); 5] {
        [
            ("start", self.start),
            ("increment", self.increment),
            ("min", self.min),
            ("max", self.max),
            ("cache", self.cache),
        ]
    }
}

/// As in ` AS integer START 5`, with a space before; nothing if all is as the server chooses.
impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(data_type) = &self.data_type {
            write!(f, " AS {data_type}")?;
        }
        for (name, number) in self.numbers() {
            if let Some(number) = number {
                write!(f, " {} {number}", name.to_uppercase())?;
            }
        }
        if self.cycle { f.write_str(" CYCLE") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_stated_is_as_the_server_chooses() {
        let all = |sequence: Sequence| sequence.all_options("bigint");
        assert_eq!(
            all(Sequence::default()),
            "AS bigint INCREMENT BY 1 MINVALUE 1 NO MAXVALUE START WITH 1 CACHE 1 NO CYCLE"
        );
        assert_eq!(
            all(Sequence { increment: Some(-2), max: Some(9), cycle: true, ..Sequence::default() }),
            "AS bigint INCREMENT BY -2 NO MINVALUE MAXVALUE 9 START WITH 9 CACHE 1 CYCLE"
        );
        let narrow = Sequence { data_type: Some("integer".into()), start: Some(5), ..Sequence::default() };
        assert!(narrow.is_narrower_than("bigint") && !narrow.is_narrower_than("smallint"));
        assert_eq!(format!("serial{narrow}"), "serial AS integer START 5");
    }
}
