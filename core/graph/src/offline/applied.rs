//! Scripts that run only the steps that a database still needs.
//!
//! The revisions that are applied are listed in a temporary table, where each step looks whether it is needed
//! and writes what it has done. The rows of the version table follow from that list.

use std::collections::BTreeSet;

use alembic_sql::{Dialect, can_be_prepared};

use super::{
    Offline, OfflineError,
    safeguards::{Made, Safeguards},
    text::Text,
};
use crate::{
    Graph,
    plan::{Direction, Work, first_line},
    version_table::VersionTable,
};

/// Returns an error for the first statement that a script could not skip.
pub(super) fn refuse(dialect: Dialect, work: &[Work]) -> Result<(), OfflineError> {
    if dialect == Dialect::Sqlite {
        return Err(OfflineError::NoConditions { dialect });
    }
    if !dialect.is_mysql_family() {
        return Ok(());
    }
    let mut statements = work.iter().flat_map(|step| step.statements.iter().map(move |statement| (step, statement)));
    let found = statements.find(|(_, statement)| !can_be_prepared(&statement.text, dialect));
    let Some((step, statement)) = found else { return Ok(()) };
    Err(OfflineError::Unconditional {
        id: step.id.clone(),
        path: step.path.clone(),
        line: statement.line,
        statement: first_line(statement, dialect),
        reason: "the server takes no such statement as a prepared one",
    })
}

/// Returns every revision with each that it follows or depends on, once.
pub(super) fn edges(graph: &Graph) -> BTreeSet<(String, String)> {
    let id = |node| graph.id(node).to_owned();
    graph.nodes().flat_map(|node| graph.all_parents(node).map(move |parent| (id(node), id(parent)))).collect()
}

/// Stops the client unless what is before the first step is applied.
pub(super) fn check_start(
    offline: &Offline<'_>,
    made: &Made,
    work: &[Work],
    safeguards: &dyn Safeguards,
    out: &mut Text,
) {
    let upgrade = work.first().is_some_and(|step| step.step.direction == Direction::Upgrade);
    if made.rows.is_empty() || !upgrade {
        return;
    }
    let rows: Vec<String> = made.rows.iter().map(|row| offline.dialect.literal(row)).collect();
    let applied =
        format!("(SELECT COUNT(*) FROM alembic_applied WHERE revision IN ({})) = {}", rows.join(", "), rows.len());
    let problem = format!("this script begins after {}, which is not applied here", made.place);
    safeguards.check(&applied, &problem, out);
}

/// Returns the condition under which a step is needed.
pub(super) fn condition(work: &Work) -> String {
    let not = if work.step.direction == Direction::Downgrade { "" } else { "NOT " };
    format!("{not}EXISTS (SELECT 1 FROM alembic_applied WHERE revision = {})", work.dialect.literal(&work.id))
}

/// Returns the statements that make the version table say that the step is done, wherever it was before.
pub(super) fn changes(graph: &Graph, table: &VersionTable, work: &Work) -> Vec<String> {
    let (dialect, versions) = (work.dialect, table.qualified(work.dialect));
    let Some(node) = work.step.revision else { return Vec::new() };
    let literals = |nodes: &mut dyn Iterator<Item = crate::Node>| {
        nodes.map(|node| dialect.literal(graph.id(node))).collect::<Vec<_>>().join(", ")
    };
    let id = dialect.literal(&work.id);
    if work.step.direction == Direction::Upgrade {
        let parents = literals(&mut graph.all_parents(node));
        let delete = format!("DELETE FROM {versions} WHERE version_num IN ({parents})");
        let delete = Some(delete).filter(|_| !parents.is_empty());
        let insert = format!("INSERT INTO {versions} (version_num) VALUES ({id})");
        let list = format!("INSERT INTO alembic_applied (revision) VALUES ({id})");
        return delete.into_iter().chain([insert, list]).collect();
    }
    let mut changes = vec![
        format!("DELETE FROM {versions} WHERE version_num = {id}"),
        format!("DELETE FROM alembic_applied WHERE revision = {id}"),
    ];
    for parent in graph.all_parents(node) {
        let children = literals(&mut graph.all_children(parent));
        let from = if dialect.is_mysql_family() { " FROM DUAL" } else { "" };
        changes.push(format!(
            "INSERT INTO {versions} (version_num) SELECT {}{from} WHERE NOT EXISTS \
             (SELECT 1 FROM alembic_applied WHERE revision IN ({children}))",
            dialect.literal(graph.id(parent))
        ));
    }
    changes
}
