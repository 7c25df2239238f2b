//! `edit`.

use std::{path::Path, process::Command};

use alembic_graph::{Hint, identifier};
use alembic_runtime::cli::{self, CommandError, Exit};

use crate::{
    context::Context,
    project::{Lock, Project},
};

/// Open a revision file in $EDITOR
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A revision, `head`, `heads`, or `-N` to count down from the heads
    #[arg(allow_hyphen_values = true, value_parser = cli::revision)]
    revision: String,
}

pub(super) fn run(args: &Args, cx: &mut Context<'_>) -> Result<Exit, CommandError> {
    let project = cx.project()?;
    let found = identifier::show(&project.graph, &args.revision, Vec::new)?;
    if found.is_empty() {
        return Err(CommandError::usage(format!("no revision files indicated by symbol `{}`", args.revision)));
    }
    for node in found {
        open(cx, &project.package.root.join(&project.graph.revision(node).path))?;
    }
    Project::load(project.package, project.config, Lock::Rewrite)?;
    Ok(Exit::Success)
}

/// Opens a file in the user's editor and waits for it.
pub(super) fn open(cx: &Context<'_>, path: &Path) -> Result<(), CommandError> {
    let editor = ["VISUAL", "EDITOR"]
        .iter()
        .find_map(|name| cx.environment.get(name))
        .ok_or_else(|| CommandError::usage("no suitable editor found").hint(Hint::NoEditor))?;
    let words = shlex::split(editor).unwrap_or_default();
    let failed = |why: String| CommandError::usage(format!("error executing editor `{editor}`")).because(why);
    let Some((program, arguments)) = words.split_first() else {
        return Err(failed("it is not a command".into()));
    };
    let status = Command::new(program).args(arguments).arg(path).status().map_err(|error| failed(error.to_string()))?;
    if status.success() { Ok(()) } else { Err(failed(format!("it ended with {status}"))) }
}
