//! `revision`.

use std::{cell::RefCell, io, io::Write};

use alembic_graph::{Hint, Node, identifier, script::Connection};
use alembic_models::Models;
use alembic_runtime::{
    MigrationBackend, Verdict,
    cli::{CommandError, Exit, Report, Styles},
};
use alembic_schema::{
    Schema,
    diff::{Hazard, HazardKind, Locking},
};
use alembic_sql::Dialect;
use diesel::connection::LoadConnection;
use serde::Serialize;

use super::edit;
use crate::{
    autogenerate::{self, Before, Comparing, Generate, wants_nothing},
    connect::{Access, Job},
    context::Context,
    look::{Look, inspection},
    project::{Driver, Lock, NewRevision, Project, Written, models},
    replay::Replay,
    scratch::ScratchArgs,
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
    /// Write what the models want and the migrations do not do; it is tried on a scratch database first
    #[arg(long, conflicts_with_all = ["head", "splice"])]
    autogenerate: bool,
    #[command(flatten)]
    generated: Generated,
    /// Open the file in $EDITOR
    #[arg(long)]
    edit: bool,
}

/// How a revision is generated.
#[derive(Debug, clap::Args)]
pub(crate) struct Generated {
    /// What the models are compared with
    #[arg(long, value_enum, default_value_t, requires = "autogenerate")]
    against: Against,
    #[command(flatten)]
    scratch: ScratchArgs,
    /// Write non-blocking forms; PostgreSQL only
    #[arg(long, requires = "autogenerate")]
    online: bool,
}

/// What the models are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum Against {
    /// The schema that the revisions leave, on a scratch database
    #[default]
    Migrations,
    /// The database of the URL, which has to be at head
    Database,
}

pub(super) fn run(args: &Args, cx: &mut Context<'_>) -> Result<Exit, CommandError> {
    if args.generated.scratch.scratch_url.is_some() && !args.autogenerate {
        return Err(CommandError::usage("--scratch-url is for --autogenerate"));
    }
    let mut project = cx.project()?;
    let mut new = NewRevision {
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
    let mut hazards = Vec::new();
    if args.autogenerate {
        let Some(generated) = generate(args, cx, &project)? else {
            cx.printer.report(&NoChanges { changes: 0 })?;
            return Ok(Exit::Success);
        };
        tell_hazards(&generated, cx)?;
        generated.fill_in(&mut new)?;
        hazards.extend(generated.hazards().cloned());
    }
    let written = project.add(new)?;
    finish(cx, &project, &written, &Finishing { edit: args.edit, hazards })
}

fn generate(
    args: &Args,
    cx: &mut Context<'_>,
    project: &Project,
) -> Result<Option<autogenerate::Generated>, CommandError> {
    let models = models::require(project)?;
    let server = args.generated.scratch.server(cx, project)?;
    if args.generated.online && server.target.dialect() != Dialect::Postgres {
        return Err(CommandError::usage("--online is for PostgreSQL: the other databases have no such forms"));
    }
    let before = match args.generated.against {
        Against::Migrations => Before::Migrations,
        Against::Database => {
            let target = cx.target(&project.package, &project.config)?;
            let (schema, dialect) = target.run(Access::Read, AtHead { project, models: &models })?;
            if wants_nothing(&models, &schema, dialect, project)? {
                return Ok(None);
            }
            Before::Database(schema)
        }
    };
    let (replay, scratch) = Replay::prepare(cx, project, &server)?;
    let can_ask = cx.printer.can_ask();
    let printer = RefCell::new(&mut cx.printer);
    let mut ask = |question: &str| {
        let mut printer = printer.borrow_mut();
        if can_ask {
            return printer.confirm(question);
        }
        printer.status(format_args!(
            "note: {question} Nobody can be asked here, so one is dropped and the other added; if it was, say so in the \
             model with #[alembic(renamed_from = \"…\")]"
        ));
        false
    };
    let locking = if args.generated.online { Locking::Online } else { Locking::Plain };
    let comparing = Comparing { replay: &replay, models: &models, before, ask: &mut ask };
    scratch.run(Generate { comparing, locking, say: &mut |line| printer.borrow_mut().status(line) })
}

/// Prints what a reader of the file has to know, and asks before a revision that loses data is written.
fn tell_hazards(generated: &autogenerate::Generated, cx: &mut Context<'_>) -> Result<(), CommandError> {
    for hazard in generated.hazards() {
        cx.printer.status(hazard);
    }
    let loses = generated.hazards().any(|hazard| hazard.kind == HazardKind::DataLoss);
    if loses && cx.printer.can_ask() && !cx.printer.confirm("Write a revision that loses data?") {
        return Err(CommandError::usage("nothing was written"));
    }
    Ok(())
}

/// Looks at a database, which has to be at head.
struct AtHead<'a> {
    project: &'a Project,
    models: &'a Models,
}

