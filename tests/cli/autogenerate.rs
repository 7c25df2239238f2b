//! `revision --autogenerate`, `check`, `print-schema`, `snapshot`: models and migrations.

use diesel::{Connection, connection::SimpleConnection};
use harness::{Database, Kind, Project, SqliteConn, bash, workspace};
use insta::assert_snapshot;

use crate::{PROGRAM, project};

const USERS: &str = "\
alembic_runtime::table! {
    users {
        #[alembic(identity)]
        id -> Integer,
        email -> Text,
    }
}
";

const CREATE_USERS: &str =
    "CREATE TABLE users (id INTEGER NOT NULL CONSTRAINT pk_users PRIMARY KEY AUTOINCREMENT, email TEXT NOT NULL);";

/// A project with users, in models and migrations.
fn users() -> Project {
    let project = project();
    project.write("src/schema.rs", USERS);
    project.revision("a1", "<base>", CREATE_USERS, "DROP TABLE users;");
    project.ok("lock");
    project
}

/// Returns the text of the revision that was written last.
fn generated(project: &Project, line: &str) -> String {
    let output = project.try_line(line);
    assert_eq!(output.status, 0, "{output}");
    let text = project.read(output.stdout.trim());
    let body = text.split_once("-- alembic:upgrade").map_or(text.as_str(), |(_, body)| body);
    format!("{}{}", output.stderr.replace(output.stdout.trim(), "FILE"), body)
}

