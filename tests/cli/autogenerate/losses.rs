//! What is lost is told, and asked about.

use insta::assert_snapshot;

use super::{CREATE_USERS, USERS, generated, users};
use crate::project;

#[test]
fn what_a_downgrade_forgets_is_told_where_it_is() {
    let project = users();
    project.revision("b1", "a1", "CREATE INDEX ix_users_email ON users (email);", "SELECT 1;");
    project.ok("lock");
    assert_snapshot!(project.try_line("check --only roundtrip,replay"), @"
    replay     ok       2 revisions on sqlite
    roundtrip  failed   the downgrade of `b1` does not restore the schema: it left behind index `ix_users_email` of `users`
                        --> migrations/b1.sql:9
                        hint: edit the downgrade to take back what the upgrade did, and nothing else: schema and rows
    [exit status: 1]
    ");
    assert_snapshot!(project.try_line("check --only roundtrip --format github"), @"
    ::error file=migrations/b1.sql,line=9,title=cargo alembic check: roundtrip::the downgrade of `b1` does not restore the schema: it left behind index `ix_users_email` of `users`%0Aedit the downgrade to take back what the upgrade did, and nothing else: schema and rows
    [exit status: 1]
    ");
    assert_snapshot!(project.try_line("heads --format github"), @"
    ------- stderr -------
    error: only `check` has --format github; pass `--format json`
    [exit status: 2]
    ");
}

#[test]
fn what_goes_with_a_table_is_told() {
    let project = users();
    let view =
        "CREATE TABLE k (id INTEGER PRIMARY KEY, UNIQUE (id ASC));\nCREATE VIEW named AS SELECT email FROM users;";
    project.revision("b1", "a1", view, "DROP VIEW named;\nDROP TABLE k;");
    project.write("src/schema.rs", "diesel::table! { k { id -> Integer } }\n");
    let output = project.try_line("revision --autogenerate -m gone");
    assert_eq!(output.status, 2, "{output}");
    assert!(output.stderr.contains("breaks what names it"), "{output}");
    assert!(output.stderr.contains("view `named`: no such table: main.users"), "{output}");
    // What did not work before is no reason, and is told.
    let broken = view.replace("FROM users", "FROM users, nowhere");
    project.revision("b1", "a1", &broken, "DROP VIEW named;\nDROP TABLE k;");
    project.ok("lock");
    assert_snapshot!(generated(&project, "revision --autogenerate -m gone"), @r#"
    Left alone, known only as text: view `named`
    Detected removed table `users`
    note: view `named` names `users`, which goes; it did not work before
    destructive: drops the table `users` with all its rows
    Generating $PROJECT/FILE ...  done

    -- note: view `named` names `users`, which goes; it did not work before

    -- destructive: drops the table `users` with all its rows
    DROP TABLE "users";

    -- alembic:downgrade
    CREATE TABLE users (id INTEGER NOT NULL CONSTRAINT pk_users PRIMARY KEY AUTOINCREMENT, email TEXT NOT NULL);
    "#);
}

/// SQLite lets go what a view, a full-text index or a trigger names.
#[test]
fn what_names_a_column_keeps_it() {
    let notes = "CREATE TABLE notes (id INTEGER PRIMARY KEY, title TEXT NOT NULL, body TEXT NOT NULL);\n\
        CREATE TABLE log (x INTEGER PRIMARY KEY);\n";
    let model = "diesel::table! { notes { id -> Integer, title -> Text } }\n";
    let log = "diesel::table! { log (x) { x -> Integer } }\n";
    let fts = "CREATE VIRTUAL TABLE notes_fts USING fts5(title, body, content='notes', content_rowid='id');";
    let trigger = "CREATE TRIGGER tr AFTER DELETE ON notes BEGIN INSERT INTO log (x) VALUES (old.id); END;";
    for (dependent, models, told) in [
        (fts, format!("{model}{log}"), "virtual table `notes_fts`: no such column: T.body"),
        ("CREATE VIEW v AS SELECT body FROM notes;", format!("{model}{log}"), "view"),
        (trigger, model.replace("Text }", "Text, body -> Text }"), "trigger of `notes`: no such table: main.log"),
    ] {
        let project = project();
        project.revision("a1", "<base>", &format!("{notes}{dependent}"), "");
        project.ok("lock");
        project.write("src/schema.rs", models);
        let output = project.try_line("revision --autogenerate -m less");
        assert_ne!(output.status, 0, "{dependent}: {output}");
        assert!(output.stderr.contains(told), "{dependent}: {output}");
        assert_eq!(project.ok("heads"), "a1 (head)\n");
    }
}

#[test]
fn hazards_are_named_for_programs() {
    let project = users();
    let view = "CREATE VIEW named AS SELECT email FROM users, nowhere;";
    project.revision("b1", "a1", view, "DROP VIEW named;");
    project.write("src/schema.rs", "diesel::table! { k { id -> Integer } }\n");
    let output = project.try_line("revision --autogenerate -m gone --format json");
    let answer: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    assert_snapshot!(serde_json::to_string_pretty(&answer["data"]["hazards"]).unwrap(), @r#"
    [
      {
        "kind": "breaks-dependents",
        "message": "view `named` names `users`, which goes; it did not work before"
      },
      {
        "kind": "data-loss",
        "message": "drops the table `users` with all its rows"
      }
    ]
    "#);
    let project = users();
    project.revision("b1", "a1", "CREATE INDEX ix_users_email ON users (email);", "SELECT 1;");
    project.ok("lock");
    let output = project.try_line("check --only roundtrip --format json");
    assert!(output.stdout.contains("\"hazard\": \"not-restored\""), "{output}");
}

#[test]
fn on_a_terminal_a_loss_is_asked_about() {
    let project = users();
    let nick = CREATE_USERS.replace("email TEXT NOT NULL", "email TEXT NOT NULL, nick TEXT");
    project.revision("a1", "<base>", &nick, "DROP TABLE users;");
    project.ok("lock");
    let line = "revision --autogenerate -m drop --rev-id b1";
    let refused = project.on_terminal(line, "n\n");
    assert!(refused.contains("destructive: drops `users.nick` with all its values"), "{refused}");
    assert!(refused.contains("Write a revision that loses data? [y/N]"), "{refused}");
    assert!(refused.contains(": nothing was written"), "{refused}");
    assert_eq!(project.ok("heads"), "a1 (head)\n");
    let _shown = project.on_terminal(line, "y\n");
    assert_eq!(project.ok("heads"), "b1 (head)\n");
}

#[test]
fn where_nobody_can_be_asked_a_likely_rename_is_told() {
    let project = users();
    project.write("src/schema.rs", USERS.replace("email", "mail"));
    let output = project.try_line("revision --autogenerate -m rename");
    assert!(output.stderr.contains("note: Was the column `users.email` renamed to `users.mail`?"), "{output}");
    assert!(output.stderr.contains("destructive: drops `users.email` with all its values"), "{output}");
    // What the note says works.
    let project = users();
    let renamed = USERS.replace("        email", "        #[alembic(renamed_from = \"email\")]\n        mail");
    project.write("src/schema.rs", renamed);
    let output = project.try_line("revision --autogenerate -m rename");
    assert!(!output.stderr.contains("note: Was") && !output.stderr.contains("destructive"), "{output}");
}
