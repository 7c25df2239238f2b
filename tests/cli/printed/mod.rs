//! What `diesel print-schema` printed of a database that has everything that it finds hard: no difference, nothing
//! dropped. The `.rs.txt` files are its output, version 2.3, for the `.sql` files.

mod types;

use harness::{Database, Kind, Project};

use crate::PROGRAM;

fn wants_nothing(kind: Kind, sql: &str, printed: &str) {
    let Some(db) = Database::new(kind) else { return };
    let project = Project::new(PROGRAM, "").with("DATABASE_URL", db.url());
    let down = "DROP VIEW IF EXISTS named; DROP VIEW IF EXISTS flagged;";
    project.revision("a1", "<base>", sql, down);
    project.write("src/schema.rs", printed);
    let output = project.try_line("revision --autogenerate -m nothing");
    assert!(output.stdout.contains("No changes detected"), "{}: {output}", kind.name());
    assert_eq!(project.try_line("check --only models,replay").status, 0);
    // Our own source of the same database is no other.
    project.ok("upgrade head");
    for line in ["print-schema", "print-schema --complete"] {
        project.write("src/schema.rs", project.ok(line));
        let output = project.try_line("revision --autogenerate -m nothing");
        assert!(output.stdout.contains("No changes detected"), "{} {line}: {output}", kind.name());
    }
}

#[test]
fn sqlite() {
    wants_nothing(Kind::Sqlite, include_str!("sqlite.sql"), include_str!("sqlite.rs.txt"));
}

#[test]
fn postgres() {
    wants_nothing(Kind::Postgres, include_str!("postgres.sql"), include_str!("postgres.rs.txt"));
}

#[test]
fn mysql() {
    wants_nothing(Kind::Mysql, include_str!("mariadb.sql"), include_str!("mariadb.rs.txt"));
}

#[test]
fn mariadb() {
    wants_nothing(Kind::Mariadb, include_str!("mariadb.sql"), include_str!("mariadb.rs.txt"));
}
