//! The SQL text of the version table, and of the log and the lock beside it.
//!
//! The version table is the one of Python Alembic, column for column. Text only: the runtime sends
//! it, offline scripts print it.

mod lock;
mod log;
mod row;
mod run;
mod storage;

use alembic_sql::Dialect;
pub use log::{Actor, InFlight, LEFT_SOMETHING, LogEntry, LogState, Position};
pub use row::RowOperation;
pub use run::Run;

/// Names the version table; the names of the log and of the lock are derived from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionTable {
    schema: Option<String>,
    name: String,
}

impl Default for VersionTable {
    fn default() -> Self {
        Self { schema: None, name: "alembic_version".into() }
    }
}

impl VersionTable {
    /// Reads `table` or `schema.table`.
    #[must_use]
    pub fn new(name: &str) -> Self {
        match name.split_once('.') {
            Some((schema, name)) => Self { schema: Some(schema.into()), name: name.into() },
            None => Self { schema: None, name: name.into() },
        }
    }

    /// Returns the same table in a schema.
    #[must_use]
    pub fn in_schema(&self, schema: &str) -> Self {
        Self { schema: Some(schema.to_owned()), name: self.name.clone() }
    }

    /// Returns the name without schema.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the schema, if one is configured.
    #[must_use]
    pub fn schema(&self) -> Option<&str> {
        self.schema.as_deref()
    }

    /// Returns the log's name without schema.
    #[must_use]
    pub fn log_name(&self) -> String {
        format!("{}_log", self.name)
    }

    /// Returns the lock's name without schema: `alembic_lock` beside `alembic_version`.
    #[must_use]
    pub fn lock_name(&self) -> String {
        format!("{}_lock", self.name.strip_suffix("_version").unwrap_or(&self.name))
    }

    /// Returns the names of version table, log and lock without schema.
    #[must_use]
    pub fn all_names(&self) -> [String; 3] {
        [self.name.clone(), self.log_name(), self.lock_name()]
    }

    /// Returns the version table as SQL refers to it.
    #[must_use]
    pub fn qualified(&self, dialect: Dialect) -> String {
        self.qualify(dialect, &self.name)
    }

    /// Returns the log as SQL refers to it.
    #[must_use]
    pub fn qualified_log(&self, dialect: Dialect) -> String {
        self.qualify(dialect, &self.log_name())
    }

    /// Returns the lock as SQL refers to it.
    #[must_use]
    pub fn qualified_lock(&self, dialect: Dialect) -> String {
        self.qualify(dialect, &self.lock_name())
    }

    fn qualify(&self, dialect: Dialect, name: &str) -> String {
        let name = dialect.quote_if_needed(name);
        match &self.schema {
            Some(schema) => format!("{}.{name}", dialect.quote_if_needed(schema)),
            None => name,
        }
    }

    /// Returns the statement that creates the version table, if it is absent, with the columns that Alembic
    /// gives it.
    #[must_use]
    pub fn create(&self, dialect: Dialect) -> String {
        format!(
            "CREATE TABLE IF NOT EXISTS {} (\n    version_num VARCHAR(32) NOT NULL,\n    CONSTRAINT {} PRIMARY KEY (version_num)\n){}",
            self.qualified(dialect),
            dialect.quote_if_needed(&format!("{}_pkc", self.name)),
            storage::options(dialect),
        )
    }

    /// Returns the statement for one change of the version table.
    #[must_use]
    pub fn change(&self, dialect: Dialect, operation: &RowOperation) -> String {
        let table = self.qualified(dialect);
        let literal = |id: &str| dialect.literal(id);
        match operation {
            RowOperation::Insert(id) => {
                format!("INSERT INTO {table} (version_num) VALUES ({})", literal(id))
            }
            RowOperation::Update { from, to } => {
                format!("UPDATE {table} SET version_num={} WHERE {table}.version_num = {}", literal(to), literal(from))
            }
            RowOperation::Delete(id) => format!("DELETE FROM {table} WHERE {table}.version_num = {}", literal(id)),
        }
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn the_version_table_is_that_of_alembic() {
        assert_snapshot!(VersionTable::default().create(Dialect::Postgres), @r"
        CREATE TABLE IF NOT EXISTS alembic_version (
            version_num VARCHAR(32) NOT NULL,
            CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
        ) USING heap
        ");
        assert_snapshot!(VersionTable::new("Ops.Version").qualified(Dialect::Mysql), @"`Ops`.`Version`");
    }

    #[test]
    fn ids_from_a_database_cannot_break_out() {
        let update = RowOperation::Update { from: "a'b".into(), to: "c".into() };
        assert_snapshot!(
            VersionTable::default().change(Dialect::Sqlite, &update),
            @"UPDATE alembic_version SET version_num='c' WHERE alembic_version.version_num = 'a''b'"
        );
    }
}
