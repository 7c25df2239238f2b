use std::fs;

use insta::assert_snapshot;
use tempfile::TempDir;

use super::*;

fn argument(text: &str) -> syn::Result<Argument> {
    syn::parse_str(text)
}

#[test]
fn the_argument_is_a_path_or_a_database() {
    assert_eq!(argument("").unwrap(), Argument::None);
    assert_eq!(argument("\"a/b\",").unwrap(), Argument::Path("a/b".into()));
    assert_eq!(argument("database = \"x\"").unwrap(), Argument::Database("x".into()));
    assert_eq!(argument("db = \"x\"").unwrap_err().to_string(), "expected a path, or `database = \"name\"`");
    assert!(argument("\"a\" \"b\"").is_err());
}

const A: (&str, &str) = ("a.sql", "-- a\n-- Revision ID: a\n-- Revises: <base>\n-- alembic:upgrade\n");
const B: (&str, &str) = ("b.sql", "-- b\n-- Revision ID: b\n-- Revises: a\n-- alembic:upgrade\n");

/// A package with these files, and a lock file of those that it should know.
fn package(settings: &str, files: &[(&str, &str)], locked: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("Cargo.toml"), format!("[package]\nname = \"x\"\n{settings}")).unwrap();
    fs::create_dir(folder.path().join("migrations")).unwrap();
    for (name, text) in files {
        fs::write(folder.path().join("migrations").join(name), text).unwrap();
    }
    let paths: Vec<String> = locked.iter().map(|(name, _)| format!("migrations/{name}")).collect();
    let known = paths.iter().zip(locked).map(|(path, (_, text))| (path.as_str(), text.as_bytes()));
    let lock = alembic_core::lockfile::Lockfile::of(&Collection::read(known).unwrap().graph).render();
    fs::write(folder.path().join("migrations/alembic.lock"), lock).unwrap();
    folder
}

/// Returns what the compiler would print for a package with these files.
fn errors(files: &[(&str, &str)]) -> String {
    errors_in(&package("", files, files.get(..1).filter(|_| files[0] == A).unwrap_or_default()), &Argument::None)
}

fn errors_in(package: &TempDir, argument: &Argument) -> String {
    let root = package.path().to_path_buf();
    let messages = expand_in(root.clone(), argument).map(|tokens| tokens.to_string()).unwrap_err();
    messages.join("\n").replace(&root.display().to_string(), "$PACKAGE")
}

#[test]
fn every_mistake_is_an_error_with_its_place() {
    let edited = |file: (&'static str, &str), from: &str, to: &str| (file.0, file.1.replace(from, to));
    let (name, text) = edited(B, "Revises: a", "Revises: zz");
    assert_snapshot!(errors(&[A, (name, &text)]), @"
    migrations/b.sql:3: revision `b` (migrations/b.sql) follows `zz`, which does not exist
    was the file of the parent deleted, renamed or not committed?
    ");
    let (name, text) = edited(B, "ID: b", "ID: a");
    assert_snapshot!(errors(&[A, (name, &text)]), @"
    migrations/b.sql:2: revision `a` is defined twice, in `migrations/a.sql`, `migrations/b.sql`
    give one of the files another `Revision ID`, or remove it
    ");
    let (name, text) = edited(A, "<base>", "b");
    assert_snapshot!(errors(&[(name, &text), B]), @"
    migrations/b.sql:3: cycle is detected in revisions (a, b), in `migrations/a.sql`, `migrations/b.sql`
    edit `Revises` or `Depends On` of one of them to follow an earlier revision
    ");
    let (name, text) = edited(B, "Revises: a", "Revises: <base>");
    assert_snapshot!(errors(&[A, (name, &text)]), @r#"the migrations have 2 heads: `a (migrations/a.sql)`, `b (migrations/b.sql)`; join them with `cargo alembic merge heads -m "…"`"#);
    let (name, text) = edited(B, "Revises", "Revize");
    assert_snapshot!(errors(&[A, (name, &text), ("c.sql", "SELECT 1;")]), @"
    migrations/b.sql:3:4: unknown header key `Revize`; did you mean `Revises`?
    migrations/c.sql:1:1: expected a `-- alembic:upgrade` line before any SQL
    ");
    assert_snapshot!(errors(&[A, B]), @"
    migrations/b.sql: revision `b` is not in alembic.lock
    run `cargo alembic lock`
    ");
}

#[test]
fn the_lock_file_and_the_files_have_to_fit() {
    assert_snapshot!(errors_in(&package("", &[A], &[A, B]), &Argument::None), @"
    migrations/b.sql: alembic.lock has revision `b`, which has no file
    run `cargo alembic lock`
    ");
    let conflict = package("", &[A], &[A]);
    fs::write(conflict.path().join("migrations/alembic.lock"), "version 1\n<<<<<<< ours\n").unwrap();
    assert_snapshot!(errors_in(&conflict, &Argument::None), @"migrations/alembic.lock:2: a merge conflict is not resolved; keep the lines of both sides; `cargo alembic lock` writes it anew");
    fs::remove_file(conflict.path().join("migrations/alembic.lock")).unwrap();
    assert_snapshot!(errors_in(&conflict, &Argument::None), @"could not read `migrations/alembic.lock`: No such file or directory (os error 2); `cargo alembic lock` writes it");
}

#[test]
fn the_configuration_has_to_be_right() {
    let wrong = package("[package.metadata.alembic]\nmigration = \"m\"\n", &[A], &[A]);
    assert_snapshot!(errors_in(&wrong, &Argument::None), @"Cargo.toml:4:1: unknown key `migration`; did you mean `migrations`?");
    assert_snapshot!(errors_in(&package("", &[A], &[A]), &Argument::Path("missing".into())), @"could not read the migrations folder `missing`: No such file or directory (os error 2)");
    assert_snapshot!(errors_in(&package("", &[A], &[A]), &Argument::Database("other".into())), @"Cargo.toml has no [package.metadata.alembic.databases.other]");
}

#[test]
fn constants_are_emitted_and_files_watched() {
    let package = package("", &[A, B], &[A, B]);
    let tokens = expand_in(package.path().to_path_buf(), &Argument::None).unwrap().to_string();
    assert!(tokens.contains(":: alembic_runtime :: Migrations :: embedded ("), "{tokens}");
    for file in ["alembic.lock", "a.sql", "b.sql"] {
        assert!(tokens.contains(&format!("migrations/{file}\"")), "{file} is not watched");
    }
}

#[test]
fn a_snapshot_is_taken_along() {
    let package = package("[package.metadata.alembic]\nexclude-tables = [\"old_*\"]\n", &[A], &[A]);
    let expand = || expand_in(package.path().to_path_buf(), &Argument::None).unwrap().to_string();
    assert!(!expand().contains("with_snapshots"));
    fs::write(package.path().join("migrations/schema.sqlite.sql"), "-- x\n-- Fingerprint: abc\n").unwrap();
    let expanded = expand();
    assert!(expanded.contains("(\"sqlite\" , \"abc\")") && expanded.contains("exclude : & [\"old_*\"]"), "{expanded}");
    assert!(expanded.contains("schema.sqlite.sql"), "a new snapshot builds the program again");
}
