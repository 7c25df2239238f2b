//! Statements that have to be run outside a transaction.
//!
//! PostgreSQL refuses them where its sources call `PreventInTransactionBlock`, here with the conditions of
//! that call. What depends on the catalog is left to the server: `CLUSTER` and `REINDEX` of a partitioned
//! table, `DROP SUBSCRIPTION` with a slot, `ALTER SUBSCRIPTION … SET (two_phase = false)`, and before
//! PostgreSQL 12 `ALTER TYPE … ADD VALUE`.

use super::{
    pragma::{is_ignored_in_transaction, is_refused_in_transaction},
    reader::{Reader, first_keyword},
    words::{Word, words},
};
use crate::Dialect;

/// How far into a statement an option of it may be: after a list of publications.
const MOST_WORDS: usize = 1000;

/// Returns whether the statement fails, or does nothing, inside a transaction.
#[must_use]
pub fn requires_autocommit(statement: &str, dialect: Dialect) -> bool {
    let first = first_keyword(statement, dialect);
    match dialect {
        Dialect::Postgres => {
            let words: Vec<Word<'_>> = words(statement, dialect).take(MOST_WORDS).collect();
            postgres(&first, &mut Reader { words: &words, at: 1, dialect })
        }
        Dialect::Sqlite => {
            matches!(first.as_str(), "VACUUM" | "DETACH")
                || is_refused_in_transaction(statement)
                || is_ignored_in_transaction(statement, dialect)
        }
        Dialect::Mysql | Dialect::Mariadb => false,
    }
}

fn postgres(first: &str, reader: &mut Reader<'_>) -> bool {
    match first {
        "VACUUM" => true,
        "CLUSTER" | "REPACK" => is_cluster_of_all(reader),
        "REINDEX" => is_reindex_of_many(reader),
        "DISCARD" => reader.takes(&["ALL"]),
        "COMMIT" | "ROLLBACK" => reader.takes(&["PREPARED"]),
        "CREATE" => create(reader),
        "DROP" => {
            reader.takes_one(&["DATABASE", "TABLESPACE"]) || reader.takes(&["INDEX"]) && reader.takes(&["CONCURRENTLY"])
        }
        "ALTER" => alter(reader),
        _ => false,
    }
}

/// `CLUSTER` and `REPACK` without a table.
fn is_cluster_of_all(reader: &mut Reader<'_>) -> bool {
    let concurrently = last(&reader.switches(), "CONCURRENTLY").unwrap_or(false);
    reader.takes(&["VERBOSE"]);
    concurrently || reader.is_at_end() || reader.takes(&["USING", "INDEX"]) && reader.is_at_end()
}

fn is_reindex_of_many(reader: &mut Reader<'_>) -> bool {
    let concurrently = last(&reader.switches(), "CONCURRENTLY").unwrap_or(false);
    let many = reader.takes_one(&["SCHEMA", "DATABASE", "SYSTEM"]);
    concurrently || many || reader.takes_one(&["TABLE", "INDEX"]) && reader.takes(&["CONCURRENTLY"])
}

/// Returns the value that counts of a switch that may be given twice.
fn last(switches: &[(String, bool)], name: &str) -> Option<bool> {
    switches.iter().rev().find(|(other, _)| other == name).map(|(_, is_on)| *is_on)
}

fn create(reader: &mut Reader<'_>) -> bool {
    if reader.takes_one(&["DATABASE", "TABLESPACE"]) {
        return true;
    }
    if reader.takes(&["SUBSCRIPTION"]) {
        let options = reader.switches_after("WITH");
        return last(&options, "CREATE_SLOT").or_else(|| last(&options, "CONNECT")).unwrap_or(true);
    }
    reader.takes(&["UNIQUE"]);
    reader.takes(&["INDEX"]) && reader.takes(&["CONCURRENTLY"])
}

fn alter(reader: &mut Reader<'_>) -> bool {
    match reader.keyword().unwrap_or_default().as_str() {
        "SYSTEM" => true,
        "DATABASE" => {
            reader.name();
            reader.takes_one(&["SET", "WITH"]);
            reader.takes(&["TABLESPACE"])
        }
        "SUBSCRIPTION" => {
            reader.name();
            if reader.takes(&["REFRESH"]) {
                return reader.takes(&["PUBLICATION"]);
            }
            let publications = reader.takes_one(&["SET", "ADD", "DROP"]) && reader.takes(&["PUBLICATION"]);
            let options = if publications { reader.switches_after("WITH") } else { reader.switches() };
            if publications {
                return last(&options, "REFRESH").unwrap_or(true);
            }
            // The slot is changed, too.
            last(&options, "FAILOVER").is_some() || last(&options, "TWO_PHASE") == Some(false)
        }
        "TABLE" => {
            reader.takes(&["IF", "EXISTS"]);
            reader.takes(&["ONLY"]);
            reader.name();
            reader.takes(&["DETACH", "PARTITION"]) && reader.name().is_some() && reader.takes(&["CONCURRENTLY"])
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_looks_like_it_may_run_in_a_transaction() {
        let alone = |statement| requires_autocommit(statement, Dialect::Postgres);
        for statement in [
            "CREATE INDEX i ON t (x)",
            "INSERT INTO t VALUES ('CONCURRENTLY')",
            "CREATE TABLE \"database\" (x INTEGER)",
            "CREATE FUNCTION vacuum() RETURNS void LANGUAGE sql AS 'VACUUM'",
            "ALTER DATABASE \"tablespace\" SET default_tablespace = 'x'",
            "ALTER TABLE \"system\" ADD x INTEGER",
            "REFRESH MATERIALIZED VIEW CONCURRENTLY v",
            "REINDEX (CONCURRENTLY, CONCURRENTLY \"off\") TABLE t",
        ] {
            assert!(!alone(statement), "{statement}");
        }
        assert!(alone("/* now */ create unique index\nconcurrently i on t (x)"));
    }
}