#[test]
fn a_new_column_is_seen_written_and_then_no_news() {
    let project = users();
    assert_snapshot!(project.try_line("check"), @"
    files      ok       1 revision, one head
    replay     ok       1 revision on sqlite
    roundtrip  ok       1 revision undone and applied again
    models     ok       1 table as the migrations leave them
    pending    skipped  no URL is given; pass --only pending,drift to look at `shop.db`
    drift      skipped  no URL is given; pass --only pending,drift to look at `shop.db`
    ");
    project.write("src/schema.rs", USERS.replace("email -> Text", "email -> Text,\n        nick -> Nullable<Text>"));
    assert_snapshot!(project.try_line("check --skip pending,drift"), @r#"
    files      ok       1 revision, one head
    replay     ok       1 revision on sqlite
    roundtrip  ok       1 revision undone and applied again
    models     failed   not in the migrations: added column `users.nick`
                        --> src/schema.rs:6
                        hint: run `cargo alembic revision --autogenerate -m "…"`
    [exit status: 1]
    "#);
    assert_snapshot!(project.try_line("check --only models --format json"), @r#"
    {
      "schema": "check/1",
      "data": {
        "gates": [
          {
            "gate": "models",
            "state": "failed",
            "findings": [
              {
                "message": "not in the migrations: added column `users.nick`",
                "file": "src/schema.rs",
                "line": 6,
                "hints": [
                  "run `cargo alembic revision --autogenerate -m \"…\"`"
                ]
              }
            ]
          }
        ]
      }
    }
    [exit status: 1]
    "#);
    assert_snapshot!(generated(&project, "revision --autogenerate -m nick"), @r#"
    Detected added column `users.nick`
    Generating $PROJECT/FILE ...  done

    ALTER TABLE "users" ADD COLUMN "nick" TEXT;

    -- alembic:downgrade
    -- destructive: drops `users.nick` with all its values
    ALTER TABLE "users" DROP COLUMN "nick";
    "#);
    assert_snapshot!(project.try_line("check --only models"), @"models     ok       1 table as the migrations leave them");
    assert_snapshot!(project.try_line("revision --autogenerate -m again"), @"No changes detected; nothing was written.");
    project.ok("upgrade head");
    assert_eq!(project.try_line("check --only pending,drift").status, 0);
}

#[test]
fn a_new_name_is_no_new_column() {
    let project = users();
    let renamed = "#[alembic(renamed_from = \"email\")]\n        mail -> Text";
    project.write(
        "src/schema.rs",
        USERS
            .replace("email -> Text", renamed)
            .replace("users {", "people {")
            .replace("    people {", "    #[alembic(renamed_from = \"users\")]\n    people {"),
    );
    assert_snapshot!(generated(&project, "revision --autogenerate -m people"), @r#"
    Detected renamed table `people`, was `users`
    Detected renamed column `people.mail`, was `email`
    Generating $PROJECT/FILE ...  done

    ALTER TABLE "users" RENAME TO "people";

    ALTER TABLE "people" RENAME COLUMN "email" TO "mail";

    -- alembic:downgrade
    ALTER TABLE "people" RENAME COLUMN "mail" TO "email";

    ALTER TABLE "people" RENAME TO "users";
    "#);
    assert_eq!(project.try_line("check --only models,roundtrip").status, 0);
}

#[test]
fn a_rebuild_of_a_table_that_others_refer_to_says_so_in_its_header() {
    let project = users();
    let posts = "\nalembic_runtime::table! {\n    posts {\n        id -> Integer,\n        #[alembic(references(users(id), on_delete = \"cascade\"))]\n        user_id -> Integer,\n    }\n}\n";
    project.write("src/schema.rs", format!("{USERS}{posts}"));
    assert_snapshot!(generated(&project, "revision --autogenerate -m posts"), @r#"
    Detected added table `posts`
    Generating $PROJECT/FILE ...  done

    CREATE TABLE "posts" (
        "id" INTEGER NOT NULL,
        "user_id" INTEGER NOT NULL,
        CONSTRAINT "pk_posts" PRIMARY KEY ("id"),
        CONSTRAINT "fk_posts_user_id_users" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE
    );

    -- alembic:downgrade
    -- destructive: drops the table `posts` with all its rows
    DROP TABLE "posts";
    "#);
    project.write("src/schema.rs", format!("{}{posts}", USERS.replace("email -> Text", "email -> Nullable<Text>")));
    let output = project.ok("revision --autogenerate -m nullable");
    assert!(project.read(output.trim()).contains("-- Foreign Keys: off\n"), "{}", project.read(output.trim()));
    assert_eq!(project.try_line("check --skip pending,drift").status, 0);
}

#[test]
fn what_a_downgrade_forgets_is_told_where_it_is() {
    let project = users();
    project.revision("b1", "a1", "CREATE INDEX ix_users_email ON users (email);", "SELECT 1;");
    project.ok("lock");
    assert_snapshot!(project.try_line("check --only roundtrip,replay"), @"
    replay     ok       2 revisions on sqlite
    roundtrip  failed   the downgrade of `b1` does not restore the schema: it left behind index `ix_users_email` of `users`
                        --> migrations/b1.sql:9
    [exit status: 1]
    ");
    assert_snapshot!(project.try_line("check --only roundtrip --format github"), @"
    ::error file=migrations/b1.sql,line=9,title=cargo alembic check: roundtrip::the downgrade of `b1` does not restore the schema: it left behind index `ix_users_email` of `users`
    [exit status: 1]
    ");
    assert_snapshot!(project.try_line("heads --format github"), @"
    ------- stderr -------
    error: only `check` has --format github; pass `--format json`
    [exit status: 2]
    ");
}

#[test]
fn only_what_is_new_makes_the_round_trip() {
    let project = users();
    project.revision("b1", "a1", "CREATE TABLE tb (x INTEGER PRIMARY KEY);", "SELECT 1;");
    project.ok("lock");
    assert_eq!(project.try_line("check --only roundtrip").status, 1);
    let git = "git -c user.name=a -c user.email=a@b";
    assert!(
        bash(project.path(), &format!("git init -q . && git add . && {git} commit -qm all && echo done"))
            .contains("done")
    );
    assert_snapshot!(project.try_line("check --only roundtrip --since HEAD"), @"roundtrip  nothing  no revision is new");
    project.revision("c1", "b1", "CREATE TABLE tc (x INTEGER PRIMARY KEY);", "DROP TABLE tc;");
    project.ok("lock");
    assert_snapshot!(project.try_line("check --only roundtrip --since HEAD"), @"roundtrip  ok       1 revision undone and applied again");
    assert_snapshot!(project.try_line("check --only roundtrip --since nonsense"), @"
    ------- stderr -------
    error: --since nonsense: git does not tell what was there
      caused by: fatal: Needed a single revision
    hint: pass a branch, a tag or a commit that this clone has; a shallow clone needs `git fetch --unshallow`
    [exit status: 2]
    ");
}

#[test]
fn mistakes_in_models_have_a_place() {
    let project = users();
    project.write(
        "src/schema.rs",
        USERS.replace("email -> Text", "#[alembic(index(nmae = \"x\"))]\n        email -> Text"),
    );
    assert_snapshot!(project.try_line("revision --autogenerate -m x"), @"
    ------- stderr -------
    error: the models are not understood
      caused by: src/schema.rs:5:25: unknown argument of an index `nmae`; did you mean `name`?
    [exit status: 2]
    ");
    project.write("src/schema.rs", USERS.replace("Text", "Mood"));
    assert_snapshot!(project.try_line("check --only models"), @r#"
    models     failed   the models are not understood: src/schema.rs:5:1: `Mood` says nothing of the type of `users.email` on sqlite; say it with #[alembic(type = "…")]
                        --> src/schema.rs:5
    [exit status: 1]
    "#);
    project.write("src/schema.rs", "fn (");
    assert_snapshot!(project.try_line("revision --autogenerate -m x"), @"
    ------- stderr -------
    error: the models are not understood
      caused by: src/schema.rs:1:4: cannot parse string into token stream
    [exit status: 2]
    ");
    std::fs::remove_file(project.path().join("src/schema.rs")).unwrap();
    assert_snapshot!(project.try_line("revision --autogenerate -m x"), @"
    ------- stderr -------
    error: package `shop` has no models
    hint: run `cargo alembic print-schema --complete > src/schema.rs` to have the tables of the database as models, or `cargo alembic print-schema --complete --from migrations > src/schema.rs` for what the migrations leave; where there are no tables yet, write them as `diesel::table!` into src/schema.rs; or name the files that declare tables as `models` in [package.metadata.alembic] of Cargo.toml
    [exit status: 2]
    ");
}

#[test]
fn models_are_followed_through_modules() {
    let project =
        Project::new(PROGRAM, "sqlite-path = \"shop.db\"\nmodels = \"src/main.rs\"\nexclude-tables = [\"old_*\"]\n");
    let table = |name: &str| format!("diesel::table! {{\n    {name} (id) {{\n        id -> Integer,\n    }}\n}}\n");
    project.write("src/main.rs", "mod one;\n#[path = \"elsewhere/two.rs\"]\nmod two;\ninclude!(\"three.rs\");\nmod inline {\n    mod deep;\n}\nfn main() {}\n");
    project.write("src/one/mod.rs", format!("mod inner;\n{}", table("one")));
    project.write("src/one/inner.rs", table("inner"));
    project.write("src/elsewhere/two.rs", table("two"));
    project.write("src/three.rs", table("three"));
    project.write("src/inline/deep.rs", format!("{}{}", table("deep"), table("old_deep")));
    let output = project.try_line("revision --autogenerate -m all");
    let mut lines: Vec<&str> = output.stderr.lines().filter(|line| line.starts_with("Detected")).collect();
    lines.sort_unstable();
    assert_snapshot!(lines.join("\n"), @"
    Detected added table `deep`
    Detected added table `inner`
    Detected added table `one`
    Detected added table `three`
    Detected added table `two`
    ");
}

#[test]
fn a_revision_can_be_written_in_rust() {
    let project = users();
    project
        .write("src/schema.rs", USERS.replace("email -> Text", "#[alembic(index)]\n        email -> Nullable<Text>"));
    let file = project.ok("revision --autogenerate --rust -m nullable");
    let text = project.read(file.trim());
    assert_snapshot!(text.split_once("prelude::*;").unwrap().1, @r#"


    pub fn upgrade(op: &mut Op<'_, SqliteConnection>) -> MigrationResult {
        op.batch_alter_table("users", |batch| {
            batch
                .alter_column("email", |column| column.nullable().existing(Column::new("email", Type::native("TEXT")).not_null()))
                .create_index(Index::new("users", ["email"]))
        })?;
        Ok(())
    }

    pub fn downgrade(op: &mut Op<'_, SqliteConnection>) -> MigrationResult {
        // note: fails if `users.email` is NULL somewhere
        op.batch_alter_table("users", |batch| {
            batch
                .drop_index("ix_users_email")
                .alter_column("email", |column| column.not_null().existing(Column::new("email", Type::native("TEXT"))))
        })?;
        Ok(())
    }
    "#);
    let tags = "alembic_runtime::table! {\n    #[alembic(index(name))]\n    tags {\n        id -> Integer,\n        name -> Text,\n    }\n}\n";
    project.write("src/schema.rs", format!("{}{tags}", project.read("src/schema.rs")));
    std::fs::remove_file(project.path().join(file.trim())).unwrap();
    let file = project.ok("revision --autogenerate --rust -m tags");
    assert!(project.read(file.trim()).contains("op.create_index(Index::new(\"tags\", [\"name\"]))?;"));
}

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

#[test]
fn the_blog_gets_a_subtitle() {
    let project = Project::unconfigured(PROGRAM);
    let blog = workspace().join("examples/blog");
    let _output = bash(project.path(), &format!("cp -r {0}/Cargo.toml {0}/src {0}/migrations .", blog.display()));
    assert_eq!(project.try_line("check").status, 0);
    let schema = project.read("src/schema.rs");
    let column = "#[alembic(default = \"''\")]\n        subtitle -> Text,\n    }";
    project.write("src/schema.rs", schema.replacen("    }", &format!("        {column}"), 1));
    let before = project.try_line("check");
    assert!(before.status == 1 && before.stdout.contains("added column `posts.subtitle`"), "{before}");
    let output = project.alembic(["revision", "--autogenerate", "-m", "add subtitle"]);
    assert!(output.status == 0 && output.stdout.ends_with("_add_subtitle.sql\n"), "{output}");
    assert_eq!(project.try_line("check").status, 0);
}

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
fn what_goes_with_a_table_is_told() {
    let project = users();
    let view =
        "CREATE TABLE k (id INTEGER PRIMARY KEY, UNIQUE (id ASC));\nCREATE VIEW named AS SELECT email FROM users;";
    project.revision("b1", "a1", view, "DROP VIEW named;\nDROP TABLE k;");
    project.write("src/schema.rs", "diesel::table! { k { id -> Integer } }\n");
    assert_snapshot!(generated(&project, "revision --autogenerate -m gone"), @r#"
    Left alone, being no tables: view `named`
    Detected removed table `users`
    note: view `named` names `users`, which goes
    destructive: drops the table `users` with all its rows
    Generating $PROJECT/FILE ...  done

    -- note: view `named` names `users`, which goes

    -- destructive: drops the table `users` with all its rows
    DROP TABLE "users";

    -- alembic:downgrade
    CREATE TABLE "users" (
        "id" INTEGER NOT NULL CONSTRAINT "pk_users" PRIMARY KEY AUTOINCREMENT,
        "email" TEXT NOT NULL
    );
    "#);
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

#[test]
fn on_a_terminal_a_loss_is_asked_about() {
    let project = users();
    let nick = CREATE_USERS.replace("email TEXT NOT NULL", "email TEXT NOT NULL, nick TEXT");
    project.revision("a1", "<base>", &nick, "DROP TABLE users;");
    project.ok("lock");
    let line = "revision --autogenerate -m drop --rev-id b1";
    let refused = project.on_terminal(line, "n\n");
    assert!(refused.contains("destructive: drops `users.nick` with all its values"), "{refused}");
    assert!(refused.contains("Write a revision that loses data? [y/N]"), "{refused}");
    assert!(refused.contains(": nothing was written"), "{refused}");
    assert_eq!(project.ok("heads"), "a1 (head)\n");
    let _shown = project.on_terminal(line, "y\n");
    assert_eq!(project.ok("heads"), "b1 (head)\n");
}

#[test]
fn where_nobody_can_be_asked_a_likely_rename_is_told() {
    let project = users();
    project.write("src/schema.rs", USERS.replace("email", "mail"));
    let output = project.try_line("revision --autogenerate -m rename");
    assert!(output.stderr.contains("note: Was the column `users.email` renamed to `users.mail`?"), "{output}");
    assert!(output.stderr.contains("destructive: drops `users.email` with all its values"), "{output}");
    // What the note says works.
    let project = users();
    let renamed = USERS.replace("        email", "        #[alembic(renamed_from = \"email\")]\n        mail");
    project.write("src/schema.rs", renamed);
    let output = project.try_line("revision --autogenerate -m rename");
    assert!(!output.stderr.contains("note: Was") && !output.stderr.contains("destructive"), "{output}");
}
