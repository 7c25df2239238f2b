//! Opens databases without any C client library but SQLite's own, which is compiled in.

mod sqlite;

use std::{
    fmt,
    path::{Path, PathBuf},
};

use alembic_graph::Hint;
use alembic_runtime::{
    __private::answers,
    MigrationBackend,
    cli::{CommandError, Place, sqlite_path},
    pure::{MysqlServer, PasswordFrom, PgServer},
};
use alembic_sql::{
    Dialect,
    server::ServerStatement,
    url::{DatabaseUrl, FileUrl, ServerUrl, with_plain_scheme},
};
use diesel::connection::{LoadConnection, SimpleConnection};
pub(crate) use sqlite::{is_plain, sqlite};

use crate::environment::Environment;

/// The database that a URL names.
#[derive(Clone)]
pub(crate) enum Target {
    /// A file.
    Sqlite(PathBuf),
    /// A PostgreSQL server.
    Postgres(Box<PgServer>),
    /// A MySQL or MariaDB server.
    Mysql(Box<MysqlServer>),
}

impl Target {
    /// Understands a URL, or says which one is not understood, without its password. `root` is the package's folder.
    pub(crate) fn parse_url(url: &str, root: &Path, environment: &Environment) -> Result<Self, CommandError> {
        let not =
            |shown: &str, why: String| CommandError::usage(format!("`{shown}` is not a database URL")).because(why);
        let parsed = DatabaseUrl::parse(url).map_err(|error| not(error.shown(), error.to_string()))?;
        let shown = parsed.to_string();
        let target = Self::of(parsed, root, environment).map_err(|why| not(&shown, why))?;
        if let Self::Postgres(server) = &target {
            for variable in server.variables() {
                environment.ensure_known(variable, "set it in the environment")?;
            }
        }
        Ok(target)
    }

    /// Takes what a URL, a list of libpq keywords or a path names.
    fn of(url: DatabaseUrl, root: &Path, environment: &Environment) -> Result<Self, String> {
        match url {
            DatabaseUrl::Server(url) if url.dialect() == Dialect::Postgres => {
                let server = PgServer::new(url, &|name| environment.get(name).map(str::to_owned))?;
                Ok(Self::Postgres(Box::new(server.named("cargo-alembic"))))
            }
            DatabaseUrl::Server(url) => Ok(Self::Mysql(Box::new(MysqlServer::new(url)?))),
            DatabaseUrl::File(file) if file.exposed().starts_with("file:") => Ok(Self::Sqlite(file.exposed().into())),
            DatabaseUrl::File(file) => {
                let text = file.exposed();
                if text.contains('?') {
                    return Err("parameters of SQLite are understood in the form `file:app.db?mode=ro` only".to_owned());
                }
                let is_url = with_plain_scheme(text).starts_with("sqlite:");
                Ok(Self::Sqlite(if is_url { sqlite_path(text, root)? } else { text.into() }))
            }
        }
    }

    /// Returns what may be read of it before anything is done: what was ignored, and why.
    pub(crate) fn warning(&self) -> Option<&str> {
        if let Self::Postgres(server) = self { server.warning() } else { None }
    }

    /// Fails if a `.env` names the server, and a password that is not its own would go there for everybody to read:
    /// whoever wrote the file may be a stranger. `from_dotenv` is whether the URL is of a `.env`.
    pub(crate) fn refuse_foreign_password(
        &self,
        environment: &Environment,
        from_dotenv: bool,
    ) -> Result<(), CommandError> {
        let Self::Postgres(server) = self else { return Ok(()) };
        let is_of_dotenv = |name: &str| environment.dotenv_folder(name).is_some();
        let names_host = server.url().settings().any(|(key, _)| key == "host" || key == "hostaddr");
        let dotenv_names_host =
            if names_host { from_dotenv } else { is_of_dotenv("PGHOST") || is_of_dotenv("PGHOSTADDR") };
        let foreign = match server.password_from() {
            Some(PasswordFrom::Variable) if is_of_dotenv("PGPASSWORD") => None,
            Some(PasswordFrom::Url) | None => None,
            other => other,
        };
        match foreign.filter(|_| dotenv_names_host && server.is_readable_on_its_way()) {
            None => Ok(()),
            Some(from) => Err(CommandError::usage(format!(
                "`.env` names the server of {}, and switches TLS off: the password of {from} was not sent there",
                self.display()
            ))
            .because("leave out `sslmode=disable`, or set the URL in the environment instead of `.env`")),
        }
    }

