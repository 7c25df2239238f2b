//! What a run is asked to do.

use alembic_graph::{Node, plan::Siblings};

use super::Purge;

/// What the caller wants.
#[derive(Debug, Clone, Copy)]
pub(super) enum Command<'a> {
    Upgrade(&'a str),
    Downgrade(&'a str, Siblings),
    /// A downgrade, and what it undid again.
    Redo(&'a str, Siblings),
    /// One revision, which nothing applied follows.
    Undo(Node),
    Stamp(&'a [&'a str], Purge),
    EnsureVersion,
    Resolve(Decision<'a>),
    /// The edited revision; none means every one.
    Accept(Option<&'a str>),
}

/// How an interrupted statement is declared to stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// It took effect; go on after it.
    Applied,
    /// It did not; run it again.
    Retry,
    /// What the step did was undone by hand; forget it.
    Abort,
}

impl Resolution {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Retry => "retry",
            Self::Abort => "abort",
        }
    }
}

/// What became of a statement.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decision<'a> {
    pub(super) revision: &'a str,
    /// The statement that is meant, from 1, if the caller wants to be sure.
    pub(super) step: Option<usize>,
    pub(super) resolution: Resolution,
}
