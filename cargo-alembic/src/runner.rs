//! The project's own program, which runs revisions in Rust: the counterpart of Alembic's `env.py`.

use std::{
    ffi::OsString,
    io,
    path::PathBuf,
    process::{Command, Stdio},
};

use alembic_graph::{Graph, Hint, replay::LeftOut};
use alembic_runtime::{
    __private::Replaying,
    cli::{CommandError, Exit, Invocation},
};
use alembic_sql::{Dialect, wording::joined};
use cargo_metadata::{Message, MetadataCommand};
use clap::Args as _;

use crate::{connect::Target, context::Context, project::Project, selection::Selection};

/// The environment where Cargo is installed: development.
pub(crate) const DEVELOPMENT: &str = "development";

/// A program that embeds the migrations, and `alembic_runtime::cli`.
#[derive(Debug)]
pub(crate) struct Runner {
    manifest: PathBuf,
    name: String,
    cargo: String,
}

impl Runner {
    /// Finds the program that can run `revision`, if it may be built.
    pub(crate) fn find(cx: &Context<'_>, project: &Project, revision: &str) -> Result<Self, CommandError> {
        let (package, name) = (&project.package, &project.config.runner);
        if let Some(refusal) = refusal(cx) {
            let message = format!(
                "revision `{revision}` is written in Rust, and {refusal} does not let the project's program be built"
            );
            return Err(CommandError::usage(message).hint(Hint::BuildRefused));
        }
        let metadata = MetadataCommand::new().manifest_path(&package.manifest).no_deps().exec();
        let metadata =
            metadata.map_err(|error| CommandError::usage("Cargo cannot read the package").caused_by(&error))?;
        let own = metadata.packages.iter().find(|found| found.manifest_path.as_std_path() == package.manifest);
        let has_it = own.is_some_and(|own| own.targets.iter().any(|target| target.is_bin() && target.name == *name));
        if !has_it {
            return Err(CommandError::usage(format!(
                "revision `{revision}` is written in Rust, and package `{}` has no program `{name}` to run it",
                package.name
            ))
            .hint(Hint::NoRunner));
        }
        let heads = project.graph.heads();
        if heads.len() > 1 {
            let ids = joined(project.graph.ids(heads));
            return Err(CommandError::usage(format!(
                "the program `{name}`, which runs revisions in Rust, does not compile while heads are not merged: {ids}"
            ))
            .hint(Hint::MergeHeads));
        }
        let cargo = cx.environment.get("CARGO").unwrap_or("cargo").to_owned();
        Ok(Self { manifest: package.manifest.clone(), name: name.clone(), cargo })
    }

    /// Builds the program, for other databases than that of the project.
    pub(crate) fn program(self, locked: bool) -> Result<Program, CommandError> {
        Ok(Program { path: self.build(locked)?, name: self.name })
    }

    /// Builds the program, and runs it with the arguments that this one was given.
    pub(crate) fn run(
        &self,
        cx: &Context<'_>,
        graph: &Graph,
        target: Option<&Target>,
        dialect: Option<Dialect>,
    ) -> Result<Exit, CommandError> {
        let mut command = Command::new(self.build(cx.selection.locked)?);
        command.env("ALEMBIC_HISTORY", graph.history().to_string());
        command.env("ALEMBIC_CALLER", cx.printer.invocation().words());
        command.args(own_arguments(&cx.args)).current_dir(&cx.cwd);
        if let Some(dialect) =
            dialect.filter(|_| !cx.args.iter().any(|arg| arg.to_string_lossy().starts_with("--dialect")))
        {
            command.args(["--dialect", dialect.name()]);
        }
        // In the environment, where no list of processes shows the password.
        if let Some(target) = target {
            command.env("DATABASE_URL", target.for_drivers()).envs(target.environment().iter().cloned());
        }
        if cx.environment.get("ALEMBIC_ENV").is_none() {
            command.env("ALEMBIC_ENV", DEVELOPMENT);
        }
        let status = command.status().map_err(|error| self.failed("could not be run").caused_by(&error))?;
        match status.code() {
            Some(0) => Ok(Exit::Success),
            Some(1) => Ok(Exit::Negative),
            Some(2) => Ok(Exit::Usage),
            Some(3) => Ok(Exit::Failed),
            Some(130) => Ok(Exit::Interrupted),
            Some(143) => Ok(Exit::Terminated),
            // It did not come to its end.
            _ => Err(CommandError { exit: Exit::Failed, ..self.failed(&format!("was ended: {status}")) }),
        }
    }

    fn failed(&self, how: &str) -> CommandError {
        CommandError::usage(format!("the program `{}`, which runs revisions in Rust, {how}", self.name))
    }

