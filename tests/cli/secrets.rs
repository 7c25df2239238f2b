//! Passwords in statements, and texts of others in the log of a CI job.

use harness::{Database, Kind, Project};

use crate::PROGRAM;

/// A project for a database with one revision.
fn with_revision(db: &Database, header: &str, up: &str) -> Project {
    let project = Project::new(PROGRAM, "").with("DATABASE_URL", db.url());
    let text = format!(
        "-- a\n-- Revision ID: a1\n-- Revises: <base>\n{header}\n-- alembic:upgrade\n{up}\n-- alembic:downgrade\nSELECT 1;\n"
    );
    project.write("migrations/a1.sql", text);
    project
}

#[test]
fn a_password_in_a_failed_statement_is_not_shown() {
    let postgres = [
        "CREATE ROLE alembic_no PASSWORD 'S3CRA' NOSUCH;",
        "CREATE ROLE alembic_no PASWORD 'S3CRA';",
        "DO $$ BEGIN EXECUTE 'CREATE ROLE alembic_no PASSWORD ''S3CRA'' NOSUCH'; END $$;",
        "CREATE SUBSCRIPTION s CONNECTION 'host=127.0.0.1 port=1 password=S3CRA' PUBLICATION p WITH (nosuch);",
        "ALTER USER MAPPING FOR nobody SERVER nothing OPTIONS (SET password 'S3CRA');",
    ];
    let mysql = [
        "CREATE USER alembic_no IDENTIFIED BY 'S3CRA' NOSUCH;",
        "CREATE USER alembic_no IDENTIFED BY 'S3CRA';",
        "CREATE USER alembic_no IDENTIFIED BY 'S3CRA-and-so-on-for-more-than-eighty-characters-which-is-what-a-server-shows-of-it' x;",
        "SET PASSWORD FOR nobody = 'S3CRA';",
        "CREATE SERVER s FOREIGN DATA WRAPPER nosuch OPTIONS (USER 'u', PASSWORD 'S3CRA', x);",
    ];
    let sqlite = ["PRAGMA key = 'S3CRA' x;", "ATTACH '/nowhere/a.db' AS a KEY 'S3CRA';"];
    for kind in Kind::ALL {
        let Some(db) = Database::new(kind) else { continue };
        let statements = match kind {
            Kind::Postgres => &postgres[..],
            Kind::Sqlite => &sqlite,
            Kind::Mysql | Kind::Mariadb => &mysql,
        };
        for (index, statement) in statements.iter().enumerate() {
            let header = ["", "-- Transaction: none"][index % 2];
            let project = with_revision(&db, header, statement);
            for line in ["upgrade head --echo", "upgrade head --format json", "log", "check --format github"] {
                let output = project.try_line(line);
                let text = format!("{}{}", output.stdout, output.stderr);
                assert!(!text.contains("S3C"), "{kind:?} {line}\n{output}");
                assert!(line != "upgrade head --format json" || text.contains("***"), "{kind:?} {statement}\n{output}");
            }
            // A script is there to be run.
            let script = project.try_line("upgrade head --sql");
            assert!(script.status != 0 || script.stdout.contains("S3CRA"), "{script}");
            db.empty();
        }
    }
}

#[test]
fn what_a_server_says_is_no_command_of_a_ci_service() {
    let Some(db) = Database::new(Kind::Postgres) else { return };
    let up = "DO $$ BEGIN RAISE NOTICE E'a\\n::set-env name=A::b'; RAISE EXCEPTION E'no\\n  ::error::yes\\n##[group]x'; END $$;";
    let project = with_revision(&db, "", up);
    for line in ["upgrade head", "check", "check --format github"] {
        let output = project.try_line(line);
        for text in output.stdout.lines().chain(output.stderr.lines()) {
            let is_ours = text.starts_with("::error file=migrations/a1.sql,")
                || text.starts_with("::error title=cargo alembic check");
            assert!(!text.trim_start().starts_with("::") || line.ends_with("github") && is_ours, "{line}\n{output}");
            assert!(!text.contains("##[") || text.starts_with("::error "), "{line}\n{output}");
        }
        assert!(format!("{output}").contains("error::yes"), "{output}");
    }
}

#[test]
fn a_tag_ends_where_it_ends() {
    let Some(db) = Database::new(Kind::Postgres) else { return };
    let project =
        with_revision(&db, "", "CREATE TABLE ta (x INTEGER);").with("PGOPTIONS", "-c standard_conforming_strings=off");
    project.ok("upgrade head --tag x\\'');--\\");
    assert!(project.ok("log --format json").contains(r"x\\'');--\\"));
    for kind in [Kind::Mysql, Kind::Mariadb] {
        let Some(db) = Database::new(kind) else { continue };
        let project = with_revision(&db, "", "CREATE TABLE ta (x INTEGER);");
        project.ok("upgrade head --tag x\\'');--\\");
        assert!(project.ok("log --format json").contains(r"x\\'');--\\"), "{kind:?}");
    }
}
