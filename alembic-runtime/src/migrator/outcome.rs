//! What a failed run left behind.

use std::fmt;

use alembic_sql::wording::count;

/// What a failed run left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The transaction of the step was rolled back; these revisions were committed before.
    RolledBack {
        /// How many steps are committed.
        committed: usize,
        /// How many steps before the failed one were rolled back with it.
        undone: usize,
    },
    /// The transaction of the caller was open all the time: only what the failed step did was taken back.
    InCallersTransaction {
        /// How many steps before it are done in that transaction.
        done: usize,
        /// How many steps before the failed one were taken back with it.
        undone: usize,
    },
    /// The server does not say; the next run finds out from the log and the catalog.
    Unknown,
    /// Whatever it is, it is in a scratch database.
    OnScratch,
    /// Something was done besides operations, and nobody knows what of it stays.
    ByHand,
    /// The statements before the failed one are committed, and the log says so.
    Partial {
        /// How many statements of the revision are done.
        done: usize,
    },
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::RolledBack { committed: 0, undone: 0 } => f.write_str("nothing was changed"),
            Self::RolledBack { committed: 0, undone } => {
                write!(f, "nothing was changed: {} before it rolled back too", the(undone, "revision"))
            }
            Self::RolledBack { committed, undone: 0 } => {
                write!(f, "the revision rolled back; {} before it committed", the(committed, "revision"))
            }
            Self::RolledBack { committed, undone } => write!(
                f,
                "{} rolled back with it; {} before them committed",
                the(undone, "revision"),
                the(committed, "revision")
            ),
            Self::InCallersTransaction { done, undone } => {
                let (back, kept) = (
                    if undone == 0 { "the revision".to_owned() } else { the(undone, "revision") },
                    the(done, "revision"),
                );
                let with_it = if undone == 0 { "" } else { " with it" };
                write!(f, "{back} rolled back{with_it}; {kept} before it: done in your transaction, not committed")
            }
            Self::OnScratch => f.write_str("that was on the scratch database; the live database is unchanged"),
            Self::Unknown => {
                f.write_str("some of this statement may have taken effect: the next run finds out, or asks")
            }
            Self::ByHand => {
                f.write_str("its code has used the connection itself: what that has left, only a person can tell")
            }
            Self::Partial { done: 0 } => f.write_str("no statement of the revision is applied"),
            Self::Partial { done } => {
                write!(f, "{} of it {} committed", count(done, "statement"), if done == 1 { "is" } else { "are" })
            }
        }
    }
}

/// Returns `the revision`, `the 2 revisions`.
fn the(n: usize, noun: &str) -> String {
    if n == 1 { format!("the {noun}") } else { format!("the {n} {noun}s") }
}
