//! `check`: one cause has one verdict, whichever gates are named.

use harness::{Database, Kind, Project};
use insta::assert_snapshot;

use crate::project;

/// Returns what the gates of a check say, `replay ok, roundtrip failed` for example, and how it ends.
fn verdict(project: &Project, line: &str) -> (String, i32) {
    let output = project.try_line(line);
    let gates = output.stdout.lines().filter(|line| !line.starts_with(' '));
    let words = gates.map(|line| line.split_whitespace().take(2).collect::<Vec<_>>().join(" "));
    (words.collect::<Vec<_>>().join(", "), output.status)
}

#[test]
fn what_downgrades_break_is_their_fault() {
    for kind in Kind::ALL {
        let Some(db) = Database::new(kind) else { continue };
        // A seed that depends on what is there, and takes back more than it gave: what comes later fails.
        let later = project().with("DATABASE_URL", db.url());
        later.revision(
            "a1",
            "<base>",
            "CREATE TABLE kinds (id INTEGER PRIMARY KEY);\nINSERT INTO kinds VALUES (1);",
            "DROP TABLE kinds;",
        );
        later.revision("b1", "a1", "INSERT INTO kinds SELECT 2 FROM kinds WHERE id = 1;", "DELETE FROM kinds;");
        later.revision(
            "c1",
            "b1",
            "CREATE TABLE things (kind INTEGER NOT NULL);\nINSERT INTO things VALUES ((SELECT id FROM kinds WHERE id = 2));",
            "DROP TABLE things;",
        );
        // The same, and it fails itself.
        let again = project().with("DATABASE_URL", db.url());
        again.revision(
            "a1",
            "<base>",
            "CREATE TABLE kinds (id INTEGER PRIMARY KEY);\nINSERT INTO kinds VALUES (1);",
            "DROP TABLE kinds;",
        );
        again.revision("b1", "a1", "CREATE TABLE things (kind INTEGER NOT NULL);\nINSERT INTO things VALUES ((SELECT id FROM kinds WHERE id = 1));", "DROP TABLE things;\nDELETE FROM kinds;");
        for project in [&later, &again] {
            assert_eq!(
                verdict(project, "check --only replay,roundtrip"),
                ("replay ok, roundtrip failed".into(), 1),
                "{kind:?}"
            );
            assert_eq!(verdict(project, "check --only replay"), ("replay ok".into(), 0), "{kind:?}");
            assert_eq!(verdict(project, "check --only roundtrip"), ("roundtrip failed".into(), 1), "{kind:?}");
        }
        if kind == Kind::Sqlite {
            assert_snapshot!(later.try_line("check --only roundtrip"), @"
            roundtrip  failed   once earlier revisions were undone and applied again: revision `c1` failed in statement 2 of 2: NOT NULL constraint failed: things.kind
                                  --> migrations/c1.sql:8:1
                                    8 | INSERT INTO things VALUES ((SELECT id FROM kinds WHERE id = 2))
                                that was on the scratch database; the live database is unchanged
                                --> migrations/c1.sql:8
                                hint: edit the downgrade to take back what the upgrade did, and nothing else: schema and rows
            [exit status: 1]
            ");
            assert_snapshot!(again.try_line("check --only roundtrip"), @"
            roundtrip  failed   after the downgrade of `b1`: revision `b1` failed in statement 2 of 2: NOT NULL constraint failed: things.kind
                                  --> migrations/b1.sql:8:1
                                    8 | INSERT INTO things VALUES ((SELECT id FROM kinds WHERE id = 1))
                                that was on the scratch database; the live database is unchanged
                                --> migrations/b1.sql:10
                                hint: edit the downgrade to take back what the upgrade did, and nothing else: schema and rows
            [exit status: 1]
            ");
        }
    }
}

#[test]
fn what_does_not_apply_fails_each_gate_that_needs_it() {
    for (kind, bad) in Kind::ALL.into_iter().flat_map(|kind| [(kind, "a1"), (kind, "b1")]) {
        let Some(db) = Database::new(kind) else { continue };
        let project = project().with("DATABASE_URL", db.url());
        let up = |id: &str| if id == bad { "INSERT INTO nowhere VALUES (1);" } else { "CREATE TABLE ta (x INTEGER);" };
        let down = |id: &str| if id == bad { "" } else { "DROP TABLE ta;" };
        project.revision("a1", "<base>", up("a1"), down("a1"));
        project.revision("b1", "a1", up("b1"), down("b1"));
        project.write("src/schema.rs", "diesel::table! { ta (x) { x -> Integer, } }\n");
        project.ok("lock");
        let all = "replay failed, roundtrip skipped, models skipped".to_owned();
        assert_eq!(verdict(&project, "check --only replay,roundtrip,models"), (all, 1), "{kind:?} {bad}");
        for gate in ["replay", "roundtrip", "models"] {
            assert_eq!(verdict(&project, &format!("check --only {gate}")), (format!("{gate} failed"), 1), "{bad}");
        }
    }
}

#[test]
fn heads_and_a_revision_in_rust_leave_the_gates_their_say() {
    let project = project();
    project.ok("revision -m a --rev-id a1");
    project.ok("revision -m b --rev-id b1");
    project.ok("revision -m c --rev-id b2 --head a1 --splice --rust");
    project.write("src/bin/migrate.rs", "compile_error!(\"it is not built\");\n");
    assert_eq!(project.try_line("check").status, 1);
    let text = project.try_line("check").to_string().replace(project.path().to_str().unwrap(), "");
    assert_snapshot!(text, @"
    files      failed   2 heads are not merged: b1, b2
                        --> migrations/DATE-b2_c.rs:1
                        hint: run `cargo alembic merge heads`
    replay     failed   the program `migrate`, which runs revisions in Rust, does not compile while heads are not merged: b1, b2
                        hint: run `cargo alembic merge heads`
    roundtrip  skipped  see replay
    models     skipped  see replay
    pending    skipped  no URL is given; pass --only pending,drift to look at `shop.db`
    drift      skipped  no URL is given; pass --only pending,drift to look at `shop.db`
    [exit status: 1]
    ");
}

#[test]
fn a_server_that_does_not_answer_leaves_the_other_gates_their_say() {
    let project = project().with("DATABASE_URL", "postgres://nobody@%2Fnowhere/shop");
    project.revision("a1", "<base>", "CREATE TABLE ta (x INTEGER);", "");
    project.ok("lock");
    let (gates, status) = verdict(&project, "check");
    let expected = "files ok, replay failed, roundtrip skipped, models skipped, pending failed, drift failed";
    assert_eq!((gates.as_str(), status), (expected, 3));
}