    /// Builds the program with the user's Cargo, whose messages go to stderr, and returns where it is.
    fn build(&self, locked: bool) -> Result<PathBuf, CommandError> {
        let build = Command::new(&self.cargo)
            .args(["build", "--message-format", "json-render-diagnostics", "--bin", &self.name, "--manifest-path"])
            .arg(&self.manifest)
            .args(locked.then_some("--locked"))
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| self.failed("could not be built").caused_by(&error))?;
        let executable = Message::parse_stream(io::Cursor::new(build.stdout)).find_map(|message| match message {
            Ok(Message::CompilerArtifact(artifact)) if artifact.target.name == self.name => artifact.executable,
            _ => None,
        });
        match executable {
            None if build.status.success() => Err(self.failed("was not built: it requires features")),
            Some(path) if build.status.success() => Ok(path.into_std_path_buf()),
            _ => Err(self.failed("could not be built").hint(Hint::RunnerNotBuilt)),
        }
    }
}

/// Returns what forbids to build the project's program. The project's own files have no say in it.
fn refusal(cx: &Context<'_>) -> Option<&'static str> {
    let by_environment = cx.environment.get("ALEMBIC_NO_BUILD").is_some_and(|value| value != "0");
    let reasons = [("--no-build", cx.selection.no_build), ("ALEMBIC_NO_BUILD", by_environment)];
    reasons.into_iter().find_map(|(name, forbids)| forbids.then_some(name))
}

/// The project's own program, built.
#[derive(Debug)]
pub(crate) struct Program {
    path: PathBuf,
    name: String,
}

impl Program {
    /// Returns that it has failed on a scratch database.
    pub(crate) fn failed(&self, how: &str) -> CommandError {
        CommandError::failed(format!("the program `{}`, which runs revisions in Rust, {how}", self.name))
    }

    /// Runs a command on a scratch database; what the program says is shown only if it fails.
    pub(crate) fn run(
        &self,
        target: &Target,
        graph: &Graph,
        replaying: &Replaying,
        arguments: &[&str],
    ) -> Result<(), CommandError> {
        let failed = |how: String| self.failed(&how);
        let output = Command::new(&self.path)
            .args(arguments)
            .env("ALEMBIC_REPLAY", replaying.around.encode())
            .env("ALEMBIC_HISTORY", graph.history().to_string())
            .env("ALEMBIC_CALLER", Invocation::cargo().words())
            .env("DATABASE_URL", target.for_drivers())
            .envs(target.environment().iter().cloned())
            .env("ALEMBIC_ENV", DEVELOPMENT)
            .output()
            .map_err(|error| failed("could not be run".into()).caused_by(&error))?;
        let said = String::from_utf8_lossy(&output.stderr);
        let (left_out, said): (Vec<&str>, Vec<&str>) = said.lines().partition(|line| LeftOut::decode(line).is_some());
        replaying.leave_out(left_out.into_iter().filter_map(LeftOut::decode));
        if output.status.success() {
            return Ok(());
        }
        let how = format!("ended with {} on the scratch database; the live database is unchanged", output.status);
        let said = said.join("\n");
        Err(failed(how).because(said.trim()).at(place(&said)))
    }
}

/// Finds the first `file.sql:12` of what a program says of its error.
fn place(said: &str) -> Option<(&str, usize)> {
    said.split_whitespace().find_map(|word| {
        let word = word.trim_matches(|c: char| matches!(c, '`' | '(' | ')' | ','));
        let mut parts = word.split(':');
        let file = parts.next().filter(|file| file.ends_with(".sql") || file.ends_with(".rs"))?;
        Some((file, parts.next()?.parse().ok()?))
    })
}

/// Leaves out what only `cargo alembic` understands: which package, which database.
fn own_arguments(args: &[OsString]) -> Vec<OsString> {
    let selection = Selection::augment_args(clap::Command::new("selection"));
    let find = |text: &str| {
        selection.get_arguments().find(|argument| {
            let long = argument.get_long().map(|long| format!("--{long}"));
            let short = argument.get_short().map(|short| format!("-{short}"));
            long.is_some_and(|long| text == long || text.starts_with(&format!("{long}=")))
                || short.is_some_and(|short| text.starts_with(&short))
        })
    };
    let mut own = Vec::new();
    let mut rest = args.iter().skip_while(|arg| *arg != "alembic").skip(1);
    while let Some(arg) = rest.next() {
        let text = arg.to_string_lossy();
        match find(&text) {
            Some(argument) => {
                let takes_next = argument.get_action().takes_values()
                    && !text.contains('=')
                    && (text.len() == 2 || text.starts_with("--"));
                if takes_next {
                    rest.next();
                }
            }
            None => {
                own.push(arg.clone());
                // Its value may look like anything.
                if text == "-x" {
                    own.extend(rest.next().cloned());
                }
            }
        }
    }
    own
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_of_the_command_reach_the_program() {
        let own = |line: &str| {
            let args: Vec<OsString> = line.split(' ').map(Into::into).collect();
            own_arguments(&args).iter().map(|arg| arg.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
        };
        let line = "cargo-alembic alembic -p shop --database-url x://y upgrade --locked head -x -p -nmore --sql";
        assert_eq!(own(line), "upgrade head -x -p --sql");
        assert_eq!(
            own("cargo-alembic alembic downgrade -1 --manifest-path=a/Cargo.toml --tag=x"),
            "downgrade -1 --tag=x"
        );
    }
}
