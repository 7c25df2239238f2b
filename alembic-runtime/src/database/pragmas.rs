//! SQLite's pragmas that belong to a connection: what one revision sets is not for the next.

use diesel::{QueryResult, connection::LoadConnection};

use super::{LONGEST_READ, MigrationBackend, Transaction, while_table_is_locked};

/// Those that last until they are set again, and can be asked for. Not among them: what is written into the file, such
/// as `user_version` and `journal_mode = WAL`, what is shared by the process, and `defer_foreign_keys`, which ends with
/// the transaction and which to switch off before would forget violations.
const PRAGMAS: [&str; 27] = [
    "analysis_limit",
    "automatic_index",
    "busy_timeout",
    "cache_size",
    "cache_spill",
    "cell_size_check",
    "checkpoint_fullfsync",
    "count_changes",
    "empty_result_callbacks",
    "foreign_keys",
    "full_column_names",
    "fullfsync",
    "ignore_check_constraints",
    "journal_size_limit",
    "legacy_alter_table",
    "locking_mode",
    "max_page_count",
    "query_only",
    "read_uncommitted",
    "recursive_triggers",
    "reverse_unordered_selects",
    "secure_delete",
    "short_column_names",
    "synchronous",
    "temp_store",
    "trusted_schema",
    "writable_schema",
];

/// Returns name and value of each.
pub(super) fn read<C>(conn: &mut C) -> QueryResult<Vec<(String, String)>>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let asks = |name: &&str| {
        let column = if *name == "busy_timeout" { "timeout" } else { *name };
        format!("SELECT '{name}=' || {column} AS answer FROM pragma_{name}")
    };
    // Nothing else tells how `LIKE` compares.
    let like = "SELECT 'case_sensitive_like=' || ('a' NOT LIKE 'A') AS answer";
    let sql = known(conn)?.iter().map(asks).chain([like.to_owned()]).collect::<Vec<_>>().join(" UNION ALL ");
    let rows = C::Backend::answers(conn, &sql)?.into_iter().flatten();
    Ok(rows.filter_map(|row| row.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()))).collect())
}

/// Returns those that this version of SQLite has.
fn known<C>(conn: &mut C) -> QueryResult<Vec<&'static str>>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let listed = C::Backend::answers(conn, "SELECT name AS answer FROM pragma_pragma_list")?;
    let is_listed = |name: &&str| listed.iter().flatten().any(|found| found == name);
    Ok(PRAGMAS.into_iter().filter(is_listed).collect())
}

/// Gives those that were changed the value that they had before.
pub(super) fn restore<C>(conn: &mut C, before: &[(String, String)]) -> QueryResult<()>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let after = read(conn)?;
    let changed = before.iter().filter(|pair| !after.contains(pair));
    let sql: String = changed.map(|(name, value)| format!("PRAGMA {name} = {};", written(name, value))).collect();
    if Transaction::is_open(conn) {
        return conn.batch_execute(&sql);
    }
    while_table_is_locked(LONGEST_READ, || conn.batch_execute(&sql))
}

/// Returns the value as the pragma takes it.
fn written<'v>(name: &str, value: &'v str) -> &'v str {
    if (name, value) == ("secure_delete", "2") { "FAST" } else { value }
}
