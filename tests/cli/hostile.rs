//! A clone of a stranger: no command but those that are documented to build runs anything of it, reads or writes outside
//! of it, or waits for ever.

use std::{fs, os::unix::fs::symlink, path::Path, process::Output, time::Duration};

use harness::{Project, bash};
use tempfile::TempDir;

use crate::PROGRAM;

/// All commands that need no server and ask nothing.
const COMMANDS: &[&str] = &[
    "heads",
    "branches",
    "history",
    "show head",
    "lock",
    "list-templates",
    "current",
    "check",
    "upgrade head --sql",
    "upgrade head",
    "log",
    "stamp head",
    "downgrade -1",
    "seed",
    "snapshot",
    "print-schema",
    "print-schema --from migrations",
    "print-schema --update src/schema.rs",
    "revision -m more",
    "revision --autogenerate -m more",
    "import diesel old",
    "init --gitattributes",
    "database drop --yes",
];

/// Longer than any of the commands takes on a busy machine, and shorter than waiting for ever.
const PATIENCE: Duration = Duration::from_secs(30);

/// A clone, and beside it what is none of its business.
struct Clone {
    project: Project,
    outside: TempDir,
}

impl Clone {
    fn new() -> Self {
        let project = Project::new(PROGRAM, "sqlite-path = \"shop.db\"\n");
        project.revision("a1", "<base>", "CREATE TABLE ta (x INTEGER PRIMARY KEY);", "DROP TABLE ta;");
        project.write("src/schema.rs", "diesel::table! { ta (x) { x -> Nullable<Integer> } }\n");
        project.write("migrations/objects/v.sql", "CREATE VIEW v AS SELECT x FROM ta;\n");
        project.write("seeds/first.sql", "INSERT INTO ta VALUES (1);\n");
        project.write("old/1_first/up.sql", "CREATE TABLE told (x INTEGER);\n");
        let outside = tempfile::tempdir().unwrap();
        let text = "-- SECRET\n--\n-- Revision ID: b1\n-- Revises: a1\n\n-- alembic:upgrade\nSELECT 'SECRET';\n";
        fs::write(outside.path().join("secret.sql"), text).unwrap();
        fs::write(outside.path().join("secret.rs"), "diesel::table! { secret (x) { x -> Integer } }\n").unwrap();
        Self { project, outside }
    }

    fn link_out(&self, file: &str, name: &str) {
        let path = self.project.path().join(name);
        if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path).or(Ok(())) }.unwrap();
        symlink(self.outside.path().join(file), path).unwrap();
    }

    fn pipe(&self, name: &str) {
        let _made = bash(self.project.path(), &format!("rm -f {name}; mkfifo {name}"));
    }

    /// What is outside: the names and texts of all files.
    fn surroundings(&self) -> String {
        bash(self.outside.path(), "find . -type f | sort | xargs grep -H ''")
    }

    /// Runs all commands; fails unless each ends, and leaves alone what is outside.
    fn run(&self, situation: &str) {
        let before = self.surroundings();
        for line in COMMANDS {
            let output = self.ended(line, situation);
            let said = [output.stdout, output.stderr].concat();
            let said = String::from_utf8_lossy(&said);
            assert!(!said.contains("SECRET") && !said.contains("secret (x)"), "{situation}: {line}: {said}");
            assert_eq!(self.surroundings(), before, "{situation}: {line}");
        }
    }

    fn ended(&self, line: &str, situation: &str) -> Output {
        let seconds = PATIENCE.as_secs().to_string();
        let command = self.project.command(line.split(' '));
        let mut limited = std::process::Command::new("timeout");
        limited.arg(seconds).arg(command.get_program()).args(command.get_args()).current_dir(self.project.path());
        limited.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let output = limited.stdin(std::process::Stdio::null()).output().unwrap();
        assert_ne!(output.status.code(), Some(124), "{situation}: `{line}` does not end");
        assert!(output.status.code().is_some_and(|code| code <= 3), "{situation}: `{line}`: {output:?}");
        output
    }
}

