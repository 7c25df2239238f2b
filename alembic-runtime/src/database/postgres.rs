//! PostgreSQL.

use alembic_graph::version_table::VersionTable;
use alembic_sql::Dialect;
use diesel::{
    pg::Pg,
    result::{DatabaseErrorKind, Error},
};

use super::{MigrationBackend, loading_methods, sealed::Sealed};

impl Sealed for Pg {}

impl MigrationBackend for Pg {
    loading_methods!();

    const FAMILY: Dialect = Dialect::Postgres;

    fn tables_query(table: &VersionTable) -> String {
        let dialect = Dialect::Postgres;
        format!(
            "SELECT relname::text AS answer FROM pg_catalog.pg_class WHERE oid IN (to_regclass({}), to_regclass({}), to_regclass({}))",
            dialect.literal(&table.qualified(dialect)),
            dialect.literal(&table.qualified_log(dialect)),
            dialect.literal(&table.qualified_lock(dialect)),
        )
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
