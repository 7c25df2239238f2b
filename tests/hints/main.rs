//! Every hint of the product, followed: a test brings about the situation, sees the hint, does what it says, and gets
//! on.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on panics")]

mod databases;
mod files;
mod followed;
mod gates;
mod packages;
mod servers;
mod statements;
mod targets;

use std::collections::BTreeSet;

use alembic_core::Hint;
use followed::{Followed, Shown, snake_case};
use harness::Project;

const PROGRAM: &str = env!("CARGO_BIN_EXE_cargo-alembic-under-test");

/// A project on an SQLite file.
fn project() -> Project {
    Project::new(PROGRAM, "sqlite-path = \"shop.db\"\n")
}

/// A project with two revisions in a line.
fn line() -> Project {
    let project = project();
    project.revision("a1", "<base>", "CREATE TABLE ta (x INTEGER);", "DROP TABLE ta;");
    project.revision("b1", "a1", "CREATE TABLE tb (x INTEGER);", "DROP TABLE tb;");
    project
}

/// A project with a trunk and two branches, one of them labelled.
fn branched() -> Project {
    let project = line();
    project.revision("b2", "a1\n-- Branch Labels: shop", "CREATE TABLE tb2 (x INTEGER);", "DROP TABLE tb2;");
    project
}

/// Migrations for the library: the id of each, its parents with more of its header, and its upgrade.
fn migrations<C>(revisions: &[(&str, &str, &str)]) -> alembic_runtime::Migrations<C> {
    let file = |(id, parents, up): &(&str, &str, &str)| {
        let text = format!("-- {id}\n-- Revision ID: {id}\n-- Revises: {parents}\n\n-- alembic:upgrade\n{up}\n");
        (format!("{id}.sql"), text)
    };
    alembic_runtime::Migrations::from_files(revisions.iter().map(file)).unwrap()
}

/// Declares a test for each hint, called after it: `fn no_url() -> Followed` follows `Hint::NoUrl`. A test that needs a
/// server returns `Option<Followed>`.
macro_rules! follow {
    ($(fn $name:ident() -> $followed:ty $body:block)+) => {
        /// The hints that are followed here.
        pub(crate) const HINTS: &[&str] = &[$(stringify!($name)),+];

        $(
            #[test]
            fn $name() {
                fn follow() -> $followed $body
                crate::followed::check(stringify!($name), follow());
            }
        )+
    };
}
use follow;

/// Hints that no test follows to the letter yet. This list only gets shorter: a new hint comes with its test.
const NOT_YET: &[&str] = &[
    // Tests may run as root, who may read everything.
    "unreadable_dotenv",
    // The report for people does not print it.
    "downgrade_is_no_inverse",
    "replay_rights",
    "script_database",
    "outside",
    "unclear_end",
    "models_not_written",
    "no_url_of_program",
    "not_for_scripts",
    "packet_too_large",
    "connection_lost",
    "by_hand",
    "drift",
    "undecided",
    "diesel_table",
    "changed",
    "interfered",
    "overtaken",
    "pooled",
    "not_compiled",
    "no_runner",
    "runner_not_built",
    "other_migrations",
    "other_version",
    "schemas_on_mysql",
    "upgrade_does_not_run",
    "downgrade_does_not_run",
    "write_by_hand",
    "instead",
    "cannot_follow",
    "version_table_elsewhere",
];

#[test]
fn every_hint_is_followed() {
    let files = [packages::HINTS, files::HINTS, gates::HINTS];
    let databases = [targets::HINTS, statements::HINTS, databases::HINTS, servers::HINTS];
    let followed = [files.as_slice(), &databases].concat();
    let followed: BTreeSet<&str> = followed.concat().into_iter().collect();
    let hints: BTreeSet<String> = Hint::NAMES.iter().map(|name| snake_case(name)).collect();
    let missing: Vec<&String> =
        hints.iter().filter(|name| !followed.contains(name.as_str()) && !NOT_YET.contains(&name.as_str())).collect();
    assert!(missing.is_empty(), "no test in tests/hints follows {missing:?}");
    let stale: Vec<&&str> = NOT_YET.iter().filter(|name| followed.contains(*name) || !hints.contains(**name)).collect();
    assert!(stale.is_empty(), "remove {stale:?} from NOT_YET: a test follows them, or they are no hints");
}
