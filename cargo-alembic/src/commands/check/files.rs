//! What the files say without a database.

use alembic_graph::Hint;
use alembic_sql::wording::{count, joined};

use super::{Finding, Passed, Said};
use crate::project::Project;

pub(super) fn check(project: &Project) -> Said {
    let graph = &project.graph;
    let mut findings = Vec::new();
    if !project.lock_is_current() {
        let finding = Finding::new(format!("`{}` is not up to date", project.lock_name()));
        findings.push(finding.at(&project.lock_name(), 1).hint(Hint::LockIsStale));
    }
    for problem in &project.passed_over {
        let finding = Finding::new(problem.message.clone()).at(&problem.path, 1);
        findings.push(problem.hint.as_deref().cloned().into_iter().fold(finding, Finding::hint));
    }
    let heads = graph.heads();
    if heads.len() > 1 {
        let finding =
            Finding::new(format!("{} heads are not merged: {}", heads.len(), joined(graph.ids(heads.iter().copied()))));
        let path = &graph.revision(heads[heads.len() - 1]).path;
        findings.push(finding.at(path, 1).hint(Hint::MergeHeads));
    }
    for node in graph.nodes() {
        let revision = graph.revision(node);
        let file = revision.path.rsplit('/').next().unwrap_or_default();
        if !file.contains(&revision.id) {
            let finding = Finding::new(format!("the file of revision `{}` is not named after it", revision.id));
            findings.push(finding.at(&revision.path, 1).hint(Hint::FileName { revision: revision.id.clone() }));
        }
    }
    match (findings.is_empty(), graph.is_empty()) {
        (false, _) => Err(findings),
        (true, true) => Ok(Passed::Nothing("there are no revisions".to_owned())),
        (true, false) => Ok(Passed::Good(format!("{}, one head", count(graph.len(), "revision")))),
    }
}
