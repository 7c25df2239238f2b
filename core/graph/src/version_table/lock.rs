//! The lock's row: who migrates now, and a token that grows with every run that takes it.
//!
//! Taking it inside a transaction makes others wait for its end. Outside of one, the notes in the
//! log are written only while the row still names their run, so a run that lost its session to
//! another cannot go on unnoticed.

use alembic_sql::Dialect;

use super::{Actor, Run, VersionTable, log::now, storage::options};

impl VersionTable {
    /// Returns the expression for the schema of the version table on PostgreSQL: where the search path finds
    /// it, or would create it, unless a schema is configured.
    #[must_use]
    pub fn schema_on_postgres(&self) -> String {
        let dialect = Dialect::Postgres;
        if let Some(schema) = &self.schema {
            return dialect.literal(schema);
        }
        format!(
            "coalesce((SELECT n.nspname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n \
             ON n.oid = c.relnamespace WHERE c.oid = to_regclass({})), current_schema())::text",
            dialect.literal(&self.qualified(dialect))
        )
    }

    /// Returns the key of the advisory lock on PostgreSQL, given the expression for the schema.
    #[must_use]
    pub fn advisory_key(&self, schema: &str) -> String {
        format!("hashtextextended(format('alembic %s %s', {schema}, {}), 0)", Dialect::Postgres.literal(&self.name))
    }

    /// Returns the expression for the name of the lock that runs and scripts take on MySQL and MariaDB, given that for
    /// the name of the database where none is configured. All servers have this hash; a name has 64 characters at most.
    #[must_use]
    pub fn lock_on_mysql(&self, database: &str) -> String {
        let dialect = Dialect::Mysql;
        let database = self.schema.as_ref().map_or_else(|| database.to_owned(), |schema| dialect.literal(schema));
        let name = dialect.literal(&self.name);
        format!("CONCAT('alembic-script:', LEFT(SHA2(CONCAT({database}, '.', {name}), 256), 40))")
    }

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
             run VARCHAR(36) NOT NULL,\n    holder VARCHAR(255) NOT NULL,\n    taken_at {time} NOT NULL\n){}",
            self.qualified_lock(dialect),
            options(dialect),
        )
    }

    /// Returns the statement by which a run takes the lock's row.
    #[must_use]
    pub fn take_lock<'r>(&self, dialect: Dialect, run: impl Into<Run<'r>>, actor: &Actor) -> String {
        let lock = self.qualified_lock(dialect);
        let (run, holder, now) = (run.into().expression(dialect), dialect.literal(&actor.signature()), now(dialect));
        // Newer servers of MySQL warn of `VALUES(run)`, and MariaDB has nothing else to refer to the new row.
        let (conflict, token) = if dialect.is_mysql_family() {
            ("ON DUPLICATE KEY UPDATE", "token + 1".to_owned())
        } else {
            let lock = dialect.quote_if_needed(&self.lock_name());
            ("ON CONFLICT (id) DO UPDATE SET", format!("{lock}.token + 1"))
        };
        format!(
            "INSERT INTO {lock} (id, token, run, holder, taken_at) VALUES (1, 1, {run}, {holder}, {now}) \
             {conflict} token = {token}, run = {run}, holder = {holder}, taken_at = {now}",
        )
    }

    /// Returns the run's name as the lock's row has it: NULL once another run has taken it.
    pub(super) fn fenced_run(&self, dialect: Dialect, run: Run<'_>) -> String {
        format!("(SELECT run FROM {} WHERE run = {})", self.qualified_lock(dialect), run.expression(dialect))
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
        assert_snapshot!(take("ops.v", Dialect::Postgres), @"INSERT INTO ops.v_lock (id, token, run, holder, taken_at) VALUES (1, 1, 'run', 'shop of me@web-1', clock_timestamp()) ON CONFLICT (id) DO UPDATE SET token = v_lock.token + 1, run = 'run', holder = 'shop of me@web-1', taken_at = clock_timestamp()");
        assert_snapshot!(take("alembic_version", Dialect::Mariadb), @"INSERT INTO alembic_lock (id, token, run, holder, taken_at) VALUES (1, 1, 'run', 'shop of me@web-1', UTC_TIMESTAMP(6)) ON DUPLICATE KEY UPDATE token = token + 1, run = 'run', holder = 'shop of me@web-1', taken_at = UTC_TIMESTAMP(6)");
    }
}
