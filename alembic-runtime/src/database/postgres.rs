//! PostgreSQL.

use std::fmt::Write;

use alembic_graph::{Hint, version_table::VersionTable};
use alembic_sql::{Dialect, Name, Object};
use diesel::{
    QueryResult,
    connection::{LoadConnection, TransactionManager},
    pg::Pg,
    result::{DatabaseErrorKind, Error},
};

use super::{
    Capabilities, Diagnosis, Lock, MigrationBackend, Need, Reading, Scope, TableSchema, Timeouts, Transaction, answer,
    loading_methods,
    rights::{read_only, would_hide_rows},
    sealed::Sealed,
    snapshot,
};

/// Those of `pg_dump`, and what else there is. Without `row_security` a filter is an error, and never an empty table.
/// Numbers are printed in full since `extra_float_digits` has another default, but not where somebody has set it.
const PINS: &str = "SET LOCAL row_security = off; SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL intervalstyle = 'postgres'; \
    SET LOCAL extra_float_digits = 3; SET LOCAL bytea_output = 'hex'; SET LOCAL quote_all_identifiers = off; \
    SET LOCAL timezone = 'UTC'; SET LOCAL xmlbinary = 'base64'; SET LOCAL xmloption = 'content'; \
    SET LOCAL standard_conforming_strings = on; SET LOCAL escape_string_warning = off; SET LOCAL lc_monetary = 'C'; \
    SET LOCAL lc_numeric = 'C'; SET LOCAL lc_time = 'C'; SET LOCAL transform_null_equals = off; SET LOCAL array_nulls = on; \
    SET LOCAL client_min_messages = warning; SET LOCAL synchronize_seqscans = off";

/// Names are printed as the current schema sees them, which they are compared in. Compiling the queries takes longer than they do.
const SEARCH_PATH: &str = "; SET LOCAL jit = off; SELECT pg_catalog.set_config('search_path', \
    coalesce(pg_catalog.quote_ident(pg_catalog.current_schema()), ''), true)";

impl Sealed for Pg {}

impl MigrationBackend for Pg {
    loading_methods!();

    const FAMILY: Dialect = Dialect::Postgres;

