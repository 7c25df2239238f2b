//! What was there already, at another revision of git.

use std::process::Command;

use alembic_core::{Node, lockfile::Lockfile};
use alembic_runtime::cli::CommandError;

use crate::project::Project;

/// Returns the revisions that are as they were at a revision of git, by the lock file that was committed there.
pub(super) fn unchanged(project: &Project, revision: &str) -> Result<Vec<Node>, CommandError> {
    let failed =
        |why: String| CommandError::usage(format!("--since {revision}: git does not tell what was there")).because(why);
    let name = format!("{revision}:./{}", project.lock_name());
    let shown = Command::new("git").arg("-C").arg(&project.package.root).args(["show", &name]).output();
    let shown = shown.map_err(|error| failed(format!("could not run git: {error}")))?;
    if !shown.status.success() {
        let said = String::from_utf8_lossy(&shown.stderr).trim().to_owned();
        // Before the first revision there was no lock file.
        return if said.contains("does not exist") || said.contains("exists on disk, but not in") {
            Ok(Vec::new())
        } else {
            Err(failed(said))
        };
    }
    let lock =
        Lockfile::parse(&String::from_utf8_lossy(&shown.stdout)).map_err(|error| failed(format!("{name}: {error}")))?;
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
