//! What only shows on a server: roles, passwords, failures with their codes.

use harness::{Database, Kind, Project};
use insta::assert_snapshot;

use crate::project;

fn on(db: &Database) -> Project {
    project().with("DATABASE_URL", db.url())
}

#[test]
fn a_wrong_password_is_not_shown() {
    let Some(db) = Database::new(Kind::Postgres) else {
        return;
    };
    db.run(&format!("CREATE ROLE {0}_me LOGIN PASSWORD 'right'", db.name()));
    let url = db.url().replace("postgres@", &format!("{}_me:wrong-secret@", db.name()));
    let output = project().with("DATABASE_URL", &url).try_line("current");
    db.run(&format!("DROP ROLE {}_me", db.name()));
    assert_eq!(output.status, 3);
    assert!(output.stderr.contains("password authentication failed"), "{output}");
    assert!(output.stderr.contains(":***@") && !output.stderr.contains("wrong-secret"), "{output}");

    for kind in [Kind::Mysql, Kind::Mariadb] {
        let Some(db) = Database::new(kind) else { continue };
        let url = db.url().replace("root@", "root:wrong-secret@");
        let output = project().with("DATABASE_URL", &url).try_line("current");
        assert_eq!(output.status, 3);
        assert!(output.stderr.contains("Access denied") && !output.stderr.contains("wrong-secret"), "{output}");
    }
}

#[test]
fn a_role_that_may_only_read_can_ask() {
    let Some(db) = Database::new(Kind::Postgres) else {
        return;
    };
    let reader = format!("{}_reader", db.name());
    let project = on(&db);
    project.revision("a1", "<base>", "CREATE TABLE ta (x INTEGER);", "");
    project.ok("upgrade head");
    db.run(&format!(
        "CREATE ROLE {reader} LOGIN PASSWORD 'x'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {reader}"
    ));
    let url = db.url().replace("postgres@", &format!("{reader}:x@"));
    for line in ["current", "check --only files,pending", "log", "history -i", "upgrade head", "upgrade head --dry-run"]
    {
        let output = project.try_line(&format!("{line} --database-url {url}"));
        assert_eq!(output.status, 0, "{line}: {output}");
    }
    db.run(&format!("DROP OWNED BY {reader}; DROP ROLE {reader}"));
}

/// Returns what a failure prints, with what differs between servers taken out.
fn failure(kind: Kind) -> String {
    let Some(db) = Database::new(kind) else {
        return String::new();
    };
    let project = on(&db);
    project.revision("a1", "<base>", "CREATE TABLE ta (x INTEGER PRIMARY KEY);", "DROP TABLE ta;");
    project.revision(
        "b1",
        "a1",
        "CREATE TABLE tb (x INTEGER);\nINSERT INTO ta VALUES (1);\nINSERT INTO ta VALUES (1);",
        "DROP TABLE tb;",
    );
    let output = project.try_line("upgrade head");
    assert_eq!(output.status, 3);
    let after = if kind.is_mysql_family() {
        "a1\nunfinished: the upgrade of `b1` stopped at statement 3 of 3: Duplicate entry '1' for key 'PRIMARY'\n"
    } else {
        ""
    };
    assert_eq!(project.ok("current").replace("'ta.PRIMARY'", "'PRIMARY'"), after);
    output.to_string()
}

