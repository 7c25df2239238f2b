//! What `diesel print-schema` printed of a database that has everything that it finds hard: no difference, nothing
//! dropped. The `.rs.txt` files are its output, version 2.3, for the `.sql` files.

mod names;
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

fn nothing_is_detected(project: &Project, models: &str) {
    project.write("src/schema.rs", models);
    let output = project.try_line("revision --autogenerate -m nothing");
    assert!(output.stdout.contains("No changes detected"), "{models}: {output}");
}

#[test]
fn a_default_of_null_is_none() {
    for kind in Kind::ALL {
        let Some(db) = Database::new(kind) else { continue };
        let project = Project::new(PROGRAM, "").with("DATABASE_URL", db.url());
        let sql = "CREATE TABLE t (id INTEGER PRIMARY KEY, v VARCHAR(9) DEFAULT NULL, n INTEGER DEFAULT NULL);";
        project.revision("a1", "<base>", sql, "DROP TABLE t;");
        project.ok("upgrade head");
        let complete = project.ok("print-schema --complete");
        assert!(!complete.contains("default"), "{complete}");
        nothing_is_detected(&project, &complete);
        let said = complete.replace("    n -> ", "    #[alembic(default = \"NULL\")]\n        n -> ");
        assert_ne!(said, complete);
        nothing_is_detected(&project, &said);
    }
}

#[test]
fn keys_of_sqlite_are_printed_as_they_are() {
    let project = Project::new(PROGRAM, "sqlite-path = \"shop.db\"\n");
    let sql = "CREATE TABLE log (n INTEGER); CREATE TABLE t (id TEXT PRIMARY KEY); \
        CREATE TABLE s (id TEXT PRIMARY KEY) STRICT; CREATE TABLE w (id TEXT PRIMARY KEY) WITHOUT ROWID;";
    project.revision("a1", "<base>", sql, "DROP TABLE log; DROP TABLE t; DROP TABLE s; DROP TABLE w;");
    project.ok("upgrade head");
    let plain = project.ok("print-schema");
    assert!(plain.contains("log (rowid) {\n        rowid -> BigInt,\n"), "{plain}");
    assert_eq!(plain.matches("id -> Nullable<Text>").count(), 1, "{plain}");
    nothing_is_detected(&project, &plain);
    nothing_is_detected(&project, &project.ok("print-schema --complete"));
    nothing_is_detected(&project, &plain.replace("Nullable<Text>", "Text"));
}

#[test]
fn a_column_without_a_type_in_diesel_is_told_and_stays() {
    let Some(db) = Database::new(Kind::Postgres) else { return };
    let project = Project::new(PROGRAM, "").with("DATABASE_URL", db.url());
    let sql = "CREATE EXTENSION ltree; CREATE EXTENSION citext; CREATE DOMAIN us_zip AS text CHECK (VALUE ~ '^[0-9]+$'); \
        CREATE TABLE t (id bigint PRIMARY KEY, path ltree, z us_zip, c citext);";
    project.revision("a1", "<base>", sql, "SELECT 1;");
    let plain = "diesel::table! { t { id -> Int8, z -> Nullable<Text>, c -> Nullable<Text> } }";
    nothing_is_detected(&project, plain);
    let output = project.try_line("revision --autogenerate -m nothing");
    assert!(output.to_string().contains("Left alone, Diesel having no type for it: column `t.path`"), "{output}");
    project.write("src/schema.rs", plain.replace("diesel", "alembic_runtime"));
    let output = project.try_line("revision --autogenerate -m all");
    assert!(output.to_string().contains("Detected removed column `t.path`"), "{output}");
}
