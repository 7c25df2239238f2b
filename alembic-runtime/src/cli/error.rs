//! Errors as a person reads them.

use std::{error::Error as StdError, io, io::Write};

use alembic_graph::Hint;
use alembic_sql::url;
use clap::error::{ContextKind, ContextValue};
use serde::Serialize;

use super::{Exit, Invocation, Io, Styles};
use crate::Error;

/// What went wrong, why, and what to do about it.
#[derive(Debug)]
pub struct CommandError {
    /// The message, a lowercase fragment.
    pub message: String,
    /// Its causes, the nearest first.
    pub causes: Vec<String>,
    /// What to do.
    pub hints: Vec<Hint>,
    /// How the process ends.
    pub exit: Exit,
    /// The line of the project that it is about.
    pub at: Option<Box<Location>>,
    /// The revision in Rust that this program was built without, if that is why.
    pub not_compiled: Option<String>,
}

/// A line of one of the project's files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Location {
    /// The file, relative to the package.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
}

impl CommandError {
    /// The command line or the project is wrong; nothing was touched.
    pub fn usage(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            causes: Vec::new(),
            hints: Vec::new(),
            exit: Exit::Usage,
            at: None,
            not_compiled: None,
        }
    }

    /// The database failed or could not be reached.
    pub fn failed(message: impl Into<String>) -> Self {
        Self { exit: Exit::Failed, ..Self::usage(message) }
    }

    /// Adds a cause.
    #[must_use]
    pub fn because(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    /// Adds an error and its causes.
    #[must_use]
    pub fn caused_by(mut self, error: &dyn StdError) -> Self {
        let mut next = Some(error);
        while let Some(error) = next {
            self.causes.push(error.to_string());
            next = error.source();
        }
        self
    }

    /// Names the file and the line that it is about, if there is one; the first one counts.
    #[must_use]
    pub fn at(mut self, place: Option<(&str, usize)>) -> Self {
        let location = place.map(|(path, line)| Box::new(Location { path: path.to_owned(), line }));
        self.at = self.at.or(location);
        self
    }

    /// Adds advice.
    #[must_use]
    pub fn hint(mut self, hint: Hint) -> Self {
        self.hints.push(hint);
        self
    }

    /// Writes the error; a broken pipe is not worth another one.
    pub fn write(&self, w: &mut dyn Write, styles: &Styles, invocation: &Invocation) -> io::Result<()> {
        let (e, h) = (styles.error, styles.hint);
        writeln!(w, "{e}error{e:#}: {}", self.message)?;
        for cause in &self.causes {
            writeln!(w, "  caused by: {}", cause.replace('\n', "\n    "))?;
        }
        for hint in &self.hints {
            writeln!(w, "{h}hint{h:#}: {}", invocation.told(hint))?;
        }
        Ok(())
    }
}

impl From<Error> for CommandError {
    fn from(error: Error) -> Self {
        let hint = error.hint();
        let this =
            if error.touched_the_database() { Self::failed(error.to_string()) } else { Self::usage(error.to_string()) };
        let this = this.at(error.place());
        let this = match &error {
            Error::NotCompiled { revision, .. } => Self { not_compiled: Some(revision.clone()), ..this },
            _ => this,
        };
        let this = match (&error, StdError::source(&error)) {
            (Error::Io { .. }, Some(source)) => this.caused_by(source),
            _ => this,
        };
        hint.into_iter().fold(this, Self::hint)
    }
}

impl From<alembic_graph::identifier::TargetError> for CommandError {
    fn from(error: alembic_graph::identifier::TargetError) -> Self {
        Error::from(error).into()
    }
}

impl From<alembic_graph::plan::WorkError> for CommandError {
    fn from(error: alembic_graph::plan::WorkError) -> Self {
        Error::from(error).into()
    }
}

impl From<io::Error> for CommandError {
    fn from(error: io::Error) -> Self {
        let exit = if error.kind() == io::ErrorKind::BrokenPipe { Exit::Success } else { Exit::Usage };
        if error.kind() == io::ErrorKind::Unsupported {
            return Self::usage(error.to_string());
        }
        Self { exit, ..Self::usage("could not write the output").caused_by(&error) }
    }
}

/// Prints clap's message, help included, and returns the exit status.
pub fn clap_exit(error: clap::Error, io: &mut Io<'_>) -> Exit {
    let error = without_passwords(error);
    let (stream, color): (&mut dyn Write, bool) =
        if error.use_stderr() { (&mut *io.err, io.err_color) } else { (&mut *io.out, io.out_color) };
    let text = error.render();
    let written = if color { write!(stream, "{}", text.ansi()) } else { write!(stream, "{text}") };
    match written {
        Ok(()) if !error.use_stderr() => Exit::Success,
        _ => Exit::Usage,
    }
}

/// Takes the password out of a URL that is given where none is expected.
fn without_passwords(mut error: clap::Error) -> clap::Error {
    for kind in [ContextKind::InvalidArg, ContextKind::InvalidValue, ContextKind::InvalidSubcommand] {
        let Some(ContextValue::String(text)) = error.get(kind) else { continue };
        let shown = url::shown(text);
        if shown != *text {
            error.insert(kind, ContextValue::String(shown));
            error.remove(ContextKind::Suggested);
        }
    }
    error
}