    /// Returns the dialect, as far as the URL tells.
    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
            Self::Mysql(server) => server.dialect(),
        }
    }

    /// Returns the target as Diesel's own connections take it, password and all.
    pub(crate) fn for_drivers(&self) -> String {
        match self {
            Self::Sqlite(path) => path.display().to_string(),
            Self::Postgres(server) => server.url().exposed(),
            Self::Mysql(server) => server.url().exposed(),
        }
    }

    /// Returns the variables that a program needs to connect with [`for_drivers`](Self::for_drivers).
    pub(crate) fn environment(&self) -> &[(&'static str, String)] {
        match self {
            Self::Postgres(server) => server.environment(),
            _ => &[],
        }
    }

    /// Returns whether it is a file that is not there.
    pub(crate) fn is_missing(&self) -> bool {
        matches!(self, Self::Sqlite(path) if sqlite::is_missing(path))
    }

    /// Returns the target as it is meant from a folder: an SQLite file may be named by a relative path.
    pub(crate) fn relative_to(self, folder: &Path) -> Self {
        match self {
            Self::Sqlite(path) => Self::Sqlite(sqlite::relative_to(&path, folder)),
            server => server,
        }
    }

    /// Returns whether the server answers, and has no such database.
    pub(crate) fn lacks_database(&self) -> bool {
        let found = match self {
            Self::Sqlite(_) => return false,
            Self::Postgres(server) => server.connect_to_maintenance().map(|mut conn| {
                let name = Dialect::Postgres.literal(server.database());
                answers(&mut conn, &format!("SELECT datname::text AS answer FROM pg_database WHERE datname = {name}"))
            }),
            Self::Mysql(server) => server.connect_to_server().map(|mut conn| {
                let name = Dialect::Mysql.literal(server.database());
                let sql = "SELECT schema_name AS answer FROM information_schema.schemata WHERE schema_name = ";
                answers(&mut conn, &format!("{sql}{name}"))
            }),
        };
        matches!(found, Ok(Ok(names)) if names.is_empty())
    }

    /// Returns whether it is on a standby, which answers queries and takes no writes.
    pub(crate) fn is_standby(&self) -> bool {
        let Self::Postgres(server) = self else { return false };
        let asked = server.connect().map(|mut conn| answers(&mut conn, "SELECT pg_is_in_recovery()::text AS answer"));
        matches!(asked, Ok(Ok(said)) if said == ["true"])
    }

    /// Returns another database of the same server; on SQLite another file.
    pub(crate) fn beside(&self, database: &str) -> Self {
        match self {
            Self::Sqlite(_) => Self::Sqlite(database.into()),
            Self::Postgres(server) => Self::Postgres(Box::new(server.beside(database))),
            Self::Mysql(server) => Self::Mysql(Box::new(server.beside(database))),
        }
    }

    /// Returns whether both are reached at the same address.
    pub(crate) fn is_on_server_of(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Postgres(server), Self::Postgres(other)) => server.address() == other.address(),
            (Self::Mysql(server), Self::Mysql(other)) => server.address() == other.address(),
            _ => false,
        }
    }

    /// Returns the same database for another role.
    pub(crate) fn as_role(&self, role: &str, password: &str) -> Self {
        match self {
            Self::Sqlite(_) => self.clone(),
            Self::Postgres(server) => Self::Postgres(Box::new(server.as_role(role, password))),
            Self::Mysql(server) => Self::Mysql(Box::new(server.as_role(role, password))),
        }
    }

    /// Connects, and does a job.
    pub(crate) fn run<J: Job>(&self, access: Access, job: J) -> Result<J::Done, CommandError> {
        match self {
            Self::Sqlite(path) => job.run(&mut sqlite(path, access)?),
            Self::Postgres(server) => job.run(&mut self.opened(server.connect())?),
            Self::Mysql(server) => job.run(&mut self.opened(server.connect())?),
        }
    }

    /// Says why the database could not be connected to: it may not be there.
    pub(crate) fn opened<C>(&self, opened: Result<C, String>) -> Result<C, CommandError> {
        opened.map_err(|cause| {
            let error = unreachable_database(&self.display(), &cause);
            if self.lacks_database() { error.hint(Hint::NoDatabase) } else { error }
        })
    }

    /// Runs a statement on the server itself, beside the database of the URL. Not on SQLite.
    pub(crate) fn on_server(&self, statement: &ServerStatement) -> Result<(), CommandError> {
        let failed = |error: diesel::result::Error| {
            CommandError::failed(format!("could not run `{statement}` on {}", self.display()))
                .because(error.to_string())
        };
        let sql = statement.sql();
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(server) => {
                opened(server.connect_to_maintenance(), server.url())?.batch_execute(sql).map_err(failed)
            }
            Self::Mysql(server) => opened(server.connect_to_server(), server.url())?.batch_execute(sql).map_err(failed),
        }
    }

    /// Describes the target to commands.
    pub(crate) fn place(&self) -> Place {
        Place { name: self.display(), dialect: Some(self.dialect()), database: self.database().map(str::to_owned) }
    }

    /// Returns what a server calls the database, if the URL says so.
    pub(crate) fn database(&self) -> Option<&str> {
        let name = match self {
            Self::Sqlite(_) => "",
            Self::Postgres(server) => server.database(),
            Self::Mysql(server) => server.database(),
        };
        Some(name).filter(|name| !name.is_empty())
    }

    /// Returns the target for messages, without password.
    pub(crate) fn display(&self) -> String {
        match self {
            Self::Sqlite(path) => FileUrl::new(path.to_string_lossy()).to_string(),
            Self::Postgres(server) => server.url().to_string(),
            Self::Mysql(server) => server.url().to_string(),
        }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.display())
    }
}

/// Something to do on a connection, whichever it is.
pub(crate) trait Job {
    /// What comes of it.
    type Done;

    /// Does it.
    fn run<C>(self, conn: &mut C) -> Result<Self::Done, CommandError>
    where
        C: LoadConnection,
        C::Backend: MigrationBackend;
}

/// Says which server could not be connected to.
pub(crate) fn opened<C>(opened: Result<C, String>, url: &ServerUrl) -> Result<C, CommandError> {
    opened.map_err(|cause| unreachable_database(&url.to_string(), &cause))
}

/// Whether a missing SQLite file is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Asking makes no file: a missing database is an empty one.
    Read,
    /// A missing file is made.
    Write,
}

fn unreachable_database(name: &str, cause: &str) -> CommandError {
    CommandError::failed(format!("could not connect to {name}")).because(cause)
}
