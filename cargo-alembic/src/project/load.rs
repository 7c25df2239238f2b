//! Files → graph, and the lock file that says the same.

use std::{
    num::NonZero,
    path::PathBuf,
    sync::Arc,
    thread::{self, available_parallelism},
};

use alembic_graph::{
    Graph, Hint, Node, Problem, Revision, collection,
    config::{Config, Settings},
    lockfile::{FILE_NAME, Lockfile},
};
use alembic_runtime::{
    __private::{read_regular, read_regular_text},
    Error, Migrations,
    cli::CommandError,
};

use super::{
    Package,
    files::atomically,
    list::{Found, Listing, list},
    staged::refuse_unfinished,
};

/// A package with its revisions.
#[derive(Debug)]
pub(crate) struct Project {
    pub(crate) package: Package,
    pub(crate) config: Config,
    pub(crate) graph: Arc<Graph>,
    /// Files that begin as a revision does and are not taken as one.
    pub(crate) passed_over: Vec<Problem>,
}

/// What loading does about a lock file that does not say what the files say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lock {
    /// Rewrites it; one that cannot be read is an error.
    Refresh,
    /// Is an error.
    Require,
    /// Rewrites it, whatever it holds.
    Rewrite,
}

impl Project {
    /// Loads the revisions from their files, all of them: neither times nor the lock file can prove
    /// that a file is what it was.
    pub(crate) fn load(package: Package, config: Config, lock: Lock) -> Result<Self, CommandError> {
        let project = Self::load_as_is(package, config)?;
        project.settle_lock(lock)?;
        Ok(project)
    }

    /// Loads the revisions, whatever the lock file says of them.
    pub(crate) fn load_as_is(package: Package, config: Config) -> Result<Self, CommandError> {
        refuse_unfinished(&package, &config)?;
        let Listing { files, passed_over } = list(&package, &config)?;
        let (revisions, wrong) = read_all(&files);
        if !wrong.is_empty() {
            return Err(problems(&wrong));
        }
        // With all texts at hand the message can name lines.
        let graph = Graph::new(revisions)
            .map_err(|errors| explain(&files).unwrap_or_else(|| CommandError::usage(errors.to_string())))?;
        Ok(Self { package, config, graph: Arc::new(graph), passed_over })
    }

    /// Returns whether the lock file says what the files say.
    pub(crate) fn lock_is_current(&self) -> bool {
        let text = read_regular_text(&lock_path(&self.package, &self.config));
        text.is_ok_and(|text| Lockfile::of(&self.graph).is_rendered_as(&text))
    }

    /// Returns where the lock file is, relative to the package.
    pub(crate) fn lock_name(&self) -> String {
        format!("{}/{FILE_NAME}", self.config.migrations[0])
    }

    /// Returns the line of a revision's file where its downgrade begins.
    pub(crate) fn downgrade_line(&self, node: Node) -> usize {
        let revision = self.graph.revision(node);
        let text = read_regular_text(&self.package.root.join(&revision.path)).unwrap_or_default();
        let begins = |line: &str| line.starts_with("-- alembic:downgrade") || line.contains("fn downgrade");
        text.lines().position(begins).map_or(1, |at| at + 1)
    }

    fn settle_lock(&self, policy: Lock) -> Result<(), CommandError> {
        let path = lock_path(&self.package, &self.config);
        let found = match read_regular_text(&path) {
            Ok(text) if Lockfile::of(&self.graph).is_rendered_as(&text) => return Ok(()),
            Ok(text) => Lockfile::parse(&text).map(drop),
            Err(_) => Ok(()),
        };
        match (policy, found) {
            (Lock::Require, _) => {
                Err(CommandError::usage(format!("`{}` is not up to date", path.display())).hint(Hint::LockIsStale))
            }
            (Lock::Refresh, Err(error)) => {
                Err(CommandError::usage(format!("{}:{}: {}", path.display(), error.line, error.problem))
                    .hint(Hint::LockIsBroken))
            }
            // In a read-only checkout the project can still be read.
            (Lock::Refresh, Ok(())) => {
                self.write_lock().ok();
                Ok(())
            }
            (Lock::Rewrite, _) => self.write_lock(),
        }
    }

