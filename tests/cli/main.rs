//! The command line: the real binary in a temporary project.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![expect(clippy::too_many_lines, reason = "a snapshot has as many lines as the command prints")]

mod adopt;
mod advice;
mod autogenerate;
mod bad_input;
mod check;
mod completions;
mod database;
mod dotenv;
mod dumps;
mod enum_values;
mod forms;
mod full_disk;
mod gates;
mod help;
mod hostile;
mod import;
mod init;
mod killed;
mod kinds;
mod left_out;
mod line_ends;
mod merge;
mod objects;
mod on_servers;
mod output;
mod passed_over;
mod passwords;
mod paths;
mod printed;
mod properties;
mod revision;
mod scratch;
mod script;
mod secrets;
mod seed;
mod server_text;
mod settings;
mod signals;
mod tour;
mod urls;
mod verdicts;

use harness::Project;

const PROGRAM: &str = env!("CARGO_BIN_EXE_cargo-alembic-under-test");

/// A project on an SQLite file.
fn project() -> Project {
    Project::new(PROGRAM, "sqlite-path = \"shop.db\"\n")
}

/// A project with a trunk and two branches, one of them labelled.
fn branched() -> Project {
    let project = project();
    project.revision("a1", "<base>", "CREATE TABLE ta (x INTEGER);", "DROP TABLE ta;");
    project.revision("b1", "a1", "CREATE TABLE tb1 (x INTEGER);", "DROP TABLE tb1;");
    project.revision("b2", "a1\n-- Branch Labels: shop", "CREATE TABLE tb2 (x INTEGER);", "DROP TABLE tb2;");
    project
}
