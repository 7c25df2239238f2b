//! Waiting on SQLite, where no lock tells whether a step outside a transaction still runs.

use std::time::Duration;

use crate::database::{LogRecord, Patience, State};

/// Another program's step, waited for as long as it makes progress.
pub(super) struct OthersStep {
    limit: Duration,
    seen: Vec<LogRecord>,
    patience: Patience,
}

impl OthersStep {
    /// A step that can be taken over: should it run after all, its next note fails.
    pub(super) fn ours(wait: Duration) -> Self {
        Self::new(wait.min(Duration::from_secs(2)))
    }

    /// A step of a revision that this program does not know, or of another plan.
    pub(super) fn not_ours(wait: Duration) -> Self {
        Self::new(wait.min(Duration::from_secs(15)))
    }

    fn new(limit: Duration) -> Self {
        Self { limit, seen: Vec::new(), patience: Patience::new(limit) }
    }

    /// Sleeps a while; returns false at once if nothing has changed for too long.
    pub(super) fn pause(&mut self, state: &State) -> bool {
        if self.seen != state.log {
            (self.seen, self.patience) = (state.log.clone(), Patience::new(self.limit));
        }
        self.patience.pause()
    }
}
