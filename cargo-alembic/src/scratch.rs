//! Databases that are made for a question, and dropped afterwards.

use std::path::PathBuf;

use alembic_core::Dialect;
use alembic_runtime::{MigrationBackend, answers, cli::CommandError};
use chrono::Utc;
use diesel::connection::LoadConnection;
use tempfile::TempDir;

use crate::{
    connect::{Access, Job, Target},
    context::Context,
    project::Project,
};

/// How scratch databases are called; the time at which they were made follows, in seconds.
const PREFIX: &str = "alembic_scratch_";

/// Seconds after which nobody can be using one any more.
const STALE: i64 = 3600;

/// Where scratch databases are made.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ScratchArgs {
    /// The server for scratch databases, instead of that of the database's URL
    #[arg(long, value_name = "URL")]
    pub(crate) scratch_url: Option<String>,
}

impl ScratchArgs {
    /// Returns the server that is meant; it has to be said somewhere.
    pub(crate) fn server(&self, cx: &Context<'_>, project: &Project) -> Result<Target, CommandError> {
        match self.find_server(cx, project)? {
            Some(server) => Ok(server),
            None => cx.target(&project.package, &project.config),
        }
    }

    /// Returns the server that is meant, if there is one.
    pub(crate) fn find_server(&self, cx: &Context<'_>, project: &Project) -> Result<Option<Target>, CommandError> {
        let Some(url) = &self.scratch_url else {
            return cx.find_target(&project.package, &project.config);
        };
        let environment = cx.environment.with_dotenv(&project.package.root)?;
        let scratch = Target::parse_url(url, &project.package.root, &environment)?;
        let meant = cx.find_target(&project.package, &project.config)?;
        let family =
            |target: &Target| if target.dialect().is_mysql_family() { Dialect::Mysql } else { target.dialect() };
        match meant.filter(|meant| family(meant) != family(&scratch)) {
            Some(meant) => Err(CommandError::usage(format!(
                "--scratch-url is of {}, and the project's database of {}",
                scratch.dialect(),
                meant.dialect()
            ))),
            None => Ok(Some(scratch)),
        }
    }
}

/// An empty database on the server of another one, dropped with this value.
#[derive(Debug)]
pub(crate) struct Scratch {
    /// Where it is.
    pub(crate) target: Target,
    name: String,
    _folder: Option<TempDir>,
}

/// Who uses a scratch database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Users {
    /// This process, by one connection: SQLite needs no file.
    One,
    /// Other processes, too.
    Several,
}

impl Scratch {
    /// Makes one, and drops those that earlier runs have left behind.
    pub(crate) fn make(server: &Target, users: Users) -> Result<Self, CommandError> {
        let name = format!("{PREFIX}{}_{}", Utc::now().timestamp(), uuid::Uuid::new_v4().simple());
        if let Target::Sqlite(_) = server {
            return Self::sqlite(users);
        }
        let unreachable = |error: CommandError| {
            error.hint("a scratch database is made on the server of the URL; say --scratch-url for another server")
        };
        sweep(server).map_err(unreachable)?;
        let refused = |error: CommandError| {
            unreachable(error).hint("the role has to be allowed to create databases; `check --skip` leaves gates out")
        };
        server.on_server(&format!("CREATE DATABASE {name}")).map_err(refused)?;
        Ok(Self { target: server.beside(&name), name, _folder: None })
    }

    fn sqlite(users: Users) -> Result<Self, CommandError> {
        if users == Users::One {
            let target = Target::Sqlite(PathBuf::from(":memory:"));
            return Ok(Self { target, name: String::new(), _folder: None });
        }
        let folder = tempfile::tempdir()
            .map_err(|error| CommandError::failed("could not make a temporary folder").caused_by(&error))?;
        let target = Target::Sqlite(folder.path().join("scratch.db"));
        Ok(Self { target, name: String::new(), _folder: Some(folder) })
    }

    /// Does a job on it.
    pub(crate) fn run<J: Job>(&self, job: J) -> Result<J::Done, CommandError> {
        self.target.run(Access::Write, job)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if !self.name.is_empty() {
            // One that stays is swept by a later run.
            drop_database(&self.target, &self.name).ok();
        }
    }
}

/// PostgreSQL before 13 has no `FORCE`.
fn drop_database(server: &Target, name: &str) -> Result<(), CommandError> {
    let drop = format!("DROP DATABASE IF EXISTS {name}");
    match server.dialect() {
        Dialect::Postgres => server.on_server(&format!("{drop} WITH (FORCE)")).or_else(|_| server.on_server(&drop)),
        _ => server.on_server(&drop),
    }
}

/// Drops what runs that were killed have left.
fn sweep(server: &Target) -> Result<(), CommandError> {
    let sql = match server.dialect() {
        Dialect::Postgres => {
            "SELECT datname::text AS answer FROM pg_database d WHERE NOT EXISTS \
             (SELECT 1 FROM pg_stat_activity a WHERE a.datname = d.datname)"
        }
        _ => "SELECT schema_name AS answer FROM information_schema.schemata",
    };
    let now = Utc::now().timestamp();
    let own = if server.dialect() == Dialect::Postgres { "postgres" } else { "information_schema" };
    for name in server.beside(own).run(Access::Read, Ask(sql))? {
        let made = name.strip_prefix(PREFIX).and_then(|rest| rest.split('_').next()?.parse::<i64>().ok());
        if made.is_some_and(|made| now - made > STALE) {
            drop_database(server, &name).ok();
        }
    }
    Ok(())
}

/// A query for texts.
struct Ask(&'static str);

impl Job for Ask {
    type Done = Vec<String>;

    fn run<C>(self, conn: &mut C) -> Result<Vec<String>, CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend,
    {
        answers(conn, self.0)
            .map_err(|error| CommandError::failed("could not ask the server").because(error.to_string()))
    }
}
