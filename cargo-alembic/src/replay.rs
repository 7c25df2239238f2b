//! Applies the project's revisions to a scratch database.

use alembic_graph::{Hint, Node, config::Settings, replay::Surroundings, version_table::VersionTable};
use alembic_runtime::{
    __private::{Replaying, read_regular_text},
    Error, MigrationBackend, Migrations, Outcome,
    cli::CommandError,
};
use alembic_sql::Dialect;
use diesel::connection::LoadConnection;

use crate::{
    connect::{Job, Target},
    context::Context,
    project::Project,
    runner::{Program, Runner},
    scratch::{Scratch, ScratchServer, Users},
};

/// The project's revisions, and who runs them on a scratch database.
pub(crate) struct Replay<'p> {
    pub(crate) project: &'p Project,
    /// The project's own program, if there are revisions in Rust, and where it runs them.
    program: Option<(Program, Target)>,
    /// What is taken as given, and left out.
    replaying: Replaying,
}

impl<'p> Replay<'p> {
    /// Makes a scratch database, and builds the project's program if it is needed.
    pub(crate) fn prepare(
        cx: &mut Context<'_>,
        project: &'p Project,
        server: &ScratchServer,
    ) -> Result<(Self, Scratch), CommandError> {
        let graph = &project.graph;
        let elsewhere = project.config.settings.version_table.schema().is_some();
        let in_rust = graph.nodes().find(|node| is_rust(project, *node));
        if let (Some(node), true, true) = (in_rust, elsewhere, server.target.dialect().is_mysql_family()) {
            let message = format!(
                "revision `{}` is written in Rust, and `version-table` is in another database: it cannot be tried",
                graph.id(node)
            );
            return Err(CommandError::usage(message).hint(Hint::VersionTableElsewhere));
        }
        let users = if in_rust.is_some() { Users::Several } else { Users::One };
        let scratch = Scratch::make(cx, project, server, users, makes_routines(project, server))?;
        let program = in_rust.map(|node| {
            let runner = Runner::find(cx, project, graph.id(node))?;
            Ok::<_, CommandError>((runner.program(cx.selection.locked)?, scratch.target.clone()))
        });
        // For the database of the project, wherever the scratch database is.
        let meant = cx.find_target(&project.package, &project.config)?.unwrap_or_else(|| server.target.clone());
        let around = Surroundings {
            is_free: server.is_own,
            database: meant.database().map(str::to_owned),
            roles: project.config.roles.clone(),
        };
        let replaying = Replaying::new(around);
        cx.replays.push(replaying.clone());
        Ok((Self { project, program: program.transpose()?, replaying }, scratch))
    }

    /// A version table in another schema is in another database on MySQL: on a scratch database it is beside.
    fn migrations<C>(&self, family: Dialect) -> Migrations<C> {
        let mut settings = self.project.config.settings.clone();
        if family.is_mysql_family() {
            settings = Settings { version_table: VersionTable::new(settings.version_table.name()), ..settings };
        }
        let migrations = self.project.migrations_with(settings).application("cargo-alembic", env!("CARGO_PKG_VERSION"));
        migrations.replay_in(self.replaying.clone());
        migrations
    }

