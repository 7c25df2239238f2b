//! What the texts of revisions tell that checksums of whole files do not.

use alembic_graph::{
    Graph, Node, Plan,
    collection::is_rust,
    plan::{self, Direction, Work},
};
use alembic_sql::Dialect;

use super::{Error, Finding, consistency::findings};
use crate::{
    Migrations,
    database::{LogRecord, State},
};

impl<C> Migrations<C> {
    /// Returns every contradiction between a database and the graph, the most severe kinds first.
    ///
    /// Only revisions that were edited or are unfinished are read.
    pub(super) fn contradictions(&self, graph: &Graph, dialect: Dialect, state: &State) -> Vec<Finding> {
        let in_detail = |finding: Finding| {
            let record = finding.revision().and_then(|id| state.log.iter().find(|record| record.revision == id));
            record.and_then(|record| self.in_detail(graph, dialect, &finding, record)).unwrap_or(finding)
        };
        findings(graph, state).into_iter().map(in_detail).collect()
    }

    /// Returns what an edit or an unfinished step is, if the text says more.
    fn in_detail(&self, graph: &Graph, dialect: Dialect, finding: &Finding, record: &LogRecord) -> Option<Finding> {
        let node = graph.find_id(&record.revision)?;
        let logged = record.prefix.as_ref()?;
        let (revision, path) = (record.revision.clone(), graph.revision(node).path.clone());
        match finding {
            Finding::Edited { .. } => {
                let now = self.checksum_of_statements(graph, dialect, (node, Direction::Upgrade), None)?;
                (now == *logged).then_some(Finding::CommentsEdited { revision, path })
            }
            // What a function says shows only when it runs.
            Finding::Unfinished { done, .. } if *done > 0 && !is_rust(&path) => {
                let direction = direction_of(record);
                let now = self.checksum_of_statements(graph, dialect, (node, direction), Some(*done));
                (now.as_ref() != Some(logged)).then_some(Finding::Rewritten { revision, path, done: *done })
            }
            _ => None,
        }
    }

    /// Returns the checksum of the first statements of a revision, or of all, as its file has them now.
    fn checksum_of_statements(
        &self,
        graph: &Graph,
        dialect: Dialect,
        (node, direction): (Node, Direction),
        count: Option<usize>,
    ) -> Option<String> {
        let work = self.work_of(graph, dialect, node, direction).ok().filter(|work| !work.is_rust)?;
        let count = count.unwrap_or(work.statements.len());
        (count <= work.statements.len()).then(|| work.prefix(count).to_string())
    }

    /// Returns one revision with its SQL, as its file has it now.
    pub(super) fn work_of(
        &self,
        graph: &Graph,
        dialect: Dialect,
        node: Node,
        direction: Direction,
    ) -> Result<Work, Error> {
        let step = plan::Step { direction, revision: Some(node), from: vec![], to: vec![], rows: vec![] };
        Ok(self.prepare(graph, dialect, Plan { steps: vec![step] })?.remove(0))
    }

    /// Returns a plan with its SQL.
    pub(super) fn prepare(&self, graph: &Graph, dialect: Dialect, plan: Plan) -> Result<Vec<Work>, Error> {
        let mut work = plan::prepare::<Error>(graph, plan, dialect, |node| self.script(graph, node))?;
        self.confine(&mut work)?;
        Ok(work)
    }
}

/// Returns the direction of the step that a log entry is about.
pub(super) fn direction_of(record: &LogRecord) -> Direction {
    if record.direction == "downgrade" { Direction::Downgrade } else { Direction::Upgrade }
}
