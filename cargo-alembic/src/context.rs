//! What commands are given.

use std::{cell::RefCell, collections::BTreeSet, ffi::OsString, path::PathBuf};

use alembic_graph::{Hint, config::Config, replay::LeftOut};
use alembic_runtime::{
    __private::Replaying,
    cli::{CommandError, Printer},
};
use alembic_sql::wording::count;

use crate::{
    connect::Target,
    environment::Environment,
    project::{self, Lock, Package, Project},
    selection::Selection,
};

/// What commands are given.
pub(crate) struct Context<'io> {
    pub(crate) cwd: PathBuf,
    pub(crate) environment: Environment,
    /// The command line as it was given.
    pub(crate) args: Vec<OsString>,
    pub(crate) selection: Selection,
    pub(crate) printer: Printer<'io>,
    /// Warnings that are shown once and were shown.
    pub(crate) warned: BTreeSet<String>,
    /// What was ignored while the database was looked for, and why.
    pub(crate) ignored: RefCell<BTreeSet<String>>,
    /// The replays of this command.
    pub(crate) replays: Vec<Replaying>,
}

impl Context<'_> {
    /// Finds the package that is meant, configured or not.
    pub(crate) fn package(&self) -> Result<Package, CommandError> {
        project::discover(&self.cwd, &self.selection)
    }

    /// Finds the package and the settings of the database that is meant.
    pub(crate) fn configured(&self) -> Result<(Package, Config), CommandError> {
        let package = self.package()?;
        let config = package.config()?.ok_or_else(|| {
            let error = CommandError::usage(format!("package `{}` has no [package.metadata.alembic]", package.name));
            match project::migrated_members(&package) {
                members if members.is_empty() => error.hint(Hint::NotInitialized),
                members => {
                    members.iter().fold(error, |error, member| error.hint(Hint::OtherMember { member: member.clone() }))
                }
            }
        })?;
        let Some(name) = &self.selection.name else {
            return Ok((package, config));
        };
        let config = config.database(name).cloned().ok_or_else(|| {
            let known = config.databases.keys().map(String::as_str);
            let near = alembic_sql::suggest::did_you_mean(name, known);
            CommandError::usage(format!("Cargo.toml has no database `{name}`{near}"))
        })?;
        Ok((package, config))
    }

    /// Loads the revisions, and refreshes the lock file if they have changed.
    pub(crate) fn project(&mut self) -> Result<Project, CommandError> {
        self.load(Lock::Refresh)
    }

    /// Loads the revisions, and says which files are passed over. `--locked` refuses a lock file that is not up to date.
    pub(crate) fn load(&mut self, lock: Lock) -> Result<Project, CommandError> {
        let (package, config) = self.configured()?;
        let project = Project::load(package, config, if self.selection.locked { Lock::Require } else { lock })?;
        for problem in &project.passed_over {
            self.printer.status(format_args!("warning: {problem}"));
            problem.hint.iter().for_each(|hint| self.printer.hint(hint));
        }
        Ok(project)
    }

    /// Returns which database is meant.
    pub(crate) fn target(&self, package: &Package, config: &Config) -> Result<Target, CommandError> {
        self.find_target(package, config)?.ok_or_else(|| {
            let error = CommandError::usage("no database URL");
            let error = match self.environment.with_dotenv(&package.root).malformed() {
                Some(malformed) => error.because(malformed).hint(Hint::MalformedLine),
                None => error,
            };
            error.hint(Hint::NoUrl { variable: config.database_url_env.clone() })
        })
    }

    /// Returns which database is meant, if any is: that of a URL, or the file of the configuration.
    pub(crate) fn find_target(&self, package: &Package, config: &Config) -> Result<Option<Target>, CommandError> {
        if let Some(target) = self.find_url(package, config)? {
            return Ok(Some(target));
        }
        let Some(path) = &config.sqlite_path else { return Ok(None) };
        let file = package.root.join(path);
        let is_dangling = file.is_symlink() && !file.exists();
        if (is_dangling || project::leads_out(&package.root, &file)) && !config.follow_links {
            let message = format!("the database `{path}` is a link that leads out of the package");
            return Err(CommandError::usage(message).hint(Hint::NoUrl { variable: config.database_url_env.clone() }));
        }
        Ok(Some(Target::Sqlite(file)))
    }

    /// Returns which database a URL names, if there is one.
    pub(crate) fn find_url(&self, package: &Package, config: &Config) -> Result<Option<Target>, CommandError> {
        let environment = self.environment.with_dotenv(&package.root);
        if let Some(url) = &self.selection.database_url {
            let target = self.parse_url(url.exposed(), package, &environment)?;
            return target.refuse_foreign_password(&environment, false).map(|()| Some(target));
        }
        let variable = &config.database_url_env;
        let Some(url) = environment.find(variable, "pass `--database-url`")? else { return Ok(None) };
        let target = self.parse_url(url, package, &environment)?;
        target.refuse_foreign_password(&environment, environment.dotenv_folder(variable).is_some())?;
        // Wherever a command is run, a `.env` names one database.
        Ok(Some(match environment.dotenv_folder(variable) {
            Some(folder) => target.relative_to(folder),
            None => target,
        }))
    }

    /// Understands a URL, and notes what is ignored of its surroundings.
    pub(crate) fn parse_url(
        &self,
        url: &str,
        package: &Package,
        environment: &Environment,
    ) -> Result<Target, CommandError> {
        let target = Target::parse_url(url, &package.root, environment)?;
        self.ignored.borrow_mut().extend(target.warning().map(str::to_owned));
        Ok(target)
    }

    /// Says what was ignored while the database was looked for.
    pub(crate) fn tell_ignored(&mut self) {
        for warning in self.ignored.take() {
            self.printer.status(format_args!("warning: {warning}"));
        }
    }

    /// Says what holds for several parts of a command.
    pub(crate) fn warn_once(&mut self, warning: String) {
        if self.warned.insert(warning.clone()) {
            self.printer.status(format_args!("warning: {warning}"));
        }
    }

    /// Returns what the replays have left out, which then counts as told.
    pub(crate) fn take_left_out(&mut self) -> Vec<LeftOut> {
        let all: BTreeSet<LeftOut> = self.replays.drain(..).flat_map(|replay| replay.left_out()).collect();
        all.into_iter().collect()
    }

    /// Says what the replays have left out.
    pub(crate) fn tell_left_out(&mut self) {
        let left_out = self.take_left_out();
        if !left_out.is_empty() {
            let all = left_out.len();
            self.printer.status(format_args!("left out of the replay, as no schema shows it ({all} in all):"));
            few_per_file(&left_out).iter().for_each(|line| self.printer.status(format_args!("  {line}")));
        }
    }

    /// Says that there is no database yet, if it is a file that is not there: asking is no error, and no answer.
    pub(crate) fn note_missing(&mut self, target: &Target) {
        if target.is_missing() {
            self.printer.status(format_args!("warning: there is no database file `{}`", target.display()));
            self.printer.hint(&Hint::NoDatabaseFile);
        }
    }
}

