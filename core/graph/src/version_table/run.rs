//! The name by which the log and the lock know a run.

use alembic_sql::Dialect;

/// The name of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run<'a> {
    /// A name that is known when the SQL is written.
    Named(&'a str),
    /// The name that an offline script gives itself each time it is run, see [`crate::offline`].
    OfScript,
}

impl<'a> From<&'a str> for Run<'a> {
    fn from(name: &'a str) -> Self {
        Self::Named(name)
    }
}

impl<'a> From<&'a String> for Run<'a> {
    fn from(name: &'a String) -> Self {
        Self::Named(name)
    }
}

impl Run<'_> {
    /// Returns the name as an SQL expression.
    #[must_use]
    pub fn expression(self, dialect: Dialect) -> String {
        match (self, dialect) {
            (Self::Named(name), _) => dialect.literal(name),
            (Self::OfScript, Dialect::Postgres) => "current_setting('alembic.script_run')".to_owned(),
            (Self::OfScript, Dialect::Sqlite) => "(SELECT run FROM temp.alembic_script)".to_owned(),
            (Self::OfScript, Dialect::Mysql | Dialect::Mariadb) => "@alembic_run".to_owned(),
        }
    }
}
