//! Places of errors in the project's files.

use alembic_graph::Problem;

use super::{Error, Finding};

impl Error {
    /// Returns the file and the line, from 1, if the error is about a line.
    #[must_use]
    pub fn place(&self) -> Option<(&str, usize)> {
        match self {
            Self::Work(error) => error.place(),
            Self::Statement(failure) => Some((&failure.path, failure.line)),
            Self::NotForScripts { path, line, .. }
            | Self::Seed { path, line, .. }
            | Self::Cascade { path, line, .. } => Some((path, *line)),
            Self::Files(problems) => problems.iter().find_map(Problem::place),
            Self::Inconsistent(findings) => findings.iter().find_map(Finding::place),
            _ => None,
        }
    }
}

impl Finding {
    /// Returns the file and the line, from 1, if the finding is about a line.
    #[must_use]
    pub fn place(&self) -> Option<(&str, usize)> {
        match self {
            Self::Undecided { path, line, .. }
            | Self::ByHand { path, line, .. }
            | Self::Forgotten { path, line, .. } => Some((path, *line)),
            _ => None,
        }
    }
}