#[test]
fn what_never_ends_is_not_read() {
    let pipes = [
        "migrations/b1.sql",
        "migrations/objects/v.sql",
        "migrations/note.txt",
        "migrations/alembic.lock",
        "src/schema.rs",
        "old/1_first/up.sql",
    ];
    for name in pipes.into_iter().chain([
        "seeds/first.sql",
        ".env",
        "shop.db",
        ".gitattributes",
        "migrations/schema.sqlite.sql",
    ]) {
        let clone = Clone::new();
        clone.pipe(name);
        clone.run(&format!("a pipe {name}"));
    }
    let clone = Clone::new();
    for name in ["migrations/b1.sql", "src/more.rs", "seeds/more.sql"] {
        fs::File::create(clone.project.path().join(name)).unwrap().set_len(1 << 40).unwrap();
    }
    clone.project.write("src/schema.rs", "mod more;\n");
    clone.run("files that are larger than the disk");
}

#[test]
fn links_that_go_round_end() {
    let clone = Clone::new();
    let manifest = clone.project.read("Cargo.toml");
    clone.project.write("Cargo.toml", format!("{manifest}models = [\"src\"]\n"));
    for folder in ["src", "seeds", "migrations", "migrations/objects"] {
        for name in ["one", "two"] {
            symlink(".", clone.project.path().join(folder).join(name)).unwrap();
        }
    }
    clone.run("links that go round");
    assert!(clone.project.ok("print-schema --from migrations").contains("ta (x)"));
}

#[test]
fn links_that_lead_out_are_not_followed() {
    for (file, name) in [
        ("secret.sql", "migrations/b1.sql"),
        ("secret.sql", "migrations/alembic.lock"),
        ("", "migrations"),
        ("secret.sql", "migrations/objects/v.sql"),
        ("", "migrations/objects"),
        ("secret.sql", "seeds/first.sql"),
        ("", "seeds"),
        ("secret.rs", "src/schema.rs"),
        ("secret.sql", "old/1_first/up.sql"),
        ("secret.sql", "old/1_first/down.sql"),
        ("", "old/1_first"),
        ("made.db", "shop.db"),
        ("secret.sql", "shop.db"),
        ("secret.sql", "migrations/schema.sqlite.sql"),
        ("secret.sql", ".gitattributes"),
    ] {
        let clone = Clone::new();
        clone.link_out(file, name);
        clone.run(&format!("a link {name} to {file:?}"));
    }
}

#[test]
fn nothing_of_the_clone_runs() {
    let clone = Clone::new();
    let evil = clone.project.path().join("evil");
    let marker = clone.project.path().join("it-ran");
    fs::write(&evil, format!("#!/bin/sh\ntouch {}\nexit 1\n", marker.display())).unwrap();
    let _mode = bash(clone.project.path(), "chmod +x evil");
    let evil = evil.display();
    let settings = [
        format!("[build]\nrustc = \"{evil}\"\nrustc-wrapper = \"{evil}\"\nrustc-workspace-wrapper = \"{evil}\"\n"),
        format!("[target.'cfg(all())']\nrunner = \"{evil}\"\nlinker = \"{evil}\"\n"),
        format!("[registry]\nglobal-credential-providers = [\"{evil}\"]\n"),
    ];
    clone.project.write(".cargo/config.toml", settings.concat());
    clone
        .project
        .write(".env", format!("CARGO={evil}\nRUSTC={evil}\nRUSTC_WRAPPER={evil}\nEDITOR={evil}\nPAGER={evil}\n"));
    clone.project.write("build.rs", "fn main() { std::fs::write(\"it-ran\", \"\").unwrap() }\n");
    clone.run("programs of the clone");
    for line in ["-p shop heads", "-p shop check", "--manifest-path Cargo.toml heads"] {
        let _output = clone.ended(line, "programs of the clone");
    }
    assert!(!Path::new(&marker).exists());
}
