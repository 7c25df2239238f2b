//! Answers for programs, `--quiet`, colour, and where the URL comes from.

use harness::Project;
use insta::assert_snapshot;

use crate::{PROGRAM, branched, project};

#[test]
fn answers_for_programs() {
    let project = branched();
    for line in
        ["heads", "history", "branches", "show a1", "current", "check", "log", "upgrade heads", "list-templates"]
    {
        let output = project.try_line(&format!("{line} --format json"));
        let answer: serde_json::Value =
            serde_json::from_str(&output.stdout).unwrap_or_else(|error| panic!("{line}: {error}\n{output}"));
        assert!(answer["schema"].as_str().is_some_and(|schema| schema.ends_with("/1")), "{line}: {answer}");
    }
}

#[test]
fn the_answer_and_nothing_else_is_on_stdout() {
    assert_snapshot!(branched().try_line("heads --format json"), @r#"
    {
      "schema": "revisions/1",
      "data": [
        {
          "revision": "b1",
          "parents": [
            "a1"
          ],
          "depends_on": [],
          "branch_labels": [],
          "children": [],
          "is_head": true,
          "is_effective_head": false,
          "message": "add b1",
          "path": "migrations/b1.sql",
          "create_date": null
        },
        {
          "revision": "b2",
          "parents": [
            "a1"
          ],
          "depends_on": [],
          "branch_labels": [
            "shop"
          ],
          "children": [],
          "is_head": true,
          "is_effective_head": false,
          "message": "add b2",
          "path": "migrations/b2.sql",
          "create_date": null
        }
      ]
    }
    "#);
    assert_snapshot!(project().try_line("upgrade zz --format json"), @r#"
    {
      "schema": "error/1",
      "data": {
        "error": "can't locate revision identified by `zz`",
        "causes": [],
        "hints": [
          "run `cargo alembic history` for a list of the revisions"
        ]
      }
    }
    ------- stderr -------
    error: can't locate revision identified by `zz`
    hint: run `cargo alembic history` for a list of the revisions
    [exit status: 2]
    "#);
}

#[test]
fn quiet_leaves_answers_and_errors() {
    let project = branched();
    assert_snapshot!(project.try_line("-q upgrade heads"), @"");
    assert_eq!(project.ok("-q current").lines().count(), 2);
}

#[test]
fn colour_is_for_those_who_ask() {
    let project = branched();
    assert!(!project.ok("heads").contains('\x1b'));
    assert!(project.ok("heads --color always").contains('\x1b'));
}

#[test]
fn the_url_comes_from_the_first_place_that_has_one() {
    let project = project();
    project.revision("a1", "<base>", "SELECT 1;", "");
    let made = |file: &str| std::fs::remove_file(project.path().join(file)).is_ok();
    project.ok("upgrade head");
    assert!(made("shop.db"));
    project.write(".env", "DATABASE_URL=dotenv.db\n");
    project.ok("upgrade head");
    assert!(made("dotenv.db"));
    assert!(project.command(["upgrade", "head"]).env("DATABASE_URL", "variable.db").output().unwrap().status.success());
    assert!(made("variable.db"));
    project.ok("upgrade head --database-url option.db");
    assert!(made("option.db"));
    assert!(!made("shop.db"));
}

#[test]
fn a_workspace_has_packages() {
    let workspace = Project::unconfigured(PROGRAM);
    workspace.write("Cargo.toml", "[workspace]\nmembers = [\"one\", \"two\"]\n");
    for name in ["one", "two"] {
        let settings = "[package.metadata.alembic]\nsqlite-path = \"x.db\"\n";
        workspace.write(&format!("{name}/Cargo.toml"), format!("[package]\nname = \"{name}\"\n{settings}"));
        workspace.write(&format!("{name}/src/lib.rs"), "");
        workspace.write(
            &format!("{name}/migrations/x.sql"),
            format!("-- x\n-- Revision ID: {name}\n-- Revises: <base>\n-- alembic:upgrade\n"),
        );
    }
    assert_snapshot!(workspace.try_line("heads"), @"
    ------- stderr -------
    error: which package of the workspace is meant?
    hint: pass `--package` with one of `one`, `two`
    [exit status: 2]
    ");
    assert_eq!(workspace.ok("-p two heads"), "two (head)\n");
    assert_eq!(workspace.ok("--manifest-path one/Cargo.toml heads"), "one (head)\n");
    assert_snapshot!(workspace.try_line("-p three heads"), @"
    ------- stderr -------
    error: the workspace has no package `three`
    hint: pass `--package` with one of `one`, `two`
    [exit status: 2]
    ");
}

#[test]
fn an_error_at_a_line_names_it_for_programs() {
    let project = project();
    project
        .write("migrations/b1.sql", "-- broken\n--\n-- Revision ID: b1\n-- Revises:\n\n-- alembic:upgrade\nSELEC 1;\n");
    project.ok("lock");
    let failed = project.try_line("upgrade b1 --format json");
    let json: serde_json::Value = serde_json::from_str(&failed.stdout).unwrap();
    assert_eq!(json["data"]["at"], serde_json::json!({ "path": "migrations/b1.sql", "line": 7 }), "{failed}");
}

#[test]
fn a_terminal_obeys_nothing_of_the_project_or_the_database() {
    let project = project();
    let name = "t\u{1b}]8;;http://x\u{7}\u{9b}2K\u{202e}\u{8}";
    project.revision(
        "a1",
        "<base>",
        &format!("CREATE TABLE \"{name}\" (x INTEGER);"),
        &format!("DROP TABLE \"{name}\";"),
    );
    project.revision("b1", "a1", &format!("SELECT 1 AS x; SELECT * FROM \"no{name}\";"), "");
    project.write("src/schema.rs", "diesel::table! { other (x) { x -> Integer } }\n");
    let is_obeyed = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
    for line in
        ["upgrade a1", "upgrade head", "check", "check --only pending,drift", "revision --autogenerate -m x", "log"]
    {
        let output = project.try_line(line);
        let said = [output.stdout, output.stderr].concat();
        assert!(!said.contains(is_obeyed), "{line}: {said:?}");
    }
    let output = project.try_line("upgrade head");
    assert!(output.stderr.contains(r"not\u{1b}]8;;http://x\u{7}\u{9b}2K\u{202e}\u{8}"), "{output}");
    // Colours are our own.
    let coloured = project.try_line("history --color always").stdout;
    assert!(coloured.contains("\u{1b}[33mb1"), "{coloured:?}");
    let output = project.alembic(["revision", "-m", "ok\u{1b}[2J"]);
    assert_eq!(output.status, 2, "{output}");
    assert!(output.stderr.contains(r"`\u{1b}` is a character that a terminal obeys; leave it out"), "{output}");
}