/// Returns a line for each, but for files of which there are many.
pub(crate) fn few_per_file(left_out: &[LeftOut]) -> Vec<String> {
    const FEW: usize = 5;
    let files = left_out.chunk_by(|a, b| a.path == b.path);
    files
        .flat_map(|file| {
            let rest = file.get(FEW..).filter(|rest| !rest.is_empty());
            let more = rest.and_then(|rest| Some((rest, rest.first()?, rest.last()?))).map(|(rest, first, last)| {
                format!(
                    "{}:{}: {} more, up to line {}",
                    first.path,
                    first.line,
                    count(rest.len(), "statement"),
                    last.line
                )
            });
            file.iter().take(FEW).map(ToString::to_string).chain(more)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_dump_the_first_statements_are_told() {
        let owner =
            |line| LeftOut { path: "a.sql".into(), line, text: format!("ALTER TABLE t{line} OWNER TO me"), of: None };
        let all: Vec<LeftOut> = (1..=7).map(owner).collect();
        let lines = few_per_file(&all);
        assert_eq!(lines.len(), 6);
        assert_eq!(
            (lines[0].as_str(), lines[5].as_str()),
            ("a.sql:1: `ALTER TABLE t1 OWNER TO me`", "a.sql:6: 2 statements more, up to line 7")
        );
        assert_eq!(few_per_file(&all[..5]).len(), 5);
    }
}
