//! `check`: the files, then the database if there is one.

use alembic_runtime::cli::{self, CommandError, Exit};

use super::on_database;
use crate::{context::Context, project::Project};

pub(super) fn run(command: &cli::Command, cx: &mut Context<'_>) -> Result<Exit, CommandError> {
    let (package, config) = cx.configured()?;
    let project = Project::load_all(package, config, true)?;
    let heads: Vec<&str> = project.graph.ids(project.graph.heads()).collect();
    if heads.len() > 1 {
        cx.printer.status(format_args!(
            "{} heads are not merged: {}.",
            heads.len(),
            heads.join(", ")
        ));
        return Ok(Exit::Negative);
    }
    cx.printer.status(format_args!(
        "The files form a graph with one head, and {} is up to date.",
        alembic_core::lockfile::FILE_NAME
    ));
    match cx.find_target(&project.package, &project.config)? {
        Some(target) => on_database::on_target(command, cx, &project, &target),
        None => Ok(Exit::Success),
    }
}