impl Job for AtHead<'_> {
    type Done = (Schema, Dialect);

    fn run<C>(self, conn: &mut C) -> Result<Self::Done, CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        let status = self.project.migrations::<C>().status(conn)?;
        if status.verdict != Verdict::UpToDate {
            return Err(CommandError::usage("Target database is not up to date.")
                .because(status.to_string())
                .hint(Hint::NotAtHead));
        }
        Look(&inspection(self.project, Some(self.models))).run(conn)
    }
}

/// There is nothing to write.
#[derive(Serialize)]
struct NoChanges {
    changes: usize,
}

impl Report for NoChanges {
    const SCHEMA: &'static str = "no-changes/1";

    fn human(&self, w: &mut dyn Write, _styles: &Styles) -> io::Result<()> {
        writeln!(w, "No changes detected; nothing was written.")
    }
}

/// Returns the type of connection that a revision in Rust is for: the one of the database that is
/// configured, or any.
fn connection(project: &Project, cx: &Context<'_>) -> Connection {
    let target = cx.find_target(&project.package, &project.config).ok().flatten();
    let pure = project.package.manifest_text().is_ok_and(|text| Driver::of(&text) == Driver::Pure);
    Connection::Of(match (target.map(|target| target.dialect()), pure) {
        (Some(Dialect::Sqlite), _) => "SqliteConnection",
        (Some(Dialect::Postgres), true) => "pure::PgConnection",
        (Some(Dialect::Postgres), false) => "PgConnection",
        (Some(Dialect::Mysql | Dialect::Mariadb), true) => "pure::MysqlConnection",
        (Some(Dialect::Mysql | Dialect::Mariadb), false) => "MysqlConnection",
        (None, _) => return Connection::Any,
    })
}

fn parents(project: &Project, head: &str) -> Result<Vec<Node>, CommandError> {
    identifier::revisions(&project.graph, head).map_err(|error| match error {
        identifier::TargetError::MultipleHeads { .. } => CommandError::usage(
            "multiple heads are present; please specify the head revision on which the new revision should be based, \
             or perform a merge",
        )
        .caused_by(&error)
        .hint(Hint::WhichHead),
        other => other.into(),
    })
}

/// A label stays a label, so that it is resolved again as the branch grows; an id is written in full.
fn dependency(project: &Project, name: &str) -> Result<String, CommandError> {
    if project.graph.find(name).is_some() {
        return Ok(name.to_owned());
    }
    match identifier::revisions(&project.graph, name)?[..] {
        [node] => Ok(project.graph.id(node).to_owned()),
        _ => Err(CommandError::usage(format!("--depends-on needs one revision, and `{name}` is not one"))),
    }
}

/// What becomes of a revision that was written.
#[derive(Default)]
pub(super) struct Finishing {
    /// Whether the editor is opened.
    pub(super) edit: bool,
    /// What its reader has to know.
    pub(super) hazards: Vec<Hazard>,
}

/// Says what was written, runs the hooks, opens the editor.
pub(super) fn finish(
    cx: &mut Context<'_>,
    project: &Project,
    written: &Written,
    finishing: &Finishing,
) -> Result<Exit, CommandError> {
    cx.printer.status(format_args!("Generating {} ...  done", written.path.display()));
    project.run_hooks(&written.path, |line| cx.printer.status(line))?;
    if finishing.edit {
        edit::open(cx, &written.path)?;
        Project::load(project.package.clone(), project.config.clone(), Lock::Rewrite)?;
    }
    let hazards = finishing.hazards.iter().map(|Hazard { kind, message }| ToldHazard { kind: kind.name(), message });
    let hazards = hazards.collect();
    let report = NewFile { revision: &written.id, parents: &written.parents, path: &written.name, hazards };
    cx.printer.report(&report)?;
    Ok(Exit::Success)
}

#[derive(Serialize)]
struct NewFile<'a> {
    revision: &'a str,
    parents: &'a [String],
    path: &'a str,
    hazards: Vec<ToldHazard<'a>>,
}

#[derive(Serialize)]
struct ToldHazard<'a> {
    kind: &'static str,
    message: &'a str,
}

impl Report for NewFile<'_> {
    const SCHEMA: &'static str = "revision/1";

    fn human(&self, w: &mut dyn Write, _styles: &Styles) -> io::Result<()> {
        writeln!(w, "{}", self.path)
    }
}
