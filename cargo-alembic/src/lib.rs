#![doc = include_str!("../README.md")]

mod autogenerate;
mod commands;
mod connect;
mod context;
mod dotenv;
mod environment;
mod look;
mod project;
mod replay;
mod runner;
mod scratch;
mod scratch_name;
mod selection;

use std::{
    cell::RefCell,
    collections::BTreeSet,
    ffi::OsString,
    io::{self, IsTerminal},
    path::PathBuf,
    process::ExitCode,
};

use alembic_runtime::cli::{Exit, Io, OutputArgs, Printer, clap_exit, wants_color};
use clap::Parser;

use crate::{commands::Command, context::Context, environment::Environment, selection::Selection};

/// Cargo runs us as `cargo-alembic alembic <args>`.
#[derive(Debug, Parser)]
#[command(name = "cargo", bin_name = "cargo")]
pub(crate) enum Cargo {
    /// Database migrations with a revision graph
    #[command(
        version,
        after_help = "Examples:
  cargo alembic init                       start a migrations folder
  cargo alembic revision -m \"add users\"    write a revision
  cargo alembic upgrade head               apply what is missing
  cargo alembic history                    list the revisions
  cargo alembic merge heads -m \"merge\"     join two branches"
    )]
    Alembic(Cli),
}

/// The command line below `cargo alembic`.
#[derive(Debug, clap::Args)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    output: OutputArgs,
}

/// Runs the process: its arguments, directory, environment and streams.
#[expect(clippy::disallowed_methods, reason = "the one place that asks the process where it is")]
pub fn main() -> ExitCode {
    let cwd = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
    let (mut out, mut err) = (io::stdout().lock(), io::stderr().lock());
    let (out_color, err_color, err_terminal) = (wants_color(&out), wants_color(&err), err.is_terminal());
    let io = Io { asks: io::stdin().is_terminal(), out: &mut out, err: &mut err, out_color, err_color, err_terminal };
    run(std::env::args_os(), cwd, Environment::of_process(), io).into()
}

fn run(args: impl IntoIterator<Item = OsString>, cwd: PathBuf, environment: Environment, mut io: Io<'_>) -> Exit {
    let args: Vec<OsString> = args.into_iter().collect();
    let Cargo::Alembic(cli) = match Cargo::try_parse_from(&args) {
        Ok(cargo) => cargo,
        Err(error) => return clap_exit(error, &mut io),
    };
    let printer = Printer::new(io, &cli.output, cli.selection.invocation());
    let (warned, replays) = (BTreeSet::new(), Vec::new());
    let ignored = RefCell::default();
    let mut cx = Context { cwd, environment, args, selection: cli.selection, printer, warned, ignored, replays };
    let result = commands::run(&cli.command, &mut cx);
    cx.tell_ignored();
    cx.tell_left_out();
    cx.printer.finish(result)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cargo::command().debug_assert();
    }
}
