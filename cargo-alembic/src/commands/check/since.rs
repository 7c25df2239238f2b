//! What was there already, at another revision of git.

use std::{path::Path, process::Command};

use alembic_graph::{Hint, Node, lockfile::Lockfile};
use alembic_runtime::cli::CommandError;

use crate::project::Project;

/// Returns the revisions that are as they were at a revision of git, by the lock file that was committed there.
pub(super) fn unchanged(project: &Project, revision: &str) -> Result<Vec<Node>, CommandError> {
    let git = Git { folder: &project.package.root, revision };
    let commit = git.commit()?;
    let name = project.lock_name();
    // Before the first revision there was no lock file.
    if git.output(&["ls-tree", "--name-only", &commit, "--", &name])?.is_empty() {
        return Ok(Vec::new());
    }
    let shown = git.output(&["show", &format!("{commit}:./{name}")])?;
    let lock = Lockfile::parse(&shown).map_err(|error| git.failed().because(format!("{name}: {error}")))?;
    let was = |node: &Node| {
        let hash = project.graph.node_hash(*node);
        let now = project.graph.revision(*node);
        lock.revisions.iter().any(|(revision, node)| {
            revision.id == now.id
                && *node == hash
                && revision.downgrade == now.downgrade
                && revision.upgrade == now.upgrade
        })
    };
    Ok(project.graph.nodes().filter(was).collect())
}

/// Questions to git about one of its revisions.
struct Git<'a> {
    folder: &'a Path,
    revision: &'a str,
}

impl Git<'_> {
    /// Returns the commit that the revision names, exactly one: an empty or a negated revision, or a range, would
    /// show the index, or nothing.
    fn commit(&self) -> Result<String, CommandError> {
        let revision = self.revision.trim();
        if revision.is_empty() || revision.starts_with('-') {
            let error = CommandError::usage(format!("--since `{}` names no revision of git", self.revision));
            return Err(error.hint(Hint::SinceNothing));
        }
        let commit = self.output(&["rev-parse", "--verify", &format!("{revision}^{{commit}}")])?;
        Ok(commit.trim().to_owned())
    }

    fn output(&self, arguments: &[&str]) -> Result<String, CommandError> {
        let output = Command::new("git").arg("-C").arg(self.folder).args(arguments).output();
        let output = output.map_err(|error| self.failed().because(format!("could not run git: {error}")))?;
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
            false => Err(self.failed().because(String::from_utf8_lossy(&output.stderr).trim())),
        }
    }

    fn failed(&self) -> CommandError {
        CommandError::usage(format!("--since {}: git does not tell what was there", self.revision))
            .hint(Hint::SinceUnknown)
    }
}
