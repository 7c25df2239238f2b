//! The scratch database has what the project's database was given, and what goes wrong there is told as that.

use harness::{Database, Kind, Project};

use crate::PROGRAM;

/// Everything that makes a scratch database, the generated revision last.
const COMMANDS: [&str; 5] = [
    "check",
    "check --only drift,roundtrip",
    "snapshot",
    "print-schema --from migrations",
    "revision --autogenerate -m x",
];

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
    project.write(
        "src/schema.rs",
        "diesel::table! {\n    users (id) {\n        id -> Integer,\n        email -> Nullable<Text>,\n    }\n}\n",
    );
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
    project.revision(
        "a1",
        "<base>",
        "CREATE SCHEMA data; CREATE EXTENSION citext; CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);",
        "DROP TABLE users; DROP EXTENSION citext; DROP SCHEMA data CASCADE;",
    );
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
    // Whether it was made by hand or given with the database, nobody knows: it is said.
    let given = ["citext", "cube", "dblink", "earthdistance", "uuid-ossp"].map(|name| format!("extension `{name}`"));
    let note = format!("note: taken as given: {}, which no revision makes", given.join(", "));
    assert!(output.stdout.contains(&note), "{output}");
    project.revision("b1", "a1", "CREATE EXTENSION hstore;", "DROP EXTENSION hstore;");
    project.ok("upgrade head");
    assert!(!project.ok("check --only drift").contains("hstore"));
    db.run("DROP EXTENSION hstore");
    let output = project.try_line("check --only drift");
    assert!(output.status == 1 && output.stdout.contains("extension `hstore`"), "{output}");
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

#[test]
fn what_fails_on_scratch_is_told_as_that_and_other_gates_run() {
    for kind in Kind::ALL {
        let Some(db) = Database::new(kind) else { continue };
        let project = project(&db, "");
        project.ok("upgrade head");
        project.revision("b1", "a1", "SELECT * FROM only_there;", "");
        let output = project.try_line("check");
        let stdout = &output.stdout;
        let gate = |name: &str, state: &str| {
            assert!(
                stdout.lines().any(|line| line.starts_with(name) && line.contains(state)),
                "{name} {state}\n{output}"
            );
        };
        gate("replay", "failed");
        gate("pending", "failed");
        gate("drift", "ok");
        let told = stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains("only_there"), "{output}");
        assert!(told.contains("that was on the scratch database; the live database is unchanged"), "{output}");
        assert!(!told.contains("nothing was changed") && !told.contains("committed"), "{output}");
    }
}

#[test]
fn a_statement_for_the_real_server_is_left_out_and_listed() {
    for kind in Kind::ALL {
        let Some(db) = Database::new(kind) else { continue };
        db.run("CREATE TABLE only_there (x INTEGER)");
        let project = project(&db, "exclude-tables = [\"only_there\"]\n");
        let up = "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);\n-- alembic:skip-on-scratch: it is made by hand\n\
            CREATE VIEW shown AS SELECT x FROM only_there;";
        project.revision(
            "a1",
            "<base>",
            up,
            "-- alembic:skip-on-scratch: as above\nDROP VIEW shown;\nDROP TABLE users;",
        );
        project.ok("upgrade head");
        assert!(db.ask("SELECT '1' AS answer FROM shown").is_empty());
        let output = project.try_line("check");
        assert_eq!(output.status, 0, "{kind:?}\n{output}");
        assert!(
            output.stdout.contains("note: left out on the scratch database: migrations/a1.sql:9: it is made by hand"),
            "{output}"
        );
        assert!(output.stdout.contains(": as above"), "{output}");
        assert!(output.stdout.contains("leaves its statement out: added view `shown`"), "{output}");
        project.ok("downgrade base");
    }
}

/// What is in a database beside tables; what somebody does by hand, how that is told, and what makes it as before.
struct Beside {
    up: &'static str,
    down: &'static str,
    by_hand: &'static [(&'static str, &'static str, &'static str)],
}

