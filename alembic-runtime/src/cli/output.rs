//! Results on stdout, everything else on stderr.

use std::{
    borrow::Cow,
    fmt,
    io::{self, IsTerminal, Write},
};

use alembic_graph::Hint;
use alembic_sql::control::visible;
use anstyle::{AnsiColor, Style};
use clap::ValueEnum;
use serde::Serialize;

use super::{CommandError, Exit, Invocation, Location, guard::Guard};

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Human,
    /// For programs: an object with `schema` and `data`.
    Json,
    /// For GitHub's pull requests: annotations. `check` only.
    Github,
}

/// Whether to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Options that every command has.
#[derive(Debug, Clone, clap::Args)]
pub struct OutputArgs {
    /// How results are written
    #[arg(long, global = true, value_enum, default_value_t, value_name = "FORMAT", help_heading = "Output")]
    pub format: Format,
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN", help_heading = "Output")]
    pub color: ColorChoice,
    /// Print results and errors only
    #[arg(long, short, global = true, help_heading = "Output")]
    pub quiet: bool,
}

/// Where output goes. Tests pass buffers.
#[expect(missing_debug_implementations, reason = "writers have nothing to show")]
pub struct Io<'a> {
    /// Whether somebody can be asked.
    pub asks: bool,
    /// For results.
    pub out: &'a mut dyn Write,
    /// For everything else.
    pub err: &'a mut dyn Write,
    /// Whether `out` shows colours.
    pub out_color: bool,
    /// Whether `err` shows colours.
    pub err_color: bool,
    /// Whether somebody watches `err`, so that it may show progress.
    pub err_terminal: bool,
}

/// Returns whether a stream shows colours and its user wants them.
#[expect(clippy::disallowed_methods, reason = "NO_COLOR is a convention for processes; the answer travels as a value")]
pub fn wants_color(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var("NO_COLOR").map_or(true, |value| value.is_empty())
}

/// Styles by meaning; plain by default.
#[derive(Debug, Clone, Copy, Default)]
pub struct Styles {
    /// Ids.
    pub revision: Style,
    /// The word `error`.
    pub error: Style,
    /// The word `hint`.
    pub hint: Style,
}

impl Styles {
    /// Returns what may be written to a terminal besides text.
    fn sequences(&self) -> [String; 4] {
        let of = |style: Style| style.render().to_string();
        let end = self.error.render_reset().to_string();
        [of(self.revision), of(self.error), of(self.hint), end]
    }

    /// Returns a text for people, with these styles and no other control characters: names, messages and what a server
    /// says may be a stranger's.
    fn visible<'t>(&self, text: &'t str) -> Cow<'t, str> {
        visible(text, &self.sequences())
    }

    fn new(color: bool) -> Self {
        if !color {
            return Self::default();
        }
        let color = |color: AnsiColor| color.on_default();
        Self {
            revision: color(AnsiColor::Yellow),
            error: color(AnsiColor::Red).bold(),
            hint: color(AnsiColor::Cyan).bold(),
        }
    }
}

/// The result of a command, in a form for people and one for programs.
pub trait Report: Serialize {
    /// Names the shape of the JSON; the number is raised when it changes.
    const SCHEMA: &'static str;

    /// Writes the form for people.
    ///
    /// # Errors
    ///
    /// Those of `w`.
    fn human(&self, w: &mut dyn Write, styles: &Styles) -> io::Result<()>;

    /// Writes the form for GitHub, if there is one.
    fn github(&self, _w: &mut dyn Write) -> Option<io::Result<()>> {
        None
    }
}

/// Writes results and messages.
#[expect(missing_debug_implementations, reason = "writers have nothing to show")]
pub struct Printer<'a> {
    io: Io<'a>,
    format: Format,
    quiet: bool,
    out_styles: Styles,
    err_styles: Styles,
    /// How the commands of hints are called.
    invocation: Invocation,
    /// Whether the last line of `err` is one of progress, which the next one replaces.
    progress: bool,
}

#[derive(Serialize)]
struct Envelope<'a, R> {
    schema: &'static str,
    data: &'a R,
}

#[derive(Serialize)]
struct JsonError<'a> {
    error: &'a str,
    causes: &'a [String],
    hints: Vec<String>,
    /// The line of the project that the error is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<&'a Location>,
}

