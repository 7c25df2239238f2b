//! Files and lock file → graph, opening as few files as possible.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use alembic_core::{
    Graph, Problem, Revision, collection,
    config::Config,
    image::Settings,
    lockfile::{FILE_NAME, Lockfile},
};
use alembic_runtime::{Error, Migrations, cli::CommandError};

use super::{Package, files::atomically};

/// A package with its revisions.
#[derive(Debug)]
pub(crate) struct Project {
    pub(crate) package: Package,
    pub(crate) config: Config,
    pub(crate) graph: Arc<Graph>,
}

/// A revision file, not opened yet.
struct Found {
    /// Relative to the package, with `/`.
    name: String,
    path: PathBuf,
    modified: Option<SystemTime>,
}

impl Project {
    /// Loads the revisions. Files that are older than the lock file are taken from there; what has
    /// changed is read, and the lock file is written anew unless `locked` forbids it.
    pub(crate) fn load(package: Package, config: Config, locked: bool) -> Result<Self, CommandError> {
        let lock_path = lock_path(&package, &config);
        let (lock, modified) = read_lock(&lock_path)?;
        let mut known: HashMap<String, Revision> = HashMap::new();
        if let Some(lock) = &lock {
            known = lock.revisions.iter().map(|(revision, _)| (revision.path.clone(), revision.clone())).collect();
        }
        let unchanged = |file: &Found| file.modified.zip(modified).is_some_and(|(file, lock)| file < lock);
        let project = Self::assemble(package, config, |file| known.remove(&file.name).filter(|_| unchanged(file)))?;
        project.settle_lock(&lock_path, lock.as_ref(), locked)?;
        Ok(project)
    }

    /// Loads the revisions from their files alone, and writes the lock file anew.
    pub(crate) fn load_all(package: Package, config: Config, locked: bool) -> Result<Self, CommandError> {
        let lock_path = lock_path(&package, &config);
        let lock = fs::read_to_string(&lock_path).ok().and_then(|text| Lockfile::parse(&text).ok());
        let project = Self::assemble(package, config, |_| None)?;
        project.settle_lock(&lock_path, lock.as_ref(), locked)?;
        Ok(project)
    }

    fn assemble(
        package: Package,
        config: Config,
        mut from_lock: impl FnMut(&Found) -> Option<Revision>,
    ) -> Result<Self, CommandError> {
        let mut revisions = Vec::new();
        let mut wrong = Vec::new();
        let files = list(&package, &config)?;
        for file in &files {
            match from_lock(file).map_or_else(|| read(file), Ok) {
                Ok(revision) => revisions.push(revision),
                Err(problem) => wrong.push(problem),
            }
        }
        if !wrong.is_empty() {
            return Err(problems(&wrong));
        }
        match Graph::new(revisions) {
            Ok(graph) => Ok(Self { package, config, graph: Arc::new(graph) }),
            // With all texts at hand the message can name lines.
            Err(errors) => Err(explain(&files).unwrap_or_else(|| CommandError::usage(errors.to_string()))),
        }
    }

    fn settle_lock(&self, path: &Path, lock: Option<&Lockfile>, locked: bool) -> Result<(), CommandError> {
        let wanted = Lockfile::of(&self.graph);
        match lock {
            Some(lock) if *lock == wanted => Ok(()),
            _ if locked => {
                Err(CommandError::usage(format!("`{}` is not up to date, and --locked was given", path.display()))
                    .hint("run `cargo alembic lock` and commit the file"))
            }
            _ => self.write_lock(),
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
        let settings =
            Settings { version_table: self.config.version_table.clone(), transaction: self.config.transaction };
        let root = self.package.root.clone();
        Migrations::from_graph(Arc::clone(&self.graph), settings, move |graph, node| {
            let revision = graph.revision(node);
            let content = fs::read(root.join(&revision.path))
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

fn read_lock(path: &Path) -> Result<(Option<Lockfile>, Option<SystemTime>), CommandError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((None, None)),
        Err(error) => {
            return Err(CommandError::usage(format!("could not read `{}`", path.display())).caused_by(&error));
        }
    };
    let lock = Lockfile::parse(&text).map_err(|error| {
        CommandError::usage(format!("{}:{}: {}", path.display(), error.line, error.problem))
            .hint("`cargo alembic lock` writes it anew from the files")
    })?;
    Ok((Some(lock), fs::metadata(path).and_then(|metadata| metadata.modified()).ok()))
}

/// Lists the revision files of all locations, sorted by name.
fn list(package: &Package, config: &Config) -> Result<Vec<Found>, CommandError> {
    let mut files = Vec::new();
    for location in &config.migrations {
        let folder = package.root.join(location);
        let failed = |error: io::Error| {
            CommandError::usage(format!("could not read the migrations folder `{}`", folder.display()))
                .caused_by(&error)
                .hint("`migrations` in [package.metadata.alembic] names it; `cargo alembic init` makes one")
        };
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let path = entry.path();
            if path.extension().is_some_and(|extension| extension == "sql") {
                let name = format!("{location}/{}", entry.file_name().to_string_lossy());
                let modified = fs::metadata(&path).and_then(|metadata| metadata.modified()).ok();
                files.push(Found { name, path, modified });
            }
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

fn read(file: &Found) -> Result<Revision, Problem> {
    let content = fs::read(&file.path)
        .map_err(|error| Problem::of_file(&file.name, format!("could not read the file: {error}"), ""))?;
    collection::script(&file.name, &content).map(|(script, _)| script.revision(&file.name))
}

fn explain(files: &[Found]) -> Option<CommandError> {
    let contents: Vec<(String, Vec<u8>)> =
        files.iter().filter_map(|file| Some((file.name.clone(), fs::read(&file.path).ok()?))).collect();
    let contents = contents.iter().map(|(name, content)| (name.as_str(), content.as_slice()));
    alembic_core::Collection::read(contents).err().map(|wrong| problems(&wrong))
}

/// Turns problems of files into one error.
fn problems(wrong: &[Problem]) -> CommandError {
    let error = CommandError::usage(match wrong {
        [_] => "a revision file is not usable".to_owned(),
        _ => format!("{} problems with the revision files", wrong.len()),
    });
    let error = wrong.iter().fold(error, |error, problem| error.because(problem.to_string()));
    let mut hints: Vec<&String> = wrong.iter().filter_map(|problem| problem.hint.as_ref()).collect();
    hints.dedup();
    hints.into_iter().fold(error, CommandError::hint)
}
