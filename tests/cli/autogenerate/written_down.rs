//! The snapshot of a schema, and what somebody did by hand.

use diesel::{Connection, connection::SimpleConnection};
use harness::{Project, SqliteConn};
use insta::assert_snapshot;

use super::{CREATE_USERS, users};
use crate::PROGRAM;

#[test]
fn the_schema_is_written_down_and_goes_stale() {
    let project = Project::new(PROGRAM, "sqlite-path = \"shop.db\"\nschema-snapshot = true\n");
    project.revision("a1", "<base>", CREATE_USERS, "DROP TABLE users;");
    project.ok("lock");
    assert_snapshot!(project.try_line("check --only replay"), @"
    replay     failed   there is no `migrations/schema.sqlite.sql`, and `schema-snapshot` asks for it
                        --> migrations/schema.sqlite.sql:1
                        hint: run `cargo alembic snapshot`, and commit the file
    [exit status: 1]
    ");
    project.ok("snapshot");
    assert_snapshot!(project.read("migrations/schema.sqlite.sql"), @r#"
    -- The schema that the revisions leave on sqlite. Written by `cargo alembic snapshot`.
    -- Fingerprint: e8c17b439aeb41763091adf0e010d0a8

    CREATE TABLE "users" (
        "id" INTEGER NOT NULL CONSTRAINT "pk_users" PRIMARY KEY AUTOINCREMENT,
        "email" TEXT NOT NULL
    );
    "#);
    assert_eq!(project.try_line("check --only replay").status, 0);
    project.revision("b1", "a1", "CREATE TABLE tb (x INTEGER PRIMARY KEY);", "DROP TABLE tb;");
    project.ok("lock");
    assert_snapshot!(project.try_line("check --only replay"), @"
    replay     failed   `migrations/schema.sqlite.sql` is not the schema that the revisions leave
                        --> migrations/schema.sqlite.sql:1
                        hint: run `cargo alembic snapshot`, and commit the file
    [exit status: 1]
    ");
}

#[test]
fn drift_is_what_somebody_did_by_hand() {
    let project = users();
    project.ok("upgrade head");
    assert_eq!(project.try_line("check --only drift").status, 0);
    let mut conn = SqliteConn::establish(&project.path().join("shop.db").display().to_string()).unwrap();
    conn.batch_execute("CREATE INDEX by_hand ON users (email)").unwrap();
    assert_snapshot!(project.try_line("check --only drift"), @"
    drift      failed   the database differs from what its revisions leave: added index `by_hand` of `users`
    [exit status: 1]
    ");
}
