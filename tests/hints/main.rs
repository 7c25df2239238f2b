//! Every hint of the product, followed: a test brings about the situation, sees the hint, does what it says, and gets
//! on.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on panics")]

mod databases;
mod disturbed;
mod files;
mod followed;
mod gates;
mod generated;
mod packages;
mod programs;
mod replayed;
mod rights;
mod servers;
mod sessions;
mod statements;
mod targets;

use std::collections::BTreeSet;

use alembic_graph::Hint;
use followed::{Followed, Shown, snake_case};
use harness::{Kind, Project};

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

/// Follows a hint on each kind of database that is there.
fn on_each(kinds: &[Kind], follow: impl FnMut(Kind) -> Option<Followed>) -> Option<Followed> {
    let mut followed: Vec<Followed> = kinds.iter().copied().filter_map(follow).collect();
    followed.pop()
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

#[test]
fn every_hint_is_followed() {
    let files = [packages::HINTS, files::HINTS, gates::HINTS, generated::HINTS, replayed::HINTS, programs::HINTS];
    let databases = [
        targets::HINTS,
        statements::HINTS,
        databases::HINTS,
        servers::HINTS,
        rights::HINTS,
        disturbed::HINTS,
        sessions::HINTS,
    ];
    let followed: BTreeSet<&str> = [files.as_slice(), &databases].concat().concat().into_iter().collect();
    let hints = Hint::NAMES.iter().map(|name| snake_case(name));
    let missing: Vec<String> = hints.filter(|name| !followed.contains(name.as_str())).collect();
    assert!(missing.is_empty(), "no test in tests/hints follows {missing:?}");
}

/// Writes the page of all hints.
fn document() -> String {
    let mut text = "# Hints\n\n\
        What is printed behind `hint:`, and when. Each is followed to the letter by a test of its name in `tests/hints`.\n\
        `{…}` stands for a name, `<…>` for what only the reader knows. A program that embeds the commands says its own\n\
        name in place of `cargo alembic`, where it has the command; options that say which package and database is meant\n\
        are repeated in the command lines.\n\n| when | hint |\n|---|---|\n"
        .to_owned();
    for (condition, hint) in Hint::TABLE {
        let cell = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|");
        text.extend(["| ", &cell(condition), " | ", &cell(hint), " |\n"]);
    }
    text
}

#[test]
fn the_document_is_what_is_rendered() {
    let path = harness::workspace().join("docs/hints.md");
    let rendered = document();
    #[expect(clippy::disallowed_methods, reason = "how a snapshot is accepted, as with the others")]
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        std::fs::write(&path, &rendered).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == rendered, "docs/hints.md is not up to date: run this test with INSTA_UPDATE=always");
}
