//! Constraints and indexes of a table that is rebuilt.

use alembic_sql::wording::quoted;

use super::Rebuild;
use crate::{
    Constraint, ConstraintKind,
    operation::{Unsupported, sqlite::SQLITE},
    sqlite::{
        semantics::{constraint, constraint_kind},
        text::Clause,
    },
};

impl Rebuild<'_> {
    pub(super) fn create_constraint(&mut self, constraint: &Constraint) -> Result<(), Unsupported> {
        self.parts.table.constraints.push(self.writer.clause(&self.batch.table, constraint)?);
        Ok(())
    }

    /// Drops a constraint. One without a name is found by that of the naming convention.
    pub(super) fn drop_constraint(&mut self, name: &str, kind: ConstraintKind) -> Result<(), Unsupported> {
        let mut known = Vec::new();
        let mut found = None;
        let table = &self.parts.table;
        let of_columns = table.columns.iter().enumerate();
        let of_columns =
            of_columns.flat_map(|(at, column)| column.clauses.iter().map(move |clause| (Some(at), clause)));
        for (at, clause) in of_columns.chain(table.constraints.iter().map(|clause| (None, clause))) {
            if constraint_kind(clause.kind) != Some(kind) {
                continue;
            }
            let column = at.map(|at| table.columns[at].name.as_str());
            let called = self.clause_name(clause, column);
            if called.eq_ignore_ascii_case(name) {
                found = Some((at, clause.clone()));
            }
            known.push(called);
        }
        let Some((at, clause)) = found else {
            let known = if known.is_empty() { "it has none".to_owned() } else { format!("it has {}", quoted(known)) };
            return Err(self.error(format!("there is no {kind} `{name}`"), known));
        };
        let clauses = match at {
            Some(at) => &mut self.parts.table.columns[at].clauses,
            None => &mut self.parts.table.constraints,
        };
        clauses.retain(|other| *other != clause);
        Ok(())
    }

    pub(super) fn clause_name(&self, clause: &Clause, column: Option<&str>) -> String {
        let unnamed = || self.writer.naming.constraint(&self.batch.table, &constraint(clause, column), SQLITE);
        clause.name.clone().unwrap_or_else(unnamed)
    }

    pub(super) fn drop_index(&mut self, name: &str) -> Result<(), Unsupported> {
        let before = self.parts.indexes.len();
        self.parts.indexes.retain(|(index, _)| !index.eq_ignore_ascii_case(name));
        if self.parts.indexes.len() < before {
            return Ok(());
        }
        let known = quoted(self.parts.indexes.iter().map(|(index, _)| index));
        Err(self.error(format!("there is no index `{name}`"), format!("it has {known}")))
    }
}