const POSTGRES: Beside = Beside {
    up: "CREATE SCHEMA audit; CREATE TABLE audit.log (x int, y int); CREATE VIEW v AS SELECT id FROM users;
        CREATE MATERIALIZED VIEW mv AS SELECT id FROM users; CREATE UNIQUE INDEX mvi ON mv (id);
        CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
        CREATE TRIGGER t BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION f();
        ALTER TABLE users ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON users USING (id > 0);
        CREATE DOMAIN d AS int CHECK (VALUE > 0); CREATE TYPE c AS (a int); CREATE SEQUENCE s;
        CREATE TYPE e AS ENUM ('a'); CREATE EXTENSION citext;
        CREATE TABLE part (x int, y int) PARTITION BY RANGE (x); CREATE RULE r AS ON DELETE TO audit.log DO INSTEAD NOTHING;
        CREATE FUNCTION audit.g() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE STATISTICS st ON id, email FROM users;",
    down: "DROP STATISTICS st; DROP TABLE part; DROP EXTENSION citext; DROP TYPE e, c; DROP DOMAIN d; DROP SEQUENCE s;
        DROP POLICY p ON users; ALTER TABLE users DISABLE ROW LEVEL SECURITY; DROP TRIGGER t ON users;
        DROP FUNCTION f; DROP MATERIALIZED VIEW mv; DROP VIEW v; DROP SCHEMA audit CASCADE;",
    by_hand: &[
        ("DROP TRIGGER t ON users", "removed trigger `t`", "CREATE TRIGGER t BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION f()"),
        ("ALTER TABLE users DISABLE TRIGGER t", "changed trigger `t`", "ALTER TABLE users ENABLE TRIGGER t"),
        ("CREATE OR REPLACE VIEW v AS SELECT id + 1 AS id FROM users", "changed view `v`", "CREATE OR REPLACE VIEW v AS SELECT id FROM users"),
        ("CREATE VIEW w AS SELECT 1", "added view `w`", "DROP VIEW w"),
        ("DROP INDEX mvi", "changed materialized view `mv`", "CREATE UNIQUE INDEX mvi ON mv (id)"),
        ("CREATE OR REPLACE FUNCTION audit.g() RETURNS int LANGUAGE sql AS 'SELECT 2'", "changed function `audit.g`", "CREATE OR REPLACE FUNCTION audit.g() RETURNS int LANGUAGE sql AS 'SELECT 1'"),
        ("ALTER POLICY p ON users TO postgres", "changed policy `p`", "ALTER POLICY p ON users TO public"),
        ("ALTER TABLE users DISABLE ROW LEVEL SECURITY", "removed row security `users`", "ALTER TABLE users ENABLE ROW LEVEL SECURITY"),
        ("ALTER DOMAIN d SET DEFAULT 3", "changed domain `d`", "ALTER DOMAIN d DROP DEFAULT"),
        ("ALTER TYPE c ADD ATTRIBUTE b int", "changed composite type `c`", "ALTER TYPE c DROP ATTRIBUTE b"),
        ("ALTER SEQUENCE s INCREMENT 2", "changed sequence `s`", "ALTER SEQUENCE s INCREMENT 1"),
        ("ALTER TYPE e RENAME VALUE 'a' TO 'b'", "`e`", "ALTER TYPE e RENAME VALUE 'b' TO 'a'"),
        ("DROP EXTENSION citext", "removed extension `citext`", "CREATE EXTENSION citext"),
        ("ALTER TABLE part DROP COLUMN y", "removed column `part.y`", "ALTER TABLE part ADD y int"),
        ("DROP STATISTICS st", "removed statistics `st`", "CREATE STATISTICS st ON id, email FROM users"),
        ("ALTER TABLE audit.log ADD z int", "added column `audit.log.z`", "ALTER TABLE audit.log DROP z"),
        ("DROP RULE r ON audit.log", "removed rule `audit.r`", "CREATE RULE r AS ON DELETE TO audit.log DO INSTEAD NOTHING"),
        ("DROP TABLE audit.log", "removed table `audit.log`", "CREATE TABLE audit.log (x int, y int); CREATE RULE r AS ON DELETE TO audit.log DO INSTEAD NOTHING"),
        ("DROP SCHEMA audit CASCADE", "removed schema `audit`", ""),
    ],
};

