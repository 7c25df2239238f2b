//! `check`: gates that a change has to pass before it is merged.

mod database;
mod drift;
mod files;
mod grants;
mod report;
mod scratch;
mod since;

use alembic_graph::Hint;
use alembic_runtime::cli::{CheckArgs, CommandError, Exit};
use alembic_sql::Dialect;
use report::{Checked, Finding, Passed};
use scratch::Found;

use crate::{
    context::Context,
    project::{Project, models},
    scratch::ScratchArgs,
};

/// Check files, models and migrations, and the database if a URL is given; exit 1 unless all is well
///
/// What cannot be looked at is skipped. A gate that is named, by --only or by an option that is about it (--since,
/// --wait, --allow-ahead), has to run: exit 2 if it cannot, and if nothing was checked at all.
///
/// Changes nothing. What needs to run revisions makes a scratch database on the server of the URL, and drops it
/// afterwards; for SQLite it is in memory.
///
///   files      the graph, alembic.lock, one head, each file named after its revision
///   replay     all revisions apply to an empty database
///   roundtrip  each downgrade restores the schema before its upgrade
///   models     the models want nothing that the migrations do not do
///   pending    the database is at head, and agrees with the migrations
///   drift      its schema is the one that its revisions leave
///
/// If a revision is written in Rust, the project's program is built and run, unless --no-build is given.
#[derive(Debug, clap::Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Examples:
  cargo alembic check                                  all that can be checked here
  cargo alembic check --since origin/main              only new revisions are undone and applied again
  cargo alembic check --only models --format json      do the models want a revision?
  cargo alembic check --format github                  annotations for a pull request
  cargo alembic check --only pending --wait 120        wait until somebody else has migrated"
)]
pub(crate) struct Args {
    /// Only these gates
    #[arg(long, value_enum, value_name = "GATE", value_delimiter = ',')]
    only: Vec<Gate>,
    /// Not these gates
    #[arg(long, value_enum, value_name = "GATE", value_delimiter = ',')]
    skip: Vec<Gate>,
    /// A git revision whose migrations need no second round trip
    #[arg(long, value_name = "REV")]
    since: Option<String>,
    #[command(flatten)]
    scratch: ScratchArgs,
    #[command(flatten)]
    database: CheckArgs,
}

/// What can be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Gate {
    /// The graph, the lock file, heads, names
    Files,
    /// Revisions apply to an empty database
    Replay,
    /// Downgrades restore
    Roundtrip,
    /// The models want nothing else
    Models,
    /// The database is at head
    Pending,
    /// The database's schema is the one its revisions leave
    Drift,
}

/// The gates that run revisions on a scratch database.
const ON_SCRATCH: [Gate; 4] = [Gate::Replay, Gate::Roundtrip, Gate::Models, Gate::Drift];

const GATES: [Gate; 6] = [Gate::Files, Gate::Replay, Gate::Roundtrip, Gate::Models, Gate::Pending, Gate::Drift];

impl Args {
    fn wants(&self, gate: Gate) -> bool {
        (self.only.is_empty() || self.only.contains(&gate)) && !self.skip.contains(&gate)
    }

    /// Returns the options that are about some gates only, each with those gates.
    fn options(&self) -> [(&'static str, bool, &'static [Gate]); 4] {
        [
            ("--since", self.since.is_some(), &[Gate::Roundtrip]),
            ("--wait", self.database.wait.is_some(), &[Gate::Pending]),
            ("--allow-ahead", self.database.allow_ahead, &[Gate::Pending]),
            ("--scratch-url", self.scratch.scratch_url.is_some(), &ON_SCRATCH),
        ]
    }

    /// Returns the gates that were named, by themselves or by an option that is about one gate: they have to run.
    fn named(&self) -> Vec<Gate> {
        let by_option = self.options().into_iter().filter(|(_, is_given, gates)| *is_given && gates.len() == 1);
        let gates = self.only.iter().copied().chain(by_option.flat_map(|(.., gates)| gates.iter().copied()));
        gates.filter(|gate| self.wants(*gate)).collect()
    }

    fn refuse_contradictions(&self) -> Result<(), CommandError> {
        if !GATES.iter().any(|gate| self.wants(*gate)) {
            return Err(CommandError::usage("--only and --skip leave no gate to run"));
        }
        let useless =
            |(_, is_given, gates): &(_, bool, &[Gate])| *is_given && !gates.iter().any(|gate| self.wants(*gate));
        match self.options().into_iter().find(useless) {
            Some((option, _, gates)) => {
                let gates = alembic_sql::wording::quoted(gates.iter().map(|gate| gate.name()));
                let message = format!("{option} is for {gates}, which --only or --skip leaves out");
                Err(CommandError::usage(message).hint(Hint::UselessOption { option: option.to_owned(), gates }))
            }
            None => Ok(()),
        }
    }
}

