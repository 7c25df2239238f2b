//! Sessions that hold the locks a statement timed out on.
//!
//! A session that has given up is blocked no longer, so `pg_blocking_pids` has nothing to say of
//! it. Whoever still holds a lock on a table that the statement names is the one.

use alembic_sql::{Dialect, mentioned};
use diesel::connection::LoadConnection;

use super::{MigrationBackend, snapshot};

/// Describes the sessions that are in the way of a statement, as far as the role may see them.
pub(crate) fn blockers<C>(conn: &mut C, dialect: Dialect, statement: &str) -> Vec<String>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let names: Vec<String> = mentioned(statement, dialect).iter().map(|name| dialect.literal(name)).collect();
    let queries = match dialect {
        Dialect::Sqlite => return Vec::new(),
        Dialect::Postgres => [postgres(&names), None],
        Dialect::Mysql | Dialect::Mariadb => [mysql_metadata(&names), Some(MYSQL_TRANSACTIONS.to_owned())],
    };
    // MariaDB has the first view only where it is configured, and a role may be forbidden to look.
    let mut found = queries.into_iter().flatten().filter_map(|sql| {
        let rows = snapshot(conn, |conn| C::Backend::answers(conn, &sql)).ok()?;
        let rows: Vec<String> = rows.into_iter().flatten().collect();
        (!rows.is_empty()).then_some(rows)
    });
    found.next().unwrap_or_default()
}

fn postgres(names: &[String]) -> Option<String> {
    (!names.is_empty()).then(|| {
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
    })
}

fn mysql_metadata(names: &[String]) -> Option<String> {
    (!names.is_empty()).then(|| {
        format!(
            "SELECT DISTINCT CONCAT('connection ', t.processlist_id, ' of ', t.processlist_user, '@', \
             t.processlist_host, ' holds a lock on ', m.object_name) AS answer \
             FROM performance_schema.metadata_locks m \
             JOIN performance_schema.threads t ON t.thread_id = m.owner_thread_id \
             WHERE m.lock_status = 'GRANTED' AND m.object_schema = DATABASE() \
             AND t.processlist_id <> CONNECTION_ID() AND m.object_name IN ({})",
            names.join(", ")
        )
    })
}

const MYSQL_TRANSACTIONS: &str = "SELECT CONCAT('connection ', p.id, ' of ', p.user, '@', p.host, \
    ' (in a transaction since ', x.trx_started, ')') AS answer FROM information_schema.innodb_trx x \
    JOIN information_schema.processlist p ON p.id = x.trx_mysql_thread_id WHERE p.id <> CONNECTION_ID()";