const MYSQL: Beside = Beside {
    up: "CREATE VIEW v AS SELECT id FROM users; CREATE TRIGGER t BEFORE INSERT ON users FOR EACH ROW SET NEW.email = 'x';
        CREATE PROCEDURE p(IN a INT) SELECT a; CREATE FUNCTION f(a INT) RETURNS INT DETERMINISTIC RETURN a;
        CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO DELETE FROM users;",
    down: "DROP EVENT e; DROP FUNCTION f; DROP PROCEDURE p; DROP TRIGGER t; DROP VIEW v;",
    by_hand: &[
        ("DROP TRIGGER t", "removed trigger `t`", "CREATE TRIGGER t BEFORE INSERT ON users FOR EACH ROW SET NEW.email = 'x'"),
        ("CREATE OR REPLACE VIEW v AS SELECT id + 1 AS id FROM users", "changed view `v`", "CREATE OR REPLACE VIEW v AS SELECT id FROM users"),
        ("DROP PROCEDURE p; CREATE PROCEDURE p(IN a BIGINT) SELECT a", "changed procedure `p`", "DROP PROCEDURE p; CREATE PROCEDURE p(IN a INT) SELECT a"),
        ("DROP FUNCTION f", "removed function `f`", "CREATE FUNCTION f(a INT) RETURNS INT DETERMINISTIC RETURN a"),
        ("ALTER EVENT e ON SCHEDULE EVERY 2 DAY", "changed event `e`", "ALTER EVENT e ON SCHEDULE EVERY 1 DAY"),
        ("CREATE VIEW w AS SELECT 1", "added view `w`", "DROP VIEW w"),
    ],
};

const SQLITE: Beside = Beside {
    up: "CREATE VIEW v AS SELECT id FROM users; CREATE TRIGGER t AFTER INSERT ON users BEGIN DELETE FROM users WHERE id = 0; END;",
    down: "DROP TRIGGER t; DROP VIEW v;",
    by_hand: &[
        (
            "DROP TRIGGER t",
            "removed trigger `t`",
            "CREATE TRIGGER t AFTER INSERT ON users BEGIN DELETE FROM users WHERE id = 0; END",
        ),
        (
            "DROP VIEW v; CREATE VIEW v AS SELECT 1",
            "changed view `v`",
            "DROP VIEW v; CREATE VIEW v AS SELECT id FROM users",
        ),
        ("CREATE VIEW w AS SELECT 1", "added view `w`", "DROP VIEW w"),
    ],
};

#[test]
fn drift_is_found_in_everything_that_the_snapshot_lists() {
    for kind in Kind::ALL {
        let Some(db) = Database::new(kind) else { continue };
        let beside = match kind {
            Kind::Postgres => POSTGRES,
            Kind::Sqlite => SQLITE,
            Kind::Mysql | Kind::Mariadb => MYSQL,
        };
        let project = project(&db, "");
        project.revision("b1", "a1", beside.up, beside.down);
        project.ok("upgrade head");
        let drift = || project.try_line("check --only drift");
        let output = project.try_line("check --only roundtrip,drift");
        assert_eq!(output.status, 0, "{kind:?}\n{output}");
        for (by_hand, told, back) in beside.by_hand {
            db.run(by_hand);
            let output = drift();
            assert!(output.status == 1 && output.stdout.contains(told), "{kind:?} {by_hand}\n{output}");
            if !back.is_empty() {
                db.run(back);
                let output = drift();
                assert_eq!(output.status, 0, "{kind:?} {back}\n{output}");
            }
        }
    }
}

