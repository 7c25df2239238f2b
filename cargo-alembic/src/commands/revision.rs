//! `revision`.

use std::{io, io::Write};

use alembic_core::{Dialect, Node, script::Connection, target};
use alembic_runtime::cli::{CommandError, Exit, Report, Styles};
use serde::Serialize;

use super::edit;
use crate::{
    context::Context,
    project::{Lock, NewRevision, Project, Written},
};

/// Create a new revision file
///
/// It follows the head, or what --head says, and is checked against the graph before it is written.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo alembic revision -m \"add users\"
  cargo alembic revision --rust -m \"seed asset types\"
  cargo alembic revision -m \"first of shop\" --head base --branch-label shop
  cargo alembic revision -m \"add cart\" --head shop@head --depends-on 3f2a")]
pub(crate) struct Args {
    /// What it does, in a few words
    #[arg(long, short, default_value = "empty message")]
    message: String,
    /// The id, instead of a random one
    #[arg(long)]
    rev_id: Option<String>,
    /// The revision to follow: a head, `branch@head`, or `base`
    #[arg(long, default_value = "head")]
    head: String,
    /// Allow a revision that others follow already
    #[arg(long)]
    splice: bool,
    /// A name for the branch that begins here
    #[arg(long, value_name = "LABEL")]
    branch_label: Vec<String>,
    /// A revision or label that has to be applied before
    #[arg(long, value_name = "REVISION")]
    depends_on: Vec<String>,
    /// The version location for the file, if there are several
    #[arg(long, value_name = "PATH")]
    version_path: Option<String>,
    /// Write it in Rust instead of SQL; the package's own program runs it
    #[arg(long)]
    rust: bool,
    /// Open the file in $EDITOR
    #[arg(long)]
    edit: bool,
}

pub(super) fn run(args: &Args, cx: &mut Context<'_>) -> Result<Exit, CommandError> {
    let mut project = cx.project()?;
    let new = NewRevision {
        message: args.message.clone(),
        rev_id: args.rev_id.clone(),
        parents: parents(&project, &args.head)?,
        labels: args.branch_label.clone(),
        depends_on: args.depends_on.iter().map(|name| dependency(&project, name)).collect::<Result<_, _>>()?,
        splice: args.splice,
        version_path: args.version_path.clone(),
        connection: args.rust.then(|| connection(&project, cx)),
        ..NewRevision::default()
    };
    let written = project.add(new)?;
    finish(cx, &project, &written, args.edit)
}

/// Returns the type of connection that a revision in Rust is for: the one of the database that is
/// configured, or any.
fn connection(project: &Project, cx: &Context<'_>) -> Connection {
    let target = cx.find_target(&project.package, &project.config).ok().flatten();
    match target.map(|target| target.dialect()) {
        Some(Dialect::Sqlite) => Connection::Of("SqliteConnection"),
        Some(Dialect::Postgres) => Connection::Of("PgConnection"),
        Some(Dialect::Mysql | Dialect::Mariadb) => Connection::Of("MysqlConnection"),
        None => Connection::Any,
    }
}

fn parents(project: &Project, head: &str) -> Result<Vec<Node>, CommandError> {
    target::revisions(&project.graph, head).map_err(|error| match error {
        target::TargetError::MultipleHeads { .. } => CommandError::usage(
            "multiple heads are present; please specify the head revision on which the new revision should be based, \
             or perform a merge",
        )
        .caused_by(&error)
        .hint("say --head with one of them, or run `cargo alembic merge heads`"),
        other => other.into(),
    })
}

/// A label stays a label, so that it is resolved anew as the branch grows; an id is written in full.
fn dependency(project: &Project, name: &str) -> Result<String, CommandError> {
    if project.graph.find(name).is_some() {
        return Ok(name.to_owned());
    }
    match target::revisions(&project.graph, name)?[..] {
        [node] => Ok(project.graph.id(node).to_owned()),
        _ => Err(CommandError::usage(format!("--depends-on needs one revision, and `{name}` is not one"))),
    }
}

/// Says what was written, runs the hooks, opens the editor.
pub(super) fn finish(
    cx: &mut Context<'_>,
    project: &Project,
    written: &Written,
    open_editor: bool,
) -> Result<Exit, CommandError> {
    cx.printer.status(format_args!("Generating {} ...  done", written.path.display()));
    project.run_hooks(&written.path, |line| cx.printer.status(line))?;
    if open_editor {
        edit::open(cx, &written.path)?;
        Project::load(project.package.clone(), project.config.clone(), Lock::Rewrite)?;
    }
    let report = NewFile { revision: &written.id, parents: &written.parents, path: &written.name };
    cx.printer.report(&report)?;
    Ok(Exit::Success)
}

#[derive(Serialize)]
struct NewFile<'a> {
    revision: &'a str,
    parents: &'a [String],
    path: &'a str,
}

impl Report for NewFile<'_> {
    const SCHEMA: &'static str = "revision/1";

    fn human(&self, w: &mut dyn Write, _styles: &Styles) -> io::Result<()> {
        writeln!(w, "{}", self.path)
    }
}
