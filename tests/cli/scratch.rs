//! The scratch database has what the project's database was given, and what goes wrong there is told as that.

use harness::{Database, Kind, Project};

use crate::PROGRAM;

/// Everything that makes a scratch database, the generated revision last.
const COMMANDS: [&str; 5] =
    ["check", "check --only drift,roundtrip", "snapshot", "print-schema --from migrations", "revision --autogenerate -m x"];

/// Asserts that all of them work, and that each gate of `check` has a good result.
fn all_work(project: &Project) {
    for command in COMMANDS {
        let output = project.try_line(command);
        assert_eq!(output.status, 0, "{command}\n{output}");
        if command == "check" {
            for gate in ["files", "replay", "roundtrip", "models", "pending", "drift"] {
                let is_ok = |line: &str| line.starts_with(gate) && line.contains("  ok  ");
                assert!(output.stdout.lines().any(is_ok), "{gate}\n{output}");
            }
        }
    }
}

fn project(db: &Database, settings: &str) -> Project {
    let project = Project::new(PROGRAM, settings).with("DATABASE_URL", db.url());
    project.write("src/schema.rs", "diesel::table! {\n    users (id) {\n        id -> Integer,\n        email -> Nullable<Text>,\n    }\n}\n");
    project.revision("a1", "<base>", "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);", "DROP TABLE users;");
    project
}

#[test]
fn the_schema_of_the_version_table_may_be_made_by_hand() {
    let Some(db) = Database::new(Kind::Postgres) else { return };
    db.run("CREATE SCHEMA \"ops of us\"; CREATE SCHEMA app");
    let project = project(&db, "version-table = \"ops of us.my_version\"\n");
    project.ok("upgrade head");
    all_work(&project);
    // A database that is not there yet has no schemas, and the scratch database needs this one.
    let url = db.url().replace(db.name(), &format!("{}_not", db.name()));
    assert_eq!(project.try_line(&format!("check --only replay,roundtrip --database-url {url}")).status, 0);
}

#[test]
fn the_search_path_is_that_of_the_role() {
    let Some(db) = Database::new(Kind::Postgres) else { return };
    let role = format!("{}_app", db.name());
    db.run(&format!(
        "CREATE ROLE {role} LOGIN SUPERUSER PASSWORD 'pw'; CREATE SCHEMA app; CREATE SCHEMA \"{role}\"; \
         ALTER ROLE {role} SET search_path = app"
    ));
    let url = db.url().replacen("postgres@", &format!("{role}:pw@"), 1);
    assert_ne!(url, db.url());
    let project = project(&db, "").with("DATABASE_URL", &url);
    project.ok("upgrade head");
    all_work(&project);
    for path in ["\"$user\", public", "app, public", "public, app"] {
        db.run(&format!("ALTER ROLE {role} IN DATABASE {} SET search_path = {path}", db.name()));
        db.run("DROP SCHEMA app CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA app; CREATE SCHEMA public");
        let project = self::project(&db, "").with("DATABASE_URL", &url);
        project.ok("upgrade head");
        all_work(&project);
    }
    db.run(&format!("DROP OWNED BY {role} CASCADE; DROP ROLE {role}"));
}

#[test]
fn what_a_revision_makes_is_not_taken_over() {
    let Some(db) = Database::new(Kind::Postgres) else { return };
    db.run(&format!("ALTER DATABASE {} SET search_path = data, public", db.name()));
    let project = project(&db, "");
    project.revision("a1", "<base>", "CREATE SCHEMA data; CREATE EXTENSION citext; CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);", "DROP TABLE users; DROP EXTENSION citext; DROP SCHEMA data CASCADE;");
    project.ok("upgrade head");
    let output = project.try_line("check --only replay,models,drift");
    assert_eq!(output.status, 0, "{output}");
}

