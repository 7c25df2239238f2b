//! MariaDB's compound statements outside of routines: statements that run others.

use super::{reader::keyword, words::words};
use crate::Dialect;

/// Returns whether the statement is `BEGIN NOT ATOMIC`, `IF`, `CASE`, a loop, one with settings of its own
/// (`SET STATEMENT … FOR`), or a block of `sql_mode = ORACLE`, which begins with `BEGIN` or `DECLARE`.
pub(super) fn is_compound(statement: &str, dialect: Dialect) -> bool {
    let words: Vec<String> = words(statement, dialect).take(2).map(keyword).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    dialect.is_mysql_family()
        && matches!(
            words[..],
            ["SET", "STATEMENT"] | ["IF" | "CASE" | "LOOP" | "WHILE" | "REPEAT" | "FOR" | "DECLARE", ..]
        )
        || matches!(words[..], ["BEGIN", next] if !matches!(next, "" | "WORK")) && dialect.is_mysql_family()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Nature, changes_table, may_commit_inside, nature};

    #[test]
    fn what_runs_others_is_not_run_twice_and_may_change_anything() {
        for statement in [
            "BEGIN NOT ATOMIC UPDATE alembic_lock SET run = 1; END",
            "BEGIN INSERT INTO alembic_lock VALUES (1); END;",
            "DECLARE a INT; BEGIN INSERT INTO alembic_lock VALUES (a); END;",
            "IF 1 THEN DELETE FROM alembic_lock; END IF",
            "FOR i IN 1..3 DO INSERT INTO alembic_lock VALUES (i); END FOR",
            "SET STATEMENT max_statement_time = 1 FOR INSERT INTO alembic_lock VALUES (1)",
        ] {
            assert!(is_compound(statement, Dialect::Mariadb), "{statement}");
            assert_eq!(nature(statement, Dialect::Mariadb), Nature::Opaque, "{statement}");
            assert!(may_commit_inside(statement, Dialect::Mariadb), "{statement}");
            assert!(changes_table(statement, Dialect::Mariadb, &["alembic_lock"]), "{statement}");
        }
        for statement in ["BEGIN", "BEGIN WORK", "SET @a = 1", "INSERT INTO t VALUES (IF(1, 2, 3))"] {
            assert!(!is_compound(statement, Dialect::Mariadb), "{statement}");
        }
    }
}
