//! Prints what the engine does while it does it.

use std::time::Duration;

use super::{Notices, Printer, echo::InStep};
use crate::{Observer, StepReport};

/// Prints a line per step, as Alembic does.
pub(super) struct Lines<'p, 'io> {
    pub(super) printer: &'p mut Printer<'io>,
    pub(super) notices: Notices,
    pub(super) told_of_waiting: bool,
    pub(super) in_step: InStep,
}

impl Lines<'_, '_> {
    fn print_notices(&mut self) {
        for notice in self.notices.take() {
            self.printer.status(notice);
        }
    }
}

/// The last ones come with the error that ends a run.
impl Drop for Lines<'_, '_> {
    fn drop(&mut self) {
        self.print_notices();
    }
}

impl Observer for Lines<'_, '_> {
    fn started(&mut self, step: &StepReport, _number: usize, _total: usize) {
        self.printer.status(&step.line);
        self.in_step.set(true);
    }

    fn finished(&mut self, _step: &StepReport, _elapsed: Duration) {
        self.in_step.set(false);
        self.print_notices();
    }

    fn progress(&mut self, done: u64, total: u64) {
        let percent = done.saturating_mul(100).checked_div(total).unwrap_or(100);
        self.printer.progress(format_args!("  {percent:>3} % ({done} of {total})"));
    }

    fn waiting(&mut self, holder: Option<&str>, _waited: Duration) {
        if !self.told_of_waiting {
            self.told_of_waiting = true;
            match holder {
                Some(holder) => self.printer.status(format_args!("Waiting for the migration lock, held by {holder}.")),
                None => self.printer.status("Waiting for another migrator."),
            }
        }
    }

    fn blocked(&mut self, by: &[String], pause: Duration, left: u32) {
        let who = if by.is_empty() { "somebody".to_owned() } else { by.join("; ") };
        let pause = pause.as_secs_f64();
        self.printer
            .status(format_args!("Blocked by {who}. Trying again in {pause:.1} s; tries left after that: {left}."));
    }

    fn note(&mut self, text: &str) {
        self.printer.status(format_args!("Note: {text}."));
    }
}
