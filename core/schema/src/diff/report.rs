//! Differences, said one by one.

use std::fmt;

use alembic_sql::{Dialect, wording::joined};

use super::{ColumnDiff, Diff, TableDiff};
use crate::{Constraint, ForeignKey, Identity, Index, IndexKey, Name};

/// What became of a part of a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are what they are called")]
pub enum Change {
    Added,
    Removed,
    Changed,
    Renamed,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
            Self::Renamed => "renamed",
        })
    }
}

/// What a difference is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are what they are called")]
pub enum Subject {
    Table,
    Column,
    Type,
    Nullable,
    Default,
    Identity,
    Collation,
    Attributes,
    Comment,
    PrimaryKey,
    UniqueConstraint,
    CheckConstraint,
    ForeignKey,
    Index,
    Enum,
    EnumValue,
    Options,
    /// A part that is known as text.
    Other,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Table => "table",
            Self::Column => "column",
            Self::Type => "type",
            Self::Nullable => "nullability",
            Self::Default => "default",
            Self::Identity => "numbering",
            Self::Collation => "collation",
            Self::Attributes => "attributes",
            Self::Comment => "comment",
            Self::PrimaryKey => "primary key",
            Self::UniqueConstraint => "unique constraint",
            Self::CheckConstraint => "check constraint",
            Self::ForeignKey => "foreign key",
            Self::Index => "index",
            Self::Enum => "enum",
            Self::EnumValue => "enum value",
            Self::Options => "table options",
            Self::Other => "part",
        })
    }
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What became of it.
    pub change: Change,
    /// What it is about.
    pub subject: Subject,
    /// The table, or the enumeration type.
    pub table: Name,
    /// The column, or what else of the table.
    pub part: Option<String>,
    /// How it was.
    pub before: Option<String>,
    /// How it is to be.
    pub after: Option<String>,
}

impl Difference {
    pub(super) fn new(change: Change, subject: Subject, table: &Name, part: Option<&str>) -> Self {
        Self { change, subject, table: table.clone(), part: part.map(str::to_owned), before: None, after: None }
    }

    pub(super) fn previously(mut self, before: &str) -> Self {
        self.before = Some(before.to_owned());
        self
    }

    fn told(mut self, before: Option<String>, after: Option<String>) -> Self {
        let none = || Some("none".to_owned());
        (self.before, self.after) = (before.or_else(none), after.or_else(none));
        self
    }
}

/// In Alembic's words.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { change, subject, table, part, before, after } = self;
        match (subject, part) {
            (Subject::Table | Subject::Enum | Subject::Options, _) | (Subject::Comment, None) => {
                write!(f, "{change} {subject} `{table}`")?;
            }
            (Subject::Column, Some(part)) => write!(f, "{change} column `{table}.{part}`")?,
            (
                Subject::Type
                | Subject::Nullable
                | Subject::Default
                | Subject::Identity
                | Subject::Collation
                | Subject::Attributes
                | Subject::Comment,
                Some(part),
            ) => {
                write!(f, "{change} {subject} of `{table}.{part}`")?;
            }
            // It says what it is.
            (Subject::Other, Some(part)) => write!(f, "{change} {part} of `{table}`")?,
            (_, Some(part)) => write!(f, "{change} {subject} `{part}` of `{table}`")?,
            (_, None) => write!(f, "{change} {subject} of `{table}`")?,
        }
        match (before, after) {
            (Some(before), Some(after)) => write!(f, " from {before} to {after}"),
            (Some(before), None) => write!(f, ", was `{before}`"),
            _ => Ok(()),
        }
    }
}

impl Diff {
    /// Returns each difference.
    #[must_use]
    pub fn differences(&self, dialect: Dialect) -> Vec<Difference> {
        let new = |change, subject: Subject, name: &Name| Difference::new(change, subject, name, None);
        let mut all = Vec::new();
        all.extend(self.created_enums.iter().map(|created| new(Change::Added, Subject::Enum, &created.name)));
        for diff in &self.altered_enums {
            let value =
                |change, value: &String| Difference::new(change, Subject::EnumValue, &diff.after.name, Some(value));
            let before = all.len();
            all.extend(diff.added_values().into_iter().map(|text| value(Change::Added, text)));
            all.extend(diff.dropped_values().into_iter().map(|text| value(Change::Removed, text)));
            if all.len() == before {
                all.push(
                    new(Change::Changed, Subject::Enum, &diff.after.name)
                        .told(Some(joined(&diff.before.values)), Some(joined(&diff.after.values))),
                );
            }
        }
        all.extend(self.created_tables.iter().map(|table| new(Change::Added, Subject::Table, &table.name)));
        all.extend(self.dropped_tables.iter().map(|table| new(Change::Removed, Subject::Table, &table.name)));
        for diff in &self.altered_tables {
            diff.differences(dialect, &mut all);
        }
        all.extend(self.dropped_enums.iter().map(|dropped| new(Change::Removed, Subject::Enum, &dropped.name)));
        all
    }
}

