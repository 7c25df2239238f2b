//! The lock's row: who migrates now, and a token that grows with every run that takes it.
//!
//! Taking it inside a transaction makes others wait for its end. Outside of one, the notes in the
//! log are written only while the row still names their run, so a run that lost its session to
//! another cannot go on unnoticed.

use super::{Actor, VersionTable, log::now};
use crate::Dialect;

impl VersionTable {
    /// Returns the statement that creates the lock, if it is absent.
    #[must_use]
    pub fn create_lock(&self, dialect: Dialect) -> String {
        let time = match dialect {
            Dialect::Sqlite => "TEXT",
            Dialect::Postgres => "TIMESTAMPTZ",
            Dialect::Mysql | Dialect::Mariadb => "DATETIME(6)",
        };
        format!(
            "CREATE TABLE IF NOT EXISTS {} (\n    id INTEGER NOT NULL PRIMARY KEY,\n    token BIGINT NOT NULL,\n    \
             run VARCHAR(36) NOT NULL,\n    holder VARCHAR(255) NOT NULL,\n    taken_at {time} NOT NULL\n)",
            self.qualified_lock(dialect),
        )
    }

    /// Returns the statement by which a run takes the lock's row.
    #[must_use]
    pub fn take_lock(&self, dialect: Dialect, run: &str, actor: &Actor) -> String {
        let lock = self.qualified_lock(dialect);
        let conflict = if dialect.is_mysql_family() {
            "ON DUPLICATE KEY UPDATE token = token + 1, run = VALUES(run), holder = VALUES(holder), \
             taken_at = VALUES(taken_at)"
                .to_owned()
        } else {
            let token = format!("{}.token + 1", dialect.quote_if_needed(&self.lock_name()));
            format!(
                "ON CONFLICT (id) DO UPDATE SET token = {token}, run = excluded.run, holder = excluded.holder, \
                 taken_at = excluded.taken_at"
            )
        };
        format!(
            "INSERT INTO {lock} (id, token, run, holder, taken_at) VALUES (1, 1, {}, {}, {}) {conflict}",
            dialect.literal(run),
            dialect.literal(&actor.signature()),
            now(dialect),
        )
    }

    /// Returns the run's name as the lock's row has it: NULL once another run has taken it.
    pub(super) fn fenced_run(&self, dialect: Dialect, run: &str) -> String {
        format!("(SELECT run FROM {} WHERE run = {})", self.qualified_lock(dialect), dialect.literal(run))
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn taking_the_lock_raises_its_token() {
        let actor = Actor { application: "shop".into(), host: "web-1".into(), user: "me".into(), ..Actor::default() };
        let take = |name: &str, dialect| VersionTable::new(name).take_lock(dialect, "run", &actor);
        assert_snapshot!(take("ops.v", Dialect::Postgres), @"INSERT INTO ops.v_lock (id, token, run, holder, taken_at) VALUES (1, 1, 'run', 'shop of me@web-1', clock_timestamp()) ON CONFLICT (id) DO UPDATE SET token = v_lock.token + 1, run = excluded.run, holder = excluded.holder, taken_at = excluded.taken_at");
        assert_snapshot!(take("alembic_version", Dialect::Mariadb), @"INSERT INTO alembic_lock (id, token, run, holder, taken_at) VALUES (1, 1, 'run', 'shop of me@web-1', UTC_TIMESTAMP(6)) ON DUPLICATE KEY UPDATE token = token + 1, run = VALUES(run), holder = VALUES(holder), taken_at = VALUES(taken_at)");
    }
}
