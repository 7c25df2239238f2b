//! Drops the scratch databases and roles that killed runs have left.

use alembic_runtime::cli::CommandError;
use alembic_sql::{Dialect, server::ServerStatement};
use chrono::Utc;

use super::{drop_database, jobs::Ask};
use crate::{
    connect::{Access, Target},
    scratch_name::{database_age, role_age},
};

/// Seconds after which a scratch database cannot be in use any more.
const STALE: i64 = 3600;

/// Drops what is old and called exactly like ours. A failure is left for the next run.
pub(super) fn sweep(server: &Target) -> Result<(), CommandError> {
    let dialect = server.dialect();
    let (database, databases, roles) = match dialect {
        Dialect::Postgres => (
            "postgres",
            "SELECT datname::text AS answer FROM pg_catalog.pg_database d WHERE NOT EXISTS \
             (SELECT 1 FROM pg_catalog.pg_stat_activity a WHERE a.datname = d.datname)",
            "SELECT rolname::text AS answer FROM pg_catalog.pg_roles",
        ),
        _ => (
            "information_schema",
            "SELECT schema_name AS answer FROM information_schema.schemata",
            "SELECT user AS answer FROM mysql.user WHERE host = '%'",
        ),
    };
    let own = server.beside(database);
    let now = Utc::now().timestamp();
    for name in own.run(Access::Read, Ask(databases))? {
        if database_age(&name, now).is_some_and(|age| age > STALE) {
            drop_database(server, &name).ok();
        }
    }
    // Whoever may not list users has made none.
    for name in own.run(Access::Read, Ask(roles)).unwrap_or_default() {
        if role_age(&name, dialect, now).is_some_and(|age| age > STALE) {
            server.on_server(&ServerStatement::drop_role(dialect, &name)).ok();
        }
    }
    Ok(())
}
