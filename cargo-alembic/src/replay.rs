//! Applies the project's revisions to a scratch database.

use alembic_core::Node;
use alembic_runtime::{MigrationBackend, Migrations, cli::CommandError};
use diesel::connection::LoadConnection;

use crate::{
    connect::Target,
    context::Context,
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
        let in_rust = graph.nodes().find(|node| is_rust(project, *node));
        let users = if in_rust.is_some() { Users::Several } else { Users::One };
        let scratch = Scratch::make(server, users)?;
        let program = in_rust.map(|node| {
            let runner = Runner::find(cx, project, graph.id(node))?;
            Ok::<_, CommandError>((runner.program(cx.selection.locked)?, scratch.target.clone()))
        });
        Ok((Self { project, program: program.transpose()? }, scratch))
    }

    fn migrations<C>(&self) -> Migrations<C> {
        self.project.migrations::<C>().application("cargo-alembic", env!("CARGO_PKG_VERSION"))
    }

    /// Applies all up to a target.
    pub(crate) fn upgrade<C>(&self, conn: &mut C, target: &str) -> Result<(), CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        match &self.program {
            Some((program, scratch)) => program.run(scratch, &self.project.graph, &["upgrade", target]),
            None => Ok(self.migrations().upgrade(conn, target).map(drop)?),
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
                let target = format!("{}-1", self.project.graph.id(node));
                program.run(scratch, &self.project.graph, &["downgrade", &target])
            }
            None => Ok(self.migrations().migrator().undo(conn, node).map(drop)?),
        }
    }
}

/// Returns whether a revision is written in Rust.
pub(crate) fn is_rust(project: &Project, node: Node) -> bool {
    alembic_core::collection::is_rust(&project.graph.revision(node).path)
}