    const UNASKED: &'static [&'static str] = &["function"];

    const CAPABILITIES: Capabilities = Capabilities {
        transactional_ddl: true,
        session_lock: true,
        transaction_lock: true,
        locates_errors: true,
        explains_reruns: true,
        cascades_on_drop: false,
        roles: true,
    };

    fn tables_query(table: &VersionTable) -> String {
        let dialect = Dialect::Postgres;
        format!(
            "SELECT relname::text AS answer FROM pg_catalog.pg_class WHERE oid IN (to_regclass({}), to_regclass({}), to_regclass({}))",
            dialect.literal(&table.qualified(dialect)),
            dialect.literal(&table.qualified_log(dialect)),
            dialect.literal(&table.qualified_lock(dialect)),
        )
    }

    /// Along the search path.
    fn place<C: LoadConnection<Backend = Self>>(conn: &mut C, name: &str) -> QueryResult<TableSchema> {
        let table = Dialect::Postgres.literal(&format!(".{}", Dialect::Postgres.quote(name)));
        let exists = format!("to_regclass(quote_ident(s) || {table}) IS NOT NULL");
        let sql = format!(
            "SELECT CASE WHEN {exists} THEN '+' ELSE '-' END || s AS answer \
             FROM unnest(current_schemas(false)) WITH ORDINALITY p (s, n) WHERE n = 1 OR {exists} ORDER BY n"
        );
        let rows: Vec<String> = snapshot(conn, |conn| Ok(Self::answers(conn, &sql)?.into_iter().flatten().collect()))?;
        let Some(first) = rows.first().and_then(|row| row.get(1..)) else { return Ok(TableSchema::Nowhere) };
        let found = rows.iter().find_map(|row| row.strip_prefix('+')).unwrap_or(first);
        if found == first {
            return Ok(TableSchema::In(first.to_owned()));
        }
        Ok(TableSchema::Elsewhere { found: found.to_owned(), first: first.to_owned() })
    }

    /// One transaction: a query is prepared and then run; behind a transaction pooler the two reach the same session only
    /// inside one. In a transaction of the caller a savepoint takes the settings back.
    fn reading<C, T>(conn: &mut C, what: Reading, read: impl FnOnce(&mut C) -> QueryResult<T>) -> QueryResult<T>
    where
        C: LoadConnection<Backend = Self>,
    {
        let nested = Transaction::is_open(conn);
        C::TransactionManager::begin_transaction(conn)?;
        let path = if what == Reading::Catalog { SEARCH_PATH } else { "" };
        let result = conn.batch_execute(&format!("{PINS}{path}")).and_then(|()| read(conn));
        match &result {
            Ok(_) if !nested => Transaction::commit(conn)?,
            _ => Transaction::rollback(conn),
        }
        result
    }

    fn settings<C: LoadConnection<Backend = Self>>(conn: &mut C) -> QueryResult<Vec<(String, String)>> {
        let sql = "SELECT name || '=' || setting AS answer FROM pg_catalog.pg_settings WHERE source = 'session' \
                   UNION ALL SELECT 'session_authorization=' || session_user \
                   UNION ALL SELECT 'role=' || current_setting('role')";
        let rows = snapshot(conn, |conn| Self::answers(conn, sql))?;
        Ok(rows
            .into_iter()
            .flatten()
            .filter_map(|row| row.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())))
            .collect())
    }

    fn restore_settings<C>(conn: &mut C, before: &[(String, String)]) -> QueryResult<()>
    where
        C: LoadConnection<Backend = Self>,
    {
        let sql = difference(before, &Self::settings(conn)?);
        if sql.is_empty() { Ok(()) } else { conn.batch_execute(&sql) }
    }

    /// Settings that the server does not know are left out. A server that notices that its client is gone stops what it
    /// does for it. A backslash is an ordinary character, as the splitter reads it. Policies hide no rows: an update
    /// of none of them would be recorded as done.
    fn begin_run<C>(conn: &mut C, scope: Scope, timeouts: Timeouts, application: &str) -> QueryResult<()>
    where
        C: LoadConnection<Backend = Self>,
    {
        let local = scope == Scope::Transaction;
        let sql = format!(
            "SELECT string_agg(set_config(s.name, s.value, {local}), '') AS answer FROM (VALUES \
             ('lock_timeout', '{}'), ('statement_timeout', '{}'), ('idle_in_transaction_session_timeout', '0'), \
             ('application_name', {}), ('standard_conforming_strings', 'on'), ('row_security', 'off'), \
             ('client_connection_check_interval', '500')) s (name, value) \
             WHERE current_setting(s.name, true) IS NOT NULL \
             AND (s.name <> 'client_connection_check_interval' OR version() LIKE '%linux%')",
            timeouts.lock.as_millis(),
            timeouts.statement.as_millis(),
            Dialect::Postgres.literal(application),
        );
        answer(conn, &sql).map(|_| ())
    }

    fn around_seed() -> (String, &'static str) {
        ("SET LOCAL standard_conforming_strings = on; SET LOCAL row_security = off".to_owned(), "")
    }

    /// Concurrent builds wait for others by design: cut off, they leave an invalid index.
    fn without_timeout(sql: &str, timeouts: Timeouts) -> Option<[String; 2]> {
        let timeout = timeouts.lock.as_millis();
        sql.to_ascii_uppercase()
            .contains("CONCURRENTLY")
            .then(|| ["SET lock_timeout = 0".to_owned(), format!("SET lock_timeout = {timeout}")])
    }

    fn cancel_query() -> Option<&'static str> {
        Some("SELECT 'SELECT pg_catalog.pg_cancel_backend(' || pg_catalog.pg_backend_pid() || ')' AS answer")
    }

    fn clock_query() -> Option<&'static str> {
        Some("SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') AS answer")
    }

    fn log_time(time: chrono::NaiveDateTime) -> String {
        time.format("%Y-%m-%d %H:%M:%S%.6f+00").to_string()
    }

    fn refusal_hint<C: LoadConnection<Backend = Self>>(conn: &mut C, message: &str, _need: Need) -> Option<Hint> {
        if would_hide_rows(message) {
            return Some(Hint::RecordHidden);
        }
        if !["read-only transaction", "during recovery"].iter().any(|words| message.contains(words)) {
            return None;
        }
        let sql = "SELECT CASE WHEN pg_is_in_recovery() THEN 'standby' ELSE source END AS answer \
                   FROM pg_catalog.pg_settings WHERE name = 'default_transaction_read_only'";
        let source = snapshot(conn, |conn| answer(conn, sql)).ok().flatten().unwrap_or_default();
        if source == "standby" {
            return Some(Hint::Standby);
        }
        let setting = format!("`default_transaction_read_only` (set by: {source})");
        let way = "if this role is to migrate all the same, add `options=-c%20default_transaction_read_only%3Doff` to the URL";
        read_only(&setting, way)
    }

    /// Polled, never blocking: a session that waits inside `pg_advisory_lock` holds a snapshot, and
    /// `CREATE INDEX CONCURRENTLY` of the session that has the lock would wait for it forever.
    /// <https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY>
    ///
    /// The session is marked with the run. Behind a transaction pooler two clients may come by the
    /// same session, where both would get the lock: then one finds the other's mark.
    fn lock(table: &VersionTable, run: &str) -> Option<Lock> {
        let schema = table.schema().map_or_else(|| "current_schema()".to_owned(), |s| Dialect::Postgres.literal(s));
        let key = table.advisory_key(&schema);
        let run = Dialect::Postgres.literal(run);
        let mark = "coalesce(current_setting('alembic.run', true), '')";
        Some(Lock {
            in_transaction: Some(format!("SELECT pg_try_advisory_xact_lock({key})::int::text AS answer")),
            for_session: format!(
                "SELECT CASE WHEN {mark} NOT IN ('', {run}) THEN 'shared' WHEN pg_try_advisory_lock({key}) \
                 THEN left(set_config('alembic.run', {run}, false), 0) || '1' ELSE '0' END AS answer"
            ),
            unlock: format!(
                "SELECT pg_advisory_unlock({key})::int::text || left(set_config('alembic.run', '', false), 0) AS answer"
            ),
            is_ours: Some(format!("SELECT ({mark} = {run})::int::text AS answer")),
            holder: format!(
                "SELECT format('process %s (%s), connected since %s', a.pid, \
                 coalesce(nullif(a.application_name, ''), a.usename), to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS')) \
                 AS answer FROM pg_catalog.pg_locks l \
                 JOIN pg_catalog.pg_stat_activity a USING (pid), (SELECT {key} AS k) key WHERE l.locktype = 'advisory' \
                 AND l.granted AND l.objsubid = 1 AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE \
                 datname = current_database()) AND (l.classid::bigint << 32 | l.objid::bigint) = k"
            ),
        })
    }

    fn blocker_queries(names: &[String]) -> Vec<String> {
        let query = (!names.is_empty()).then(|| {
            format!(
                "SELECT DISTINCT format('process %s (%s) of %s, %s, holds a lock on %s', a.pid, \
                 coalesce(nullif(a.application_name, ''), '?'), a.usename, coalesce(a.state || ' for ' || \
                 round(extract(epoch FROM clock_timestamp() - a.xact_start)) || ' s', \
                 'of which this role may see no more'), c.relname) AS answer \
                 FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a USING (pid) \
                 JOIN pg_catalog.pg_class c ON c.oid = l.relation \
                 WHERE l.granted AND l.pid <> pg_backend_pid() AND l.database = \
                 (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()) AND c.relname IN ({})",
                names.join(", ")
            )
        });
        query.into_iter().collect()
    }

    fn busy_session_query(session: &str) -> Option<String> {
        let session = Dialect::Postgres.literal(session);
        Some(format!(
            "SELECT format('process %s (%s)', pid, application_name) AS answer FROM pg_catalog.pg_stat_activity \
             WHERE pid || ' ' || extract(epoch FROM backend_start) = {session} AND pid <> pg_backend_pid() \
             AND state <> 'idle'"
        ))
    }

    /// Only an index can be built outside a transaction; everything else shares one with its note. It is in
    /// the schema of its table.
    fn probe_query(object: &Object) -> Option<String> {
        let Object::Index(table, index) = object else {
            return None;
        };
        let literal = |name: &Name| Dialect::Postgres.literal(&qualified(name));
        let condition = match table {
            Some(table) => {
                format!(
                    "i.indrelid = to_regclass({}) AND c.relname = {}",
                    literal(table),
                    Dialect::Postgres.literal(&index.name)
                )
            }
            None => format!("i.indexrelid = to_regclass({})", literal(index)),
        };
        Some(format!(
            "SELECT CASE WHEN i.indisvalid THEN 'valid' ELSE format('invalid %I.%I', n.nspname, c.relname) END AS answer \
             FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE {condition}"
        ))
    }

    fn diagnose_by_rerun<C: LoadConnection<Backend = Self>>(conn: &mut C, statement: &str, said: &str) -> Diagnosis {
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

    fn is_contention(error: &Error) -> bool {
        let said = |words: &str| matches!(error, Error::DatabaseError(_, info) if info.message().contains(words));
        matches!(error, Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _))
            || said("lock timeout")
            || said("deadlock detected")
    }

    fn wants_no_transaction(error: &Error) -> bool {
        let said = |words: &str| matches!(error, Error::DatabaseError(_, info) if info.message().contains(words));
        said("cannot run inside a transaction block") || said("invalid transaction termination")
    }

    /// The lock table is shared by all sessions and never shrinks below this size; half of it is
    /// left to the others.
    fn lock_budget_query() -> Option<&'static str> {
        Some(
            "SELECT (current_setting('max_locks_per_transaction')::bigint * (current_setting('max_connections')::bigint \
             + current_setting('max_prepared_transactions')::bigint) / 2 \
             - (SELECT count(*) FROM pg_catalog.pg_locks WHERE pid = pg_backend_pid()))::text AS answer",
        )
    }
}

