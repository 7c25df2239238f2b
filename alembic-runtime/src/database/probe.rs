//! Did a statement take effect? The catalog knows, if the statement made or removed something.

use alembic_sql::Effect;
use diesel::{QueryResult, connection::LoadConnection};

use super::{MigrationBackend, answer, snapshot};

/// What the catalog tells of a statement that was interrupted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ProbeResult {
    /// It took effect.
    Applied,
    /// It did not.
    NotApplied,
    /// It left an index that is invalid: this removes it, and then it did not take effect.
    Invalid {
        /// The statement to run first.
        cleanup: String,
    },
    /// The catalog cannot tell.
    Unclear,
}

/// Compares the catalog with what the statement would leave there.
pub(crate) fn probe<C>(conn: &mut C, effects: &[Effect]) -> QueryResult<ProbeResult>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let mut applied = 0;
    for effect in effects {
        let Some(sql) = C::Backend::probe_query(&effect.object) else { return Ok(ProbeResult::Unclear) };
        let found = snapshot(conn, |conn| answer(conn, &sql))?;
        if let (Some(index), true) = (found.as_deref().and_then(|found| found.strip_prefix("invalid ")), effect.exists)
        {
            return Ok(ProbeResult::Invalid { cleanup: format!("DROP INDEX CONCURRENTLY IF EXISTS {index}") });
        }
        applied += usize::from(found.is_some() == effect.exists);
    }
    Ok(match applied {
        0 => ProbeResult::NotApplied,
        n if n == effects.len() => ProbeResult::Applied,
        _ => ProbeResult::Unclear,
    })
}
