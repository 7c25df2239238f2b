//! Advice names the cause that is there, and destroys nothing.

use harness::{Project, bash};

use crate::project;

const A1: (&str, &str) = ("CREATE TABLE ta (x INTEGER);", "DROP TABLE ta;");

#[test]
fn two_programs_on_one_database_get_a_version_table_each() {
    let store = project();
    store.revision("a1", "<base>", A1.0, A1.1);
    store.ok("upgrade head");
    let url = store.path().join("shop.db").display().to_string();
    let billing = project().with("DATABASE_URL", &url);
    billing.revision("b1", "<base>", "CREATE TABLE tb (x INTEGER);", "DROP TABLE tb;");
    for line in ["upgrade head", "check --only pending", "stamp head"] {
        let output = billing.try_line(line);
        let said = format!("{}{}", output.stdout, output.stderr);
        let (table, purge) = (said.find("version-table = "), said.find("stamp --purge"));
        assert!(output.status != 0 && table.is_some() && table < purge, "{line}\n{output}");
    }
    // The hint, followed.
    let manifest = billing.read("Cargo.toml");
    billing.write("Cargo.toml", format!("{manifest}version-table = \"alembic_version_shop\"\n"));
    billing.ok("upgrade head");
    assert_eq!((store.ok("current"), billing.ok("current")), ("a1 (head)\n".to_owned(), "b1 (head)\n".to_owned()));
}

/// Returns what a command says on a database that it may not write.
fn read_only(project: Project, line: &str) -> String {
    project.revision("a1", "<base>", A1.0, A1.1);
    let output = project.with("DATABASE_URL", "file:shop.db?mode=ro").try_line(line);
    assert_ne!(output.status, 0, "{output}");
    output.stderr
}

#[test]
fn a_file_that_cannot_be_written_is_no_matter_of_roles() {
    for line in ["upgrade head", "stamp head", "ensure-version"] {
        let project = project();
        let _output = bash(project.path(), "touch shop.db");
        let said = read_only(project, line);
        assert!(said.contains("`mode=ro` or `immutable=1` of the URL forbids to write"), "{said}");
        assert!(!said.contains("role"), "{said}");
    }
}

#[test]
fn an_application_that_writes_is_not_called_a_migrator() {
    use diesel::{Connection, connection::SimpleConnection};

    let project = project();
    project.revision("a1", "<base>", A1.0, A1.1);
    let path = project.path().join("shop.db").display().to_string();
    let mut application = harness::SqliteConn::establish(&path).unwrap();
    application.batch_execute("CREATE TABLE own (x INTEGER); BEGIN IMMEDIATE; INSERT INTO own VALUES (1)").unwrap();
    for line in ["upgrade head --wait 0.2", "ensure-version --wait 0.2", "stamp head --wait 0.2"] {
        let output = project.try_line(line);
        assert!(output.stderr.contains("another connection writes to the database"), "{line}\n{output}");
        assert!(!output.stderr.contains("another migrator holds"), "{line}\n{output}");
    }
    application.batch_execute("COMMIT").unwrap();
    project.ok("upgrade head");
}
