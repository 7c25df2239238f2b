//! Scratch databases on servers.

use harness::{Database, Kind, Project};
use insta::assert_snapshot;

use super::{USERS, generated, users};
use crate::PROGRAM;

/// On a server: a scratch database is made for it, and gone afterwards.
fn on_a_server(kind: Kind) {
    let Some(db) = Database::new(kind) else { return };
    let project = Project::new(PROGRAM, "").with("DATABASE_URL", db.url());
    project.write("src/schema.rs", USERS);
    project.ok("revision --autogenerate -m users");
    project.ok("upgrade head");
    let changed = USERS.replace(
        "email -> Text",
        "#[max_length = 20]\n        #[alembic(unique, default = \"'nobody'\")]\n        email -> Varchar",
    );
    project.write("src/schema.rs", changed);
    assert_eq!(project.try_line("check --only models").status, 1);
    assert_eq!(project.try_line("revision --autogenerate --against database -m change").status, 0);
    let behind = project.try_line("revision --autogenerate --against database -m behind");
    assert!(behind.stderr.contains("Target database is not up to date."), "{behind}");
    project.ok("upgrade head");
    assert_eq!(project.try_line("check").status, 0, "{}", project.try_line("check"));
    db.run("CREATE TABLE by_hand (x INTEGER)");
    let drift = project.try_line("check --only drift");
    assert!(drift.stdout.contains("added table `by_hand`") && drift.status == 1, "{drift}");
    project.ok("downgrade base");
}

#[test]
fn values_that_do_not_fit_are_refused_and_not_cut() {
    let Some(db) = Database::new(Kind::Postgres) else { return };
    let project = Project::new(PROGRAM, "version-table = \"public.alembic_version\"").with("DATABASE_URL", db.url());
    let models =
        |length: u32| USERS.replace("email -> Text", &format!("#[max_length = {length}]\n        email -> Varchar"));
    project.write("src/schema.rs", models(200));
    project.ok("revision --autogenerate -m users");
    project.ok("upgrade head");
    assert_eq!(project.try_line("check").status, 0, "our own tables are no drift, whatever their schema is called");
    db.run("INSERT INTO users (email) VALUES ('abc')");
    project.write("src/schema.rs", models(2));
    project.ok("revision --autogenerate -m shorter");
    assert_eq!(project.try_line("upgrade head").status, 3);
    assert_eq!(db.ask("SELECT email::text AS answer FROM users"), "abc");
}

