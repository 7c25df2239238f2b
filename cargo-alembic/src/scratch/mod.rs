//! Databases that are made for a question, and dropped afterwards.

mod extensions;
mod given;
mod jobs;
mod role;
mod sweep;

use std::path::PathBuf;

use alembic_graph::Hint;
use alembic_runtime::cli::{CommandError, Printer};
use alembic_sql::{Dialect, server::ServerStatement, url::UrlText};
use chrono::Utc;
pub(crate) use extensions::SCHEMA;
use given::Given;
use jobs::{After, Run};
use role::Needs;
use tempfile::TempDir;

use crate::{
    connect::{Access, Job, Target},
    context::Context,
    project::Project,
    scratch_name::ScratchName,
};

/// Where scratch databases are made.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ScratchArgs {
    /// The server for scratch databases, instead of that of the database's URL
    #[arg(long, value_name = "URL")]
    pub(crate) scratch_url: Option<UrlText>,
}

/// A server on which scratch databases are made.
#[derive(Debug, Clone)]
pub(crate) struct ScratchServer {
    /// Any database of it.
    pub(crate) target: Target,
    /// Whether it is there for nothing else: revisions may do there what they like.
    pub(crate) is_own: bool,
    /// Extensions that are not taken over: they are made there.
    made: Vec<String>,
}

impl ScratchServer {
    /// Returns the server of a database, which others need.
    pub(crate) fn shared(target: Target) -> Self {
        Self { target, is_own: false, made: Vec::new() }
    }

    /// Returns the same without extensions that are made there.
    pub(crate) fn without(self, made: Vec<String>) -> Self {
        Self { made, ..self }
    }
}

impl ScratchArgs {
    /// Returns the server that is meant; it has to be said somewhere.
    pub(crate) fn server(&self, cx: &Context<'_>, project: &Project) -> Result<ScratchServer, CommandError> {
        match self.find_server(cx, project)? {
            Some(server) => Ok(server),
            None => cx.target(&project.package, &project.config).map(ScratchServer::shared),
        }
    }

    /// Returns the server that is meant, if there is one: that of `--scratch-url`, else that of `scratch-url-env`, else
    /// that of the project's database.
    pub(crate) fn find_server(
        &self,
        cx: &Context<'_>,
        project: &Project,
    ) -> Result<Option<ScratchServer>, CommandError> {
        let environment = cx.environment.with_dotenv(&project.package.root);
        let meant = cx.find_target(&project.package, &project.config)?;
        let (said, url) = match (&self.scratch_url, &project.config.scratch_url_env) {
            (Some(url), _) => ("--scratch-url", url.exposed()),
            (None, Some(name)) => match environment.find(name, "pass `--scratch-url`")? {
                Some(url) => (name.as_str(), url),
                None => return Ok(meant.map(ScratchServer::shared)),
            },
            (None, None) => return Ok(meant.map(ScratchServer::shared)),
        };
        let scratch = cx.parse_url(url, &project.package, &environment)?;
        let family =
            |target: &Target| if target.dialect().is_mysql_family() { Dialect::Mysql } else { target.dialect() };
        if let Some(meant) = meant.as_ref().filter(|meant| family(meant) != family(&scratch)) {
            return Err(CommandError::usage(format!(
                "{said} is of {}, and the project's database of {}",
                scratch.dialect(),
                meant.dialect()
            )));
        }
        // The server of the project's database is never a scratch server, whatever name it is reached by.
        let is_own = self.scratch_url.is_none() && !meant.is_some_and(|meant| meant.is_on_server_of(&scratch));
        Ok(Some(ScratchServer { target: scratch, is_own, made: Vec::new() }))
    }
}

/// An empty database on the server of another one, dropped with this value.
#[derive(Debug)]
pub(crate) struct Scratch {
    /// How a replay reaches it: as a role that may do nothing else, where the server has one.
    pub(crate) target: Target,
    /// The server as the URL's role reaches it, and the name of the database there; none on SQLite.
    made: Option<(Target, ScratchName)>,
    /// Statements that prepare a connection: each has an empty database of its own in SQLite's memory.
    first: String,
    _folder: Option<TempDir>,
}

/// What a scratch database is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Users {
    /// This process, by one connection: SQLite needs no file.
    One,
    /// Other processes, too.
    Several,
}

impl Scratch {
    /// Makes one with what the project's database was given, and drops those that earlier runs have left behind.
    ///
    /// `makes_routines` says whether revisions make functions or triggers.
    pub(crate) fn make(
        cx: &mut Context<'_>,
        project: &Project,
        server: &ScratchServer,
        users: Users,
        makes_routines: bool,
    ) -> Result<Self, CommandError> {
        let live = cx.find_target(&project.package, &project.config)?;
        let given = Given::to(project, live.as_ref(), server);
        let mut missing = given.notes.clone();
        let scratch = match &server.target {
            Target::Sqlite(_) => Self::sqlite(users, &given),
            _ => Self::on_server(server, makes_routines, &given, &mut cx.printer, &mut missing),
        };
        missing.into_iter().for_each(|note| cx.warn_once(note));
        scratch
    }