fn qualified(name: &Name) -> String {
    let dialect = Dialect::Postgres;
    let schema = name.schema.as_ref().map(|schema| format!("{}.", dialect.quote(schema)));
    format!("{}{}", schema.unwrap_or_default(), dialect.quote(&name.name))
}

/// Returns the SQL that makes `after` into `before`.
fn difference(before: &[(String, String)], after: &[(String, String)]) -> String {
    let dialect = Dialect::Postgres;
    let mut sql = String::new();
    for (name, value) in after {
        let old = before.iter().find(|(other, _)| other == name);
        let _infallible = match old {
            Some((_, old)) if old == value => Ok(()),
            Some((_, old)) => {
                write!(sql, "SELECT set_config({}, {}, false);", dialect.literal(name), dialect.literal(old))
            }
            None => write!(sql, "RESET {};", dialect.quote(name)),
        };
    }
    for (name, value) in before.iter().filter(|(name, _)| !after.iter().any(|(other, _)| other == name)) {
        let _infallible =
            write!(sql, "SELECT set_config({}, {}, false);", dialect.literal(name), dialect.literal(value));
    }
    sql
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changed_is_set_back() {
        let pairs = |list: &[(&str, &str)]| -> Vec<(String, String)> {
            list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let before = pairs(&[("TimeZone", "UTC"), ("search_path", "app"), ("work_mem", "64")]);
        let after = pairs(&[("TimeZone", "UTC"), ("search_path", ""), ("lock_timeout", "0")]);
        let expected = "SELECT set_config('search_path', 'app', false);RESET \"lock_timeout\";SELECT set_config('work_mem', '64', false);";
        assert_eq!(difference(&before, &after), expected);
    }
}
