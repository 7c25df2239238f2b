//! Ends a run from another thread, where it can be ended.

use std::{
    fmt,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// How often the server is told again to end the statement: between two statements it hears nothing.
const AGAIN: Duration = Duration::from_millis(100);

/// Lets another thread end a run: a handler of SIGTERM, or a service that shuts down.
///
/// Given to [`Migrator::interrupt`](crate::Migrator::interrupt). Clones are the same switch.
#[derive(Clone, Default)]
pub struct Interrupt(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    is_asked: bool,
    /// Whether the run knows, and cleans up: no statement of its is to be ended any more.
    is_noticed: bool,
    cancel: Option<Box<dyn Fn() + Send>>,
}

impl fmt::Debug for Interrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interrupt").field("is_asked", &self.is_asked()).finish_non_exhaustive()
    }
}

impl Interrupt {
    /// Returns a switch that nobody has touched.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets what makes the server end the statement that runs, if there is such a thing: a query on a connection of its
    /// own. It may be called several times. Without it, the run ends behind the statement.
    pub fn on_ask(&self, cancel: impl Fn() + Send + 'static) {
        self.lock().cancel = Some(Box::new(cancel));
    }

    /// Asks the run to end. It rolls back what it can, and returns an error that says what is in the database.
    ///
    /// Returns once the run has noticed, at most after `patience`.
    pub fn ask(&self, patience: Duration) {
        self.lock().is_asked = true;
        self.0.changed.notify_all();
        let begun = Instant::now();
        let mut state = self.lock();
        while !state.is_noticed && begun.elapsed() < patience {
            // Under the lock, so that no statement of the cleaning up is ended.
            state.cancel.iter().for_each(|cancel| cancel());
            let waited = self.0.changed.wait_timeout_while(state, AGAIN, |state| !state.is_noticed);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Returns whether the run is to end.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.lock().is_asked
    }

    /// Returns whether the run is to end, and from then on no statement is ended any more.
    pub(crate) fn is_noticed(&self) -> bool {
        let mut state = self.lock();
        state.is_noticed = state.is_asked;
        self.0.changed.notify_all();
        state.is_noticed
    }

    /// Sleeps, unless the run is to end.
    pub(crate) fn sleep(&self, pause: Duration) {
        let waited = self.0.changed.wait_timeout_while(self.lock(), pause, |state| !state.is_asked);
        drop(waited);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        thread,
    };

    use super::*;

    #[test]
    fn the_statement_is_ended_until_the_run_has_noticed() {
        let (interrupt, asked) = (Interrupt::new(), Arc::new(AtomicUsize::new(0)));
        assert!(!interrupt.is_noticed());
        let counter = Arc::clone(&asked);
        interrupt.on_ask(move || _ = counter.fetch_add(1, Ordering::SeqCst));
        let other = interrupt.clone();
        let handler = thread::spawn(move || other.ask(Duration::from_secs(600)));
        while asked.load(Ordering::SeqCst) < 2 {
            thread::yield_now();
        }
        let begun = Instant::now();
        interrupt.sleep(Duration::from_secs(600));
        assert!(interrupt.is_noticed() && begun.elapsed() < Duration::from_secs(60));
        let before = asked.load(Ordering::SeqCst);
        handler.join().unwrap();
        assert_eq!(asked.load(Ordering::SeqCst), before);
    }
}
