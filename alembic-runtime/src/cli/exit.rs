//! Exit statuses.

use std::process::ExitCode;

/// How a command ended, as the process tells its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// It did what was asked.
    Success = 0,
    /// It worked, and the answer is no: revisions pending, not at the heads.
    Negative = 1,
    /// The command line, the project or the database's state is wrong; nothing was touched.
    Usage = 2,
    /// It failed after touching the database, or could not reach it; the message says how far it got.
    Failed = 3,
    /// SIGINT interrupted it; the message says what is in the database.
    Interrupted = 130,
    /// SIGTERM interrupted it; the message says what is in the database.
    Terminated = 143,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