    /// Writes the lock file.
    pub(crate) fn write_lock(&self) -> Result<(), CommandError> {
        let path = lock_path(&self.package, &self.config);
        atomically(&path, &Lockfile::of(&self.graph).render())
            .map_err(|error| CommandError::usage(format!("could not write `{}`", path.display())).caused_by(&error))
    }

    /// Returns the migrations for one kind of connection; scripts are read when they are needed.
    pub(crate) fn migrations<C>(&self) -> Migrations<C> {
        self.migrations_with(self.config.settings.clone())
    }

    /// Returns the migrations with other settings than those of the project.
    pub(crate) fn migrations_with<C>(&self, settings: Settings) -> Migrations<C> {
        let root = self.package.root.clone();
        Migrations::from_graph(Arc::clone(&self.graph), settings, move |graph, node| {
            let revision = graph.revision(node);
            let content = read_regular(&root.join(&revision.path))
                .map_err(|source| Error::Io { path: revision.path.clone(), source })?;
            let (script, _) = collection::script(&revision.path, &content).map_err(|p| Error::Files(vec![p]))?;
            if script.upgrade_checksum() != revision.upgrade || script.downgrade_checksum() != revision.downgrade {
                return Err(Error::Changed { path: revision.path.clone() });
            }
            Ok(script)
        })
    }
}

fn lock_path(package: &Package, config: &Config) -> PathBuf {
    package.root.join(&config.migrations[0]).join(FILE_NAME)
}

/// Reads files on all processors: opening thousands takes longer than anything else.
fn read_all(files: &[Found]) -> (Vec<Revision>, Vec<Problem>) {
    let threads = available_parallelism().map_or(1, NonZero::get);
    let share = files.len().div_ceil(threads).max(1);
    let results: Vec<_> = thread::scope(|scope| {
        let readers: Vec<_> = files
            .chunks(share)
            .map(|files| scope.spawn(|| files.iter().map(read).collect::<Vec<Result<_, _>>>()))
            .collect();
        readers.into_iter().flat_map(|reader| reader.join().expect("reading does not panic")).collect()
    });
    let (mut revisions, mut wrong) = (Vec::with_capacity(files.len()), Vec::new());
    for result in results {
        match result {
            Ok(revision) => revisions.push(revision),
            Err(problem) => wrong.push(problem),
        }
    }
    (revisions, wrong)
}

fn read(file: &Found) -> Result<Revision, Problem> {
    let content = read_regular(&file.path)
        .map_err(|error| Problem::of_file(&file.name, format!("could not read the file: {error}"), None))?;
    collection::script(&file.name, &content).map(|(script, _)| script.revision(&file.name))
}

fn explain(files: &[Found]) -> Option<CommandError> {
    let contents: Vec<(String, Vec<u8>)> =
        files.iter().filter_map(|file| Some((file.name.clone(), read_regular(&file.path).ok()?))).collect();
    let contents = contents.iter().map(|(name, content)| (name.as_str(), content.as_slice()));
    alembic_graph::Collection::read(contents).err().map(|wrong| problems(&wrong))
}

/// Turns problems of files into one error.
fn problems(wrong: &[Problem]) -> CommandError {
    let error = CommandError::usage(match wrong {
        [_] => "a revision file is not usable".to_owned(),
        _ => format!("{} problems with the revision files", wrong.len()),
    });
    let error = wrong.iter().fold(error, |error, problem| error.because(problem.to_string()).at(problem.place()));
    let mut hints: Vec<Hint> = wrong.iter().filter_map(|problem| problem.hint.as_deref().cloned()).collect();
    hints.dedup();
    hints.into_iter().fold(error, CommandError::hint)
}
