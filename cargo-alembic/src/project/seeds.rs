//! The folder of seeds.

use std::{fs, path::Path};

use alembic_graph::{Hint, config::Config, seed::Seed};
use alembic_runtime::{__private::read_regular_text, cli::CommandError};

use super::{
    Project,
    list::{leads_out, refuse_link},
};

impl Project {
    /// Reads the seeds, each with its path below their folder; none if there is no folder.
    pub(crate) fn seeds(&self) -> Result<Vec<(String, String)>, CommandError> {
        let root = self.package.root.join(&self.config.seeds);
        let mut seeds = Vec::new();
        if leads_out(&self.package.root, &root) && !self.config.follow_links {
            let message = format!("the folder of seeds, `{}`, leads out of the package", self.config.seeds);
            return Err(CommandError::usage(message).hint(Hint::FolderLeadsOut));
        }
        if root.is_dir() {
            read(&self.config, &root, "", &mut seeds)?;
        }
        Ok(seeds)
    }
}

/// Folders are environments, and hold no folders.
fn read(config: &Config, folder: &Path, prefix: &str, seeds: &mut Vec<(String, String)>) -> Result<(), CommandError> {
    let failed = |path: &Path, error: std::io::Error| {
        CommandError::usage(format!("could not read `{}`", path.display())).caused_by(&error)
    };
    for entry in fs::read_dir(folder).map_err(|error| failed(folder, error))? {
        let entry = entry.map_err(|error| failed(folder, error))?;
        let (path, name) = (entry.path(), format!("{prefix}{}", entry.file_name().to_string_lossy()));
        if path.is_symlink() && leads_out(folder, &path) {
            refuse_link(&path, config)?;
        }
        if path.is_dir() && prefix.is_empty() {
            read(config, &path, &format!("{name}/"), seeds)?;
        } else if Seed::of(&name).is_some() {
            let text = read_regular_text(&path).map_err(|error| failed(&path, error))?;
            seeds.push((name, text));
        }
    }
    Ok(())
}
