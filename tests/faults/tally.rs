//! What came of the runs, as a table.

use std::fmt;

use alembic_runtime::{Error, Finding};

/// What came of one run that was disturbed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The next run finished the work.
    Recovered,
    /// The next run said what a person has to decide.
    Asked,
    /// Anything else.
    Wrong(String),
}

impl Ending {
    /// Judges the run that followed, and what the database looks like after it.
    pub(crate) fn judge(result: Result<(), Error>, mistakes: impl FnOnce() -> Vec<String>) -> Self {
        match result {
            Ok(()) => {
                let mistakes = mistakes();
                if mistakes.is_empty() { Self::Recovered } else { Self::Wrong(mistakes.join("; ")) }
            }
            Err(Error::Inconsistent(findings)) if findings.iter().all(|f| matches!(f, Finding::Undecided { .. })) => {
                Self::Asked
            }
            Err(error) => Self::Wrong(error.to_string()),
        }
    }
}

/// One row of the table.
#[derive(Debug, Clone, Default)]
pub(crate) struct Row {
    pub(crate) scenario: String,
    pub(crate) runs: usize,
    pub(crate) recovered: usize,
    pub(crate) asked: usize,
    pub(crate) wrong: Vec<String>,
}

impl Row {
    pub(crate) fn new(scenario: impl Into<String>) -> Self {
        Self { scenario: scenario.into(), ..Self::default() }
    }

    /// Counts a run; `which` says how to find it again.
    pub(crate) fn add(&mut self, ending: Ending, which: impl fmt::Display) {
        self.runs += 1;
        match ending {
            Ending::Recovered => self.recovered += 1,
            Ending::Asked => self.asked += 1,
            Ending::Wrong(why) => self.wrong.push(format!("{which}: {why}")),
        }
    }
}

/// The heading that [`Row`]s go under.
pub(crate) const HEADING: &str = "\
| scenario | runs | recovered by itself | asked a person | wrong |
|---|---:|---:|---:|---:|";

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scenario, runs, recovered, asked, wrong } = self;
        write!(f, "| {scenario} | {runs} | {recovered} | {asked} | {} |", wrong.len())
    }
}
