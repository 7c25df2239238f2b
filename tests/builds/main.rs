//! Real builds: what the macro embeds, the examples, the README. Slow, so they share one target
//! folder below the workspace's own.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod embed;
mod examples;
mod first_day;
mod many_processes;
mod readme;
mod runner;

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use harness::{Output, workspace};

const PROGRAM: &str = env!("CARGO_BIN_EXE_cargo-alembic-under-test");

/// Returns a target folder that later runs find again.
fn target(name: &str) -> PathBuf {
    workspace().join("target/fixtures").join(name)
}

/// Runs Cargo as a user would, apart from the target folder.
fn cargo(folder: &Path, target: &Path, line: &str) -> Output {
    let output = Command::new("cargo")
        .args(line.split(' '))
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", target)
        .env_remove("RUSTFLAGS")
        .output()
        .unwrap();
    Output {
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        status: output.status.code().unwrap_or(-1),
    }
}

/// Builds an example with features of its own, and returns the binary.
fn example(name: &str, features: &str) -> PathBuf {
    let target = target(&format!("{name}-{features}"));
    let line = format!("build --quiet --locked -p example-{name} --no-default-features --features {features}");
    let output = cargo(&workspace(), &target, &line);
    assert_eq!(output.status, 0, "{output}");
    target.join(format!("debug/example-{name}"))
}
