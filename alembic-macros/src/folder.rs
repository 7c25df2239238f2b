//! Finds and reads the files that the macro was pointed at.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use alembic_graph::{
    Problem,
    collection::{is_revision, passed_over},
    config::Config,
    lockfile::{FILE_NAME, Lockfile},
    seed::Seed,
};
use alembic_schema::snapshot;
use alembic_sql::Dialect;

/// Files below one package.
pub(crate) struct Folder {
    root: PathBuf,
}

/// A file with its path relative to the package.
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) content: Vec<u8>,
}

impl Folder {
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    pub(crate) fn manifest(&self) -> PathBuf {
        self.root.join("Cargo.toml")
    }

    /// Reads the package's configuration; a package without one has the defaults.
    pub(crate) fn config(&self) -> Result<Config, String> {
        let path = self.manifest();
        let text = fs::read_to_string(&path).map_err(|error| format!("could not read {}: {error}", path.display()))?;
        let config = Config::from_manifest(&text).map_err(|error| format!("Cargo.toml:{error}"))?;
        Ok(config.unwrap_or_default())
    }

    /// Reads the revision files of all locations, sorted by name.
    pub(crate) fn files(&self, config: &Config) -> Result<Vec<File>, String> {
        let mut files = Vec::new();
        for location in &config.migrations {
            let folder = self.root.join(location);
            let failed = |error| format!("could not read the migrations folder `{location}`: {error}");
            if leads_out(&self.root, &folder) && !config.follow_links {
                return Err(format!(
                    "the migrations folder `{location}` leads out of the package; it is followed with `follow-links = \
                     true` in [package.metadata.alembic], or `embed_migrations!(follow_links = true)`"
                ));
            }
            for entry in fs::read_dir(&folder).map_err(failed)? {
                let path = entry.map_err(failed)?.path();
                if is_refused_link(&folder, &path, config) {
                    return Err(format!(
                        "`{location}/{}` is a link that leads out of its folder; a link to a file is followed with \
                         `follow-links = true` in [package.metadata.alembic], or `embed_migrations!(follow_links = true)`",
                        file_name(&path)
                    ));
                }
                if is_revision(&file_name(&path)) {
                    files.push(file(location, path)?);
                }
            }
        }
        files.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(files)
    }

    /// Returns what begins as a revision does, at or below the locations, and is not taken as one.
    pub(crate) fn passed_over(&self, config: &Config) -> Vec<Problem> {
        let package = self.config().unwrap_or_default();
        let known: BTreeSet<&str> = package.all_migrations().chain(config.all_migrations()).collect();
        let mut problems = Vec::new();
        let mut folders = config.migrations.clone();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(self.root.join(&folder)).into_iter().flatten().flatten() {
                let (file_name, kind) = (entry.file_name().to_string_lossy().into_owned(), entry.file_type());
                let name = format!("{folder}/{file_name}");
                let is_folder = kind.as_ref().is_ok_and(fs::FileType::is_dir);
                if is_folder && !known.contains(name.as_str()) && !file_name.starts_with('.') {
                    folders.push(name);
                } else if (kind.is_ok_and(|kind| kind.is_file()) || is_followed_link(&entry.path(), config))
                    && !(known.contains(folder.as_str()) && is_revision(&file_name))
                {
                    problems.extend(fs::read(entry.path()).ok().and_then(|content| passed_over(&name, &content)));
                }
            }
        }
        problems.sort_by(|a, b| a.path.cmp(&b.path));
        problems
    }

    /// Reads the files of the folder of seeds, which need not be there; sorted by name.
    pub(crate) fn seeds(&self, config: &Config) -> Result<Vec<File>, String> {
        let folder = &config.seeds;
        let mut seeds = Vec::new();
        let mut folders = vec![(String::new(), self.root.join(folder))];
        while let Some((prefix, path)) = folders.pop() {
            if !path.is_dir() {
                continue;
            }
            let failed = |error| format!("could not read `{folder}/{prefix}`: {error}");
            let parent = path;
            for entry in fs::read_dir(&parent).map_err(failed)? {
                let path = entry.map_err(failed)?.path();
                let name = format!("{prefix}{}", file_name(&path));
                if is_refused_link(&parent, &path, config) {
                    return Err(format!(
                        "`{folder}/{name}` is a link that leads out of its folder; put the file itself there"
                    ));
                }
                if path.is_dir() && prefix.is_empty() {
                    folders.push((format!("{name}/"), path));
                } else if Seed::of(&name).is_some() {
                    let content =
                        fs::read(&path).map_err(|error| format!("could not read `{folder}/{name}`: {error}"))?;
                    seeds.push(File { name, path, content });
                }
            }
        }
        seeds.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(seeds)
    }

    /// Reads the fingerprints of the schemas that were written down, each with its database and its file.
    pub(crate) fn snapshots(&self, locations: &[String]) -> Vec<(Dialect, String, PathBuf)> {
        let folder = self.root.join(&locations[0]);
        let found = Dialect::ALL.into_iter().filter_map(|dialect| {
            let path = folder.join(snapshot::file_name(dialect));
            let text = fs::read_to_string(&path).ok()?;
            Some((dialect, snapshot::read_fingerprint(&text)?.to_owned(), path))
        });
        found.collect()
    }

    /// Reads the lock file.
    pub(crate) fn lock(&self, locations: &[String]) -> Result<(PathBuf, Lockfile), String> {
        let first = locations.first().map_or("migrations", String::as_str);
        let name = format!("{first}/{FILE_NAME}");
        let path = self.root.join(&name);
        let text = fs::read_to_string(&path)
            .map_err(|error| format!("could not read `{name}`: {error}; `cargo alembic lock` writes it"))?;
        let lock = Lockfile::parse(&text).map_err(|error| {
            format!("{name}:{}: {}; `cargo alembic lock` writes it anew", error.line, error.problem)
        })?;
        Ok((path, lock))
    }
}

/// Returns whether a path is a link to a file, where those are followed.
fn is_followed_link(path: &Path, config: &Config) -> bool {
    config.follow_links && path.is_symlink() && path.is_file()
}

/// Returns whether a path is a link out of its folder that is not to be followed.
fn is_refused_link(folder: &Path, path: &Path, config: &Config) -> bool {
    path.is_symlink() && leads_out(folder, path) && !(config.follow_links && path.is_file())
}

/// Returns whether a path is really somewhere else than below a folder.
fn leads_out(folder: &Path, path: &Path) -> bool {
    matches!((folder.canonicalize(), path.canonicalize()), (Ok(folder), Ok(path)) if !path.starts_with(&folder))
}

fn file(location: &str, path: PathBuf) -> Result<File, String> {
    let name = format!("{location}/{}", file_name(&path));
    let content = fs::read(&path).map_err(|error| format!("could not read `{name}`: {error}"))?;
    Ok(File { name, path, content })
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
