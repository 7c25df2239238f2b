//! Applies the project's revisions to a scratch database.

use alembic_core::{Dialect, Node, config::Settings, schema::Schema, version_table::VersionTable};
use alembic_runtime::{Inspection, MigrationBackend, Migrations, cli::CommandError};
use diesel::connection::LoadConnection;

use crate::{
    connect::{Job, Target},
    context::Context,
    look::Look,
    project::Project,
    runner::{Program, Runner},
    scratch::{Scratch, Users},
};

/// The project's revisions, and who runs them on a scratch database.
pub(crate) struct Replay<'p> {
    pub(crate) project: &'p Project,
    /// The project's own program, if there are revisions in Rust, and where it runs them.
    program: Option<(Program, Target)>,
}

impl<'p> Replay<'p> {
    /// Makes a scratch database, and builds the project's program if it is needed.
    pub(crate) fn prepare(
        cx: &Context<'_>,
        project: &'p Project,
        server: &Target,
    ) -> Result<(Self, Scratch), CommandError> {
        let graph = &project.graph;
        let elsewhere = project.config.settings.version_table.schema().is_some();
        let in_rust = graph.nodes().find(|node| is_rust(project, *node));
        if let (Some(node), true, true) = (in_rust, elsewhere, server.dialect().is_mysql_family()) {
            let message = format!(
                "revision `{}` is written in Rust, and `version-table` is in another database: it cannot be tried",
                graph.id(node)
            );
            return Err(CommandError::usage(message).hint("name a table without a database"));
        }
        let users = if in_rust.is_some() { Users::Several } else { Users::One };
        let scratch = Scratch::make(server, users)?;
        let program = in_rust.map(|node| {
            let runner = Runner::find(cx, project, graph.id(node))?;
            Ok::<_, CommandError>((runner.program(cx.selection.locked)?, scratch.target.clone()))
        });
        Ok((Self { project, program: program.transpose()? }, scratch))
    }

    /// A version table in another schema is in another database on MySQL: on a scratch database it is beside.
    fn migrations<C>(&self, family: Dialect) -> Migrations<C> {
        let mut settings = self.project.config.settings.clone();
        if family.is_mysql_family() {
            settings = Settings { version_table: VersionTable::new(settings.version_table.name()), ..settings };
        }
        self.project.migrations_with(settings).application("cargo-alembic", env!("CARGO_PKG_VERSION"))
    }

    /// Applies all up to a target.
    pub(crate) fn upgrade<C>(&self, conn: &mut C, target: &str) -> Result<(), CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        match &self.program {
            Some((program, scratch)) => program.run(scratch, &self.project.graph, &["upgrade", target]),
            None => Ok(self.migrations(C::Backend::FAMILY).upgrade(conn, target).map(drop)?),
        }
    }

    /// Undoes one revision, which nothing applied follows.
    pub(crate) fn undo<C>(&self, conn: &mut C, node: Node) -> Result<(), CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        match &self.program {
            Some((program, scratch)) => {
                let graph = &self.project.graph;
                program.run(scratch, graph, &["undo", graph.id(node)])
            }
            None => Ok(self.migrations(C::Backend::FAMILY).migrator().undo(conn, node).map(drop)?),
        }
    }
}

/// Returns whether a revision is written in Rust.
pub(crate) fn is_rust(project: &Project, node: Node) -> bool {
    alembic_core::collection::is_rust(&project.graph.revision(node).path)
}

/// Applies all revisions, and looks.
pub(crate) struct Left<'a> {
    pub(crate) replay: &'a Replay<'a>,
    pub(crate) inspection: &'a Inspection,
}

impl Job for Left<'_> {
    type Done = (Schema, Dialect);

    fn run<C>(self, conn: &mut C) -> Result<Self::Done, CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        self.replay.upgrade(conn, "heads")?;
        Look(self.inspection).run(conn)
    }
}
