//! Which files a revision may open beside its database, on SQLite.

use std::path::{Path, PathBuf, absolute};

use alembic_graph::{
    plan::{Statement, Work},
    replay::other_files,
};
use diesel::connection::LoadConnection;

use super::{Error, run::Run};
use crate::database::MigrationBackend;

impl<C> Run<'_, C>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    /// Returns an error if a statement opens or writes a file that is not in the folder of the database. A replay has
    /// stricter rules of its own.
    pub(super) fn refuse_other_files(&mut self, work: &Work, statement: &Statement) -> Result<(), Error> {
        let Some(query) = C::Backend::file_query().filter(|_| self.migrations.replaying().is_none()) else {
            return Ok(());
        };
        // Most statements open nothing, and need no question.
        if other_files(&statement.text).is_empty() {
            return Ok(());
        }
        let folder = match &self.session.folder {
            Some(folder) => folder.clone(),
            None => {
                let file = self.session.ask(query)?.filter(|file| !file.is_empty());
                let folder = file.and_then(|file| Path::new(&file).parent()?.canonicalize().ok());
                self.session.folder.insert(folder).clone()
            }
        };
        Ok(work.refuse_other_files(statement, |file| is_in(file, folder.as_ref()))?)
    }
}

/// Returns whether a file is in a folder or below it, links followed. A URI may mean anything.
fn is_in(file: &str, folder: Option<&PathBuf>) -> bool {
    let really = |path: &Path| {
        let parent = path.parent()?.canonicalize().ok()?;
        path.canonicalize().ok().or_else(|| Some(parent.join(path.file_name()?)))
    };
    let Some(folder) = folder.filter(|_| !file.starts_with("file:")) else { return false };
    let Ok(path) = absolute(file) else { return false };
    let is_dangling = path.is_symlink() && !path.exists();
    !is_dangling && really(&path).is_some_and(|path| path.starts_with(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_neighbour_is_in_the_folder_whatever_it_is_called() {
        let outside = tempfile::tempdir().unwrap();
        let folder = outside.path().canonicalize().unwrap().join("data");
        std::fs::create_dir_all(folder.join("more")).unwrap();
        let is = |file: &str| is_in(&folder.join(file).display().to_string(), Some(&folder));
        assert!(is("other.db") && is("more/other.db") && is("more/../other.db"));
        assert!(!is("../other.db") && !is("more/../../other.db") && !is("nowhere/other.db"));
        assert!(!is_in(&format!("file:{}/other.db", folder.display()), Some(&folder)));
        assert!(!is_in(&folder.join("other.db").display().to_string(), None) && !is_in("/etc/passwd", Some(&folder)));
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(outside.path().join("gone.db"), folder.join("dangling.db")).unwrap();
            std::os::unix::fs::symlink(outside.path(), folder.join("out")).unwrap();
            assert!(!is("dangling.db") && !is("out/x.db"));
        }
    }
}
