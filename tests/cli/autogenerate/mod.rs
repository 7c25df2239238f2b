//! `revision --autogenerate`, `check`, `print-schema`, `snapshot`: models and migrations.

mod losses;
mod on_servers;
mod other_schemas;
mod sequences;
mod written_down;

use harness::{Project, bash, workspace};
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
