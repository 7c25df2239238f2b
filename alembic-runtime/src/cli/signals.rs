//! Ctrl-C, and the SIGTERM of whoever stops a container.

use super::Exit;
use crate::Interrupt;

/// Lets the first signal interrupt a run, and the second one end the process at once. Returns how the process ends that
/// was interrupted.
#[cfg(unix)]
pub(super) fn listen(interrupt: &Interrupt) -> impl Fn() -> Option<Exit> + use<> {
    use std::{
        io::Write as _,
        os::fd::AsFd as _,
        sync::{
            Arc,
            atomic::{AtomicI32, Ordering},
        },
        thread,
        time::Duration,
    };

    use signal_hook::{
        consts::{SIGINT, SIGTERM},
        iterator::Signals,
        low_level::emulate_default_handler,
    };

    /// For as long as anybody waits.
    const PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);

    let first = Arc::new(AtomicI32::new(0));
    let (seen, interrupt) = (Arc::clone(&first), interrupt.clone());
    if let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) {
        thread::spawn(move || {
            for signal in signals.forever() {
                if seen.compare_exchange(0, signal, Ordering::SeqCst, Ordering::SeqCst).is_err() {
                    emulate_default_handler(signal).ok();
                    return;
                }
                // The command holds the lock of stderr as long as it runs.
                let stderr = std::io::stderr().as_fd().try_clone_to_owned();
                let said = "interrupting: the statement is ended, and what can be is rolled back; once more ends the program at once\n";
                stderr.map(|fd| std::fs::File::from(fd).write_all(said.as_bytes()).ok()).ok();
                let interrupt = interrupt.clone();
                thread::spawn(move || interrupt.ask(PATIENCE));
            }
        });
    }
    move || match first.load(Ordering::SeqCst) {
        0 => None,
        SIGINT => Some(Exit::Interrupted),
        _ => Some(Exit::Terminated),
    }
}

/// Elsewhere a signal ends the process, and the next run goes on by what the database says.
#[cfg(not(unix))]
pub(super) fn listen(_interrupt: &Interrupt) -> impl Fn() -> Option<Exit> + use<> {
    || None
}
