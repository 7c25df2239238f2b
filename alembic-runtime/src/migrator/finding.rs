//! One contradiction between a database and the graph.

use std::fmt;

use alembic_graph::Hint;
use alembic_sql::wording::count;
use serde::Serialize;

/// How the note of what a person decided begins.
pub(super) const SAID: &str = "a person said: ";

/// One contradiction between a database and the graph.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "finding", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Finding {
    /// The version table names a revision that is not in the graph.
    Unknown {
        /// The row.
        revision: String,
    },
    /// An applied revision has another text now.
    Edited {
        /// The revision.
        revision: String,
        /// Its file.
        path: String,
    },
    /// Only comments and space of an applied revision have changed: a warning.
    CommentsEdited {
        /// The revision.
        revision: String,
        /// Its file.
        path: String,
    },
    /// The schema is not the one that the revisions leave: a warning.
    Drift,
    /// One of our own tables is in an engine without transactions; or in another character set: a warning.
    IllStored {
        /// The table.
        table: String,
        /// The engine or the character set that is in the way, as in SQL.
        with: String,
        /// The statement that converts the table.
        convert: String,
    },
    /// A revision is before an applied one, and was not applied itself.
    NeverApplied {
        /// The revision.
        revision: String,
        /// Its file.
        path: String,
    },
    /// The version table names a revision together with its ancestor.
    Overlap {
        /// The later one.
        revision: String,
        /// Its ancestor.
        ancestor: String,
    },
    /// A step outside a transaction did not come to its end, and the version table counts it as done: no run of ours
    /// leaves that.
    RecordedElsewhere {
        /// The revision.
        revision: String,
        /// `upgrade` or `downgrade`.
        direction: String,
        /// How many statements are known to be done.
        done: usize,
        /// How many there are.
        of: usize,
    },
    /// A step outside a transaction did not come to its end.
    Unfinished {
        /// The revision.
        revision: String,
        /// `upgrade` or `downgrade`.
        direction: String,
        /// How many statements are known to be done.
        done: usize,
        /// How many there are.
        of: usize,
        /// Whether it is running, or its process died; else a statement failed.
        interrupted: bool,
        /// Why it stopped, as the server said.
        error: Option<String>,
    },
    /// A statement of an interrupted step may or may not have taken effect, and the catalog cannot
    /// tell.
    Undecided {
        /// The revision.
        revision: String,
        /// Its file.
        path: String,
        /// The line of the file.
        line: usize,
        /// Which statement, from 1.
        number: usize,
        /// How many there are.
        of: usize,
        /// The statement.
        statement: String,
    },
    /// An interrupted function has used the connection in ways that the log knows nothing of.
    ByHand {
        /// The revision.
        revision: String,
        /// Its file.
        path: String,
        /// The line of the function.
        line: usize,
        /// How many operations are done.
        done: usize,
    },
    /// An unfinished step needs what went with the session that began it: a temporary table, or the
    /// value of a variable.
    Forgotten {
        /// The revision.
        revision: String,
        /// Its file.
        path: String,
        /// The line of the file.
        line: usize,
        /// How many statements are done.
        done: usize,
        /// The statement that left it there.
        statement: String,
    },
    /// The part of an unfinished step that is done has another text now.
    Rewritten {
        /// The revision.
        revision: String,
        /// Its file.
        path: String,
        /// How many statements are done.
        done: usize,
    },
}

impl Finding {
    /// Returns what to do about it.
    #[must_use]
    pub fn hint(&self) -> Hint {
        match self {
            Self::Unknown { .. } => Hint::DatabaseIsAhead,
            Self::Edited { revision, .. } => Hint::Edited { revision: revision.clone() },
            Self::Drift => Hint::Drift,
            Self::IllStored { convert, .. } => Hint::IllStored { convert: convert.clone() },
            Self::CommentsEdited { revision, .. } => Hint::CommentsEdited { revision: revision.clone() },
            Self::NeverApplied { revision, .. } => Hint::NeverApplied { revision: revision.clone() },
            Self::Overlap { revision, .. } => Hint::Overlap { revision: revision.clone() },
            Self::Unfinished { revision, direction, interrupted, .. } => {
                let (revision, direction) = (revision.clone(), direction.clone());
                let counts_as = if direction == "downgrade" { "applied" } else { "not applied" };
                if *interrupted {
                    Hint::Interrupted { revision, direction, counts_as }
                } else {
                    Hint::Unfinished { revision, direction, counts_as }
                }
            }
            Self::RecordedElsewhere { revision, direction, .. } => {
                Hint::RecordedElsewhere { revision: revision.clone(), direction: direction.clone() }
            }
            Self::Undecided { revision, number, .. } => Hint::Undecided { revision: revision.clone(), step: *number },
            Self::ByHand { revision, .. } | Self::Forgotten { revision, .. } => {
                Hint::ByHand { revision: revision.clone() }
            }
            Self::Rewritten { revision, done, .. } => {
                Hint::Rewritten { revision: revision.clone(), done: count(*done, "statement") }
            }
        }
    }

