//! What the gates say.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use alembic_graph::{Hint, replay::LeftOut};
use alembic_runtime::cli::{CommandError, Exit, Invocation, Location, Report, Styles};
use alembic_schema::diff::HazardKind;
use serde::Serialize;

use super::{Gate, Said, in_one_line};
use crate::context::few_per_file;

/// A gate without findings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Passed {
    /// All is well; in a few words.
    Good(String),
    /// There was nothing to look at, and why.
    Nothing(String),
}

impl From<String> for Passed {
    fn from(summary: String) -> Self {
        Self::Good(summary)
    }
}

/// What is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    /// What, in words.
    pub(super) message: String,
    /// The line that it is about.
    pub(super) at: Option<Location>,
    /// Which hazard of a revision it is, if it is one.
    pub(super) hazard: Option<HazardKind>,
    /// What to do.
    pub(super) hints: Vec<Hint>,
}

impl Finding {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), at: None, hazard: None, hints: Vec::new() }
    }

    pub(super) fn at(mut self, path: &str, line: usize) -> Self {
        self.at = Some(Location { path: path.to_owned(), line });
        self
    }

    pub(super) fn hazard(mut self, kind: HazardKind) -> Self {
        self.hazard = Some(kind);
        self
    }

    pub(super) fn hint(mut self, hint: Hint) -> Self {
        self.hints.push(hint);
        self
    }

    /// An error as a finding, at the line that it is about.
    pub(super) fn of_error(error: &CommandError) -> Self {
        let at = error.at.as_deref().cloned();
        Self { at, hints: error.hints.clone(), ..Self::new(in_one_line(error)) }
    }
}

/// A finding as it is shown.
#[derive(Debug, Serialize)]
struct Told {
    message: String,
    file: Option<String>,
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hazard: Option<&'static str>,
    hints: Vec<String>,
}

/// The result of a gate.
#[derive(Debug, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
enum State {
    /// All is well.
    Passed { summary: String },
    /// There was nothing to look at.
    Nothing { reason: String },
    /// Something is not well.
    Failed { findings: Vec<Told> },
    /// It could not run, and was not asked for by name.
    Skipped { reason: String },
    /// It could not be looked at, although the gate was named.
    NotRun { reason: String },
}

#[derive(Debug, Serialize)]
struct Entry {
    gate: Gate,
    #[serde(flatten)]
    state: State,
    /// What was not looked at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
}

/// What a replay has not run as a revision says it.
#[derive(Debug, Serialize)]
struct Omitted {
    file: String,
    line: usize,
    text: String,
    /// The statement that ran without it.
    of: Option<String>,
}

/// What all gates say.
#[derive(Debug, Serialize)]
pub(super) struct Checked {
    gates: Vec<Entry>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    left_out: Vec<Omitted>,
    /// The same for people.
    #[serde(skip)]
    left_out_lines: Vec<String>,
    /// The gates that were named.
    #[serde(skip)]
    named: Vec<Gate>,
    /// Where the package is in its repository.
    #[serde(skip)]
    folder: PathBuf,
    /// How the commands of hints are called.
    #[serde(skip)]
    invocation: Invocation,
    /// Whether an error of a server kept a gate from looking.
    #[serde(skip)]
    could_not_run: bool,
}

impl Checked {
    /// `named` are the gates that have to run.
    pub(super) fn new(root: &Path, named: Vec<Gate>, invocation: Invocation) -> Self {
        let repository = root.ancestors().find(|folder| folder.join(".git").exists());
        let folder = repository.and_then(|repository| root.strip_prefix(repository).ok()).unwrap_or(Path::new(""));
        Self {
            gates: Vec::new(),
            left_out: Vec::new(),
            left_out_lines: Vec::new(),
            named,
            folder: folder.to_path_buf(),
            invocation,
            could_not_run: false,
        }
    }

    /// Adds what the replays have left out.
    pub(super) fn leave_out(&mut self, left_out: Vec<LeftOut>) {
        self.left_out_lines = few_per_file(&left_out);
        self.left_out.extend(left_out.into_iter().map(|LeftOut { path: file, line, text, of }| Omitted {
            file,
            line,
            text,
            of,
        }));
    }

    pub(super) fn add(&mut self, gate: Gate, result: Said) {
        let state = match result {
            Ok(Passed::Good(summary)) => State::Passed { summary },
            Ok(Passed::Nothing(reason)) => State::Nothing { reason },
            Err(findings) => {
                State::Failed { findings: findings.into_iter().map(|finding| self.told(finding)).collect() }
            }
        };
        self.push(gate, state);
    }

    fn push(&mut self, gate: Gate, state: State) {
        self.gates.push(Entry { gate, state, notes: Vec::new() });
    }

    /// Says of a gate that has its result what it has not looked at.
    pub(super) fn note(&mut self, gate: Gate, notes: impl IntoIterator<Item = String>) {
        if let Some(entry) = self.gates.iter_mut().find(|entry| entry.gate == gate) {
            entry.notes.extend(notes);
        }
    }

