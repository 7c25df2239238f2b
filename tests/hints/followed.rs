//! What it takes to have followed a hint: it was printed, and what it names was done with success.

use alembic_graph::Hint;
use alembic_runtime::cli::Invocation;
use harness::{Output, Project};

/// A hint that a command has printed.
#[must_use]
pub(crate) struct Shown {
    hint: Hint,
    text: String,
}

/// A hint that somebody has followed and got on with.
#[must_use]
pub(crate) struct Followed {
    hint: Hint,
}

/// Returns `no_url` for `NoUrl`, and `not_utf8` for `NotUtf8`.
pub(crate) fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(c.to_lowercase());
    }
    snake
}

/// Fails unless a test has followed the hint after which it is called; without a server there is nothing to follow.
pub(crate) fn check(test: &str, followed: impl Into<Option<Followed>>) {
    if let Some(Followed { hint }) = followed.into() {
        assert_eq!(test, snake_case(hint.name()), "the test is called after another hint");
    }
}

impl Shown {
    /// Finds the hint in what a command has printed.
    pub(crate) fn by(output: &Output, hint: Hint) -> Self {
        Self::by_program(output, hint, &Invocation::cargo())
    }

    /// Finds the hint in what a program has printed that was called in some way.
    pub(crate) fn by_program(output: &Output, hint: Hint, invocation: &Invocation) -> Self {
        let line = format!("hint: {}\n", invocation.told(&hint));
        let text = format!("{}\n{}", output.stdout, output.stderr);
        assert!(text.contains(&line), "expected {line}in\n{output}");
        Self { text: invocation.told(&hint), hint }
    }

    /// Finds the hint in an error of the library.
    pub(crate) fn in_error(error: &alembic_runtime::Error, hint: Hint) -> Self {
        assert_eq!(error.hint().as_ref(), Some(&hint), "{error}");
        Self { text: hint.to_string(), hint }
    }

    /// Returns a piece of the hint's text, which has to be in it: an option, or a line for a file.
    pub(crate) fn says<'t>(&self, piece: &'t str) -> &'t str {
        assert!(self.text.contains(piece), "the hint does not say {piece}: {}", self.text);
        piece
    }

    /// Runs a command of the hint, `number` from 1, as it is written there.
    pub(crate) fn run(&self, project: &Project, number: usize) -> Output {
        project.alembic(self.command("cargo alembic", number))
    }

    /// Returns the arguments of a command of the hint for a program, `number` from 1.
    pub(crate) fn command(&self, program: &str, number: usize) -> Vec<String> {
        let start = format!("{program} ");
        let mut commands = self.text.split('`').skip(1).step_by(2).filter_map(|code| code.strip_prefix(&start));
        words(commands.nth(number - 1).unwrap_or_else(|| panic!("there is no command {number}: {}", self.text)))
    }

    /// Proves that a command succeeds after the hint was followed.
    pub(crate) fn leads_to(self, output: &Output) -> Followed {
        assert_eq!(output.status, 0, "the hint does not lead out: {}\n{output}", self.hint);
        Followed { hint: self.hint }
    }

    /// Proves that something holds after the hint was followed.
    pub(crate) fn leads_where(self, holds: bool) -> Followed {
        assert!(holds, "the hint does not lead out: {}", self.hint);
        Followed { hint: self.hint }
    }
}

/// Takes a command line apart as a shell does, as far as hints need it.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' | '\'' => quoted = !quoted,
            // What is printed there, the test writes.
            '>' if !quoted => break,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().expect("one word at least").push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}