pub(super) fn run(args: &Args, cx: &mut Context<'_>) -> Result<Exit, CommandError> {
    args.refuse_contradictions()?;
    let (package, config) = cx.configured()?;
    let mut checked = Checked::new(&package.root, args.named(), cx.printer.invocation().clone());
    let project = match Project::load_as_is(package, config) {
        Ok(project) => project,
        Err(error) if error.exit == Exit::Usage => {
            checked.failed(Gate::Files, vec![Finding::of_error(&error)]);
            let others = args.named().into_iter().filter(|gate| *gate != Gate::Files);
            others.for_each(|gate| checked.skipped(gate, "the revision files are not usable"));
            return finish(checked, cx);
        }
        Err(error) => return Err(error),
    };
    if args.wants(Gate::Files) {
        checked.add(Gate::Files, files::check(&project));
    }
    on_scratch(args, cx, &project, &mut checked)?;
    on_database(args, cx, &project, &mut checked)?;
    finish(checked, cx)
}

fn finish(mut checked: Checked, cx: &mut Context<'_>) -> Result<Exit, CommandError> {
    checked.leave_out(cx.take_left_out());
    cx.printer.report(&checked)?;
    Ok(checked.exit())
}

fn on_scratch(args: &Args, cx: &mut Context<'_>, project: &Project, checked: &mut Checked) -> Result<(), CommandError> {
    let wanted: Vec<Gate> =
        [Gate::Replay, Gate::Roundtrip, Gate::Models].into_iter().filter(|gate| args.wants(*gate)).collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let models = models::wanted(project)?.filter(|_| args.wants(Gate::Models));
    let Some(server) = args.scratch.find_server(cx, project)? else {
        let why = format!("no database is named: set {}, or pass --scratch-url", project.config.database_url_env);
        wanted.into_iter().for_each(|gate| checked.skipped(gate, &why));
        return Ok(());
    };
    let old = match &args.since {
        Some(revision) => since::unchanged(project, revision)?,
        None => Vec::new(),
    };
    match scratch::run(cx, project, &server, models.as_ref(), args.wants(Gate::Roundtrip), &old) {
        Ok(found) => {
            add_found(args, found, checked);
            let first = wanted.first().copied().unwrap_or(Gate::Replay);
            checked.note(first, left_out(project, server.target.dialect()));
        }
        Err(error) => checked.could_not_run(&wanted, &error),
    }
    Ok(())
}

/// Names the statements that were not run.
fn left_out(project: &Project, dialect: Dialect) -> Vec<String> {
    let skipped = project.skipped(dialect).into_iter();
    skipped
        .map(|(path, skipped)| format!("left out on the scratch database: {path}:{}: {}", skipped.line, skipped.reason))
        .collect()
}

/// Adds what the scratch database showed. A revision that does not apply is told once, by the first gate that
/// needs it, so that the verdict does not depend on which gates are named.
fn add_found(args: &Args, found: Found, checked: &mut Checked) {
    let Found { applied, replay, roundtrip, models, .. } = found;
    let mut untold = None;
    if args.wants(Gate::Replay) {
        checked.add(Gate::Replay, replay);
    } else if !applied {
        untold = replay.err();
    }
    for (gate, result) in [(Gate::Roundtrip, roundtrip), (Gate::Models, models)] {
        match result {
            _ if !args.wants(gate) => {}
            Some(result) => checked.add(gate, result),
            None if applied => checked.skipped(gate, "the package has no models"),
            None => match untold.take() {
                Some(findings) => checked.failed(gate, findings),
                None => checked.follows(gate, "a revision does not apply"),
            },
        }
    }
}

fn on_database(
    args: &Args,
    cx: &mut Context<'_>,
    project: &Project,
    checked: &mut Checked,
) -> Result<(), CommandError> {
    let wanted: Vec<Gate> = [Gate::Pending, Gate::Drift].into_iter().filter(|gate| args.wants(*gate)).collect();
    let asked = args.named().iter().any(|gate| wanted.contains(gate));
    // The file of a developer is no deployment: it is looked at when somebody says so.
    let target = if asked {
        cx.find_target(&project.package, &project.config)?
    } else {
        cx.find_url(&project.package, &project.config)?
    };
    let Some(target) = target else {
        let why = match &project.config.sqlite_path {
            Some(path) => format!("no URL is given; pass --only pending,drift to look at `{path}`"),
            None => format!("no database is named: set {}", project.config.database_url_env),
        };
        wanted.into_iter().for_each(|gate| checked.skipped(gate, &why));
        return Ok(());
    };
    if args.wants(Gate::Pending) {
        cx.note_missing(&target);
        match database::pending(&args.database, cx, project, &target) {
            Ok(result) => checked.add(Gate::Pending, result),
            Err(error) => checked.could_not_run(&[Gate::Pending], &error),
        }
    }
    if args.wants(Gate::Drift) && target.is_missing() {
        checked.failed(Gate::Drift, vec![Finding::new(format!("there is no database `{}`", target.display()))]);
    } else if args.wants(Gate::Drift) {
        match drift::drift(&args.scratch, cx, project, &target) {
            Ok(Some(compared)) => {
                checked.add(Gate::Drift, compared.said);
                checked.note(Gate::Drift, compared.notes);
            }
            Ok(None) => checked.skipped(Gate::Drift, "the database is at revisions that are unknown here"),
            Err(error) => checked.could_not_run(&[Gate::Drift], &error),
        }
    }
    Ok(())
}

fn in_one_line(error: &CommandError) -> String {
    std::iter::once(&error.message).chain(&error.causes).cloned().collect::<Vec<_>>().join(": ")
}

/// What a gate says: a line about what is well, or what is not.
type Said = Result<Passed, Vec<Finding>>;
