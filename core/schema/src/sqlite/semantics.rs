//! Meaning of the clauses of a `CREATE TABLE`, as far as a rebuild depends on it.

use super::{
    text::{Clause, ClauseKind, ColumnText, TableText},
    words::{is, mentions, name_of, tokens},
};
use crate::{Check, Constraint, ConstraintKind, ForeignKey, PrimaryKey, Unique};

impl TableText {
    /// Returns whether the key is `AUTOINCREMENT`: numbers of deleted rows are never reused.
    pub(crate) fn is_autoincrement(&self) -> bool {
        let clauses = self.columns.iter().flat_map(|column| &column.clauses).chain(&self.constraints);
        let mut keys = clauses.filter(|clause| clause.kind == ClauseKind::PrimaryKey);
        keys.any(|clause| mentions(&clause.text, "AUTOINCREMENT"))
    }

    /// Returns the column that is an alias of the rowid, if there is one.
    pub(crate) fn rowid_alias(&self) -> Option<&str> {
        let is_key = |column: &&ColumnText| {
            let alone =
                |clause: &Clause| clause.kind == ClauseKind::PrimaryKey && columns_of(clause) == [column.name.clone()];
            column.column_type.eq_ignore_ascii_case("INTEGER")
                && (column.has(ClauseKind::PrimaryKey) || self.constraints.iter().any(alone))
        };
        let has_numbers = !self.has_option(&["WITHOUT", "ROWID"]);
        self.columns.iter().find(is_key).filter(|_| has_numbers).map(|column| column.name.as_str())
    }

    /// Returns a name for the rowid, if no column is an alias of it.
    pub(crate) fn implicit_rowid(&self) -> Option<&'static str> {
        let hidden = !self.has_option(&["WITHOUT", "ROWID"]) && self.rowid_alias().is_none();
        ["rowid", "_rowid_", "oid"].into_iter().find(|name| hidden && self.column(name).is_none())
    }
}

/// Returns the text after the first opening parenthesis.
pub(crate) fn inside(text: &str) -> &str {
    text.split_once('(').map_or(text, |(_, inner)| inner)
}

/// Returns the text of a `CREATE INDEX` after the name of the table.
pub(crate) fn after_on(sql: &str) -> &str {
    let tokens = tokens(sql).unwrap_or_default();
    let on = tokens.iter().position(|token| is(token, "ON"));
    on.and_then(|on| tokens.get(on + 2)).map_or(sql, |first| &sql[first.start..])
}

impl From<ConstraintKind> for ClauseKind {
    fn from(kind: ConstraintKind) -> Self {
        match kind {
            ConstraintKind::PrimaryKey => Self::PrimaryKey,
            ConstraintKind::Unique => Self::Unique,
            ConstraintKind::ForeignKey => Self::References,
            ConstraintKind::Check => Self::Check,
        }
    }
}

pub(crate) fn constraint_kind(kind: ClauseKind) -> Option<ConstraintKind> {
    match kind {
        ClauseKind::PrimaryKey => Some(ConstraintKind::PrimaryKey),
        ClauseKind::Unique => Some(ConstraintKind::Unique),
        ClauseKind::References => Some(ConstraintKind::ForeignKey),
        ClauseKind::Check => Some(ConstraintKind::Check),
        ClauseKind::NotNull | ClauseKind::Null | ClauseKind::Default | ClauseKind::Collate | ClauseKind::Generated => {
            None
        }
    }
}

/// Returns the names in the first parentheses, without the order or collation that may follow each.
pub(crate) fn columns_of(clause: &Clause) -> Vec<String> {
    let tokens = tokens(&clause.text).unwrap_or_default();
    let inside: Vec<_> =
        tokens.iter().skip_while(|token| token.text != "(").skip(1).take_while(|token| token.depth > 0).collect();
    inside.split(|token| token.text == ",").filter_map(|item| item.first().and_then(|token| name_of(token))).collect()
}

/// Parses a constraint as far as its name by convention depends on it.
pub(crate) fn constraint(clause: &Clause, column: Option<&str>) -> Constraint {
    let columns = column.map_or_else(|| columns_of(clause), |column| vec![column.to_owned()]);
    let columns = columns.iter().map(String::as_str);
    match clause.kind {
        ClauseKind::PrimaryKey => PrimaryKey::new(columns).into(),
        ClauseKind::Unique => Unique::new(columns).into(),
        ClauseKind::References => {
            let tokens = tokens(&clause.text).unwrap_or_default();
            let referred = tokens.iter().skip_while(|token| !is(token, "REFERENCES")).nth(1);
            let referred = referred.and_then(name_of).unwrap_or_default();
            ForeignKey::new(columns, referred.as_str(), []).into()
        }
        _ => {
            let inner = clause.text.split_once('(').and_then(|(_, rest)| rest.rsplit_once(')'));
            Check::new(inner.map_or("", |(expression, _)| expression)).into()
        }
    }
}
