//! Waiting on SQLite, where no lock tells whether a step outside a transaction still runs.

use std::time::Duration;

use crate::database::{Backoff, LogRecord, State};

/// Another program's step, waited for as long as it makes progress.
pub(super) struct StepWatch {
    limit: Duration,
    seen: Vec<LogRecord>,
    backoff: Backoff,
}

impl StepWatch {
    /// A step that can be taken over: should it run after all, its next note fails.
    pub(super) fn resumable(wait: Duration) -> Self {
        Self::new(wait.min(Duration::from_secs(2)))
    }

    /// A step of a revision that this program does not know, or of another plan.
    pub(super) fn foreign(wait: Duration) -> Self {
        Self::new(wait.min(Duration::from_secs(15)))
    }

    fn new(limit: Duration) -> Self {
        Self { limit, seen: Vec::new(), backoff: Backoff::new(limit) }
    }

    /// Sleeps a while; returns false at once if nothing has changed for too long.
    pub(super) fn pause(&mut self, state: &State) -> bool {
        if self.seen != state.log {
            (self.seen, self.backoff) = (state.log.clone(), Backoff::new(self.limit));
        }
        self.backoff.pause()
    }
}