#[test]
fn what_is_not_looked_at_is_said() {
    let Some(db) = Database::new(Kind::Postgres) else { return };
    let project = project(&db, "");
    project.ok("upgrade head");
    db.run("CREATE SCHEMA theirs; CREATE TABLE theirs.t (x int); ALTER TABLE alembic_version ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON alembic_version USING (true)");
    let output = project.try_line("check --only drift");
    assert_eq!(output.status, 0, "{output}");
    assert!(
        output.stdout.contains("note: not looked at: schema `theirs`, in which no revision makes anything"),
        "{output}"
    );
    let json = project.try_line("check --only drift --format json");
    assert!(json.stdout.contains("\"notes\": ["), "{json}");
}

/// Returns a URL of the same server that does not look like it.
fn by_another_address(db: &Database, project: &Project) -> String {
    let (link, encoded) = (project.path().join("server").display().to_string(), |path: &str| path.replace('/', "%2F"));
    let folder = match db.kind() {
        Kind::Sqlite => return project.path().join("scratch.db").display().to_string(),
        Kind::Postgres => db.url().split(['@', '/']).find(|part| part.starts_with("%2F")).unwrap().replace("%2F", "/"),
        _ => db.url().split("socket=").nth(1).unwrap().trim_end_matches("/socket").to_owned(),
    };
    std::os::unix::fs::symlink(&folder, &link).unwrap();
    db.url().replace(&encoded(&folder), &encoded(&link)).replace(&folder, &link)
}

#[test]
fn what_is_outside_of_the_database_is_said() {
    for kind in Kind::ALL {
        let (Some(db), Some(other)) = (Database::new(kind), Database::new(kind)) else { continue };
        let (statement, what) = match kind {
            Kind::Sqlite => (format!("ATTACH '{}' AS other", other.url()), "opens another file".to_owned()),
            Kind::Postgres => (format!("ALTER DATABASE {} SET work_mem = '5MB'", other.name()), String::new()),
            _ => {
                let statement = format!("CREATE TABLE IF NOT EXISTS {}.log (x INTEGER)", other.name());
                (statement, format!("names `log` of the database `{}`", other.name()))
            }
        };
        let project = project(&db, "scratch-url-env = \"SCRATCH_URL\"\n");
        let (above, line) = match kind {
            Kind::Sqlite => ("-- alembic:allow attach: another file\n", 9),
            _ => ("", 8),
        };
        project.revision("b1", "a1\n-- Transaction: none", &format!("{above}{statement};"), "");
        project.ok("upgrade head");
        let refused = project.try_line("check --only drift");
        assert!(refused.status == 1 && refused.stdout.contains(&what), "{refused}");
        let url = by_another_address(&db, &project);
        let output = project.with("SCRATCH_URL", &url).try_line("check --only drift");
        let note = format!(
            "note: not looked at, since it is outside of the database: migrations/b1.sql:{line}: `{statement}` {what}"
        );
        assert!(output.status == 0 && output.stdout.contains(&note), "{output}");
    }
}

#[test]
fn a_downgrade_restores_every_schema() {
    let Some(db) = Database::new(Kind::Postgres) else { return };
    let project = project(&db, "");
    project.revision(
        "b1",
        "a1",
        "CREATE SCHEMA IF NOT EXISTS audit; CREATE TABLE IF NOT EXISTS audit.log (x int);",
        "SELECT 1;",
    );
    let output = project.try_line("check --only roundtrip");
    assert!(output.status == 1 && output.stdout.contains("left behind table `audit.log`"), "{output}");
    assert!(output.stdout.contains("left behind schema `audit`"), "{output}");
    project.revision("b1", "a1", "CREATE SCHEMA audit; CREATE TABLE audit.log (x int);", "DROP SCHEMA audit CASCADE;");
    assert_eq!(project.try_line("check --only roundtrip").status, 0);
}
