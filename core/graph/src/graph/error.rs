//! Why a set of revisions is not a graph.

use std::fmt;

use alembic_sql::wording::{joined, quoted};

use crate::Hint;

/// One thing that is wrong with a set of revisions.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GraphError {
    /// Two files have the same id.
    #[error("revision `{id}` is defined twice, in {}", quoted(files))]
    DuplicateId {
        /// The id.
        id: String,
        /// The files.
        files: Vec<String>,
    },
    /// A revision follows one that is not there.
    #[error("revision `{id}` ({file}) follows `{parent}`, which does not exist")]
    UnknownParent {
        /// The revision that cannot be placed.
        id: String,
        /// Its file.
        file: String,
        /// The parent it names.
        parent: String,
    },
    /// A revision depends on one that is not there.
    #[error("revision `{id}` ({file}) depends on `{dependency}`, which is neither a revision nor a branch label")]
    UnknownDependency {
        /// The revision that cannot be placed.
        id: String,
        /// Its file.
        file: String,
        /// What it names.
        dependency: String,
    },
    /// A label is declared twice, or is the id of a revision.
    #[error("branch label `{label}` of revision `{id}` ({file}) is already used by revision `{other}`")]
    DuplicateLabel {
        /// The label.
        label: String,
        /// The revision that declares it.
        id: String,
        /// Its file.
        file: String,
        /// The revision that has the name already.
        other: String,
    },
    /// Revisions follow each other in a circle.
    #[error("cycle is detected in revisions ({}), in {}", joined(ids), quoted(files))]
    Cycle {
        /// The ids on the cycle, in the order in which each follows the next.
        ids: Vec<String>,
        /// Their files.
        files: Vec<String>,
    },
}

impl GraphError {
    /// Returns the file in which the mistake is likely to be fixed.
    #[must_use]
    pub fn file(&self) -> Option<&str> {
        match self {
            Self::DuplicateId { files, .. } | Self::Cycle { files, .. } => files.last().map(String::as_str),
            Self::UnknownParent { file, .. }
            | Self::UnknownDependency { file, .. }
            | Self::DuplicateLabel { file, .. } => Some(file),
        }
    }

    /// Returns the header key that is wrong.
    #[must_use]
    pub fn header_key(&self) -> &'static str {
        match self {
            Self::DuplicateId { .. } => "Revision ID",
            Self::UnknownParent { .. } | Self::Cycle { .. } => "Revises",
            Self::UnknownDependency { .. } => "Depends On",
            Self::DuplicateLabel { .. } => "Branch Labels",
        }
    }

    /// Returns what to do about it.
    #[must_use]
    pub fn hint(&self) -> Hint {
        match self {
            Self::DuplicateId { .. } => Hint::DuplicateId,
            Self::UnknownParent { parent, .. } => Hint::UnknownParent { parent: parent.clone() },
            Self::UnknownDependency { .. } => Hint::UnknownDependency,
            Self::DuplicateLabel { .. } => Hint::DuplicateLabel,
            Self::Cycle { .. } => Hint::Cycle,
        }
    }
}

/// Everything that is wrong with a set of revisions; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphErrors(pub Vec<GraphError>);

impl fmt::Display for GraphErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for GraphErrors {}