    /// Applies all up to a target.
    pub(crate) fn upgrade<C>(&self, conn: &mut C, target: &str) -> Result<(), CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        match &self.program {
            Some((program, scratch)) => {
                let graph = &self.project.graph;
                program.run(scratch, graph, &self.replaying, &["upgrade", target])?;
                let heads = graph.heads();
                let meant = graph.find_id(target).map_or(heads, |node| vec![node]);
                self.expect(conn, program, &meant, true)
            }
            None => Ok(self.migrations(C::Backend::FAMILY).upgrade(conn, target).map(drop).map_err(explain)?),
        }
    }

    /// Returns what runs of the statements of an object's file, each with its line.
    pub(crate) fn statements(
        &self,
        path: &str,
        statements: &[(String, usize)],
        dialect: Dialect,
    ) -> Result<Vec<(String, usize)>, CommandError> {
        let mut runs = Vec::new();
        for (statement, line) in statements {
            let replayed = self.replaying.around.replay(statement, dialect).map_err(|outside| {
                CommandError::usage(format!("{path}:{line}: it {}, so it does not run", outside.what))
                    .at(Some((path, *line)))
                    .hint(Hint::Instead { instead: outside.instead })
            })?;
            let (statement, left_out) = replayed.taken(statement.clone(), dialect, path, *line);
            self.replaying.leave_out(left_out);
            runs.extend(statement.map(|statement| (statement, *line)));
        }
        Ok(runs)
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
                program.run(scratch, graph, &self.replaying, &["undo", graph.id(node)])?;
                self.expect(conn, program, &[node], false)
            }
            None => Ok(self.migrations(C::Backend::FAMILY).migrator().undo(conn, node).map(drop).map_err(explain)?),
        }
    }

    /// Fails unless the version table says of revisions what the program was to do: any program can end well.
    fn expect<C>(&self, conn: &mut C, program: &Program, nodes: &[Node], applied: bool) -> Result<(), CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        let pending = self.migrations(C::Backend::FAMILY).status(conn).map_err(explain)?.pending;
        let graph = &self.project.graph;
        let differs =
            graph.ids(nodes.iter().copied()).find(|id| pending.iter().any(|pending| pending == id) == applied);
        differs.map_or(Ok(()), |id| {
            let still = if applied { "not applied" } else { "still applied" };
            let how = format!("ended well, and the scratch database says that revision `{id}` is {still}");
            Err(program.failed(&how).hint(Hint::RunnerDoesNothing))
        })
    }
}

/// Returns whether a revision speaks of functions or triggers, where the server may ask more of who makes them. The first
/// revision of all may be that of a database that has some.
fn makes_routines(project: &Project, server: &ScratchServer) -> bool {
    server.target.dialect().is_mysql_family()
        && (project.graph.is_empty()
            || project.has_objects()
            || project.graph.nodes().any(|node| {
                let path = project.package.root.join(&project.graph.revision(node).path);
                let text = read_regular_text(&path).unwrap_or_default().to_ascii_lowercase();
                text.contains("trigger") || text.contains("function")
            }))
}

/// Says that it happened on the scratch database, and of a missing right that it is one that the replay's own role lacks.
fn explain(error: Error) -> CommandError {
    let error = error.with_outcome(Outcome::OnScratch);
    let denied = ["42501", "1044", "1045", "1142", "1227", "1370", "1410", "1419"];
    let is_denied = match &error {
        Error::Statement(failure) => failure
            .code
            .as_deref()
            .is_some_and(|code| code.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| denied.contains(&part))),
        _ => false,
    };
    let tells = matches!(error, Error::Statement(_) | Error::Cascade { .. } | Error::ForeignKeys { .. });
    let touched = error.touched_the_database();
    let mut error = CommandError::from(error);
    if touched && !tells {
        error.message = format!("{}\n{}", error.message, Outcome::OnScratch);
    }
    let hints = error.hints.iter().map(|hint| match hint {
        _ if is_denied => Hint::ReplayRights,
        // Nothing was there before the revisions.
        Hint::Exists { .. } => Hint::FailsOnScratch,
        hint => hint.clone(),
    });
    CommandError { hints: hints.collect(), ..error }
}

/// Returns whether a revision is written in Rust.
pub(crate) fn is_rust(project: &Project, node: Node) -> bool {
    alembic_graph::collection::is_rust(&project.graph.revision(node).path)
}

/// Applies all revisions, and then looks.
pub(crate) struct Left<'a, J> {
    pub(crate) replay: &'a Replay<'a>,
    pub(crate) then: J,
}

impl<J: Job> Job for Left<'_, J> {
    type Done = J::Done;

    fn run<C>(self, conn: &mut C) -> Result<Self::Done, CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        self.replay.upgrade(conn, "heads")?;
        self.then.run(conn)
    }
}