    fn on_server(
        ScratchServer { target: server, is_own, .. }: &ScratchServer,
        makes_routines: bool,
        given: &Given,
        printer: &mut Printer<'_>,
        missing: &mut Vec<String>,
    ) -> Result<Self, CommandError> {
        let unreachable = |error: CommandError| {
            let error =
                if server.is_standby() { error.because("the server is a standby, which only reads") } else { error };
            error.hint(Hint::NoScratch)
        };
        sweep::sweep(server).map_err(unreachable)?;
        let name = ScratchName::new(Utc::now().timestamp());
        let needs = Needs::of(server, makes_routines && !is_own);
        let target = match (!is_own).then(|| role::make_database(server, &name, needs, given)) {
            Some(Ok((target, lacks))) => {
                missing.extend(lacks);
                if needs == Needs::Super {
                    warn_of_super(printer);
                }
                target
            }
            without_role => {
                let made = role::make_without(server, &name.database(), given).map_err(|error| {
                    let is_denied = error.causes.iter().any(|cause| cause.contains("denied"));
                    let error = unreachable(error);
                    if is_denied { error.hint(may_not_create(server.dialect())) } else { error }
                });
                missing.extend(made?);
                if let Some(Err(reason)) = without_role {
                    warn_of_all_rights(printer, server.dialect(), &reason);
                }
                server.beside(&name.database())
            }
        };
        Ok(Self { target, made: Some((server.clone(), name)), first: String::new(), _folder: None })
    }

    fn sqlite(users: Users, given: &Given) -> Result<Self, CommandError> {
        if users == Users::One {
            let target = Target::Sqlite(PathBuf::from(":memory:"));
            return Ok(Self { target, made: None, first: given.pragmas.clone(), _folder: None });
        }
        let folder = tempfile::tempdir()
            .map_err(|error| CommandError::failed("could not make a temporary folder").caused_by(&error))?;
        let target = Target::Sqlite(folder.path().join("scratch.db"));
        // The file keeps its encoding from the first table on.
        let keep = "CREATE TABLE kept (x); DROP TABLE kept";
        target.run(Access::Write, Run(format!("{}{keep}", given.pragmas)))?;
        Ok(Self { target, made: None, first: String::new(), _folder: Some(folder) })
    }

    /// Does a job on it.
    pub(crate) fn run<J: Job>(&self, job: J) -> Result<J::Done, CommandError> {
        self.target.run(Access::Write, After(&self.first, job))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Some((server, name)) = &self.made {
            role::drop_all(server, name);
        }
    }
}

/// Says how a role comes to the right to make databases.
fn may_not_create(dialect: Dialect) -> Hint {
    Hint::MayNotCreateDatabases {
        grant: match dialect {
            Dialect::Postgres => "`ALTER ROLE <ROLE> CREATEDB`",
            _ => r"``GRANT ALL ON `alembic\_scratch\_%`.* TO <USER>``",
        },
    }
}

/// Says that only the text of the revisions keeps a replay in its database.
fn warn_of_all_rights(printer: &mut Printer<'_>, dialect: Dialect, reason: &CommandError) {
    let grant = match dialect {
        Dialect::Postgres => "`ALTER ROLE … CREATEROLE`",
        _ => "`GRANT CREATE USER ON *.* … WITH GRANT OPTION`",
    };
    let causes = reason.causes.iter().map(|cause| format!(": {cause}")).collect::<String>();
    printer.status(format_args!(
        "warning: revisions are replayed with all rights of the URL's role: {}{causes}",
        reason.message
    ));
    printer.hint(&Hint::MayNotCreateRoles { grant: grant.to_owned() });
}

fn warn_of_super(printer: &mut Printer<'_>) {
    printer.status(
        "warning: the replay's user has SUPER: a server that writes a binary log demands it for functions and triggers",
    );
    printer.hint(&Hint::ReplaysWithSuper);
}

/// PostgreSQL before 13 has no `FORCE`.
fn drop_database(server: &Target, name: &str) -> Result<(), CommandError> {
    let drop = ServerStatement::drop_database(server.dialect(), name);
    match server.dialect() {
        Dialect::Postgres => {
            server.on_server(&ServerStatement::drop_database_by_force(name)).or_else(|_| server.on_server(&drop))
        }
        _ => server.on_server(&drop),
    }
}
