//! `init --adopt`: a database that is there becomes the beginning of a history.

use alembic_models::{Detail, print};
use alembic_runtime::{
    __private::{Creation, creations},
    MigrationBackend, Report,
    cli::{CommandError, Exit},
};
use alembic_schema::Schema;
use alembic_sql::Dialect;
use diesel::connection::LoadConnection;

use crate::{
    autogenerate::Baseline,
    connect::{Access, Job},
    context::Context,
    look::{VersionRows, dialect_of, failed, inspection, look},
    project::{NewRevision, Project, create, models},
    replay::Replay,
    scratch::ScratchServer,
};

/// Where the models are written, if the package has none.
const MODELS: &str = "src/schema.rs";

/// Writes models of the database and a first revision that makes its tables, and stamps the database with it.
pub(super) fn run(cx: &mut Context<'_>) -> Result<Exit, CommandError> {
    let mut project = cx.project()?;
    let target = cx.target(&project.package, &project.config)?;
    if !project.graph.is_empty() {
        return Err(CommandError::usage("there are revisions already, and --adopt writes the first one")
            .hint(alembic_graph::Hint::HasRevisions));
    }
    if target.is_missing() {
        return Err(CommandError::usage(format!("there is no database `{}` to adopt", target.display())));
    }
    let rows = target.run(Access::Read, VersionRows(&project))?;
    if let Some(row) = rows.first() {
        return Err(CommandError::usage(format!("the database is at revision `{row}` already"))
            .hint(alembic_graph::Hint::IsStamped));
    }
    let (mut schema, dialect, creations) = target.run(Access::Read, Holds(&project))?;
    schema.tables.retain(|table| !project.config.tables.leaves_alone(&table.name));
    if schema.tables.is_empty() {
        return Err(CommandError::usage(format!("the database `{}` has no tables to adopt", target.display()))
            .hint(alembic_graph::Hint::NothingToAdopt));
    }
    let text = print(&schema, dialect, &project.config.settings.naming, Detail::Complete);
    // What may fail comes before anything is written.
    let extensions = creations.iter().filter(|creation| creation.kind == "extension");
    let extensions = extensions.map(|extension| extension.name.name.clone()).collect();
    let server = ScratchServer::shared(target.clone()).without(extensions);
    let (_replay, scratch) = Replay::prepare(cx, &project, &server)?;
    let adopted = scratch.run(Baseline { project: &project, wanted: schema, creations })?;
    let mut new = NewRevision { message: "baseline".to_owned(), ..NewRevision::default() };
    adopted.fill_in(&mut new)?;
    write_models(cx, &project, &text)?;
    let written = project.add(new)?;
    cx.printer.status(format_args!("Generating {} ...  done", written.path.display()));
    project.run_hooks(&written.path, |line| cx.printer.status(line))?;
    let project = cx.project()?;
    let report = target.run(Access::Write, Stamp { project: &project, revision: &written.id })?;
    cx.printer.status(report);
    for object in &adopted.left_out {
        cx.printer.text(&format!("not in the baseline: {object}\n"))?;
    }
    Ok(Exit::Success)
}

fn write_models(cx: &mut Context<'_>, project: &Project, text: &str) -> Result<(), CommandError> {
    if models::load(&project.package, &project.config)?.is_some() {
        cx.printer.status("The package has models; `cargo alembic check --only models` compares them.");
        return Ok(());
    }
    let path = project.package.root.join(MODELS);
    create(&path, text).map_err(|error| {
        CommandError::usage(format!("could not write `{}`", path.display()))
            .caused_by(&error)
            .hint(alembic_graph::Hint::ModelsNotWritten { file: MODELS })
    })?;
    cx.printer.status(format_args!("Generating {} ...  done", path.display()));
    Ok(())
}

/// Looks at all that is there, and how to make it.
struct Holds<'p>(&'p Project);

impl Job for Holds<'_> {
    type Done = (Schema, Dialect, Vec<Creation>);

    fn run<C>(self, conn: &mut C) -> Result<Self::Done, CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        let scope = inspection(self.0, None);
        let schema = look(conn, &scope)?;
        let creations = creations(conn, &scope, &schema).map_err(failed("look at what is no table"))?;
        Ok((schema, dialect_of(conn)?, creations))
    }
}

/// Records a revision without running it.
struct Stamp<'p> {
    project: &'p Project,
    revision: &'p str,
}

impl Job for Stamp<'_> {
    type Done = Report;

    fn run<C>(self, conn: &mut C) -> Result<Report, CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        let migrations = self.project.migrations::<C>().application("cargo-alembic", env!("CARGO_PKG_VERSION"));
        Ok(migrations.stamp(conn, self.revision)?)
    }
}
