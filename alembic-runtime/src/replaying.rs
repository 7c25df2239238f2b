//! A replay of the revisions on a scratch database.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use alembic_graph::replay::{LeftOut, Surroundings};

/// What a replay takes as given, and what it has left out so far. Clones tell the same.
#[doc(hidden)]
#[derive(Debug, Clone)]
pub struct Replaying {
    /// What is taken as given.
    pub around: Surroundings,
    left_out: Arc<Mutex<BTreeSet<LeftOut>>>,
}

impl Replaying {
    /// Begins one.
    #[must_use]
    pub fn new(around: Surroundings) -> Self {
        Self { around, left_out: Arc::default() }
    }

    /// Notes what is left out.
    pub fn leave_out(&self, left_out: impl IntoIterator<Item = LeftOut>) {
        self.left_out.lock().unwrap_or_else(PoisonError::into_inner).extend(left_out);
    }

    /// Returns what was left out, in the order of files and lines.
    #[must_use]
    pub fn left_out(&self) -> Vec<LeftOut> {
        self.left_out.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}
