//! Why a database refuses to be read or written: what the message leaves open is asked for.

use alembic_graph::Hint;
use diesel::connection::LoadConnection;

use super::MigrationBackend;

/// What somebody came for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// To read the version table and its log.
    Read,
    /// To migrate.
    Write,
}

/// Returns what to do about a refusal, if the message is one.
pub(crate) fn refusal_hint<C>(conn: &mut C, message: &str, need: Need) -> Option<Hint>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let denied =
        || message.contains("denied").then_some(if need == Need::Read { Hint::MayNotRead } else { Hint::Denied });
    C::Backend::refusal_hint(conn, message, need).or_else(denied)
}

/// Returns whether PostgreSQL says that row-level security would have hidden rows.
pub(crate) fn would_hide_rows(message: &str) -> bool {
    message.contains("query would be affected by row-level security policy")
}

pub(super) fn read_only(setting: &str, way: &str) -> Option<Hint> {
    Some(Hint::ReadOnly { setting: setting.to_owned(), way: way.to_owned() })
}
