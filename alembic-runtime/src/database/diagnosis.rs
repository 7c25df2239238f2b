//! The code of an error, which Diesel does not pass on.

use alembic_sql::Dialect;
use diesel::{connection::LoadConnection, result::Error};

use super::{MigrationBackend, answer};

/// What a server knows of a failure besides its message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Diagnosis {
    /// `SQLSTATE 23505`, `error 1062, SQLSTATE 23000`.
    pub(crate) code: Option<String>,
    /// The function or trigger in which it happened.
    pub(crate) context: Option<String>,
    /// What the session remembers of the last statement that committed by itself.
    pub(crate) marker: Option<String>,
}

/// Asks a MySQL session about the statement that has just failed.
pub(crate) fn diagnose_last_statement<C>(conn: &mut C) -> Diagnosis
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    // The second fails where there is nothing to tell, and then the first says so.
    let count = conn.batch_execute("GET DIAGNOSTICS @alembic_conditions = NUMBER");
    conn.batch_execute("GET DIAGNOSTICS CONDITION 1 @alembic_code = MYSQL_ERRNO, @alembic_state = RETURNED_SQLSTATE")
        .ok();
    let code = count.ok().and_then(|()| {
        let sql = "SELECT IF(@alembic_conditions > 0, CONCAT('error ', @alembic_code, ', SQLSTATE ', @alembic_state), NULL) \
                   AS answer";
        answer(conn, sql).ok().flatten()
    });
    let marker = answer(conn, "SELECT CAST(@alembic_done AS CHAR) AS answer").ok().flatten();
    Diagnosis { code, context: None, marker }
}

/// Lets a PostgreSQL statement fail once more, where its failure can be looked at from inside. What
/// fails in another way than it `said` tells nothing.
///
/// The caller is in a transaction or behind a savepoint, and rolls back afterwards.
pub(crate) fn diagnose_by_rerun<C>(conn: &mut C, statement: &str, said: &str) -> Diagnosis
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let sql = format!(
        "DO LANGUAGE plpgsql {block} DECLARE code text; place text; said text; BEGIN EXECUTE {statement}; \
         EXCEPTION WHEN OTHERS THEN GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, \
         place = PG_EXCEPTION_CONTEXT, said = MESSAGE_TEXT; \
         RAISE EXCEPTION USING MESSAGE = 'alembic ' || code, DETAIL = place, HINT = said; END {block}",
        block = "$alembic_diagnosis$",
        statement = Dialect::Postgres.literal(statement),
    );
    let Err(Error::DatabaseError(_, info)) = conn.batch_execute(&sql) else {
        return Diagnosis::default();
    };
    if info.hint() != Some(said) {
        return Diagnosis::default();
    }
    let code = info.message().strip_prefix("alembic ").map(|code| format!("SQLSTATE {code}"));
    let ours = |line: &str| line.contains("inline_code_block") || line.starts_with("SQL statement");
    let place = info.details().unwrap_or_default();
    let context = place.lines().find(|line| !line.is_empty() && !ours(line)).map(str::to_owned);
    Diagnosis { context: context.filter(|_| code.is_some()), code, marker: None }
}
