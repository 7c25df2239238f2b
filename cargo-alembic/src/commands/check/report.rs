//! What the gates say.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use alembic_runtime::cli::{CommandError, Report, Styles};
use serde::Serialize;

use super::{Gate, Said, in_one_line};

/// What is well, in a few words.
pub(super) type Passed = String;

/// What is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    /// What, in words.
    pub(super) message: String,
    /// The file that it is about, relative to the package.
    pub(super) file: Option<String>,
    /// The line, from 1.
    pub(super) line: Option<usize>,
    /// What to do.
    pub(super) hints: Vec<String>,
}

impl Finding {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), file: None, line: None, hints: Vec::new() }
    }

    pub(super) fn at(mut self, file: &str, line: usize) -> Self {
        (self.file, self.line) = (Some(file.to_owned()), Some(line));
        self
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Takes an error for what it says, and finds the place that it names.
    pub(super) fn of_error(error: &CommandError) -> Self {
        let message = in_one_line(error);
        let place = place(&message);
        let finding = Self { hints: error.hints.clone(), ..Self::new(message) };
        match place {
            Some((file, line)) => finding.at(&file, line),
            None => finding,
        }
    }
}

/// Finds the first `file.sql:12` of a message.
fn place(message: &str) -> Option<(String, usize)> {
    message.split_whitespace().find_map(|word| {
        let word = word.trim_matches(|c: char| matches!(c, '`' | '(' | ')' | ','));
        let mut parts = word.split(':');
        let file = parts.next().filter(|file| file.ends_with(".sql") || file.ends_with(".rs"))?;
        Some((file.to_owned(), parts.next()?.parse().ok()?))
    })
}

/// How a gate stands.
#[derive(Debug, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
enum State {
    /// All is well.
    Passed { summary: String },
    /// Something is not.
    Failed { findings: Vec<Finding> },
    /// It could not be looked at.
    Skipped { reason: String },
}

#[derive(Debug, Serialize)]
struct Entry {
    gate: Gate,
    #[serde(flatten)]
    state: State,
}

/// What all gates say.
#[derive(Debug, Serialize)]
pub(super) struct Checked {
    gates: Vec<Entry>,
    /// Where the package is in its repository.
    #[serde(skip)]
    folder: PathBuf,
}

impl Checked {
    pub(super) fn new(root: &Path) -> Self {
        let repository = root.ancestors().find(|folder| folder.join(".git").exists());
        let folder = repository.and_then(|repository| root.strip_prefix(repository).ok()).unwrap_or(Path::new(""));
        Self { gates: Vec::new(), folder: folder.to_path_buf() }
    }

    pub(super) fn add(&mut self, gate: Gate, result: Said) {
        match result {
            Ok(summary) => self.gates.push(Entry { gate, state: State::Passed { summary } }),
            Err(findings) => self.failed(gate, findings),
        }
    }

    pub(super) fn failed(&mut self, gate: Gate, findings: Vec<Finding>) {
        self.gates.push(Entry { gate, state: State::Failed { findings } });
    }

    pub(super) fn skipped(&mut self, gate: Gate, reason: &str) {
        self.gates.push(Entry { gate, state: State::Skipped { reason: reason.to_owned() } });
    }

    pub(super) fn is_good(&self) -> bool {
        !self.gates.iter().any(|entry| matches!(entry.state, State::Failed { .. }))
    }
}

impl Gate {
    fn name(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Replay => "replay",
            Self::Roundtrip => "roundtrip",
            Self::Models => "models",
            Self::Pending => "pending",
            Self::Drift => "drift",
        }
    }
}

impl Report for Checked {
    const SCHEMA: &'static str = "check/1";

    fn human(&self, w: &mut dyn Write, styles: &Styles) -> io::Result<()> {
        let (bad, hint) = (styles.error, styles.hint);
        for Entry { gate, state } in &self.gates {
            let name = gate.name();
            match state {
                State::Passed { summary } => writeln!(w, "{name:<9}  ok       {summary}")?,
                State::Skipped { reason } => writeln!(w, "{name:<9}  skipped  {reason}")?,
                State::Failed { findings } => {
                    for finding in findings {
                        let message = finding.message.replace('\n', &format!("\n{:>20}", ""));
                        writeln!(w, "{name:<9}  {bad}failed{bad:#}   {message}")?;
                        if let (Some(file), Some(line)) = (&finding.file, finding.line) {
                            writeln!(w, "{:>20}--> {file}:{line}", "")?;
                        }
                        for text in &finding.hints {
                            writeln!(w, "{:>20}{hint}hint{hint:#}: {text}", "")?;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn github(&self, w: &mut dyn Write) -> Option<io::Result<()>> {
        Some(self.annotations(w))
    }
}

impl Checked {
    /// Writes workflow commands, which GitHub shows beside the lines of a pull request.
    fn annotations(&self, w: &mut dyn Write) -> io::Result<()> {
        for Entry { gate, state } in &self.gates {
            let State::Failed { findings } = state else { continue };
            for finding in findings {
                let place = match (&finding.file, finding.line) {
                    (Some(file), Some(line)) => {
                        let file = self.folder.join(file).display().to_string().replace('\\', "/");
                        format!("file={},line={line},", property(&file))
                    }
                    _ => String::new(),
                };
                let text =
                    std::iter::once(&finding.message).chain(&finding.hints).cloned().collect::<Vec<_>>().join("\n");
                writeln!(w, "::error {place}title=cargo alembic check: {}::{}", gate.name(), data(&text))?;
            }
        }
        Ok(())
    }
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
