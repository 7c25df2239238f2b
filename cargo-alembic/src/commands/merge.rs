//! `merge`.

use alembic_graph::{Graph, Hint, Node, graph::Edges, identifier};
use alembic_runtime::cli::{self, CommandError, Exit};

use super::revision::{Finishing, finish};
use crate::{context::Context, project::NewRevision};

/// Merge two revisions together, creating a new revision file
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo alembic merge heads -m \"merge shop and users\"")]
pub(crate) struct Args {
    /// The revisions to merge, or `heads`
    #[arg(required = true, value_parser = cli::revision)]
    revisions: Vec<String>,
    /// What it does, in a few words
    #[arg(long, short)]
    message: Option<String>,
    /// A name for the branch that begins here
    #[arg(long, value_name = "LABEL")]
    branch_label: Vec<String>,
    /// The id, instead of a random one
    #[arg(long)]
    rev_id: Option<String>,
    /// Allow revisions that others follow already
    #[arg(long)]
    splice: bool,
}

pub(super) fn run(args: &Args, cx: &mut Context<'_>) -> Result<Exit, CommandError> {
    let mut project = cx.project()?;
    let mut parents: Vec<Node> = Vec::new();
    for text in &args.revisions {
        parents.extend(identifier::revisions(&project.graph, text)?);
    }
    let mut distinct = parents.clone();
    distinct.sort_unstable();
    distinct.dedup();
    if distinct.len() < parents.len() {
        return Err(CommandError::usage("duplicate head revisions specified"));
    }
    if parents.len() < 2 {
        return Err(CommandError::usage("there is nothing to merge: the arguments mean one revision only"));
    }
    if !args.splice {
        refuse_merged(&project.graph, &parents)?;
    }
    let message = args.message.clone().unwrap_or_else(|| {
        let ids: Vec<&str> = project.graph.ids(parents.iter().copied()).collect();
        format!("merge {}", ids.join(" and "))
    });
    let new = NewRevision {
        message,
        rev_id: args.rev_id.clone(),
        parents,
        labels: args.branch_label.clone(),
        splice: args.splice,
        ..NewRevision::default()
    };
    let written = project.add(new)?;
    finish(cx, &project, &written, &Finishing::default())
}

/// Refuses what has been merged, and what heads have followed: the graph would have two heads again.
fn refuse_merged(graph: &Graph, parents: &[Node]) -> Result<(), CommandError> {
    let follows_all = |node: &Node| {
        let before = graph.ancestors([*node], Edges::Versioned);
        parents.iter().all(|parent| before.contains(*parent))
    };
    if let Some(merge) = graph.nodes().find(follows_all) {
        let revision = graph.id(merge).to_owned();
        let message = format!("there is nothing to merge: `{revision}` follows all of them");
        return Err(CommandError::usage(message).hint(Hint::Merged { revision }));
    }
    match parents.iter().find(|parent| !graph.children(**parent).is_empty()) {
        Some(parent) => Err(CommandError::usage(format!("revision `{}` is not a head revision", graph.id(*parent)))
            .hint(Hint::MergeHeads)),
        None => Ok(()),
    }
}
