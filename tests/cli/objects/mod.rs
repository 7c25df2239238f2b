//! Objects that are replaced as a whole: `migrations/objects`.

mod on_servers;
mod random;

use harness::Project;
use insta::assert_snapshot;

use crate::project;

const USERS: &str = "\
alembic_runtime::table! {
    users {
        #[alembic(identity)]
        id -> Integer,
        n -> Integer,
        email -> Text,
    }
}
";

const CREATE_USERS: &str = "CREATE TABLE users (id INTEGER NOT NULL CONSTRAINT pk_users PRIMARY KEY AUTOINCREMENT, \
    n INTEGER NOT NULL, email TEXT NOT NULL);";

const ACTIVE: &str = "-- Who is active.\nCREATE VIEW active AS SELECT id, email FROM users WHERE n > 0;\n";
const TOUCH: &str = "\
CREATE TRIGGER touch AFTER UPDATE ON users BEGIN
  UPDATE users SET n = n + 1 WHERE id = NEW.id;
END;
";

/// A project with users, and a view that no file makes.
fn users() -> Project {
    let project = project();
    project.write("src/schema.rs", USERS);
    let up = format!("{CREATE_USERS}\nCREATE VIEW old AS SELECT id, n FROM users;");
    project.revision("a1", "<base>", &up, "DROP VIEW old;\nDROP TABLE users;");
    project.ok("lock");
    project
}

/// Writes a revision, and returns what is said and its statements.
fn generated(project: &Project, message: &str) -> String {
    let output = project.try_line(&format!("revision --autogenerate -m {message}"));
    assert_eq!(output.status, 0, "{output}");
    let text = project.read(output.stdout.trim());
    let (_, body) = text.split_once("-- alembic:upgrade\n").unwrap();
    format!("{}\n{body}", output.stderr.replace(output.stdout.trim(), "FILE"))
}