#[test]
fn extensions_are_where_they_are() {
    let Some(db) = Database::new(Kind::Postgres) else { return };
    db.run(&format!(
        "CREATE SCHEMA extensions; CREATE EXTENSION citext SCHEMA extensions; CREATE EXTENSION cube; \
         CREATE EXTENSION earthdistance; CREATE EXTENSION \"uuid-ossp\" SCHEMA extensions; CREATE EXTENSION dblink; \
         ALTER DATABASE {} SET search_path = public, extensions",
        db.name()
    ));
    let project = project(&db, "");
    project.revision("a1", "<base>", "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, mail citext, place earth, key uuid DEFAULT uuid_generate_v4());", "DROP TABLE users;");
    project.write("src/schema.rs", "diesel::table! {\n    users (id) {\n        id -> Integer,\n        email -> Nullable<Text>,\n        mail -> Nullable<Citext>,\n        place -> Nullable<Cube>,\n        key -> Nullable<Uuid>,\n    }\n}\n");
    project.ok("upgrade head");
    let output = project.try_line("check --skip models");
    assert_eq!(output.status, 0, "{output}");
    assert!(output.stderr.contains("without the extension `dblink`"), "{output}");
    assert_eq!(output.stderr.matches("dblink").count(), 1, "{output}");
}

#[test]
fn a_collation_is_that_of_the_database() {
    for kind in [Kind::Mysql, Kind::Mariadb] {
        let Some(db) = Database::new(kind) else { continue };
        for (set, collation) in [("utf8mb4", "utf8mb4_bin"), ("latin1", "latin1_bin")] {
            db.empty();
            db.run(&format!("ALTER DATABASE {} CHARACTER SET {set} COLLATE {collation}", db.name()));
            let project = project(&db, "");
            let up = "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, name VARCHAR(40) UNIQUE); INSERT INTO users VALUES (1, NULL, 'anna'), (2, NULL, 'Anna');";
            project.revision("a1", "<base>", up, "DROP TABLE users;");
            project.write("src/schema.rs", "diesel::table! {\n    users (id) {\n        id -> Integer,\n        email -> Nullable<Text>,\n        #[max_length = 40]\n        name -> Nullable<Varchar>,\n    }\n}\n");
            project.ok("upgrade head");
            let output = project.try_line("check --skip models");
            assert_eq!(output.status, 0, "{kind:?}\n{output}");
            assert_eq!(project.try_line("snapshot").status, 0);
        }
    }
}

#[test]
fn a_version_table_in_another_database_is_beside_on_scratch() {
    for kind in [Kind::Mysql, Kind::Mariadb] {
        let (Some(db), Some(ops)) = (Database::new(kind), Database::new(kind)) else { continue };
        let project = project(&db, &format!("version-table = \"{}.my_version\"\n", ops.name()));
        project.ok("upgrade head");
        all_work(&project);
    }
}

#[test]
fn the_header_of_a_file_is_taken_over() {
    let db = Database::new(Kind::Sqlite).unwrap();
    db.run("PRAGMA encoding = 'UTF-16le'; PRAGMA page_size = 8192; PRAGMA auto_vacuum = 2; PRAGMA application_id = 77; PRAGMA user_version = 5; CREATE TABLE kept (x); DROP TABLE kept");
    let project = project(&db, "");
    let up = "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT); \
        CREATE TABLE found (x TEXT CHECK (x = '5 77 8192 2 6100')); \
        INSERT INTO found SELECT user_version || ' ' || application_id || ' ' || page_size || ' ' || auto_vacuum || ' ' || hex(CAST('a' AS BLOB)) \
        FROM pragma_user_version, pragma_application_id, pragma_page_size, pragma_auto_vacuum;";
    project.revision("a1", "<base>", up, "DROP TABLE users; DROP TABLE found;");
    project.ok("upgrade head");
    let output = project.try_line("check --skip models");
    assert_eq!(output.status, 0, "{output}");
    // What a revision assigns begins as in a new file.
    project.revision("b1", "a1", "PRAGMA user_version = 6;", "PRAGMA user_version = 5;");
    let output = project.try_line("check --only replay");
    assert_eq!(output.status, 1, "{output}");
}
