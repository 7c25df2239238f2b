//! What MySQL and MariaDB take as a prepared statement.

use super::{reader::keyword, words::words};
use crate::Dialect;

/// Returns whether MySQL and MariaDB take a statement as a prepared one.
/// <https://dev.mysql.com/doc/refman/9.0/en/sql-prepared-statements.html>
#[must_use]
pub fn can_be_prepared(statement: &str, dialect: Dialect) -> bool {
    let words: Vec<String> = words(statement, dialect).take(8).map(keyword).collect();
    let mut words = words.iter().map(String::as_str);
    match words.next().unwrap_or_default() {
        "INSERT" | "UPDATE" | "DELETE" | "REPLACE" | "SELECT" | "WITH" | "SET" | "DO" | "CALL" | "TRUNCATE"
        | "GRANT" | "REVOKE" | "ANALYZE" | "OPTIMIZE" | "REPAIR" => true,
        "CREATE" | "DROP" | "ALTER" | "RENAME" => {
            let modifier =
                |word: &&str| matches!(*word, "OR" | "REPLACE" | "TEMPORARY" | "UNIQUE" | "FULLTEXT" | "SPATIAL");
            let kind = words.find(|word| !modifier(word)).unwrap_or_default();
            matches!(kind, "TABLE" | "TABLES" | "INDEX" | "VIEW" | "USER" | "DATABASE" | "SCHEMA")
                && !(kind == "VIEW" && statement.get(..5).is_some_and(|word| word.eq_ignore_ascii_case("alter")))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_servers_take() {
        let takes = |statement| can_be_prepared(statement, Dialect::Mysql);
        assert!(
            takes("create unique index i on t (x)")
                && takes("ALTER TABLE t ADD x INT")
                && takes("CREATE OR REPLACE VIEW v AS SELECT 1")
        );
        assert!(
            !takes("CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.x = 1")
                && !takes("CREATE PROCEDURE p() SELECT 1")
        );
        assert!(
            !takes("USE other") && !takes("ALTER VIEW v AS SELECT 1") && !takes("LOAD DATA INFILE 'x' INTO TABLE t")
        );
    }
}
