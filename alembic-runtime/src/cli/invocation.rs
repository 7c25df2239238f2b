//! How the commands that hints name are called.

use std::borrow::Cow;

use alembic_graph::Hint;

/// Program that shows hints, with the options that say for which package and database it was called.
#[derive(Debug, Clone)]
pub struct Invocation {
    words: String,
    takes: fn(&str) -> bool,
}

impl Invocation {
    /// `cargo alembic`, which has every command that a hint names.
    #[must_use]
    pub fn cargo() -> Self {
        Self { words: CARGO.to_owned(), takes: |_| true }
    }

    /// A program that was called as `program`. `takes` tells of a command with its arguments whether the program has
    /// it: what it has not, `cargo alembic` has.
    #[must_use]
    pub fn of(program: &str, takes: fn(&str) -> bool) -> Self {
        Self { words: word(program).into_owned(), takes }
    }

    /// A program that was called by another one, whose name and options these are.
    pub(super) fn by(caller: &str) -> Self {
        Self { words: caller.to_owned(), ..Self::cargo() }
    }

    /// Adds an option of the call, which every command of a hint needs, too.
    #[must_use]
    pub fn with(mut self, option: &str, value: &str) -> Self {
        self.words = format!("{} {option} {}", self.words, word(value));
        self
    }

    /// Returns the name of the program with its options.
    #[must_use]
    pub fn words(&self) -> &str {
        &self.words
    }

    /// Returns the text of a hint, with command lines that can be followed to the letter.
    #[must_use]
    pub fn told(&self, hint: &Hint) -> String {
        hint.with_commands(|command| {
            let program = if (self.takes)(command) { &self.words } else { CARGO };
            format!("{program} {command}")
        })
    }
}

const CARGO: &str = "cargo alembic";

/// Returns a word as a shell reads it.
fn word(text: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_alphanumeric() || "/._-:@%+=,*".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("'{}'", text.replace('\'', "'\\''")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_those_of_the_program_where_it_has_them() {
        let program =
            Invocation::of("./my app", |command| command.starts_with("upgrade")).with("--database-url", "x.db");
        assert_eq!(
            program.told(&Hint::Pending),
            "run `'./my app' --database-url x.db upgrade head`, or the program that is to migrate"
        );
        assert_eq!(program.told(&Hint::MergeHeads), "run `cargo alembic merge heads`");
        let cargo = Invocation::cargo().with("-n", "analytics");
        assert_eq!(cargo.told(&Hint::MergeHeads), "run `cargo alembic -n analytics merge heads`");
    }
}
