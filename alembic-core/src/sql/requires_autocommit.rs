//! Statements that the server refuses inside a transaction.

use super::{reader::keyword, words::words};
use crate::Dialect;

/// Returns whether the server refuses the statement inside a transaction, as far as that shows.
#[must_use]
pub fn must_run_alone(statement: &str, dialect: Dialect) -> bool {
    let mut words = words(statement, dialect).map(keyword);
    let first = words.next().unwrap_or_default();
    match (dialect, first.as_str()) {
        (Dialect::Sqlite, "VACUUM" | "PRAGMA" | "ATTACH" | "DETACH") => true,
        (Dialect::Postgres, "VACUUM" | "CLUSTER") => true,
        (Dialect::Postgres, "CREATE" | "DROP" | "REINDEX" | "ALTER") => {
            let rest: Vec<String> = words.take(23).collect();
            let kind = rest.first().map(String::as_str).unwrap_or_default();
            matches!(kind, "DATABASE" | "TABLESPACE" | "SUBSCRIPTION" | "SYSTEM") && first != "REINDEX"
                || rest.iter().any(|word| word == "CONCURRENTLY")
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_that_want_no_transaction() {
        let alone = |statement| must_run_alone(statement, Dialect::Postgres);
        assert!(alone("create unique index concurrently i on t (x)"));
        assert!(alone("VACUUM t") && alone("REINDEX INDEX CONCURRENTLY i"));
        assert!(!alone("CREATE INDEX i ON t (x)") && !alone("INSERT INTO t VALUES ('CONCURRENTLY')"));
        assert!(must_run_alone("PRAGMA journal_mode = wal", Dialect::Sqlite));
    }
}
