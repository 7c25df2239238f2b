//! One file per command; those that talk to a database come from the runtime.

mod adopt;
mod check;
mod completions;
mod database;
mod edit;
mod gitattributes;
mod import;
mod init;
mod list_templates;
mod lock;
mod merge;
mod on_database;
mod print_objects;
mod print_schema;
mod revision;
mod runner;
mod snapshot;

use alembic_runtime::cli::{self, CommandError, Exit};
use clap::Subcommand;

use crate::context::Context;

/// The subcommands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start a migrations folder and configure it in Cargo.toml
    Init(init::Args),
    /// List the templates that `init` has
    #[command(alias = "list_templates")]
    ListTemplates(list_templates::Args),
    /// Create a new revision file
    Revision(revision::Args),
    /// Merge two revisions together, creating a new revision file
    Merge(merge::Args),
    /// Open a revision file in $EDITOR
    Edit(edit::Args),
    /// Rewrite alembic.lock from the revision files
    Lock(lock::Args),
    /// Check files, models, migrations and the database; exit 1 unless all is well
    Check(check::Args),
    /// Print the schema as `table!` source
    #[command(alias = "print_schema")]
    PrintSchema(print_schema::Args),
    /// Write down the schema that the revisions leave
    Snapshot(snapshot::Args),
    /// Turn the migrations of another tool into revisions
    Import(import::Args),
    /// Create, drop or reset the database
    Database(database::Args),
    /// Print a completion script for a shell
    Completions(completions::Args),
    #[command(flatten)]
    OnDatabase(cli::Command),
}

impl Command {
    fn writes_revisions(&self) -> bool {
        matches!(self, Self::Init(_) | Self::Revision(_) | Self::Merge(_) | Self::Edit(_) | Self::Import(_))
    }
}

pub(crate) fn run(command: &Command, cx: &mut Context<'_>) -> Result<Exit, CommandError> {
    if cx.selection.locked && command.writes_revisions() {
        return Err(CommandError::usage("this command changes alembic.lock, and --locked was given"));
    }
    match command {
        Command::Init(args) => init::run(args, cx),
        Command::ListTemplates(args) => list_templates::run(args, cx),
        Command::Revision(args) => revision::run(args, cx),
        Command::Merge(args) => merge::run(args, cx),
        Command::Edit(args) => edit::run(args, cx),
        Command::Lock(args) => lock::run(args, cx),
        Command::Check(args) => check::run(args, cx),
        Command::PrintSchema(args) => print_schema::run(args, cx),
        Command::Snapshot(args) => snapshot::run(args, cx),
        Command::Import(args) => import::run(args, cx),
        Command::Database(args) => database::run(args, cx),
        Command::Completions(args) => completions::run(args, cx),
        Command::OnDatabase(command) => on_database::run(command, cx),
    }
}
