//! Revisions as Alembic prints them.

use std::{collections::HashSet, io, io::Write};

use alembic_graph::{Graph, Node};
use alembic_sql::wording::joined;
use serde::Serialize;

use super::{Report, Styles};

/// One revision for people and programs.
#[derive(Debug, Clone, Serialize)]
pub struct RevisionView {
    /// The id.
    pub revision: String,
    /// The revisions it follows.
    pub parents: Vec<String>,
    /// What it depends on, as its file says.
    pub depends_on: Vec<String>,
    /// The branch labels it carries.
    pub branch_labels: Vec<String>,
    /// The revisions that follow it.
    pub children: Vec<String>,
    /// Whether nothing follows or depends on it.
    pub is_head: bool,
    /// Whether nothing follows it, but something depends on it.
    pub is_effective_head: bool,
    /// Whether the database is at it; only where that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_current: Option<bool>,
    /// The message.
    pub message: String,
    /// The file.
    pub path: String,
    /// When it was written.
    pub create_date: Option<String>,
}

/// Makes views of the revisions of one graph.
#[derive(Debug)]
pub struct Views<'g> {
    graph: &'g Graph,
    labels: Vec<Vec<&'g str>>,
    current: Option<HashSet<Node>>,
}

impl<'g> Views<'g> {
    /// Prepares views without marking what is current.
    #[must_use]
    pub fn new(graph: &'g Graph) -> Self {
        Self { graph, labels: graph.carried_labels(), current: None }
    }

    /// Marks what is current.
    #[must_use]
    pub fn with_current(mut self, current: impl IntoIterator<Item = Node>) -> Self {
        self.current = Some(current.into_iter().collect());
        self
    }

    /// Returns the view of one revision.
    #[must_use]
    pub fn of(&self, node: Node) -> RevisionView {
        let graph = self.graph;
        let revision = graph.revision(node).clone();
        let children = graph.ids(graph.children(node).iter().copied()).map(str::to_owned).collect::<Vec<_>>();
        RevisionView {
            is_head: graph.is_head(node),
            is_effective_head: children.is_empty() && !graph.is_head(node),
            is_current: self.current.as_ref().map(|current| current.contains(&node)),
            branch_labels: self.labels[node.index()].iter().map(ToString::to_string).collect(),
            children,
            revision: revision.id,
            parents: revision.parents,
            depends_on: revision.dependencies,
            message: revision.message,
            path: revision.path,
            create_date: revision.created.map(|created| created.text().to_owned()),
        }
    }
}

/// Which parts a line has beside the id.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Parts {
    pub(super) parents: bool,
    pub(super) labels: bool,
    pub(super) points: bool,
    pub(super) message: bool,
}

impl RevisionView {
    /// Writes Alembic's one-line form.
    pub(super) fn line(&self, parts: Parts, styles: &Styles) -> String {
        let s = styles.revision;
        let on = |wanted: bool, text: String| if wanted { text } else { String::new() };
        let mark = |wanted: bool, text: &'static str| if wanted { text } else { "" };
        let parents = if self.parents.is_empty() { "<base>".to_owned() } else { joined(&self.parents) };
        let depends_on = on(!self.depends_on.is_empty(), format!(" ({})", joined(&self.depends_on)));
        [
            on(parts.parents, format!("{parents}{depends_on} -> ")),
            format!("{s}{}{s:#}", self.revision),
            on(parts.labels && !self.branch_labels.is_empty(), format!(" ({})", joined(&self.branch_labels))),
            mark(self.is_effective_head, " (effective head)").to_owned(),
            mark(self.is_head, " (head)").to_owned(),
            mark(self.is_current == Some(true), " (current)").to_owned(),
            mark(parts.points && self.children.len() > 1, " (branchpoint)").to_owned(),
            mark(parts.points && self.parents.len() > 1, " (mergepoint)").to_owned(),
            on(parts.message, format!(", {}", self.message)),
        ]
        .concat()
    }

    /// Writes Alembic's form of several lines.
    pub(super) fn verbose(&self, w: &mut dyn Write, styles: &Styles) -> io::Result<()> {
        let s = styles.revision;
        let mark = |on: bool, text: &'static str| if on { text } else { "" };
        writeln!(
            w,
            "Rev: {s}{}{s:#}{}{}{}{}",
            self.revision,
            mark(self.is_head || self.is_effective_head, " (head)"),
            mark(self.children.len() > 1, " (branchpoint)"),
            mark(self.parents.len() > 1, " (mergepoint)"),
            mark(self.is_current == Some(true), " (current)"),
        )?;
        match self.parents.len() {
            0 => writeln!(w, "Parent: <base>")?,
            1 => writeln!(w, "Parent: {}", self.parents[0])?,
            _ => writeln!(w, "Merges: {}", joined(&self.parents))?,
        }
        if !self.depends_on.is_empty() {
            writeln!(w, "Also depends on: {}", joined(&self.depends_on))?;
        }
        if self.children.len() > 1 {
            writeln!(w, "Branches into: {}", joined(&self.children))?;
        }
        if !self.branch_labels.is_empty() {
            writeln!(w, "Branch names: {}", joined(&self.branch_labels))?;
        }
        writeln!(w, "Path: {}\n\n    {}\n", self.path, self.message)?;
        let parents = if self.parents.is_empty() { "<base>".to_owned() } else { joined(&self.parents) };
        writeln!(w, "    Revision ID: {}\n    Revises: {parents}", self.revision)?;
        if let Some(date) = &self.create_date {
            writeln!(w, "    Create Date: {date}")?;
        }
        writeln!(w)
    }
}

/// Several revisions, as one command prints them.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(super) struct RevisionList {
    pub(super) revisions: Vec<RevisionView>,
    #[serde(skip)]
    pub(super) parts: Parts,
    #[serde(skip)]
    pub(super) verbose: bool,
}

impl Report for RevisionList {
    const SCHEMA: &'static str = "revisions/1";

    fn human(&self, w: &mut dyn Write, styles: &Styles) -> io::Result<()> {
        for revision in &self.revisions {
            if self.verbose {
                revision.verbose(w, styles)?;
            } else {
                writeln!(w, "{}", revision.line(self.parts, styles))?;
            }
        }
        Ok(())
    }
}
