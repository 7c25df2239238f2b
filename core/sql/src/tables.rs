//! The tables that a statement changes or drops.

use super::{
    compound::is_compound,
    reader::{Reader, keyword},
    words::{Word, name, words},
};
use crate::Dialect;

/// Returns whether the statement changes one of these tables, whatever their schema.
#[must_use]
pub fn changes_table(statement: &str, dialect: Dialect, tables: &[&str]) -> bool {
    let words: Vec<Word<'_>> = words(statement, dialect).collect();
    let mut reader = Reader { words: &words, at: 0, dialect };
    let is_one = |word: &Word<'_>| name(*word, dialect).is_some_and(|name| tables.contains(&name.as_str()));
    match reader.keyword().as_deref() {
        _ if is_compound(statement, dialect) => words.iter().any(is_one),
        Some("UPDATE" | "DELETE" | "DROP" | "ALTER" | "TRUNCATE" | "RENAME") => words.iter().any(is_one),
        Some("INSERT" | "REPLACE") => {
            let into = words.iter().position(|word| keyword(*word) == "INTO").map_or(1, |at| at + 1);
            words[into..].iter().take(3).take_while(|word| **word != Word::Symbol(b'(')).any(is_one)
        }
        _ => false,
    }
}

/// Returns the table that the statement drops, if it does that.
#[must_use]
pub fn dropped_table(statement: &str, dialect: Dialect) -> Option<String> {
    let words: Vec<Word<'_>> = words(statement, dialect).take(8).collect();
    let mut reader = Reader { words: &words, at: 0, dialect };
    (reader.takes(&["DROP", "TABLE"])).then(|| reader.takes(&["IF", "EXISTS"]))?;
    reader.name().map(|name| name.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_tables_are_recognised() {
        let changes = |statement| changes_table(statement, Dialect::Postgres, &["alembic_lock"]);
        assert!(changes("DELETE FROM public.alembic_lock") && changes("INSERT INTO s.\"alembic_lock\" (a) VALUES (1)"));
        assert!(
            !changes("INSERT INTO t (x) SELECT run FROM alembic_lock")
                && !changes("GRANT SELECT ON alembic_lock TO me")
        );
    }

    #[test]
    fn a_dropped_table_is_named() {
        for name in ["\"T t\"", "[T t]", "'T t'", "`T t`", "main.[T t]"] {
            let dropped = dropped_table(&format!("DROP TABLE IF EXISTS {name}"), Dialect::Sqlite);
            assert_eq!(dropped.as_deref(), Some("T t"), "{name}");
        }
    }
}
