//! A project in a temporary folder, and what commands print in it.

use std::{
    ffi::OsStr,
    fmt, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use tempfile::TempDir;

/// Returns the root of this workspace.
#[must_use]
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is in the workspace").to_path_buf()
}

/// Runs a shell command line, panicking if it fails.
///
/// # Panics
///
/// If it fails.
#[must_use]
pub fn bash(folder: &Path, line: &str) -> String {
    let output =
        Command::new("bash").args(["-euo", "pipefail", "-c", line]).current_dir(folder).output().expect("bash");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{line}\n{text}\n{}", String::from_utf8_lossy(&output.stderr));
    text
}

/// A package with migrations, removed with this value.
#[derive(Debug)]
pub struct Project {
    folder: TempDir,
    program: PathBuf,
    variables: Vec<(String, String)>,
}

/// What a command printed, and how it ended.
#[must_use]
#[derive(Debug, Clone)]
pub struct Output {
    /// Its answer.
    pub stdout: String,
    /// Everything else.
    pub stderr: String,
    /// Its exit status.
    pub status: i32,
}

impl Project {
    /// Makes a package that is configured with `settings`. `program` is `cargo-alembic`.
    #[must_use]
    pub fn new(program: &str, settings: &str) -> Self {
        let project = Self::unconfigured(program);
        let manifest = format!(
            "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[package.metadata.alembic]\n{settings}"
        );
        project.write("Cargo.toml", &manifest);
        fs::create_dir(project.path().join("migrations")).expect("a writable folder");
        project
    }

    /// Makes a package without configuration.
    #[must_use]
    pub fn unconfigured(program: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let project = Self { folder, program: program.into(), variables: Vec::new() };
        project.write("Cargo.toml", "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
        project.write("src/main.rs", "fn main() {}\n");
        project
    }

    /// Sets a variable for all commands.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Returns the folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file.
    ///
    /// # Panics
    ///
    /// If that fails.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a writable folder");
        fs::write(path, text).expect("a writable folder");
    }

    /// Reads a file.
    ///
    /// # Panics
    ///
    /// If that fails.
    #[must_use]
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Writes a revision file that follows `parents` and runs `up` and `down`.
    pub fn revision(&self, id: &str, parents: &str, up: &str, down: &str) {
        let text = format!(
            "-- add {id}\n--\n-- Revision ID: {id}\n-- Revises: {parents}\n\n-- alembic:upgrade\n{up}\n\n-- alembic:downgrade\n{down}\n"
        );
        self.write(&format!("migrations/{id}.sql"), text);
    }

    /// Returns the command, with a clean environment.
    pub fn command<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("alembic").args(args).current_dir(self.path());
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            if !["PATH", "HOME", "CARGO_HOME", "RUSTUP_HOME", "USER"].contains(&name.as_ref()) {
                command.env_remove(name.as_ref());
            }
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs `cargo alembic …`.
    ///
    /// # Panics
    ///
    /// If it cannot be run.
    pub fn alembic<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Output {
        let output = self.command(args).output().expect("the program runs");
        let path = fs::canonicalize(self.path()).unwrap_or_default().display().to_string();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).replace(&path, "$PROJECT");
        Output { stdout: text(output.stdout), stderr: text(output.stderr), status: output.status.code().unwrap_or(-1) }
    }

    /// Runs `cargo alembic …` with a line of arguments, which has to succeed; returns its answer.
    ///
    /// # Panics
    ///
    /// If it fails.
    pub fn ok(&self, line: &str) -> String {
        let output = self.alembic(line.split(' '));
        assert_eq!(output.status, 0, "{line}\n{output}");
        output.stdout
    }

    /// Runs `cargo alembic …` on a terminal, where somebody types `answers`; returns what is shown.
    ///
    /// # Panics
    ///
    /// If it cannot be run.
    #[must_use]
    pub fn on_terminal(&self, line: &str, answers: &str) -> String {
        let command = self.command(line.split(' '));
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        let words: Vec<String> = words.map(|word| format!("'{}'", word.to_string_lossy())).collect();
        let mut script = Command::new("script");
        script.args(["--quiet", "--return", "--command", &words.join(" "), "/dev/null"]).current_dir(self.path());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => script.env(name, value),
                None => script.env_remove(name),
            };
        }
        script.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = script.spawn().expect("`script` of util-linux");
        let mut typed = child.stdin.take().expect("it is piped");
        std::io::Write::write_all(&mut typed, answers.as_bytes()).expect("it reads");
        let output = child.wait_with_output().expect("it ends");
        drop(typed);
        String::from_utf8_lossy(&output.stdout).replace('\r', "")
    }

    /// Runs `cargo alembic …` with a line of arguments.
    pub fn try_line(&self, line: &str) -> Output {
        self.alembic(line.split(' '))
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&without_dates(&self.stdout))?;
        if !self.stderr.is_empty() {
            write!(f, "------- stderr -------\n{}", without_dates(&self.stderr))?;
        }
        if self.status != 0 {
            write!(f, "[exit status: {}]", self.status)?;
        }
        Ok(())
    }
}

/// Replaces the `2026_11_21_0930` of file names by `DATE`.
fn without_dates(text: &str) -> String {
    const FORM: &str = "0000_00_00_0000";
    let is_date = |part: &str| {
        part.bytes().zip(FORM.bytes()).all(|(byte, form)| byte == form || (form == b'0' && byte.is_ascii_digit()))
    };
    let mut rest = text;
    let mut out = String::new();
    while let Some(c) = rest.chars().next() {
        match rest.get(..FORM.len()) {
            Some(part) if is_date(part) => {
                out.push_str("DATE");
                rest = &rest[FORM.len()..];
            }
            _ => {
                out.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    out
}
