//! Seeds: outside the graph, and not in production by accident.

use harness::Project;
use insta::assert_snapshot;

use crate::project;

fn seeded() -> Project {
    let project = project();
    project.revision("a", "<base>", "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);", "DROP TABLE users;");
    project.ok("upgrade head");
    project.write("seeds/users.sql", "INSERT INTO users VALUES (1, 'Ada') ON CONFLICT DO NOTHING;");
    project.write("seeds/development/more.sql", "INSERT INTO users VALUES (2, 'Alan') ON CONFLICT DO NOTHING;");
    project.write("seeds/production/root.sql", "INSERT INTO users VALUES (0, 'root') ON CONFLICT DO NOTHING;");
    project
}

#[test]
fn all_or_one_as_often_as_you_like() {
    let project = seeded();
    assert_snapshot!(project.ok("seed"), @"
    users.sql
    development/more.sql
    ");
    assert_snapshot!(project.ok("seed more"), @"development/more.sql");
    assert_snapshot!(project.ok("seed --format json users"), @r#"
    {
      "schema": "seed/1",
      "data": {
        "environment": "development",
        "seeds": [
          "users.sql"
        ]
      }
    }
    "#);
    let unknown = project.try_line("seed mor");
    assert_snapshot!(format!("{} {}", unknown.status, unknown.stderr), @"
    2 error: there is no seed `mor`; did you mean `more`?
    hint: name one of `more`, `root`, `users`
    ");
    let names = "sqlite3 shop.db 'SELECT name FROM users'";
    assert_eq!(harness::bash(project.path(), names), "Ada\nAlan\n");
}

#[test]
fn production_has_to_be_said() {
    let project = seeded().with("ALEMBIC_ENV", "production");
    let refused = project.try_line("seed");
    assert_snapshot!(format!("{} {}", refused.status, refused.stderr), @"
    2 error: seeds are not run in production unless you say so
    hint: pass `--environment` with the name of another environment, or with `production`
    ");
    assert_eq!(project.ok("seed --environment production"), "users.sql\nproduction/root.sql\n");
}

#[test]
fn a_mistyped_environment_is_refused() {
    let project = seeded();
    project.write("seeds/staging/more.sql", "INSERT INTO users VALUES (3, 'Kurt') ON CONFLICT DO NOTHING;");
    assert_snapshot!(project.try_line("seed --environment stagign"), @"
    ------- stderr -------
    error: no seed is for the environment `stagign`; did you mean `staging`?
    hint: pass `--environment` with one of `development`, `production`, `staging`, which goes before `ALEMBIC_ENV`; a file in the folder `stagign` of the seeds makes it known, too
    [exit status: 2]
    ");
    assert_eq!(project.try_line("seed users --environment qa").status, 2);
    // What the hint says works.
    project.write("seeds/qa/none.sql", "");
    assert_eq!(project.ok("seed --environment qa"), "users.sql\nqa/none.sql\n");
    assert_eq!(project.ok("seed --environment development users"), "users.sql\n");
    for environment in ["stagign", "test"] {
        let output = seeded().with("ALEMBIC_ENV", environment).try_line("seed");
        let said = format!("no seed is for the environment `{environment}`");
        assert!(output.status == 2 && output.stderr.contains(&said), "{output}");
    }
    assert_eq!(seeded().with("ALEMBIC_ENV", "development").try_line("seed users").status, 0);
}

#[test]
fn a_seed_that_fails_is_rolled_back() {
    let project = seeded();
    project.write("seeds/x.sql", "INSERT INTO users VALUES (7, 'x');\n\nINSERT INTO nowhere VALUES (1);");
    let failed = project.try_line("seed x");
    assert_snapshot!(format!("{} {}", failed.status, failed.stderr), @"
    3 error: seed `x.sql` failed: no such table: nowhere
      --> x.sql:3
    the seed was rolled back; those before it are committed
    hint: fix the file and run it again: seeds may be run as often as you like
    ");
    project.write("seeds/x.sql", "BEGIN; COMMIT;");
    let refused = project.try_line("seed x");
    assert!(refused.stderr.contains("`BEGIN` would break its transaction"), "{refused}");
}
