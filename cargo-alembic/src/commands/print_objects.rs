//! `print-schema --objects`.

use std::path::Path;

use alembic_runtime::{
    __private::Inspection,
    cli::{CommandError, Exit},
};

use crate::{
    connect::Access,
    context::Context,
    look::LookAtObjects,
    project::{Project, write_objects},
    replay::{Left, Replay},
    scratch::ScratchArgs,
};

/// Writes the objects of a database, or of what the revisions leave, into files of a folder.
pub(super) fn run(
    folder: &Path,
    from_migrations: bool,
    scratch: &ScratchArgs,
    cx: &mut Context<'_>,
    project: &Project,
    inspection: &Inspection,
) -> Result<Exit, CommandError> {
    let look = LookAtObjects(inspection);
    let objects = if from_migrations {
        let server = scratch.server(cx, project)?;
        let (replay, made) = Replay::prepare(cx, project, &server)?;
        made.run(Left { replay: &replay, then: look })?
    } else {
        let target = cx.target(&project.package, &project.config)?;
        cx.note_missing(&target);
        target.run(Access::Read, look)?
    };
    let written = write_objects(&cx.cwd.join(folder), &objects)?;
    for (name, has_changed) in &written {
        let what = if *has_changed { "Writing" } else { "Nothing to change in" };
        cx.printer.status(format_args!("{what} {}", folder.join(name).display()));
    }
    if written.is_empty() {
        cx.printer.status("There are no views, routines, triggers or other objects.");
    }
    Ok(Exit::Success)
}
