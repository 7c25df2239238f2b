//! Progress callbacks.

use std::time::Duration;

use alembic_graph::plan::Direction;
use serde::Serialize;

/// One step, as observers and reports describe it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepReport {
    /// `upgrade`, `downgrade` or `stamp`.
    pub direction: &'static str,
    /// The revision; empty when stamping to base.
    pub revision: String,
    /// Where the step leads from; parents for an upgrade.
    pub from: Vec<String>,
    /// Where it leads to.
    pub to: Vec<String>,
    /// The revision's message.
    pub message: String,
    /// The line that Alembic logs.
    #[serde(skip)]
    pub line: String,
}

impl StepReport {
    /// A revision whose edit was accepted.
    pub(crate) fn accepted(graph: &alembic_graph::Graph, id: &str) -> Self {
        let revision = graph.find_id(id).map(|node| graph.revision(node));
        Self {
            direction: "accept",
            revision: id.to_owned(),
            from: vec![id.to_owned()],
            to: vec![id.to_owned()],
            message: revision.map_or_else(String::new, |revision| revision.message.clone()),
            line: format!("Accepted {id} as it is now"),
        }
    }

    pub(crate) fn of(graph: &alembic_graph::Graph, step: &alembic_graph::Step) -> Self {
        let ids = |nodes: &[alembic_graph::Node]| graph.ids(nodes.iter().copied()).map(str::to_owned).collect();
        let revision = step.revision.map(|node| graph.revision(node));
        Self {
            direction: step.direction.name(),
            revision: revision.map_or_else(String::new, |r| r.id.clone()),
            from: ids(&step.from),
            to: ids(&step.to),
            message: revision
                .filter(|_| step.direction != Direction::Stamp)
                .map_or_else(String::new, |r| r.message.clone()),
            line: step.line(graph).to_string(),
        }
    }
}

/// Hears what the engine does, while it does it. Every method does nothing by default.
pub trait Observer {
    /// A step begins; `number` of `total`, from 1.
    fn started(&mut self, _step: &StepReport, _number: usize, _total: usize) {}

    /// The step's SQL has run; it may not be committed yet.
    fn finished(&mut self, _step: &StepReport, _elapsed: Duration) {}

    /// Long work of a step has come so far, by its own count.
    fn progress(&mut self, _done: u64, _total: u64) {}

    /// Another migrator holds the lock.
    fn waiting(&mut self, _holder: Option<&str>, _waited: Duration) {}

    /// A statement waited too long for others, who are listed as far as the server tells. It is tried
    /// again after a pause, and `left` times more after that.
    fn blocked(&mut self, _by: &[String], _pause: Duration, _left: u32) {}

    /// Something worth knowing that is no error.
    fn note(&mut self, _text: &str) {}
}

/// Hears nothing.
#[derive(Debug, Default, Clone, Copy)]
pub struct Silent;

impl Observer for Silent {}
