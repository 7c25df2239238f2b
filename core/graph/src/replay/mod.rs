//! What a replay runs of a statement.
//!
//! A replay applies revisions to a scratch database to see what they leave. What a statement would change outside of
//! that database is refused before anything runs, as far as the text tells. The other half is the business of the
//! server: the replay's role has no rights elsewhere, which also holds for text that is put together while it runs.

mod left_out;
mod mysql;
mod postgres;
mod rewrite;
mod sqlite;
mod tokens;

use alembic_sql::{Dialect, Shown};
pub use left_out::LeftOut;
pub use postgres::reaches_outside;
pub use sqlite::other_files;

use self::left_out::in_one_line;
use crate::script::skip_reason;

/// What a replay takes as given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// Whether revisions may do what they like: the server is there for nothing else.
    pub is_free: bool,
    /// The database of the project's URL, which the scratch database replaces.
    pub database: Option<String>,
    /// The roles or users that the configuration declares: they exist, or are created by what needs them.
    pub roles: Vec<String>,
}

/// What a replay makes of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replayed {
    /// It runs as it is written.
    AsWritten,
    /// The same runs without what a role of no rights cannot say, and no schema shows.
    Without {
        /// What runs.
        statement: String,
        /// What it lacks.
        part: String,
    },
    /// It is left out: it changes what is taken as given.
    LeftOut,
}

/// Why a replay does not run a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outside {
    /// What the statement does, to follow "it".
    pub what: String,
    /// What to do about it.
    pub instead: String,
}

impl Outside {
    /// Something that only a server of one's own may be asked to do.
    fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            instead: "where revisions may do that, name a server for scratch databases with `scratch-url-env`".into(),
        }
    }

    fn role(what: impl Into<String>, name: Option<&String>) -> Self {
        let name = name.map_or("…", String::as_str);
        Self {
            instead: format!(
                "declare the role, which a replay then takes as given: `roles = [\"{name}\"]` in \
                 [package.metadata.alembic]; or name a server for scratch databases with `scratch-url-env`"
            ),
            ..Self::new(what)
        }
    }

    fn own_database(what: impl Into<String>, line: &str) -> Self {
        Self { what: what.into(), instead: format!("the URL names the database already: {line}") }
    }
}

impl Replayed {
    /// Returns what runs in place of a statement, if anything does, and what is left out of it.
    #[must_use]
    pub fn taken(
        self,
        statement: String,
        dialect: Dialect,
        path: &str,
        line: usize,
    ) -> (Option<String>, Option<LeftOut>) {
        let shown = |text: &str| in_one_line(&Shown::of(text, dialect).text);
        let left_out = |text: &str, of| LeftOut { path: path.to_owned(), line, text: shown(text), of };
        match self {
            Self::AsWritten => (Some(statement), None),
            Self::Without { statement: runs, part } => {
                let left_out = left_out(&part, Some(shown(&runs)));
                (Some(runs), Some(left_out))
            }
            Self::LeftOut => (None, Some(left_out(&statement, None))),
        }
    }
}

impl Surroundings {
    /// Says what a replay makes of a statement.
    ///
    /// # Errors
    ///
    /// [`Outside`] if it would change something outside of the database that it runs in.
    pub fn replay(&self, statement: &str, dialect: Dialect) -> Result<Replayed, Outside> {
        if skip_reason(statement).is_some() {
            return Ok(Replayed::LeftOut);
        }
        match dialect {
            _ if self.is_free => Ok(Replayed::AsWritten),
            Dialect::Sqlite => sqlite::refuse(statement).map(|()| Replayed::AsWritten),
            Dialect::Postgres => postgres::replay(statement, self),
            Dialect::Mysql | Dialect::Mariadb => mysql::replay(statement, dialect, self),
        }
    }

    fn is_own(&self, database: &str) -> bool {
        self.database.as_deref() == Some(database)
    }

    fn declares(&self, role: &str) -> bool {
        self.roles.iter().any(|declared| declared == role)
    }

    fn declares_all(&self, roles: &[String]) -> bool {
        !roles.is_empty() && roles.iter().all(|role| self.declares(role))
    }

    /// Writes the value for another process.
    #[must_use]
    pub fn encode(&self) -> String {
        let first = [if self.is_free { "free" } else { "confined" }, self.database.as_deref().unwrap_or_default()];
        first.into_iter().chain(self.roles.iter().map(String::as_str)).collect::<Vec<_>>().join("\n")
    }

    /// Reads what [`encode`](Self::encode) wrote.
    #[must_use]
    pub fn decode(text: &str) -> Self {
        let mut lines = text.split('\n').map(str::to_owned);
        let is_free = lines.next().is_some_and(|first| first == "free");
        let database = lines.next().filter(|database| !database.is_empty());
        Self { is_free, database, roles: lines.filter(|role| !role.is_empty()).collect() }
    }
}

#[cfg(test)]
mod tests;
