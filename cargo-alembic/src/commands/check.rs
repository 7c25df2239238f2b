//! `check`: the files, then the database if there is one.

use std::{io, io::Write};

use alembic_core::wording::{count, joined};
use alembic_runtime::cli::{self, CommandError, Exit, Report, Styles};
use serde::Serialize;

use super::on_database;
use crate::{
    context::Context,
    project::{Lock, Project},
};

/// What the files are worth, where there is no database to compare them with.
#[derive(Serialize)]
struct Files {
    revisions: usize,
    heads: Vec<String>,
}

impl Report for Files {
    const SCHEMA: &'static str = "files/1";

    fn human(&self, w: &mut dyn Write, _styles: &Styles) -> io::Result<()> {
        match self.heads.len() {
            0 | 1 => writeln!(w, "{}, one head, and the lock file is up to date.", count(self.revisions, "revision")),
            n => writeln!(w, "{n} heads are not merged: {}.", joined(&self.heads)),
        }
    }
}

pub(super) fn run(command: &cli::Command, cx: &mut Context<'_>) -> Result<Exit, CommandError> {
    let (package, config) = cx.configured()?;
    let project = Project::load(package, config, Lock::Require)?;
    let heads = project.graph.ids(project.graph.heads()).map(str::to_owned).collect();
    let files = Files { revisions: project.graph.len(), heads };
    let target = cx.find_target(&project.package, &project.config)?;
    match target {
        Some(target) if files.heads.len() < 2 => on_database::on_target(command, cx, &project, &target),
        _ => {
            cx.printer.report(&files)?;
            Ok(if files.heads.len() < 2 { Exit::Success } else { Exit::Negative })
        }
    }
}