#[test]
fn the_third_statement_fails_on_sqlite() {
    assert_snapshot!(failure(Kind::Sqlite), @"
    ------- stderr -------
    Running upgrade  -> a1, add a1
    Running upgrade a1 -> b1, add b1
    error: revision `b1` failed in statement 3 of 3: UNIQUE constraint failed: ta.x
      --> migrations/b1.sql:9:1
        9 | INSERT INTO ta VALUES (1)
    nothing was changed: the revision before it rolled back too
    hint: fix the file and run the command again
    [exit status: 3]
    ");
}

#[test]
fn the_third_statement_fails_on_postgres() {
    let output = failure(Kind::Postgres);
    if !output.is_empty() {
        assert_snapshot!(output, @r#"
        ------- stderr -------
        Running upgrade  -> a1, add a1
        Running upgrade a1 -> b1, add b1
        error: revision `b1` failed in statement 3 of 3 (SQLSTATE 23505): duplicate key value violates unique constraint "ta_pkey"; detail: Key (x)=(1) already exists.
          --> migrations/b1.sql:9:1
            9 | INSERT INTO ta VALUES (1)
        nothing was changed: the revision before it rolled back too
        hint: fix the file and run the command again
        [exit status: 3]
        "#);
    }
}

#[test]
fn the_third_statement_fails_on_mysql_and_mariadb() {
    for kind in [Kind::Mysql, Kind::Mariadb] {
        // MySQL names the table, too.
        let output = failure(kind).replace("'ta.PRIMARY'", "'PRIMARY'");
        if output.is_empty() {
            continue;
        }
        insta::allow_duplicates! {
        assert_snapshot!(output, @"
        ------- stderr -------
        Running upgrade  -> a1, add a1
        Running upgrade a1 -> b1, add b1
        error: revision `b1` failed in statement 3 of 3 (error 1062, SQLSTATE 23000): Duplicate entry '1' for key 'PRIMARY'
          --> migrations/b1.sql:9:1
            9 | INSERT INTO ta VALUES (1)
        2 statements of it are committed
        hint: fix the file from this statement on and run the command again: it goes on after the first 2 statements
        [exit status: 3]
        ");
        }
    }
}

#[test]
fn what_the_server_says_besides_is_passed_on() {
    let Some(db) = Database::new(Kind::Postgres) else {
        return;
    };
    let project = on(&db);
    project.revision("a1", "<base>", "DROP TABLE IF EXISTS nothing;\nDO $$ BEGIN RAISE WARNING 'mind it'; END $$;", "");
    let output = project.try_line("upgrade head");
    assert_eq!(
        output.stderr,
        "Running upgrade  -> a1, add a1\nNOTICE: table \"nothing\" does not exist, skipping\nWARNING: mind it\n"
    );
}

#[test]
fn timeouts_are_settings_of_the_project() {
    let Some(db) = Database::new(Kind::Postgres) else {
        return;
    };
    let settings = "lock-timeout = 1.5\nstatement-timeout = 60\n";
    let project = Project::new(crate::PROGRAM, settings).with("DATABASE_URL", db.url());
    let sql = "CREATE TABLE seen AS SELECT current_setting('lock_timeout') || ' ' || current_setting('statement_timeout') AS x;";
    project.revision("a1", "<base>", sql, "DROP TABLE seen;");
    project.ok("upgrade head");
    assert_eq!(db.ask("SELECT x AS answer FROM seen"), "1500ms 1min");
    project.ok("downgrade base");
    project.ok("upgrade head --lock-timeout 7");
    assert_eq!(db.ask("SELECT x AS answer FROM seen"), "7s 1min");
}

#[test]
fn a_pooler_is_recognised() {
    let Some(db) = Database::new(Kind::Postgres) else {
        return;
    };
    #[expect(clippy::disallowed_methods, reason = "how scripts/with-databases says where the servers are")]
    let pooler = std::env::var("ALEMBIC_TEST_PGBOUNCER").unwrap();
    let url = format!("{}/{}", pooler.rsplit_once('/').unwrap().0, db.name());
    let project = project().with("DATABASE_URL", &url);
    project.revision("a1", "<base>", "CREATE TABLE ta (x INTEGER);", "");
    project.ok("upgrade head");
    project.revision("b1", "a1\n-- Transaction: none", "CREATE INDEX CONCURRENTLY i ON ta (x);", "");
    assert_snapshot!(project.try_line("upgrade head"), @"
    ------- stderr -------
    error: the connection goes through a transaction pooler, where no lock can protect revision `b1` (migrations/b1.sql), which runs outside a transaction
    hint: connect to the server itself: pass another URL as `--database-url <URL>`, or name another variable as `database-url-env` in Cargo.toml; if the pooler keeps sessions, pass `--pooler session`. Nothing of this revision was changed
    [exit status: 2]
    ");
    assert_eq!(project.ok("current"), "a1\n");
    let direct = project.try_line(&format!("upgrade head --database-url {}", db.url()));
    assert_eq!(direct.status, 0, "{direct}");
}

/// Where the version table is has nothing to do with the database that a revision finds in use.
#[test]
fn a_revision_finds_its_own_database_in_use_wherever_the_version_table_is() {
    for kind in [Kind::Mysql, Kind::Mariadb] {
        let (Some(db), Some(other)) = (Database::new(kind), Database::new(kind)) else { continue };
        let settings = format!("version-table = \"{}.alembic_version\"\n", other.name());
        let project = Project::new(crate::PROGRAM, &settings).with("DATABASE_URL", db.url());
        let elsewhere = format!("USE {};\nCREATE TABLE there (x INTEGER);", other.name());
        project.revision("a1", "<base>", &elsewhere, "");
        project.revision("b1", "a1", "CREATE TABLE here (x INTEGER);", "");
        project.ok("upgrade head");
        assert_eq!((db.tables().as_str(), other.tables().as_str(), other.versions().as_str()), ("here", "there", "b1"));
    }
}

#[test]
fn rows_and_edits_that_do_not_fit() {
    for kind in Kind::ALL {
        let Some(db) = Database::new(kind) else {
            continue;
        };
        let project = on(&db);
        project.revision("a1", "<base>", "CREATE TABLE ta (x INTEGER);", "DROP TABLE ta;");
        project.ok("upgrade head");
        project.revision("a1", "<base>", "CREATE TABLE edited (x INTEGER);", "DROP TABLE ta;");
        project.revision("b1", "a1", "CREATE TABLE tb (x INTEGER);", "DROP TABLE tb;");
        let output = project.try_line("upgrade head");
        assert!(
            output.stderr.contains("revision `a1` (migrations/a1.sql) was edited after it was applied"),
            "{output}"
        );
        assert_eq!(output.status, 2);
        db.run("UPDATE alembic_version SET version_num = 'gone'");
        for line in ["upgrade head", "downgrade base", "stamp head"] {
            let output = project.try_line(line);
            assert!(output.stderr.contains("the database is ahead of the program"), "{line}: {output}");
            assert_eq!(output.status, 2);
        }
        assert_eq!(project.ok("current"), "gone (unknown to these migrations)\n");
        assert_eq!((db.versions().as_str(), db.tables().as_str()), ("gone", "ta"));
        project.ok("stamp --purge head");
        assert_eq!(db.versions(), "b1");
    }
}

#[test]
fn echo_prints_what_a_step_sends_and_how_long_it_takes() {
    for kind in Kind::ALL {
        let Some(db) = Database::new(kind) else {
            continue;
        };
        let project = on(&db);
        project.revision("a1", "<base>", "CREATE TABLE ta (x INTEGER);\nINSERT INTO ta VALUES (1);", "DROP TABLE ta;");
        let output = project.try_line("upgrade head --echo");
        assert!(output.stderr.contains("  INSERT INTO ta VALUES (1)"), "{kind:?}: {output}");
        assert!(output.stderr.contains("  -- took ") && output.stderr.contains(" ms\n"), "{kind:?}: {output}");
        let first = output.stderr.lines().next().unwrap();
        assert_eq!(first, "Running upgrade  -> a1, add a1", "{kind:?}: what goes on before is our own: {output}");
        assert_eq!(output.stdout, "");
        project.revision("b1", "a1", "INSERT INTO nowhere VALUES (1);", "");
        let failed = project.try_line("upgrade head --echo");
        assert!(failed.stderr.contains("  -- failed after "), "{kind:?}: {failed}");
        assert!(!project.try_line("downgrade a1").stderr.contains("-- took"), "{kind:?}");
    }
}