#[test]
fn nobody_waits_for_what_is_made_online() {
    let Some(db) = Database::new(Kind::Postgres) else { return };
    let project = Project::new(PROGRAM, "").with("DATABASE_URL", db.url());
    project.write("src/schema.rs", USERS.replace("email -> Text", "email -> Nullable<Text>"));
    project.ok("revision --autogenerate -m users");
    project.ok("upgrade head");
    let changed = "#[alembic(unique, index(desc), check = \"email <> ''\")]\n        email -> Text";
    project.write("src/schema.rs", USERS.replace("email -> Text", changed));
    assert_snapshot!(generated(&project, "revision --autogenerate --online -m online"), @r#"
    Detected changed nullability of `users.email` from NULL to NOT NULL
    Detected added check constraint `email <> ''::text` of `users`
    Detected added unique constraint `(email)` of `users`
    Detected added index `(email)` of `users`
    note: fails if `users.email` is NULL somewhere
    note: fails if rows of `users` share `email`
    Generating $PROJECT/FILE ...  done

    -- note: fails if `users.email` is NULL somewhere
    -- note: fails if rows of `users` share `email`
    ALTER TABLE "users" ADD CONSTRAINT "ck_users_email_not_null" CHECK ("email" IS NOT NULL) NOT VALID;
    ALTER TABLE "users" VALIDATE CONSTRAINT "ck_users_email_not_null";
    ALTER TABLE "users" ALTER COLUMN "email" SET NOT NULL;
    ALTER TABLE "users" DROP CONSTRAINT "ck_users_email_not_null";
    ALTER TABLE "users" ADD CONSTRAINT "ck_users_cb0ea0" CHECK (email <> ''::text) NOT VALID;
    ALTER TABLE "users" VALIDATE CONSTRAINT "ck_users_cb0ea0";
    CREATE UNIQUE INDEX CONCURRENTLY "uq_users_email" ON "users" ("email");
    ALTER TABLE "users" ADD CONSTRAINT "uq_users_email" UNIQUE USING INDEX "uq_users_email";
    CREATE INDEX CONCURRENTLY "ix_users_email" ON "users" ("email" DESC);

    -- alembic:downgrade
    DROP INDEX CONCURRENTLY "ix_users_email";
    ALTER TABLE "users" DROP CONSTRAINT "ck_users_cb0ea0";
    ALTER TABLE "users" DROP CONSTRAINT "uq_users_email";
    ALTER TABLE "users" ALTER COLUMN "email" DROP NOT NULL;
    "#);
    project.ok("upgrade head");
    assert_eq!(project.try_line("check").status, 0, "{}", project.try_line("check"));
}

#[test]
fn on_postgres() {
    on_a_server(Kind::Postgres);
}

#[test]
fn on_mysql() {
    on_a_server(Kind::Mysql);
}

#[test]
fn on_mariadb() {
    on_a_server(Kind::Mariadb);
}

#[test]
fn a_server_that_cannot_be_reached_is_status_3() {
    let project = users();
    assert_eq!(project.try_line("check --scratch-url postgres://nobody@127.0.0.1:1/x").status, 2, "it is no SQLite");
    let output = project.try_line("check --database-url postgres://nobody@127.0.0.1:1/x");
    assert_eq!(output.status, 3, "{output}");
}

/// New in PostgreSQL 18; before, it is refused with the version that has it.
#[test]
fn columns_may_be_computed_when_they_are_read() {
    let Some(db) = Database::new(Kind::Postgres) else { return };
    let project = Project::new(PROGRAM, "").with("DATABASE_URL", db.url());
    let computed =
        "email -> Text,\n        #[alembic(generated(\"upper(email)\", virtual))]\n        up -> Nullable<Text>";
    project.write("src/schema.rs", USERS.replace("email -> Text", computed));
    let output = project.try_line("revision --autogenerate -m users");
    if db.ask("SELECT (current_setting('server_version_num')::int / 10000)::text AS answer").parse::<u32>().unwrap()
        < 18
    {
        assert!(
            output.stderr.contains("`users.up` is computed when it is read, which is new in PostgreSQL 18"),
            "{output}"
        );
        return;
    }
    for line in ["upgrade head", "check", "snapshot"] {
        let output = project.try_line(line);
        assert_eq!(output.status, 0, "{line}: {output}");
    }
    let snapshot = project.read("migrations/schema.postgres.sql");
    assert!(snapshot.contains("\"up\" text GENERATED ALWAYS AS (upper(email)) VIRTUAL"), "{snapshot}");
    project.write("src/schema.rs", project.ok("print-schema --complete").replace("upper(", "lower("));
    for line in ["revision --autogenerate -m lower", "upgrade head", "check --skip replay"] {
        let output = project.try_line(line);
        assert_eq!(output.status, 0, "{line}: {output}");
    }
}

/// A rename keeps what hangs on an index.
#[test]
fn an_index_that_is_only_called_otherwise_is_renamed() {
    let Some(db) = Database::new(Kind::Postgres) else { return };
    let project = Project::new(PROGRAM, "").with("DATABASE_URL", db.url());
    let models = |index: &str, unique: &str| {
        let attributes = format!(
            "#[alembic(index(name = \"{index}\", unique), unique(name = \"{unique}\"))]\n        email -> Text"
        );
        USERS.replace("email -> Text", &attributes)
    };
    project.write("src/schema.rs", models("ix", "uq"));
    project.ok("revision --autogenerate -m users");
    project.ok("upgrade head");
    db.run("ALTER TABLE users REPLICA IDENTITY USING INDEX ix; ALTER TABLE users CLUSTER ON uq");
    project.write("src/schema.rs", models("by_email", "one_email"));
    assert_snapshot!(generated(&project, "revision --autogenerate -m names"), @r#"
    Detected renamed unique constraint `one_email` of `users`, was `uq`
    Detected renamed index `by_email` of `users`, was `ix`
    Generating $PROJECT/FILE ...  done

    ALTER TABLE "users" RENAME CONSTRAINT "uq" TO "one_email";
    ALTER INDEX "ix" RENAME TO "by_email";

    -- alembic:downgrade
    ALTER TABLE "users" RENAME CONSTRAINT "one_email" TO "uq";
    ALTER INDEX "by_email" RENAME TO "ix";
    "#);
    project.ok("upgrade head");
    let kept = "SELECT count(*)::text AS answer FROM pg_index WHERE (indisreplident OR indisclustered)";
    assert_eq!(db.ask(&format!("{kept} AND indrelid = 'users'::regclass")), "2");
}
