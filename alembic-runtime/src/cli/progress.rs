//! Prints what the engine does while it does it.

use std::time::Duration;

use super::Printer;
use crate::{Observer, StepReport};

/// Prints a line per step, as Alembic does.
pub(super) struct Lines<'p, 'io> {
    pub(super) printer: &'p mut Printer<'io>,
    pub(super) told_of_waiting: bool,
}

impl Observer for Lines<'_, '_> {
    fn started(&mut self, step: &StepReport, _number: usize, _total: usize) {
        self.printer.status(&step.line);
    }

    fn waiting(&mut self, holder: Option<&str>, _waited: Duration) {
        if !self.told_of_waiting {
            self.told_of_waiting = true;
            let holder = holder.unwrap_or("another migrator");
            self.printer.status(format_args!("Waiting for the migration lock, held by {holder}."));
        }
    }

    fn note(&mut self, text: &str) {
        self.printer.status(format_args!("Note: {text}."));
    }
}
