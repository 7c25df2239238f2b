use std::fs;

use insta::assert_snapshot;
use tempfile::TempDir;

use super::*;

fn arguments(text: &str) -> syn::Result<Arguments> {
    syn::parse_str(text)
}

fn none() -> Arguments {
    Arguments::default()
}

fn source(source: Source) -> Arguments {
    Arguments { source, ..none() }
}

#[test]
fn arguments_are_a_path_or_a_database_and_whether_links_are_followed() {
    assert_eq!(arguments("").unwrap(), none());
    assert_eq!(arguments("\"a/b\",").unwrap(), source(Source::Path("a/b".into())));
    assert_eq!(arguments("database = \"x\"").unwrap(), source(Source::Database("x".into())));
    let follow = |source| Arguments { source, follow_links: Some(true) };
    assert_eq!(arguments("follow_links = true").unwrap(), follow(Source::Package));
    assert_eq!(arguments("\"a\", follow_links = true,").unwrap(), follow(Source::Path("a".into())));
    assert_eq!(arguments("follow_links = true, database = \"x\"").unwrap(), follow(Source::Database("x".into())));
    for wrong in ["db = \"x\"", "database = \"x\", database = \"y\"", "follow_links = true, follow_links = true"] {
        assert_eq!(arguments(wrong).unwrap_err().to_string(), EXPECTED);
    }
    assert!(arguments("\"a\" \"b\"").is_err() && arguments("\"a\", \"b\"").is_err());
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
    let lock = alembic_graph::lockfile::Lockfile::of(&Collection::read(known).unwrap().graph).render();
    fs::write(folder.path().join("migrations/alembic.lock"), lock).unwrap();
    folder
}

/// Returns what the compiler would print for a package with these files.
fn errors(files: &[(&str, &str)]) -> String {
    errors_in(&package("", files, files.get(..1).filter(|_| files[0] == A).unwrap_or_default()), &none())
}

fn errors_in(package: &TempDir, arguments: &Arguments) -> String {
    let root = package.path().to_path_buf();
    let messages = expand_in(root.clone(), arguments).map(|tokens| tokens.to_string()).unwrap_err();
    messages.join("\n").replace(&root.display().to_string(), "$PACKAGE")
}

