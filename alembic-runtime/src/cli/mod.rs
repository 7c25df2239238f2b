//! The commands for operators, to embed in a program.
//!
//! ```text
//! static MIGRATIONS: Migrations<SqliteConnection> = embed_migrations!();
//!
//! fn main() -> std::process::ExitCode {
//!     alembic_runtime::cli::main(&MIGRATIONS)
//! }
//! ```
//!
//! `cargo alembic` mounts the same commands: there is one implementation of each.

mod accept;
mod branches;
mod check;
mod context;
mod current;
mod downgrade;
mod echo;
mod ensure_version;
mod error;
mod exit;
mod guard;
mod heads;
mod history;
mod invocation;
mod log;
mod output;
mod progress;
mod redo;
mod resolve;
mod running;
mod seed;
mod show;
mod signals;
mod sqlite_url;
mod stamp;
mod undo;
mod upgrade;
mod view;

use std::{
    ffi::OsString,
    io::{self, IsTerminal},
    path::Path,
    process::ExitCode,
};

use alembic_graph::{Hint, replay::Surroundings};
use alembic_sql::{
    Dialect,
    url::{self, DatabaseUrl, FileUrl, UrlText},
};
pub use check::{Args as CheckArgs, settled};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand, parser::ValueSource};
pub use context::{Context, Place};
use diesel::connection::LoadConnection;
pub use error::{CommandError, Location, clap_exit};
pub use exit::Exit;
pub use invocation::Invocation;
pub use output::{ColorChoice, Format, Io, OutputArgs, Printer, Report, Styles, wants_color};
pub use sqlite_url::sqlite_path;
pub use view::{RevisionView, Views};

use crate::{Migrations, database::MigrationBackend, op::PRODUCTION, replaying::Replaying};
pub use crate::{link::Link, notices::Notices};

/// The commands that ask or change a database.
#[derive(Debug, Subcommand)]
#[non_exhaustive]
pub enum Command {
    /// Upgrade to a later version
    Upgrade(upgrade::Args),
    /// Revert to a previous version
    Downgrade(downgrade::Args),
    /// Undo the last revision and apply it again
    Redo(redo::Args),
    /// Stamp the version table with the given revision; don't run any migrations
    Stamp(stamp::Args),
    /// Display the current revision of the database
    #[command(alias = "status")]
    Current(current::Args),
    /// List the revisions in chronological order, newest first
    History(history::Args),
    /// Show the revisions that nothing follows
    Heads(heads::Args),
    /// Show current branch points
    Branches(branches::Args),
    /// Show the revision denoted by the given symbol
    Show(show::Args),
    /// Show what was applied when, by whom, and with which result
    Log(log::Args),
    /// Create the version table if it doesn't exist
    #[command(alias = "ensure_version")]
    EnsureVersion(ensure_version::Args),
    /// Say what became of a statement during which an earlier run died
    Resolve(resolve::Args),
    /// Fill the database with the files of seeds/
    Seed(seed::Args),
    /// Record the present text of revisions that were edited after they were applied
    Accept(accept::Args),
}

impl Command {
    /// Returns whether the command may change the database; asking makes no SQLite file.
    #[must_use]
    pub fn changes_database(&self) -> bool {
        match self {
            Self::Upgrade(args) => args.running.changes_database(),
            Self::Downgrade(args) => args.running.changes_database(),
            Self::Redo(args) => args.running.changes_database(),
            Self::Stamp(args) => args.running.changes_database(),
            Self::EnsureVersion(args) => args.running.changes_database(),
            Self::Resolve(_) | Self::Accept(_) | Self::Seed(_) => true,
            Self::Current(_) | Self::History(_) | Self::Heads(_) | Self::Branches(_) | Self::Show(_) | Self::Log(_) => {
                false
            }
        }
    }

    /// Returns whether the command prints SQL, for which the database's kind matters.
    #[must_use]
    pub fn prints_script(&self) -> bool {
        match self {
            Self::Upgrade(args) => args.running.sql,
            Self::Downgrade(args) => args.running.sql,
            Self::Redo(args) => args.running.sql,
            Self::Stamp(args) => args.running.sql,
            Self::EnsureVersion(args) => args.running.sql,
            _ => false,
        }
    }

    /// Returns whether the command needs a database, or could answer from the graph alone.
    #[must_use]
    pub fn needs_database(&self) -> bool {
        match self {
            Self::Heads(_) | Self::Branches(_) => false,
            Self::History(args) => args.needs_database(),
            Self::Show(args) => args.needs_database(),
            Self::Upgrade(args) => !args.running.sql,
            Self::Downgrade(args) => !args.running.sql,
            Self::Redo(args) => !args.running.sql,
            Self::Stamp(args) => !args.running.sql,
            Self::Current(_)
            | Self::Log(_)
            | Self::EnsureVersion(_)
            | Self::Resolve(_)
            | Self::Seed(_)
            | Self::Accept(_) => true,
        }
    }
}

