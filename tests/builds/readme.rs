//! Every command block of the READMEs is run.

use std::{fs, path::Path};

use harness::{bash, workspace};

use crate::{PROGRAM, target};

/// Returns the commands of all `console` blocks, a block per entry.
fn blocks(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    text.split("```console\n")
        .skip(1)
        .map(|rest| {
            let block = rest.split("```").next().unwrap_or_default();
            block.lines().filter_map(|line| line.strip_prefix("$ ")).collect::<Vec<_>>().join("\n")
        })
        .collect()
}

/// Puts `cargo alembic` on the path.
pub(crate) fn with_program(folder: &Path) -> String {
    let shim = folder.join("bin");
    fs::create_dir_all(&shim).unwrap();
    std::os::unix::fs::symlink(PROGRAM, shim.join("cargo-alembic")).unwrap();
    format!("export PATH={}:$PATH CARGO_TARGET_DIR={}", shim.display(), target("readme").display())
}

#[test]
fn the_readmes_commands_work() {
    let folder = tempfile::tempdir().unwrap();
    let prepare = with_program(folder.path());
    let root = workspace().display().to_string();
    let database = folder.path().join("blog.db");
    let mut run = 0;
    for block in blocks(&workspace().join("README.md")) {
        // These two run what is running now, and install what is on the path already.
        let commands: Vec<String> = block
            .lines()
            .filter(|line| !line.starts_with("scripts/test") && !line.starts_with("cargo install --path"))
            .map(|line| {
                line.replace(
                    "cargo run -p example-blog",
                    &format!(
                        "cargo run -q --locked --manifest-path {root}/Cargo.toml -p example-blog -- {}",
                        database.display()
                    ),
                )
            })
            .map(|line| {
                let run = format!("cargo run -q --locked --manifest-path {root}/Cargo.toml -p example-data");
                line.replace("cargo run -p example-data", &run)
            })
            .collect();
        run += commands.len();
        let _output = bash(folder.path(), &format!("{prepare}\n[ ! -d shop ] || cd shop\n{}", commands.join("\n")));
    }
    assert!(run > 8, "the README has {run} commands");
}

#[test]
fn the_examples_commands_work() {
    let folder = tempfile::tempdir().unwrap();
    let prepare = with_program(folder.path());
    for name in ["blog", "team", "data"] {
        for block in blocks(&workspace().join(format!("examples/{name}/README.md"))) {
            let manifest = workspace().join("Cargo.toml").display().to_string();
            let block = block.replace("cargo run ", &format!("cargo run -q --locked --manifest-path {manifest} "));
            let _output = bash(folder.path(), &format!("{prepare}\n{block}"));
        }
    }
}