impl TableDiff {
    fn differences(&self, dialect: Dialect, all: &mut Vec<Difference>) {
        let table = &self.after.name;
        let new = |change, subject, part: Option<&str>| Difference::new(change, subject, table, part);
        let again = self.added_again();
        for column in &self.added {
            let change = if again.contains(&column.name) { Change::Changed } else { Change::Added };
            all.push(new(change, Subject::Column, Some(&column.name)));
        }
        for column in &self.altered {
            column.differences(table, dialect, all);
        }
        all.extend(self.gone().map(|column| new(Change::Removed, Subject::Column, Some(&column.name))));
        for (change, constraints) in
            [(Change::Removed, &self.dropped_constraints), (Change::Added, &self.created_constraints)]
        {
            all.extend(
                constraints
                    .iter()
                    .map(|constraint| of_constraint(new(change, subject_of(constraint), None), constraint)),
            );
        }
        for (change, keys) in [(Change::Removed, &self.dropped_keys), (Change::Added, &self.created_keys)] {
            all.extend(keys.iter().map(|key| new(change, Subject::ForeignKey, Some(&key_text(key)))));
        }
        for (change, indexes) in [(Change::Removed, &self.dropped_indexes), (Change::Added, &self.created_indexes)] {
            all.extend(indexes.iter().map(|index| new(change, Subject::Index, Some(&index_text(index)))));
        }
        for (change, others) in [
            (Change::Removed, &self.dropped_others),
            (Change::Added, &self.created_others),
            (Change::Changed, &self.altered_others),
        ] {
            all.extend(others.iter().map(|other| new(change, Subject::Other, Some(&other.to_string()))));
        }
        for (before, after) in &self.renamed_constraints {
            let renamed = of_constraint(new(Change::Renamed, subject_of(after), None), after);
            all.push(renamed.previously(before.own_name().map_or("", String::as_str)));
        }
        for (before, after) in &self.renamed_indexes {
            let renamed = new(Change::Renamed, Subject::Index, Some(&index_text(after)));
            all.push(renamed.previously(&index_text(before)));
        }
        if self.comment {
            let text = |comment: &Option<String>| comment.as_ref().map(|comment| dialect.literal(comment));
            all.push(
                new(Change::Changed, Subject::Comment, None)
                    .told(text(&self.before.comment), text(&self.after.comment)),
            );
        }
        if self.options {
            let text = |table: &crate::Table| {
                let options = table.options.iter().map(|option| option.sql.as_str());
                (!table.options.is_empty()).then(|| joined(options))
            };
            all.push(new(Change::Changed, Subject::Options, None).told(text(&self.before), text(&self.after)));
        }
    }
}

fn subject_of(constraint: &Constraint) -> Subject {
    match constraint {
        Constraint::PrimaryKey(_) => Subject::PrimaryKey,
        Constraint::Unique(_) => Subject::UniqueConstraint,
        Constraint::ForeignKey(_) => Subject::ForeignKey,
        Constraint::Check(_) => Subject::CheckConstraint,
    }
}

fn of_constraint(difference: Difference, constraint: &Constraint) -> Difference {
    let part = match constraint {
        Constraint::PrimaryKey(key) => format!("({})", joined(&key.columns)),
        Constraint::Unique(unique) => unique.name.clone().unwrap_or_else(|| format!("({})", joined(&unique.columns))),
        Constraint::Check(check) => check.name.clone().unwrap_or_else(|| check.expression.clone()),
        Constraint::ForeignKey(key) => key_text(key),
    };
    Difference { part: Some(part), ..difference }
}

/// Names of foreign keys mean nothing.
fn key_text(key: &ForeignKey) -> String {
    format!("({}) -> {}({})", joined(&key.columns), key.referred_table, joined(&key.referred_columns))
}

fn index_text(index: &Index) -> String {
    let key = |key: &IndexKey| match key {
        IndexKey::Column(name) | IndexKey::Descending(name) | IndexKey::Expression(name) | IndexKey::Written(name) => {
            name.clone()
        }
    };
    index.name.clone().unwrap_or_else(|| format!("({})", joined(index.keys.iter().map(key))))
}

impl ColumnDiff {
    fn differences(&self, table: &Name, dialect: Dialect, all: &mut Vec<Difference>) {
        let (before, after) = (&self.before, &self.after);
        let mut push = |subject, one: Option<String>, other: Option<String>| {
            all.push(Difference::new(Change::Changed, subject, table, Some(&after.name)).told(one, other));
        };
        if before.column_type != after.column_type {
            push(Subject::Type, Some(before.column_type.sql(dialect)), Some(after.column_type.sql(dialect)));
        }
        if before.nullable != after.nullable {
            let text = |nullable| Some(if nullable { "NULL" } else { "NOT NULL" }.to_owned());
            push(Subject::Nullable, text(before.nullable), text(after.nullable));
        }
        if before.default != after.default || before.on_update != after.on_update {
            let text = |column: &crate::Column| {
                let default = column.default.as_ref().and_then(|default| default.text(dialect));
                let on_update = column.on_update.as_ref().map(|on_update| format!("ON UPDATE {on_update}"));
                (default.is_some() || on_update.is_some()).then(|| joined(default.into_iter().chain(on_update)))
            };
            push(Subject::Default, text(before), text(after));
        }
        if before.identity != after.identity || before.sequence != after.sequence {
            let text = |column: &crate::Column| {
                let word = match column.identity? {
                    Identity::ByDefault => "identity",
                    Identity::Always => "identity always",
                    Identity::Serial => "serial",
                };
                Some(format!("{word}{}", column.sequence))
            };
            push(Subject::Identity, text(before), text(after));
        }
        if before.collation != after.collation {
            push(Subject::Collation, before.collation.clone(), after.collation.clone());
        }
        if before.attributes != after.attributes {
            push(Subject::Attributes, before.attributes.clone(), after.attributes.clone());
        }
        if before.comment != after.comment {
            let text = |comment: &Option<String>| comment.as_ref().map(|comment| dialect.literal(comment));
            push(Subject::Comment, text(&before.comment), text(&after.comment));
        }
    }
}
