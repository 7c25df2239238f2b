//! Files that begin as a revision does and are not taken as one are named.

use insta::assert_snapshot;

use crate::project;

const A1: &str = "-- add a1\n--\n-- Revision ID: a1\n-- Revises: <base>\n\n-- alembic:upgrade\n";

#[test]
fn a_revision_in_a_folder_below_is_named() {
    let project = project();
    project.write("migrations/a1.sql", A1);
    project.ok("lock");
    project.write("migrations/2024/q1/a1.sql", A1);
    std::fs::remove_file(project.path().join("migrations/a1.sql")).unwrap();
    assert_snapshot!(project.try_line("heads"), @"
    ------- stderr -------
    warning: migrations/2024/q1/a1.sql: it begins as a revision does, but `migrations` does not name its folder
    hint: move it up, add `migrations/2024/q1` to `migrations` in [package.metadata.alembic], or remove it
    ");
    assert_snapshot!(project.try_line("check --only files"), @"
    files      failed   it begins as a revision does, but `migrations` does not name its folder
                        --> migrations/2024/q1/a1.sql:1
                        hint: move it up, add `migrations/2024/q1` to `migrations` in [package.metadata.alembic], or remove it
    [exit status: 1]
    ");
    // The second way that the hint names.
    let manifest = project.read("Cargo.toml");
    project.write("Cargo.toml", format!("{manifest}migrations = [\"migrations\", \"migrations/2024/q1\"]\n"));
    assert_eq!(project.try_line("heads").to_string(), "a1 (head)\n");
    assert_eq!(project.try_line("check --only files").status, 0);
}

#[test]
fn a_revision_of_another_name_is_named() {
    for name in ["A1.SQL", "a1.sql.orig", "a1.sql.txt", "a1"] {
        let project = project();
        project.write(&format!("migrations/{name}"), format!("\u{feff}{}", A1.replace('\n', "\r\n")));
        for line in ["heads", "lock", "upgrade head"] {
            let output = project.try_line(line);
            assert!(
                output.stderr.contains(&format!("warning: migrations/{name}: it begins as a revision does")),
                "{output}"
            );
        }
        assert_eq!(project.try_line("check --only files").status, 1, "{name}");
    }
}

#[test]
fn other_files_are_not_named() {
    let project = project();
    project.write("migrations/a1.sql", A1);
    project.ok("lock");
    for name in [".a1.sql.swp", "#a1.sql#", "a1.sql~", ".git/a1.sql", "00_diesel/up.sql", "README.md"] {
        let text =
            if name.starts_with(['0', 'R']) { "CREATE TABLE x (x INTEGER);\n\n-- Revision ID: a1\n" } else { A1 };
        project.write(&format!("migrations/{name}"), text);
    }
    project.write("migrations/other/b1.sql", A1.replace("a1", "b1"));
    let manifest = project.read("Cargo.toml");
    project.write(
        "Cargo.toml",
        format!("{manifest}\n[package.metadata.alembic.databases.other]\nmigrations = \"migrations/other\"\n"),
    );
    assert_eq!(project.try_line("heads").to_string(), "a1 (head)\n");
    assert_eq!(project.try_line("-n other heads").to_string(), "b1 (head)\n");
    assert_eq!(project.try_line("check --only files").status, 0);
}
