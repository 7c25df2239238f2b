//! `completions`.

use alembic_runtime::cli::{CommandError, Exit};
use clap::CommandFactory;
use clap_complete::Shell;

use crate::{Cargo, context::Context};

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo alembic completions bash > ~/.local/share/bash-completion/completions/cargo-alembic")]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

pub(super) fn run(args: &Args, cx: &mut Context<'_>) -> Result<Exit, CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cargo::command(), "cargo-alembic", &mut script);
    cx.printer.text(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Success)
}