#[test]
fn every_mistake_is_an_error_with_its_place() {
    let edited = |file: (&'static str, &str), from: &str, to: &str| (file.0, file.1.replace(from, to));
    let (name, text) = edited(B, "Revises: a", "Revises: zz");
    assert_snapshot!(errors(&[A, (name, &text)]), @"
    migrations/b.sql:3: revision `b` (migrations/b.sql) follows `zz`, which does not exist
    restore the file of `zz` if it was deleted or not committed, or name another revision in `Revises`
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
    run `cargo alembic lock`, and commit the file
    ");
}

#[test]
fn the_lock_file_and_the_files_have_to_fit() {
    assert_snapshot!(errors_in(&package("", &[A], &[A, B]), &none()), @"
    migrations/b.sql: alembic.lock has revision `b`, which has no file
    run `cargo alembic lock`, and commit the file
    ");
    let conflict = package("", &[A], &[A]);
    fs::write(conflict.path().join("migrations/alembic.lock"), "version 1\n<<<<<<< ours\n").unwrap();
    assert_snapshot!(errors_in(&conflict, &none()), @"migrations/alembic.lock:2: a merge conflict is not resolved; keep the lines of both sides; `cargo alembic lock` writes it anew");
    fs::remove_file(conflict.path().join("migrations/alembic.lock")).unwrap();
    assert_snapshot!(errors_in(&conflict, &none()), @"could not read `migrations/alembic.lock`: No such file or directory (os error 2); `cargo alembic lock` writes it");
}

#[test]
fn the_configuration_has_to_be_right() {
    let wrong = package("[package.metadata.alembic]\nmigration = \"m\"\n", &[A], &[A]);
    assert_snapshot!(errors_in(&wrong, &none()), @"Cargo.toml:4:1: unknown key `migration`; did you mean `migrations`?");
    assert_snapshot!(errors_in(&package("", &[A], &[A]), &source(Source::Path("missing".into()))), @"could not read the migrations folder `missing`: No such file or directory (os error 2)");
    assert_snapshot!(errors_in(&package("", &[A], &[A]), &source(Source::Database("other".into()))), @"Cargo.toml has no [package.metadata.alembic.databases.other]");
}

#[test]
fn constants_are_emitted_and_files_watched() {
    let package = package("", &[A, B], &[A, B]);
    let tokens = expand_in(package.path().to_path_buf(), &none()).unwrap().to_string();
    assert!(tokens.contains(":: alembic_runtime :: Migrations :: embedded ("), "{tokens}");
    for file in ["alembic.lock", "a.sql", "b.sql"] {
        assert!(tokens.contains(&format!("migrations/{file}\"")), "{file} is not watched");
    }
}

#[test]
fn a_snapshot_is_taken_along() {
    let package = package("[package.metadata.alembic]\nexclude-tables = [\"old_*\"]\n", &[A], &[A]);
    let expand = || expand_in(package.path().to_path_buf(), &none()).unwrap().to_string();
    assert!(!expand().contains("with_snapshots"));
    fs::write(package.path().join("migrations/schema.sqlite.sql"), "-- x\n-- Fingerprint: abc\n").unwrap();
    let expanded = expand();
    assert!(expanded.contains("(\"sqlite\" , \"abc\")") && expanded.contains("exclude : & [\"old_*\"]"), "{expanded}");
    assert!(expanded.contains("schema.sqlite.sql"), "a new snapshot builds the program again");
}

#[test]
fn what_begins_as_a_revision_and_is_none_is_an_error() {
    let package = package("", &[A, ("c.sql.orig", B.1), ("notes.txt", "-- Revision of the text\n")], &[A]);
    fs::create_dir_all(package.path().join("migrations/old/2024")).unwrap();
    fs::write(package.path().join("migrations/old/2024/b.sql"), B.1).unwrap();
    assert_snapshot!(errors_in(&package, &none()), @"
    migrations/c.sql.orig: it begins as a revision does, but its name does not end in `.sql` or `.rs`
    rename it, or remove it
    migrations/old/2024/b.sql: it begins as a revision does, but `migrations` does not name its folder
    move it up, add `migrations/old/2024` to `migrations` in [package.metadata.alembic], or remove it
    ");
}

#[test]
fn the_folder_of_another_database_is_not_passed_over() {
    let settings = "[package.metadata.alembic.databases.other]\nmigrations = \"migrations/other\"\n";
    let package = package(settings, &[A], &[A]);
    fs::create_dir(package.path().join("migrations/other")).unwrap();
    fs::write(package.path().join("migrations/other/b.sql"), B.1).unwrap();
    assert!(expand_in(package.path().to_path_buf(), &none()).is_ok());
}

#[test]
#[cfg(unix)]
fn a_link_to_a_file_is_followed_where_that_is_set() {
    use std::os::unix::fs::symlink;

    let store = tempfile::tempdir().unwrap();
    fs::write(store.path().join("a"), A.1).unwrap();
    let linked = |settings: &str| {
        let package = package(settings, &[], &[A]);
        symlink(store.path().join("a"), package.path().join("migrations/a.sql")).unwrap();
        package
    };
    let follow = Arguments { follow_links: Some(true), ..none() };
    let setting = "[package.metadata.alembic]\nfollow-links = true\n";
    assert!(errors_in(&linked(""), &none()).contains("`migrations/a.sql` is a link that leads out of its folder"));
    assert!(expand_in(linked("").path().to_path_buf(), &follow).is_ok());
    assert!(expand_in(linked(setting).path().to_path_buf(), &none()).is_ok());
    let refuse = Arguments { follow_links: Some(false), ..none() };
    assert!(errors_in(&linked(setting), &refuse).contains("is a link"));
    // Only files are: not a folder, and nothing else.
    let package = linked(setting);
    symlink(store.path(), package.path().join("migrations/b.sql")).unwrap();
    assert!(errors_in(&package, &none()).contains("`migrations/b.sql` is a link"));
}

#[test]
#[cfg(unix)]
fn a_tree_of_links_is_the_tree() {
    use std::os::unix::fs::symlink;

    let store = package("[package.metadata.alembic]\nfollow-links = true\n", &[A, B], &[A, B]);
    let linked = |settings: &str| {
        let tree = package(settings, &[], &[]);
        fs::remove_dir_all(tree.path().join("migrations")).unwrap();
        tree
    };
    let follow = Arguments { follow_links: Some(true), ..none() };
    // Every file a link, as Bazel and Nix have it.
    let files = linked("");
    fs::create_dir_all(files.path().join("migrations/old")).unwrap();
    for entry in fs::read_dir(store.path().join("migrations")).unwrap() {
        let entry = entry.unwrap();
        symlink(entry.path(), files.path().join("migrations").join(entry.file_name())).unwrap();
    }
    assert!(expand_in(files.path().to_path_buf(), &follow).is_ok());
    // What is passed over is named in links, too.
    symlink(store.path().join("migrations/a.sql"), files.path().join("migrations/old/a.sql")).unwrap();
    assert!(errors_in(&files, &follow).contains("migrations/old/a.sql: it begins as a revision does"));
    // The folder is the link.
    let folder = linked("");
    symlink(store.path().join("migrations"), folder.path().join("migrations")).unwrap();
    assert!(expand_in(folder.path().to_path_buf(), &follow).is_ok());
    assert!(errors_in(&folder, &none()).contains("leads out of the package; it is followed with `follow-links"));
}

#[test]
fn line_ends_do_not_matter() {
    let crlf = |text: &str| text.replace('\n', "\r\n");
    let package = package("", &[(A.0, &crlf(A.1)), B], &[A, B]);
    let lock = package.path().join("migrations/alembic.lock");
    fs::write(&lock, crlf(&fs::read_to_string(&lock).unwrap())).unwrap();
    assert!(expand_in(package.path().to_path_buf(), &none()).is_ok());
}
