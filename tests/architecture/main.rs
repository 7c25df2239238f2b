//! The rules of ARCHITECTURE.md, checked against the sources as text.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod dialects;
mod modules;
mod operations;
mod surface;

use std::{
    fs,
    path::{Path, PathBuf},
};

use harness::workspace;

/// Returns all Rust files below a folder of the workspace, with their text.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    files(folder, "rs")
}

/// Returns all files below a folder of the workspace that have an ending, with their text.
fn files(folder: &str, ending: &str) -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, ending: &str, found: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, ending, found);
            } else if path.extension().is_some_and(|extension| extension == ending) {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    let mut found = Vec::new();
    walk(&workspace().join(folder), ending, &mut found);
    assert!(!found.is_empty(), "{folder} has no files that end with {ending}");
    found
}

/// Returns the lines of a source before its tests, comments aside, each with its number from 1.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let before_tests = text.lines().take_while(|line| *line != "#[cfg(test)]");
    (1..).zip(before_tests).filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// Fails if a line of code, comments aside, holds one of the words.
fn ban(folder: &str, exempt: &[&str], words: &[&str]) {
    for (path, text) in sources(folder) {
        if exempt.iter().any(|end| path.to_string_lossy().contains(end)) {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            let code = line.trim_start();
            if code.starts_with("//") {
                continue;
            }
            for word in words {
                assert!(!code.contains(word), "{}:{} uses {word}", path.display(), number + 1);
            }
        }
    }
}

#[test]
fn the_pure_crates_stay_pure() {
    let io = ["std::fs", "std::env", "std::process", "std::net", "Instant", "SystemTime", "Utc::now", "Local::now"];
    ban("core", &["tests.rs"], &io);
    for (path, text) in files("core", "toml") {
        assert!(!text.contains("diesel"), "{} depends on Diesel", path.display());
    }
}

#[test]
fn diesel_is_spoken_behind_one_door() {
    let queries = ["sql_query", "RunQueryDsl", "QueryableByName"];
    // Whether a pooler answers is asked before there is a connection to lend to the engine.
    ban("alembic-runtime/src", &["/database/", "/pure/backend_key.rs"], &queries);
    ban("cargo-alembic/src", &[], &queries);
}

#[test]
fn names_of_databases_and_roles_are_quoted_in_one_place() {
    // Whoever writes such a statement gets the name quoted, wherever the name came from.
    let unquoted = [
        "DATABASE {",
        "DATABASE IF EXISTS {",
        "DATABASE IF NOT EXISTS {",
        "CREATE ROLE {",
        "DROP ROLE",
        "CREATE USER {",
        "DROP USER",
        "\"USE {",
        "IDENTIFIED BY {",
        "TEMPLATE {",
    ];
    for folder in ["core", "alembic-runtime/src", "cargo-alembic/src"] {
        // These are given `Quoted`.
        ban(
            folder,
            &["/server.rs", "/server/given.rs", "/scratch/role.rs", "/scratch/extensions.rs", "tests.rs"],
            &unquoted,
        );
    }
}

#[test]
fn the_database_module_knows_no_plans() {
    ban(
        "alembic-runtime/src/database",
        &[],
        &["alembic_graph::plan", "alembic_graph::graph", "alembic_graph::identifier"],
    );
}

#[test]
fn the_engine_does_not_print() {
    ban("alembic-runtime/src/migrator", &[], &["println!", "eprintln!", "std::io::stdout", "std::io::stderr"]);
}

#[test]
fn the_session_sends_every_statement_of_a_run() {
    // Before a session is opened, and without one; and where a function is lent the connection.
    let around = ["/session/", "migrator/run.rs", "migrator/mod.rs", "/function/operations.rs"];
    ban("alembic-runtime/src/migrator", &around, &["batch_execute", "::answers(", "read_state("]);
}

#[test]
fn every_file_is_about_one_thing() {
    for folder in ["core", "alembic-macros/src", "alembic-runtime/src", "cargo-alembic/src"] {
        for (path, text) in sources(folder) {
            let code = text.lines().take_while(|line| *line != "#[cfg(test)]").count();
            assert!(code <= 600, "{} has {code} lines", path.display());
        }
    }
}

#[test]
fn no_test_file_is_forgotten() {
    for area in ["architecture", "cli", "runtime", "server", "builds", "hints", "faults"] {
        let files = sources(&format!("tests/{area}"));
        for (path, _) in &files {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let declared = files.iter().any(|(_, text)| text.contains(&format!("mod {name};")));
            assert!(matches!(name.as_str(), "main" | "mod") || declared, "{} is not run", path.display());
        }
    }
}

#[test]
fn every_promise_names_tests_that_exist() {
    let page = fs::read_to_string(workspace().join("docs/reliability.md")).unwrap();
    let table = page.split("\n| promise | proved by |").nth(1).unwrap().split("\n\n").next().unwrap();
    let tests: Vec<(PathBuf, String)> = sources("tests");
    let mut promises = 0;
    for row in table.lines().skip(2) {
        let proof = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        for name in proof.split('`').skip(1).step_by(2) {
            let known = match name.strip_suffix(".rs") {
                Some(_) => tests.iter().any(|(path, _)| path.ends_with(name)),
                None if name.contains(['-', '/']) => true,
                None => tests.iter().any(|(_, text)| text.contains(&format!("fn {name}("))),
            };
            assert!(known, "{name}: {row}");
        }
        promises += 1;
    }
    assert!(promises > 15, "{promises} promises");
}