/// Runs one command.
///
/// # Errors
///
/// [`CommandError`], ready to be shown.
pub fn run<C>(command: &Command, cx: &mut Context<'_, '_, C>) -> Result<Exit, CommandError>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    match command {
        Command::Upgrade(args) => upgrade::run(args, cx),
        Command::Downgrade(args) => downgrade::run(args, cx),
        Command::Redo(args) => redo::run(args, cx),
        Command::Stamp(args) => stamp::run(args, cx),
        Command::Current(args) => current::run(args, cx),
        Command::History(args) => history::run(args, cx),
        Command::Heads(args) => heads::run(args, cx),
        Command::Branches(args) => branches::run(args, cx),
        Command::Show(args) => show::run(args, cx),
        Command::Log(args) => log::run(args, cx),
        Command::EnsureVersion(args) => ensure_version::run(args, cx),
        Command::Resolve(args) => resolve::run(args, cx),
        Command::Accept(args) => accept::run(args, cx),
        Command::Seed(args) => seed::run(args, cx),
    }
}

/// Migrate the database of this program
#[derive(Debug, Parser)]
struct Embedded {
    #[command(subcommand)]
    command: EmbeddedCommand,
    /// The database, as Diesel's connection takes it
    #[arg(long, global = true, env = "DATABASE_URL", hide_env_values = true)]
    database_url: Option<UrlText>,
    /// Where this is; `production` unless somebody says so
    #[arg(long, env = "ALEMBIC_ENV", hide = true, default_value = PRODUCTION)]
    alembic_env: String,
    /// The history that the caller knows
    #[arg(long, env = "ALEMBIC_HISTORY", hide = true)]
    alembic_history: Option<String>,
    /// What the caller takes as given, who applies the revisions to a scratch database
    #[arg(long, env = "ALEMBIC_REPLAY", hide = true)]
    alembic_replay: Option<String>,
    /// What called the program, for hints
    #[arg(long, env = "ALEMBIC_CALLER", hide = true)]
    alembic_caller: Option<String>,
    #[command(flatten)]
    output: OutputArgs,
}

/// `cargo alembic check` looks at more than a database, and has the program undo single revisions.
#[derive(Debug, Subcommand)]
enum EmbeddedCommand {
    /// Compare the database with the migrations; exit 1 unless it is up to date
    Check(check::Args),
    /// Undo one revision
    #[command(hide = true)]
    Undo(undo::Args),
    #[command(flatten)]
    Other(Command),
}

/// Runs the command line of a program that migrates its own database.
pub fn main<C>(migrations: &Migrations<C>) -> ExitCode
where
    C: LoadConnection + 'static,
    C::Backend: MigrationBackend,
{
    let (mut out, mut err) = (io::stdout().lock(), io::stderr().lock());
    let (out_color, err_color, err_terminal) = (wants_color(&out), wants_color(&err), err.is_terminal());
    let io = Io { asks: false, out: &mut out, err: &mut err, out_color, err_color, err_terminal };
    run_embedded(migrations, std::env::args_os(), io).into()
}

/// Runs an embedded command line with everything passed in.
pub fn run_embedded<C>(migrations: &Migrations<C>, args: impl IntoIterator<Item = OsString>, mut io: Io<'_>) -> Exit
where
    C: LoadConnection + 'static,
    C::Backend: MigrationBackend,
{
    let args: Vec<OsString> = args.into_iter().collect();
    let (cli, invocation) = match parse(&args) {
        Ok(parsed) => parsed,
        Err(error) => return clap_exit(error, &mut io),
    };
    let url = cli.database_url.as_ref().map(|given| for_diesel::<C>(given.exposed())).transpose();
    let place = Place {
        name: url
            .as_ref()
            .map_or_else(|_| String::new(), |url| url.as_ref().map_or("no database".to_owned(), |url| url.to_string())),
        dialect: Some(C::Backend::FAMILY),
        database: url.as_ref().ok().and_then(|url| match url {
            Some(DatabaseUrl::Server(url)) => url.database().map(str::to_owned),
            _ => None,
        }),
    };
    let mut connect = || match &url {
        Ok(Some(url)) => {
            connected(url).map_err(|error| CommandError::failed(format!("could not connect to {url}")).because(error))
        }
        Ok(None) => Err(CommandError::usage("no database URL").hint(Hint::NoUrlOfProgram)),
        Err(NotForDiesel { shown, why }) => {
            Err(CommandError::usage(format!("`{shown}` is not a database URL")).because(why))
        }
    };
    let mut printer = Printer::new(io, &cli.output, invocation);
    if let Err(error) = same_history(migrations, cli.alembic_history.as_deref()) {
        return printer.finish(Err(error));
    }
    if let Some(around) = &cli.alembic_replay {
        migrations.replay_in(Replaying::new(Surroundings::decode(around)));
    }
    let cx =
        &mut Context { migrations, connect: &mut connect, place, printer: &mut printer, environment: &cli.alembic_env };
    let result = match &cli.command {
        EmbeddedCommand::Check(args) => check::run(args, cx),
        EmbeddedCommand::Undo(args) => undo::run(args, cx),
        EmbeddedCommand::Other(command) => run(command, cx),
    };
    // `cargo alembic` reads these lines.
    for left_out in migrations.replaying().map(Replaying::left_out).unwrap_or_default() {
        printer.status(left_out.encode());
    }
    printer.finish(result)
}

/// Connects. Of our own connections more is known than that they are there.
fn connected<C: LoadConnection + 'static>(url: &DatabaseUrl) -> Result<Link<C>, String> {
    let text = match url {
        DatabaseUrl::Server(url) => url.exposed(),
        DatabaseUrl::File(file) => file.exposed().to_owned(),
    };
    #[cfg(feature = "pure-postgres")]
    {
        let mut link = None::<Link<C>>;
        if let Some(ours) = (&mut link as &mut dyn std::any::Any).downcast_mut() {
            let server = crate::pure::PgServer::of_process(&text)?;
            let warned =
                |error: String| server.warning().map_or(error.clone(), |warning| format!("{error}; {warning}"));
            let opened = server.link().map_err(warned)?;
            if let Some(warning) = server.warning() {
                opened.notices.push(format!("warning: {warning}"));
            }
            *ours = Some(opened);
        }
        if let Some(link) = link {
            return Ok(link);
        }
    }
    // A driver may quote the text.
    let shown = |error: diesel::ConnectionError| error.to_string().replace(&text, &url.to_string());
    let conn = C::establish(&text).map_err(shown)?;
    Ok(Link::direct(conn).with_another(move || C::establish(&text).ok()))
}

