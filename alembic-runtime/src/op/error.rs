//! Why an operation failed.

use std::{error::Error as StdError, fmt};

use alembic_schema::operation::Unsupported;

use super::Place;
use crate::migrator::Error;

/// What a revision's function returns: any error will do.
pub type MigrationResult<T = ()> = Result<T, Box<dyn StdError + Send + Sync>>;

/// An operation that failed, with its place in the code.
#[derive(Debug)]
pub struct OpError {
    pub(crate) place: Place,
    pub(crate) problem: Problem,
}

/// Why an operation failed.
#[derive(Debug)]
pub(crate) enum Problem {
    /// The database has no way for it.
    Unsupported(Unsupported),
    /// There is no database: a script is being written.
    #[cfg_attr(not(any(feature = "cli", feature = "testing")), expect(dead_code, reason = "nobody writes scripts"))]
    Script,
    /// What it was given makes no sense.
    Argument(String),
    /// The engine refused it, or the server.
    Engine(Box<Error>),
}

impl OpError {
    pub(crate) fn new(place: Place, problem: Problem) -> Self {
        Self { place, problem }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::Engine(Box::new(error))
    }
}

impl From<Unsupported> for Problem {
    fn from(error: Unsupported) -> Self {
        Self::Unsupported(error)
    }
}

impl StdError for OpError {}

impl fmt::Display for OpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.problem {
            Problem::Unsupported(error) => write!(f, "{error}; {}", error.instead),
            Problem::Script => {
                f.write_str("this line needs a database, and cannot be written into a script; leave out --sql")
            }
            Problem::Argument(problem) => f.write_str(problem),
            Problem::Engine(error) => error.fmt(f),
        }
    }
}

/// Writes an error with everything that caused it.
pub(crate) fn explain(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // Many errors repeat their cause.
        let said = error.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = error.source();
    }
    text
}