    fn told(&self, Finding { message, at, hazard, hints }: Finding) -> Told {
        let (file, line) = at.map(|Location { path, line }| (path, line)).unzip();
        let hints = hints.iter().map(|hint| self.invocation.told(hint)).collect();
        Told { message, file, line, hazard: hazard.map(HazardKind::name), hints }
    }

    pub(super) fn failed(&mut self, gate: Gate, findings: Vec<Finding>) {
        self.add(gate, Err(findings));
    }

    /// Adds gates that an error kept from looking: the first one tells it.
    pub(super) fn could_not_run(&mut self, gates: &[Gate], error: &CommandError) {
        let [first, others @ ..] = gates else { return };
        let finding = Finding::of_error(error);
        let may_not = error.hints.iter().any(|hint| matches!(hint, Hint::MayNotCreateDatabases { .. }));
        self.failed(*first, vec![if may_not { finding.hint(Hint::LeaveOutGates) } else { finding }]);
        // A server that does not answer is no verdict on the migrations.
        self.could_not_run |= error.exit == Exit::Failed;
        others.iter().for_each(|gate| self.follows(*gate, &format!("see {}", first.name())));
    }

    /// Notes that a gate could not be looked at because another one failed, which is what counts.
    pub(super) fn follows(&mut self, gate: Gate, reason: &str) {
        self.push(gate, State::Skipped { reason: reason.to_owned() });
    }

    /// Notes that a gate could not be looked at: one that was named has to run.
    pub(super) fn skipped(&mut self, gate: Gate, reason: &str) {
        let reason = reason.to_owned();
        let state = if self.named.contains(&gate) { State::NotRun { reason } } else { State::Skipped { reason } };
        self.push(gate, state);
    }

    /// Returns whether no gate has looked at anything because none could.
    fn is_all_skipped(&self) -> bool {
        self.gates.iter().all(|entry| matches!(entry.state, State::Skipped { .. }))
    }

    /// Returns how the process ends: a gate that has to run and cannot is a wrong use, not a finding.
    pub(super) fn exit(&self) -> Exit {
        let any = |is: fn(&State) -> bool| self.gates.iter().any(|entry| is(&entry.state));
        if any(|state| matches!(state, State::NotRun { .. })) || self.is_all_skipped() {
            Exit::Usage
        } else if self.could_not_run {
            Exit::Failed
        } else if any(|state| matches!(state, State::Failed { .. })) {
            Exit::Negative
        } else {
            Exit::Success
        }
    }
}

impl Gate {
    pub(super) fn name(self) -> &'static str {
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
        for Entry { gate, state, notes } in &self.gates {
            let name = gate.name();
            match state {
                State::Passed { summary } => writeln!(w, "{name:<9}  ok       {summary}")?,
                State::Nothing { reason } => writeln!(w, "{name:<9}  nothing  {reason}")?,
                State::Skipped { reason } => writeln!(w, "{name:<9}  skipped  {reason}")?,
                State::NotRun { reason } => writeln!(w, "{name:<9}  {bad}not run{bad:#}  {reason}")?,
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
            for note in notes {
                writeln!(w, "{:>20}note: {note}", "")?;
            }
        }
        if self.is_all_skipped() {
            writeln!(w, "nothing was checked")?;
        }
        if !self.left_out.is_empty() {
            writeln!(w, "left out   of the replay, as no schema shows it ({} in all):", self.left_out.len())?;
            self.left_out_lines.iter().try_for_each(|line| writeln!(w, "{:>11}{line}", ""))?;
        }
        Ok(())
    }

    fn github(&self, w: &mut dyn Write) -> Option<io::Result<()>> {
        Some(self.annotations(w))
    }
}

impl Checked {
    fn in_repository(&self, file: &str, line: usize) -> String {
        let file = self.folder.join(file).display().to_string().replace('\\', "/");
        format!("file={},line={line},", property(&file))
    }

    /// Writes workflow commands, which GitHub shows beside the lines of a pull request.
    fn annotations(&self, w: &mut dyn Write) -> io::Result<()> {
        for Omitted { file, line, text, .. } in &self.left_out {
            let place = self.in_repository(file, *line);
            writeln!(w, "::notice {place}title=cargo alembic check::left out of the replay: {}", data(text))?;
        }
        for Entry { gate, state, notes } in &self.gates {
            for note in notes {
                writeln!(w, "::notice title=cargo alembic check: {}::{}", gate.name(), data(note))?;
            }
            let findings = match state {
                State::Failed { findings } => findings,
                State::NotRun { reason } => &vec![self.told(Finding::new(format!("not run: {reason}")))],
                State::Passed { .. } | State::Nothing { .. } | State::Skipped { .. } => continue,
            };
            for finding in findings {
                let place = match (&finding.file, finding.line) {
                    (Some(file), Some(line)) => self.in_repository(file, line),
                    _ => String::new(),
                };
                let text =
                    std::iter::once(&finding.message).chain(&finding.hints).cloned().collect::<Vec<_>>().join("\n");
                writeln!(w, "::error {place}title=cargo alembic check: {}::{}", gate.name(), data(&text))?;
            }
        }
        if self.is_all_skipped() {
            writeln!(w, "::error title=cargo alembic check::nothing was checked")?;
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
