//! Which files of a package are its revisions.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use alembic_graph::{
    Hint, Problem,
    collection::{is_revision, passed_over},
    config::Config,
};
use alembic_runtime::{__private::read_regular, cli::CommandError};

use super::Package;

/// A revision file, not opened yet.
pub(super) struct Found {
    /// Relative to the package, with `/`.
    pub(super) name: String,
    pub(super) path: PathBuf,
}

/// What is in the migrations folders, sorted by name.
#[derive(Default)]
pub(super) struct Listing {
    pub(super) files: Vec<Found>,
    /// Files that begin as a revision does and are not taken as one.
    pub(super) passed_over: Vec<Problem>,
}

/// Lists the files of all locations.
pub(super) fn list(package: &Package, config: &Config) -> Result<Listing, CommandError> {
    let mut listing = Listing::default();
    let mut folders = Vec::new();
    for location in &config.migrations {
        let folder = package.root.join(location);
        let failed = |error: io::Error| {
            CommandError::usage(format!("could not read the migrations folder `{}`", folder.display()))
                .caused_by(&error)
                .hint(Hint::NoMigrationsFolder { folder: folder.display().to_string() })
        };
        if leads_out(&package.root, &folder) && !config.follow_links {
            return Err(CommandError::usage(format!("the migrations folder `{location}` leads out of the package"))
                .hint(Hint::FolderLeadsOut));
        }
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let (path, kind) = (entry.path(), entry.file_type().map_err(failed)?);
            if kind.is_symlink() && leads_out(&folder, &path) {
                refuse_link(&path, config)?;
            }
            let file_name = entry.file_name().to_string_lossy().into_owned();
            let name = format!("{location}/{file_name}");
            if is_revision(&file_name) {
                listing.files.push(Found { name, path });
            } else if kind.is_dir() {
                folders.push(name);
            } else if kind.is_file() || is_followed(&path, config) {
                listing.look_at(&name, &path);
            }
        }
    }
    if !folders.is_empty() {
        listing.look_below(package, config, folders);
    }
    listing.files.sort_by(|a, b| a.name.cmp(&b.name));
    listing.passed_over.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(listing)
}

impl Listing {
    /// Looks for revisions in folders that are none of the locations, and in those below them.
    fn look_below(&mut self, package: &Package, config: &Config, mut folders: Vec<String>) {
        // A named database may have its folder there.
        let all = package.config().ok().flatten().unwrap_or_default();
        let known: BTreeSet<&str> = all.all_migrations().chain(config.all_migrations()).collect();
        while let Some(folder) = folders.pop() {
            if known.contains(folder.as_str()) || folder.rsplit('/').next().is_some_and(|name| name.starts_with('.')) {
                continue;
            }
            for entry in fs::read_dir(package.root.join(&folder)).into_iter().flatten().flatten() {
                let name = format!("{folder}/{}", entry.file_name().to_string_lossy());
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() => folders.push(name),
                    Ok(kind) if kind.is_file() || is_followed(&entry.path(), config) => {
                        self.look_at(&name, &entry.path());
                    }
                    // A link may lead anywhere, and what cannot be read is no revision.
                    _ => {}
                }
            }
        }
    }

    fn look_at(&mut self, name: &str, path: &Path) {
        self.passed_over.extend(read_regular(path).ok().and_then(|content| passed_over(name, &content)));
    }
}

/// Returns whether a path is a link to a file, where those are followed.
fn is_followed(path: &Path, config: &Config) -> bool {
    config.follow_links && path.is_symlink() && path.is_file()
}

/// Refuses a link that leads out of its folder, unless links to files are to be followed and it is one.
pub(super) fn refuse_link(path: &Path, config: &Config) -> Result<(), CommandError> {
    let is_file = path.is_file();
    if config.follow_links && is_file {
        return Ok(());
    }
    let error = CommandError::usage(format!("`{}` is a link that leads out of its folder", path.display()));
    Err(error.hint(if config.follow_links {
        Hint::FollowsFilesOnly
    } else if is_file {
        Hint::FileLeadsOut
    } else {
        Hint::LinkToNoFile
    }))
}

/// Returns whether a path is really somewhere else than below a folder.
pub(crate) fn leads_out(folder: &Path, path: &Path) -> bool {
    matches!((folder.canonicalize(), path.canonicalize()), (Ok(folder), Ok(path)) if !path.starts_with(&folder))
}
