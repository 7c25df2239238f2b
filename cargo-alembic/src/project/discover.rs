//! Finds the package with Cargo's own eyes.

use std::path::{Path, PathBuf};

use alembic_graph::{Hint, config::Config};
use alembic_runtime::{__private::read_regular_text, cli::CommandError};
use alembic_sql::wording::quoted;
use cargo_metadata::MetadataCommand;
use toml_edit::DocumentMut;

use super::atomically;
use crate::selection::Selection;

/// A package of the user.
#[derive(Debug, Clone)]
pub(crate) struct Package {
    /// Its name.
    pub(crate) name: String,
    /// Its `Cargo.toml`.
    pub(crate) manifest: PathBuf,
    /// The folder of its `Cargo.toml`.
    pub(crate) root: PathBuf,
}

impl Package {
    /// Reads its manifest.
    pub(crate) fn manifest_text(&self) -> Result<String, CommandError> {
        let text = read_regular_text(&self.manifest).map_err(|error| {
            CommandError::usage(format!("could not read `{}`", self.manifest.display())).caused_by(&error)
        })?;
        // Writing gives it the line ends that it has.
        Ok(text.replace("\r\n", "\n"))
    }

    /// Changes its manifest, unless nothing changes; returns what `change` returns beside the text.
    pub(crate) fn edit_manifest<T>(
        &self,
        change: impl FnOnce(&str) -> Result<Option<(String, T)>, String>,
    ) -> Result<Option<T>, CommandError> {
        let failed =
            |cause: String| CommandError::usage(format!("could not edit `{}`", self.manifest.display())).because(cause);
        let Some((edited, told)) = change(&self.manifest_text()?).map_err(failed)? else { return Ok(None) };
        atomically(&self.manifest, &edited).map_err(|error| failed(error.to_string()))?;
        Ok(Some(told))
    }

    /// Reads the manifest of its workspace, if it is in one.
    pub(crate) fn workspace_manifest(&self) -> Option<String> {
        let manifests = self.root.ancestors().filter_map(|folder| read_regular_text(&folder.join("Cargo.toml")).ok());
        let is_workspace =
            |text: &String| text.parse::<DocumentMut>().is_ok_and(|document| document.get("workspace").is_some());
        manifests.into_iter().find(is_workspace)
    }

    /// Reads its configuration, if it has one.
    pub(crate) fn config(&self) -> Result<Option<Config>, CommandError> {
        let text = self.manifest_text()?;
        Config::from_manifest(&text)
            .map_err(|error| CommandError::usage(format!("{}:{error}", self.manifest.display())))
    }
}

/// Finds the package of the nearest `Cargo.toml`, as Cargo does, without asking Cargo: that would
/// take longer than most commands.
fn nearest(cwd: &Path, selection: &Selection) -> Option<Package> {
    let manifest = match &selection.manifest_path {
        Some(path) => cwd.join(path),
        None => cwd.ancestors().map(|folder| folder.join("Cargo.toml")).find(|path| path.is_file())?,
    };
    // Where every file is a link into a store, the package is the tree of links.
    let root = std::fs::canonicalize(manifest.parent()?).ok()?;
    let manifest = root.join(manifest.file_name()?);
    let document: DocumentMut = read_regular_text(&manifest).ok()?.parse().ok()?;
    let name = document.get("package")?.get("name")?.as_str()?.to_owned();
    Some(Package { name, manifest, root })
}

/// Finds the package that is meant: by `-p`, by the current directory, or because it is the only
/// one of the workspace with migrations.
pub(crate) fn discover(cwd: &Path, selection: &Selection) -> Result<Package, CommandError> {
    if selection.package.is_none()
        && let Some(package) = nearest(cwd, selection)
    {
        return Ok(package);
    }
    let mut command = MetadataCommand::new();
    command.no_deps().current_dir(cwd);
    if let Some(path) = &selection.manifest_path {
        command.manifest_path(cwd.join(path));
    }
    let metadata = command.exec().map_err(|error| {
        let cause = match &error {
            cargo_metadata::Error::CargoMetadata { stderr } => stderr.trim().trim_start_matches("error: ").to_owned(),
            other => other.to_string(),
        };
        if cause.contains("could not find `Cargo.toml`") {
            CommandError::usage("there is no package here").because(cause).hint(Hint::NoPackage)
        } else {
            CommandError::usage("Cargo cannot read the package").because(cause)
        }
    })?;
    let members = metadata.workspace_packages();
    let package = |package: &cargo_metadata::Package| Package {
        name: package.name.to_string(),
        manifest: package.manifest_path.clone().into_std_path_buf(),
        root: package.manifest_path.parent().map(|root| root.to_path_buf().into_std_path_buf()).unwrap_or_default(),
    };
    let names = || quoted(members.iter().map(|member| member.name.as_str()));
    if let Some(name) = &selection.package {
        let found = members.iter().find(|member| member.name.as_str() == name).map(|found| package(found));
        return found.ok_or_else(|| {
            CommandError::usage(format!("the workspace has no package `{name}`"))
                .hint(Hint::WhichPackage { packages: names() })
        });
    }
    let start = selection.manifest_path.as_ref().and_then(|path| cwd.join(path).parent().map(Path::to_path_buf));
    let start = start.unwrap_or_else(|| cwd.to_path_buf());
    let folder = std::fs::canonicalize(&start).unwrap_or(start);
    let here = members.iter().map(|member| package(member)).filter(|package| folder.starts_with(&package.root));
    if let Some(here) = here.max_by_key(|package| package.root.as_os_str().len()) {
        return Ok(here);
    }
    let migrated: Vec<_> = members.iter().filter(|member| member.metadata.get("alembic").is_some()).collect();
    match migrated[..] {
        [only] => Ok(package(only)),
        _ => Err(CommandError::usage("which package of the workspace is meant?")
            .hint(Hint::WhichPackage { packages: names() })),
    }
}

/// Returns the packages of the same workspace that have migrations, as far as Cargo tells.
pub(crate) fn migrated_members(package: &Package) -> Vec<String> {
    let metadata = MetadataCommand::new().no_deps().manifest_path(&package.manifest).exec();
    let members = metadata.iter().flat_map(cargo_metadata::Metadata::workspace_packages);
    members.filter(|member| member.metadata.get("alembic").is_some()).map(|member| member.name.to_string()).collect()
}