    /// Returns whether it stands in no one's way.
    #[must_use]
    pub fn is_warning(&self) -> bool {
        match self {
            Self::CommentsEdited { .. } | Self::Drift => true,
            Self::IllStored { with, .. } => !with.starts_with("ENGINE"),
            _ => false,
        }
    }

    /// Returns the revision that it is about, if its text may say more.
    pub(super) fn revision(&self) -> Option<&str> {
        match self {
            Self::Edited { revision, .. } | Self::Unfinished { revision, .. } => Some(revision),
            _ => None,
        }
    }

    /// Returns the revision if it is one whose text was edited after it was applied.
    pub(crate) fn edited_revision(&self) -> Option<&str> {
        match self {
            Self::Edited { revision, .. } | Self::CommentsEdited { revision, .. } => Some(revision),
            _ => None,
        }
    }
}

/// Returns where a step stopped.
fn place(done: usize, of: usize) -> String {
    if done < of { format!("at statement {} of {of}", done + 1) } else { format!("after {}", count(done, "operation")) }
}

/// Returns what it means that one of our tables was made with such an engine or character set.
fn means(with: &str) -> &'static str {
    if with.starts_with("ENGINE") {
        "which knows no transactions: a revision and the note of it do not commit together"
    } else {
        "in which ids cannot be compared, or not every message written"
    }
}

impl Finding {
    fn recorded_elsewhere(&self) -> String {
        let Self::RecordedElsewhere { revision, direction, done, of } = self else { return String::new() };
        let of = count(*of, "statement");
        format!(
            "the log says that the {direction} of `{revision}` stopped after {done} of {of}, and the version table counts it \
             as done: somebody else has written that"
        )
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { revision } => {
                write!(
                    f,
                    "it is at revision `{revision}`, which this program does not know: the database is ahead of the program"
                )
            }
            Self::Edited { revision, path } => {
                write!(f, "revision `{revision}` ({path}) was edited after it was applied")
            }
            Self::NeverApplied { revision, path } => write!(
                f,
                "revision `{revision}` ({path}) comes before an applied revision and is not recorded as applied"
            ),
            Self::Overlap { revision, ancestor } => {
                write!(f, "the version table names `{revision}` and its ancestor `{ancestor}`")
            }
            Self::Drift => f.write_str("the schema is not the one that the revisions leave"),
            Self::IllStored { table, with, .. } => write!(f, "table `{table}` was made with {with}, {}", means(with)),
            Self::CommentsEdited { revision, path } => {
                write!(f, "comments of revision `{revision}` ({path}) were edited after it was applied")
            }
            Self::Unfinished { revision, direction, done, of, interrupted: true, .. } => write!(
                f,
                "the {direction} of `{revision}` is running, or was interrupted, after {done} of {}",
                count(*of, "statement")
            ),
            Self::Unfinished { revision, direction, done, error: Some(said), .. } if said.starts_with(SAID) => {
                write!(f, "the {direction} of `{revision}` is to go on after {}: {said}", count(*done, "statement"))
            }
            Self::Unfinished { revision, direction, done, of, error, .. } => {
                write!(f, "the {direction} of `{revision}` stopped {}", place(*done, *of))?;
                error.as_ref().map_or(Ok(()), |error| write!(f, ": {error}"))
            }
            Self::RecordedElsewhere { .. } => f.write_str(&self.recorded_elsewhere()),
            Self::Undecided { revision, path, line, number, of, statement } => write!(
                f,
                "an earlier run was interrupted in statement {number} of {of} of revision `{revision}` ({path}:{line}), and \
                 the catalog does not tell whether it took effect: {}",
                statement.lines().next().unwrap_or_default()
            ),
            Self::ByHand { revision, path, line, done } => write!(
                f,
                "revision `{revision}` ({path}:{line}) stopped after {} and after it had used the connection itself: what \
                 that has left, only a person can tell",
                count(*done, "operation")
            ),
            Self::Forgotten { revision, path, line, done, statement } => write!(
                f,
                "revision `{revision}` stopped after {}, and what `{}` ({path}:{line}) left in its session is gone",
                count(*done, "statement"),
                statement.lines().next().unwrap_or_default()
            ),
            Self::Rewritten { revision, path, done } => write!(
                f,
                "revision `{revision}` ({path}) was edited within its first {}, which are applied already",
                count(*done, "statement")
            ),
        }
    }
}
