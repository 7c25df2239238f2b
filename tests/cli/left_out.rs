//! What a replay does not run is told.

use harness::{Database, Kind, Project};
use insta::assert_snapshot;

use crate::PROGRAM;

/// A project on a database of this kind, with one revision.
fn with(kind: Kind, up: &str) -> Option<(Database, Project)> {
    let db = Database::new(kind)?;
    let project = Project::new(PROGRAM, "").with("DATABASE_URL", db.url());
    project.revision("aaa1", "<base>", &up.replace("{db}", db.name()), "DROP TABLE t;");
    Some((db, project))
}

const POSTGRES: &str = "CREATE TABLE t (x INTEGER);\nALTER TABLE t\n  OWNER TO somebody;\nSET ROLE somebody;\n\
                        CREATE SCHEMA s AUTHORIZATION somebody;";

#[test]
fn statements_that_a_replay_leaves_out_are_named() {
    let Some((_db, project)) = with(Kind::Postgres, POSTGRES) else { return };
    assert_snapshot!(project.ok("check --only replay"), @"
    replay     ok       1 revision on postgres
    left out   of the replay, as no schema shows it (3 in all):
               migrations/aaa1.sql:8: `ALTER TABLE t OWNER TO somebody`
               migrations/aaa1.sql:10: `SET ROLE somebody`
               migrations/aaa1.sql:11: `AUTHORIZATION somebody` of `CREATE SCHEMA s`
    ");
    let json: serde_json::Value = serde_json::from_str(&project.ok("check --only replay --format json")).unwrap();
    assert_snapshot!(json["data"]["left_out"].to_string(), @r#"[{"file":"migrations/aaa1.sql","line":8,"of":null,"text":"ALTER TABLE t OWNER TO somebody"},{"file":"migrations/aaa1.sql","line":10,"of":null,"text":"SET ROLE somebody"},{"file":"migrations/aaa1.sql","line":11,"of":"CREATE SCHEMA s","text":"AUTHORIZATION somebody"}]"#);
    let github = project.ok("check --only replay --format github");
    assert!(
        github.contains("line=8,title=cargo alembic check::left out of the replay: ALTER TABLE t OWNER TO somebody"),
        "{github}"
    );
    for command in ["snapshot", "print-schema --from migrations", "revision --autogenerate -m x"] {
        project.write("src/schema.rs", "diesel::table! {\n    t (x) {\n        x -> Nullable<Integer>,\n        y -> Nullable<Integer>,\n    }\n}\n");
        let output = project.try_line(command);
        let told = "left out of the replay, as no schema shows it (3 in all):\n  migrations/aaa1.sql:8: `ALTER TABLE t OWNER TO somebody`\n";
        assert!(output.stderr.contains(told) && output.stderr.contains("`SET ROLE somebody`"), "{command}: {output}");
    }
}

#[test]
fn parts_of_statements_are_named_too() {
    for kind in [Kind::Mysql, Kind::Mariadb] {
        let up = "CREATE DATABASE IF NOT EXISTS {db};\nUSE {db};\nCREATE TABLE t (x INT);\n\
                  CREATE DEFINER=`somebody`@`%` SQL SECURITY INVOKER VIEW v AS SELECT x FROM t;";
        let Some((db, project)) = with(kind, up) else { continue };
        let told = project.ok("check --only replay").replace(db.name(), "{db}").replace(kind.name(), "{kind}");
        insta::allow_duplicates!(assert_snapshot!(told, @"
        replay     ok       1 revision on {kind}
        left out   of the replay, as no schema shows it (3 in all):
                   migrations/aaa1.sql:7: `CREATE DATABASE IF NOT EXISTS {db}`
                   migrations/aaa1.sql:8: `USE {db}`
                   migrations/aaa1.sql:10: `DEFINER=`somebody`@`%`` of `CREATE SQL SECURITY INVOKER VIEW v AS SELECT x FROM t`
        "));
    }
}

#[test]
fn nothing_is_told_where_nothing_is_left_out() {
    let Some((_db, project)) = with(Kind::Sqlite, "CREATE TABLE t (x INTEGER);") else { return };
    assert!(!project.try_line("check --only replay").to_string().contains("left out"));
    assert!(!project.ok("check --only replay --format json").contains("left_out"));
}