/// Reads a command line, and how the commands of hints are called after it.
fn parse(args: &[OsString]) -> Result<(Embedded, Invocation), clap::Error> {
    let matches = Embedded::command().try_get_matches_from(args)?;
    let cli = Embedded::from_arg_matches(&matches)?;
    let takes = |command: &str| Embedded::try_parse_from([""].into_iter().chain(command.split(' '))).is_ok();
    let invocation = match (&cli.alembic_caller, args.first()) {
        (Some(caller), _) => Invocation::by(caller),
        (None, Some(program)) => Invocation::of(&program.to_string_lossy(), takes),
        (None, None) => Invocation::cargo(),
    };
    let is_given = matches.value_source("database_url") == Some(ValueSource::CommandLine);
    let invocation = match &cli.database_url {
        Some(url) if is_given => invocation.with("--database-url", &url::shown(url.exposed())),
        _ => invocation,
    };
    Ok((cli, invocation))
}

/// Reads the name of a revision. A URL in its place would be shown by whatever does not find it.
///
/// # Errors
///
/// That it is a URL.
pub fn revision(text: &str) -> Result<String, String> {
    match DatabaseUrl::parse(text) {
        Ok(DatabaseUrl::File(_)) | Err(_) if !text.contains("://") => Ok(text.to_owned()),
        _ => Err("a URL is no revision; pass it as `--database-url`".to_owned()),
    }
}

/// A text that is not understood: what of it may be shown, and why.
struct NotForDiesel {
    shown: String,
    why: String,
}

/// Understands a text as the URL of a database that the connection is for.
fn for_diesel<C>(text: &str) -> Result<DatabaseUrl, NotForDiesel>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let not = |shown: &str, why: String| NotForDiesel { shown: shown.to_owned(), why };
    let url = DatabaseUrl::parse(text).map_err(|error| not(error.shown(), error.to_string()))?;
    let family = C::Backend::FAMILY;
    match &url {
        DatabaseUrl::File(file)
            if family == Dialect::Sqlite && url::with_plain_scheme(text).starts_with("sqlite://") =>
        {
            let path = sqlite_path(file.exposed(), Path::new("")).map_err(|why| not(&url.to_string(), why))?;
            Ok(DatabaseUrl::File(FileUrl::new(path.display().to_string())))
        }
        DatabaseUrl::File(_) if family == Dialect::Sqlite => Ok(url),
        DatabaseUrl::Server(server)
            if server.dialect().is_mysql_family() == family.is_mysql_family() && family != Dialect::Sqlite =>
        {
            Ok(url)
        }
        _ => Err(not(&url.to_string(), format!("this program is for {}", family.name()))),
    }
}

/// `cargo alembic` runs the program for migrations that it has read: they have to be the same.
fn same_history<C>(migrations: &Migrations<C>, expected: Option<&str>) -> Result<(), CommandError> {
    let Some(expected) = expected else { return Ok(()) };
    if migrations.graph()?.history().to_string() == expected {
        return Ok(());
    }
    Err(CommandError::usage("this program embeds other migrations than those of the project")
        .hint(Hint::OtherMigrations))
}