#[test]
fn a_file_is_the_state_of_its_object() {
    let project = users();
    project.write("migrations/objects/views/active.sql", ACTIVE);
    project.write("migrations/objects/touch.sql", TOUCH);
    assert_snapshot!(project.try_line("check --only models"), @r#"
    models     failed   not in the migrations: added view `active`
                        --> migrations/objects/views/active.sql:2
    models     failed   not in the migrations: added trigger `touch` of `users`
                        --> migrations/objects/touch.sql:1
                        hint: run `cargo alembic revision --autogenerate -m "…"`
    [exit status: 1]
    "#);
    assert_snapshot!(generated(&project, "objects"), @r#"
    Left alone, known only as text: view `old`
    Detected added view `active`
    Detected added trigger `touch` of `users`
    Generating $PROJECT/FILE ...  done

    CREATE VIEW active AS SELECT id, email FROM users WHERE n > 0;

    CREATE TRIGGER touch AFTER UPDATE ON users BEGIN
      UPDATE users SET n = n + 1 WHERE id = NEW.id;
    END;

    -- alembic:downgrade
    DROP TRIGGER "touch";

    DROP VIEW "active";
    "#);
    assert_snapshot!(project.try_line("check --only replay,roundtrip,models"), @"
    replay     ok       2 revisions on sqlite
    roundtrip  ok       2 revisions undone and applied again
    models     ok       1 table, and objects, as the migrations leave them
    ");
    assert_snapshot!(project.try_line("revision --autogenerate -m none"), @"
    No changes detected; nothing was written.
    ------- stderr -------
    Left alone, known only as text: view `old`
    ");
    project.write("migrations/objects/views/active.sql", ACTIVE.replace("n > 0", "n > 1"));
    assert_snapshot!(generated(&project, "more"), @r#"
    Left alone, known only as text: view `old`
    Detected changed view `active`
    Generating $PROJECT/FILE ...  done

    DROP VIEW "active";

    CREATE VIEW active AS SELECT id, email FROM users WHERE n > 1;

    -- alembic:downgrade
    DROP VIEW "active";

    CREATE VIEW active AS SELECT id, email FROM users WHERE n > 0;
    "#);
    project.ok("upgrade head");
    let checked = project.try_line("check --only models,roundtrip,pending,drift");
    assert_eq!(checked.status, 0, "{checked}");
    project.ok("downgrade base");
}

/// A view and a trigger that name a column are replaced with the table that loses it.
#[test]
fn objects_change_with_their_table() {
    let project = users();
    project.write("migrations/objects/active.sql", ACTIVE);
    project.write("migrations/objects/touch.sql", TOUCH);
    project.ok("revision --autogenerate -m objects");
    project.write("src/schema.rs", USERS.replace("        n -> Integer,\n", ""));
    let refused = project.try_line("revision --autogenerate -m refused");
    assert!(refused.status == 2 && refused.stderr.contains("`CREATE VIEW old AS"), "{refused}");
    project.write("migrations/objects/active.sql", ACTIVE.replace("n > 0", "id > 0"));
    project.write("migrations/objects/touch.sql", TOUCH.replace("n = n + 1", "email = NEW.email"));
    project.write("migrations/objects/old.sql", "CREATE VIEW old AS SELECT id FROM users;");
    assert_snapshot!(generated(&project, "changed"), @r#"
    Detected removed column `users.n`
    Detected changed view `active`
    Detected changed view `old`
    Detected changed trigger `touch` of `users`
    destructive: drops `users.n` with all its values
    Generating $PROJECT/FILE ...  done

    DROP TRIGGER "touch";

    DROP VIEW "old";

    DROP VIEW "active";

    -- destructive: drops `users.n` with all its values
    ALTER TABLE "users" DROP COLUMN "n";

    CREATE VIEW active AS SELECT id, email FROM users WHERE id > 0;

    CREATE VIEW old AS SELECT id FROM users;

    CREATE TRIGGER touch AFTER UPDATE ON users BEGIN
      UPDATE users SET email = NEW.email WHERE id = NEW.id;
    END;

    -- alembic:downgrade
    DROP TRIGGER "touch";

    DROP VIEW "old";

    DROP VIEW "active";

    -- note: `users.n` may not be NULL and has no default: rows that are there need a value; add it as nullable, fill it in, then make it NOT NULL
    CREATE TABLE "_alembic_tmp_users" (
        id INTEGER NOT NULL CONSTRAINT pk_users PRIMARY KEY AUTOINCREMENT,
        email TEXT NOT NULL,
        "n" INTEGER NOT NULL
    );
    INSERT INTO "_alembic_tmp_users" (id, email) SELECT id, email FROM "users";
    DELETE FROM "sqlite_sequence" WHERE name = '_alembic_tmp_users';
    INSERT INTO "sqlite_sequence" (name, seq) SELECT '_alembic_tmp_users', seq FROM "sqlite_sequence" WHERE name = 'users';
    DROP TABLE "users";
    PRAGMA legacy_alter_table = ON;
    ALTER TABLE "_alembic_tmp_users" RENAME TO "users";
    PRAGMA legacy_alter_table = OFF;

    CREATE VIEW active AS SELECT id, email FROM users WHERE n > 0;

    CREATE VIEW old AS SELECT id, n FROM users;

    CREATE TRIGGER touch AFTER UPDATE ON users BEGIN
      UPDATE users SET n = n + 1 WHERE id = NEW.id;
    END;
    "#);
    project.ok("upgrade head");
    let checked = project.try_line("check --only models,roundtrip,pending,drift");
    assert_eq!(checked.status, 0, "{checked}");
}

#[test]
fn what_no_file_makes_is_left_alone_unless_the_project_is_complete() {
    let project = users();
    project.write("migrations/objects/active.sql", ACTIVE);
    project.ok("revision --autogenerate -m objects");
    std::fs::remove_file(project.path().join("migrations/objects/active.sql")).unwrap();
    let left = project.try_line("revision --autogenerate -m left");
    assert_snapshot!(left, @"
    No changes detected; nothing was written.
    ------- stderr -------
    Left alone, known only as text: view `active`, view `old`
    ");
    let manifest = project.read("Cargo.toml");
    project.write("Cargo.toml", format!("{manifest}\ncomplete-objects = true\n"));
    assert_snapshot!(project.try_line("check --only models"), @r#"
    models     failed   not in the migrations: removed view `active`
    models     failed   not in the migrations: removed view `old`
                        hint: run `cargo alembic revision --autogenerate -m "…"`
    [exit status: 1]
    "#);
    assert_snapshot!(generated(&project, "complete"), @r#"
    Detected removed view `active`
    Detected removed view `old`
    Generating $PROJECT/FILE ...  done

    DROP VIEW "old";

    DROP VIEW "active";

    -- alembic:downgrade
    CREATE VIEW active AS SELECT id, email FROM users WHERE n > 0;

    CREATE VIEW old AS SELECT id, n FROM users;
    "#);
    assert_eq!(project.try_line("check --only models,roundtrip").status, 0);
}

/// A project may have objects without models.
#[test]
fn objects_need_no_models() {
    let project = users();
    std::fs::remove_file(project.path().join("src/schema.rs")).unwrap();
    assert_eq!(project.try_line("revision --autogenerate -m none").status, 2);
    project.write("migrations/objects/active.sql", ACTIVE);
    assert_snapshot!(project.try_line("check --only models"), @r#"
    models     failed   not in the migrations: added view `active`
                        --> migrations/objects/active.sql:2
                        hint: run `cargo alembic revision --autogenerate -m "…"`
    [exit status: 1]
    "#);
    project.ok("revision --autogenerate -m objects");
    assert_eq!(project.try_line("check --only models,roundtrip").status, 0);
}

#[test]
fn files_that_are_no_objects_are_refused_at_their_line() {
    let project = users();
    let refused = |text: &str| {
        project.write("migrations/objects/x.sql", text);
        project.try_line("revision --autogenerate -m x").to_string()
    };
    assert_snapshot!(refused("\n\nCREATE TABLE t (x);"), @r#"
    ------- stderr -------
    error: migrations/objects/x.sql:3: an object's file has the `CREATE` of a view, a routine, a trigger or another object that is replaced as a whole, and then what belongs to it
    hint: begin the file with the `CREATE` of one object that no other file makes, and put everything else into a revision of `cargo alembic revision -m "…"`
    [exit status: 2]
    "#);
    assert_snapshot!(refused("-- Nothing.\n"), @r#"
    ------- stderr -------
    error: migrations/objects/x.sql:1: the file makes no object
    hint: begin the file with the `CREATE` of one object that no other file makes, and put everything else into a revision of `cargo alembic revision -m "…"`
    [exit status: 2]
    "#);
    assert_snapshot!(refused("CREATE VIEW v AS SELECT 'x;"), @"
    ------- stderr -------
    error: migrations/objects/x.sql:1: this string does not end
    [exit status: 2]
    ");
    assert_snapshot!(refused("CREATE VIEW v AS SELECT missing FROM nowhere;\n"), @"
    ------- stderr -------
    Left alone, known only as text: view `old`
    Detected added view `v`
    error: migrations/objects/x.sql:1: nothing was written: what it makes does not work
      caused by: view `v`: no such table: main.nowhere
    [exit status: 2]
    ");
    assert_snapshot!(refused("CREATE VIEW v AS SELECT 1;\nATTACH 'x.db' AS y;"), @r#"
    ------- stderr -------
    error: migrations/objects/x.sql:2: an object's file has the `CREATE` of a view, a routine, a trigger or another object that is replaced as a whole, and then what belongs to it
    hint: begin the file with the `CREATE` of one object that no other file makes, and put everything else into a revision of `cargo alembic revision -m "…"`
    [exit status: 2]
    "#);
}

#[cfg(unix)]
#[test]
fn only_regular_files_of_the_folder_are_read() {
    let project = users();
    project.write("elsewhere.sql", ACTIVE);
    project.write("migrations/objects/.hidden.sql", "no SQL");
    project.write("migrations/objects/notes.txt", "no SQL");
    project.ok("revision --autogenerate -m none");
    let link = project.path().join("migrations/objects/link.sql");
    std::os::unix::fs::symlink(project.path().join("elsewhere.sql"), &link).unwrap();
    let refused = project.try_line("revision --autogenerate -m x");
    assert!(refused.status == 2 && refused.stderr.contains("is a link that leads out of its folder"), "{refused}");
    std::fs::remove_file(&link).unwrap();
    let pipe = std::process::Command::new("mkfifo").arg(&link).status().unwrap();
    assert!(pipe.success());
    let refused = project.try_line("revision --autogenerate -m x");
    assert!(refused.stderr.contains("could not read `migrations/objects/link.sql`"), "{refused}");
}

#[test]
fn what_is_printed_is_found_equal() {
    let project = users();
    project.write("migrations/objects/a.sql", format!("{ACTIVE}{TOUCH}CREATE VIEW \"A b/c\" AS SELECT 1 AS x;"));
    project.ok("revision --autogenerate -m objects");
    project.ok("upgrade head");
    std::fs::remove_file(project.path().join("migrations/objects/a.sql")).unwrap();
    assert_snapshot!(project.try_line("print-schema --objects migrations/objects"), @"
    ------- stderr -------
    Writing migrations/objects/triggers/users.touch.sql
    Writing migrations/objects/views/A_b_c-4251bc.sql
    Writing migrations/objects/views/active.sql
    Writing migrations/objects/views/old.sql
    ");
    assert_snapshot!(project.try_line("print-schema --objects migrations/objects --from migrations").stderr, @"
    Nothing to change in migrations/objects/triggers/users.touch.sql
    Nothing to change in migrations/objects/views/A_b_c-4251bc.sql
    Nothing to change in migrations/objects/views/active.sql
    Nothing to change in migrations/objects/views/old.sql
    ");
    assert_snapshot!(project.read("migrations/objects/triggers/users.touch.sql"), @"
    CREATE TRIGGER touch AFTER UPDATE ON users BEGIN
      UPDATE users SET n = n + 1 WHERE id = NEW.id;
    END;
    ");
    let manifest = project.read("Cargo.toml");
    project.write("Cargo.toml", format!("{manifest}\ncomplete-objects = true\n"));
    assert_eq!(project.ok("revision --autogenerate -m none"), "No changes detected; nothing was written.\n");
}
