//! Why a target cannot be found.

use alembic_sql::wording::{count, joined, quoted};

use crate::Hint;

/// Why a target names no revision, or not the kind that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// The text is not in the language.
    #[error("`{text}` is not a revision identifier: {problem}")]
    Syntax {
        /// The text.
        text: String,
        /// What was expected.
        problem: String,
    },
    /// Nothing has that name.
    #[error("can't locate revision identified by `{name}`")]
    NotFound {
        /// The name.
        name: String,
    },
    /// Several names begin like that.
    #[error("`{prefix}` is ambiguous: it could be {}", quoted(candidates))]
    AmbiguousPrefix {
        /// What was typed.
        prefix: String,
        /// What it could mean.
        candidates: Vec<String>,
    },
    /// The revision is not on the branch.
    #[error("revision `{revision}` is not a member of branch `{branch}`")]
    NotInBranch {
        /// The revision.
        revision: String,
        /// The branch.
        branch: String,
    },
    /// One head was asked for and there are several.
    #[error(
        "multiple head revisions are present for given argument `{argument}`: {}; specify a specific target revision, \
         `<branchname>@{argument}` to narrow to a specific head, or `heads` for all heads",
        joined(heads)
    )]
    MultipleHeads {
        /// What was typed.
        argument: String,
        /// The heads.
        heads: Vec<String>,
    },
    /// One revision was asked for and the target means several.
    #[error("`{argument}` means {}; name one of them", quoted(revisions))]
    Several {
        /// What was typed.
        argument: String,
        /// What it means.
        revisions: Vec<String>,
    },
    /// A relative target goes past the end.
    #[error("relative revision `{argument}` didn't produce {}: only {reached} could be walked", count(*wanted, "migration"))]
    Overshoot {
        /// What was typed.
        argument: String,
        /// How many steps it asks for.
        wanted: usize,
        /// How many there are.
        reached: usize,
    },
    /// A relative target has to choose between revisions.
    #[error("ambiguous walk in `{argument}`: after `{at}` it could go to {}", quoted(choices))]
    AmbiguousWalk {
        /// What was typed.
        argument: String,
        /// The last certain revision.
        at: String,
        /// Where it could go.
        choices: Vec<String>,
    },
    /// A relative target starts at what is applied, and that is several revisions.
    #[error("ambiguous `{argument}`: the database is at several revisions, {}", quoted(rows))]
    AmbiguousCurrent {
        /// What was typed.
        argument: String,
        /// The rows.
        rows: Vec<String>,
    },
    /// A form that makes no sense in this place.
    #[error("`{argument}` cannot be used here: {reason}")]
    NotHere {
        /// What was typed.
        argument: String,
        /// Why.
        reason: String,
    },
    /// Downgrading cannot reach it.
    #[error("destination `{target}` is not a valid downgrade target from current head(s) {}", quoted(rows))]
    NotBelow {
        /// What was typed.
        target: String,
        /// The rows.
        rows: Vec<String>,
    },
    /// Downgrading a branch would undo another one too.
    #[error("`{target}` would also downgrade {}, on other branches that share its base", quoted(siblings))]
    Siblings {
        /// What was typed.
        target: String,
        /// The revisions of the other branches.
        siblings: Vec<String>,
    },
    /// Of two targets one is an ancestor of the other.
    #[error("requested revision `{revision}` overlaps with other requested revision `{other}`")]
    Overlap {
        /// The later one.
        revision: String,
        /// The earlier one.
        other: String,
    },
    /// A history range whose ends are not on one line.
    #[error("requested range `{range}` does not refer to ancestor/descendant revisions along the same branch")]
    NotARange {
        /// What was typed.
        range: String,
    },
    /// There is no `:` where a range was expected.
    #[error("history range requires [start]:[end], [start]:, or :[end]; got `{0}`")]
    NoRange(String),
}

impl TargetError {
    /// Returns what to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        Some(match self {
            Self::NotFound { .. } => Hint::UnknownRevision,
            Self::AmbiguousPrefix { .. } => Hint::AmbiguousPrefix,
            Self::MultipleHeads { .. } => Hint::WhichTarget,
            Self::AmbiguousCurrent { .. } | Self::AmbiguousWalk { .. } => Hint::AmbiguousWalk,
            Self::Siblings { .. } => Hint::Siblings,
            _ => return None,
        })
    }
}
