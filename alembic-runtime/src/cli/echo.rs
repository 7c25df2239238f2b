//! `--echo`: what the steps of a run send to the database, without passwords, and how long each message takes.

use std::{
    fmt,
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use alembic_sql::{Dialect, Shown};
use diesel::connection::{Instrumentation, InstrumentationEvent};

use super::guard::Guard;

/// Whether a step is running: what goes on between steps is our own.
#[derive(Debug, Clone, Default)]
pub(super) struct InStep(Arc<AtomicBool>);

impl InStep {
    pub(super) fn set(&self, running: bool) {
        self.0.store(running, Ordering::Relaxed);
    }

    /// Returns what prints the messages while a step is running.
    ///
    /// They go to stderr at once, beside the printer, which the run has for itself: of a statement that does not come
    /// to its end, the text is what one wants to see.
    pub(super) fn echo(&self, dialect: Dialect) -> impl Instrumentation + use<> {
        let (running, mut begun) = (Arc::clone(&self.0), Instant::now());
        move |event: InstrumentationEvent<'_>| {
            if !running.load(Ordering::Relaxed) {
                return;
            }
            match event {
                InstrumentationEvent::StartQuery { query, .. } => {
                    begun = Instant::now();
                    print(format_args!("{}", indented(&Shown::of(&query.to_string(), dialect).text)));
                }
                InstrumentationEvent::FinishQuery { error, .. } => {
                    let how = if error.is_some() { "failed after" } else { "took" };
                    print(format_args!("  -- {how} {:.1} ms", begun.elapsed().as_secs_f64() * 1000.0));
                }
                _ => {}
            }
        }
    }
}

fn print(line: fmt::Arguments<'_>) {
    // An error of stderr cannot be reported.
    writeln!(Guard::new(&mut io::stderr()), "{line}").ok();
}

fn indented(sql: &str) -> String {
    sql.trim_end().lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}