impl<'a> Printer<'a> {
    /// Settles colour and format once, before anything is printed.
    #[must_use]
    pub fn new(io: Io<'a>, args: &OutputArgs, invocation: Invocation) -> Self {
        let wants = |stream: bool| match args.color {
            ColorChoice::Auto => stream,
            ColorChoice::Always => true,
            ColorChoice::Never => false,
        };
        let (out_styles, err_styles) = (Styles::new(wants(io.out_color)), Styles::new(wants(io.err_color)));
        Self { io, format: args.format, quiet: args.quiet, out_styles, err_styles, invocation, progress: false }
    }

    /// Prints the result of the command.
    ///
    /// # Errors
    ///
    /// Those of the stream.
    pub fn report<R: Report>(&mut self, report: &R) -> io::Result<()> {
        match self.format {
            Format::Human => {
                let mut text = Vec::new();
                report.human(&mut text, &self.out_styles)?;
                Guard::new(self.io.out).write_all(self.out_styles.visible(&String::from_utf8_lossy(&text)).as_bytes())
            }
            Format::Github => report.github(self.io.out).unwrap_or_else(|| {
                Err(io::Error::new(
                    io::ErrorKind::Unsupported,
                    "only `check` has --format github; pass `--format json`",
                ))
            }),
            Format::Json => {
                serde_json::to_writer_pretty(&mut *self.io.out, &Envelope { schema: R::SCHEMA, data: report })?;
                writeln!(self.io.out)
            }
        }
    }

    /// Prints text that is the result itself, a script for example.
    ///
    /// # Errors
    ///
    /// Those of the stream.
    pub fn text(&mut self, text: &str) -> io::Result<()> {
        self.io.out.write_all(text.as_bytes())
    }

    /// Says what is being done; silent under `--quiet`.
    pub fn status(&mut self, text: impl fmt::Display) {
        if !self.quiet {
            self.end_progress();
            writeln!(Guard::new(self.io.err), "{}", visible(&text.to_string(), &[])).ok();
        }
    }

    /// Says what to do next, after a warning or an answer; silent under `--quiet`.
    pub fn hint(&mut self, hint: &Hint) {
        self.status(format_args!("hint: {}", self.invocation.told(hint)));
    }

    /// Returns how the commands of hints are called.
    #[must_use]
    pub fn invocation(&self) -> &Invocation {
        &self.invocation
    }

    /// Shows how far long work has come, on a terminal, in a line that the next one replaces.
    pub fn progress(&mut self, text: impl fmt::Display) {
        if self.io.err_terminal && !self.quiet {
            self.progress = true;
            write!(self.io.err, "\r{}\u{1b}[K", visible(&text.to_string(), &[])).ok();
            self.io.err.flush().ok();
        }
    }

    fn end_progress(&mut self) {
        if std::mem::take(&mut self.progress) {
            writeln!(self.io.err).ok();
        }
    }

    /// Returns whether somebody can be asked.
    #[must_use]
    pub fn can_ask(&self) -> bool {
        self.io.asks && self.io.err_terminal && !self.quiet
    }

    /// Asks a question that takes yes for an answer; anything else is no.
    pub fn confirm(&mut self, question: &str) -> bool {
        write!(self.io.err, "{} [y/N] ", visible(question, &[])).ok();
        self.io.err.flush().ok();
        let mut answer = String::new();
        io::stdin().read_line(&mut answer).is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
    }

    /// Prints the error, if there is one, and returns how to end.
    pub fn finish(&mut self, result: Result<Exit, CommandError>) -> Exit {
        self.end_progress();
        self.io.out.flush().ok();
        let error = match result {
            Ok(exit) => return exit,
            Err(error) => error,
        };
        if error.exit != Exit::Success {
            let mut text = Vec::new();
            error.write(&mut text, &self.err_styles, &self.invocation).ok();
            Guard::new(self.io.err).write_all(self.err_styles.visible(&String::from_utf8_lossy(&text)).as_bytes()).ok();
            if self.format == Format::Json {
                let hints = error.hints.iter().map(|hint| self.invocation.told(hint)).collect();
                let at = error.at.as_deref();
                let json = JsonError { error: &error.message, causes: &error.causes, hints, at };
                let envelope = Envelope { schema: "error/1", data: &json };
                serde_json::to_writer_pretty(&mut *self.io.out, &envelope).ok();
                writeln!(self.io.out).ok();
            }
        }
        error.exit
    }
}
