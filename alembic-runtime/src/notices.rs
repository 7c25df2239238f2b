//! What a server says besides answering.

use std::{
    mem,
    sync::{Arc, Mutex, PoisonError},
};

/// Notices and warnings, put here by whoever reads the connection.
#[derive(Debug, Clone, Default)]
pub struct Notices(Arc<Mutex<Vec<String>>>);

impl Notices {
    /// Adds one.
    pub fn push(&self, text: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    }

    /// Returns those that have come since the last time.
    #[must_use]
    pub fn take(&self) -> Vec<String> {
        mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
