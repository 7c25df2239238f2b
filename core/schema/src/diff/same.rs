//! When two parts of a schema are the same.

use alembic_sql::Dialect;

use super::alike::alike;
use crate::{Constraint, Index, IndexKey};

/// How the parts of two schemas are compared.
#[derive(Debug)]
pub struct Comparison {
    dialect: Dialect,
}

impl Comparison {
    /// Returns the comparison for a database.
    #[must_use]
    pub fn new(dialect: Dialect) -> Self {
        Self { dialect }
    }

    pub(super) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Compares expressions: one may be said in several ways.
    #[must_use]
    pub fn expression(&self, one: &str, other: &str) -> bool {
        alike(one, other, self.dialect)
    }

    /// Compares what constraints say, not what they are called.
    #[must_use]
    pub fn content(&self, before: &Constraint, after: &Constraint) -> bool {
        match (before, after) {
            (Constraint::PrimaryKey(one), Constraint::PrimaryKey(other)) => one.columns == other.columns,
            (Constraint::Unique(one), Constraint::Unique(other)) => {
                one.columns == other.columns && one.deferrable == other.deferrable
            }
            (Constraint::Check(one), Constraint::Check(other)) => self.expression(&one.expression, &other.expression),
            (Constraint::ForeignKey(one), Constraint::ForeignKey(other)) => {
                one.columns == other.columns
                    && one.referred_table == other.referred_table
                    && one.referred_columns == other.referred_columns
                    && one.on_delete == other.on_delete
                    && one.on_update == other.on_update
                    && one.deferrable == other.deferrable
            }
            _ => false,
        }
    }

    /// A name that is not given can be any. What keys are called means nothing.
    pub(super) fn constraint(&self, before: &Constraint, after: &Constraint) -> bool {
        let named = |name: &&String| {
            !matches!(after, Constraint::PrimaryKey(_) | Constraint::ForeignKey(_)) && !name.is_empty()
        };
        let names = before.own_name().filter(named).zip(after.own_name().filter(named));
        self.content(before, after) && names.is_none_or(|(one, other)| one == other)
    }

    /// Compares indexes.
    #[must_use]
    pub fn index(&self, before: &Index, after: &Index) -> bool {
        let condition = match (&before.predicate, &after.predicate) {
            (Some(one), Some(other)) => self.expression(one, other),
            (one, other) => one == other,
        };
        let names = before.name.as_ref().zip(after.name.as_ref());
        let keys = before.keys.len() == after.keys.len()
            && before.keys.iter().zip(&after.keys).all(|(one, other)| self.key(one, other));
        let rest = before.unique == after.unique && before.include == after.include && before.method == after.method;
        keys && condition && rest && names.is_none_or(|(one, other)| one == other)
    }

    fn key(&self, before: &IndexKey, after: &IndexKey) -> bool {
        match (before, after) {
            (IndexKey::Written(one), IndexKey::Written(other)) => self.expression(one, other),
            (one, other) => one == other,
        }
    }
}
