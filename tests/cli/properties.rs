//! A database that was given much that a fresh one lacks: every gate of `check` has a result.

use harness::{Database, Kind, Project};

use crate::PROGRAM;

/// What is done to a database before its first revision; `{db}` is its name, `{role}` that of the role of the URL.
const POSTGRES: [&str; 32] = [
    "CREATE SCHEMA app AUTHORIZATION {role}",
    "CREATE SCHEMA extensions",
    "CREATE SCHEMA theirs",
    "CREATE TABLE theirs.t (x int)",
    "CREATE EXTENSION citext SCHEMA extensions",
    "CREATE EXTENSION hstore SCHEMA extensions",
    "CREATE EXTENSION \"uuid-ossp\" SCHEMA extensions",
    "CREATE EXTENSION pg_stat_statements SCHEMA extensions",
    "CREATE EXTENSION dblink SCHEMA extensions",
    "GRANT USAGE ON SCHEMA extensions TO {role}",
    "ALTER DATABASE {db} SET search_path = app, public, extensions",
    "ALTER DATABASE {db} SET DateStyle = 'SQL, DMY'",
    "ALTER DATABASE {db} SET TimeZone = 'Asia/Kolkata'",
    "ALTER DATABASE {db} SET IntervalStyle = 'sql_standard'",
    "ALTER DATABASE {db} SET bytea_output = 'escape'",
    "ALTER DATABASE {db} SET default_transaction_isolation = 'serializable'",
    "ALTER DATABASE {db} SET app.tenant = 'a, \"b\"'",
    "ALTER DATABASE {db} SET log_min_duration_statement = 1000",
    "ALTER ROLE {role} SET work_mem = '5MB'",
    "ALTER ROLE {role} SET TimeZone = 'UTC'",
    "ALTER ROLE {role} IN DATABASE {db} SET xmloption = 'document'",
    "ALTER ROLE {role} IN DATABASE {db} SET default_text_search_config = 'german'",
    "ALTER DATABASE {db} OWNER TO {role}",
    "ALTER DATABASE {db} CONNECTION LIMIT 50",
    "COMMENT ON DATABASE {db} IS 'live'",
    "REVOKE ALL ON SCHEMA public FROM PUBLIC",
    "REVOKE TEMPORARY ON DATABASE {db} FROM PUBLIC",
    "ALTER DEFAULT PRIVILEGES FOR ROLE {role} IN SCHEMA app GRANT SELECT ON TABLES TO PUBLIC",
    "ALTER DEFAULT PRIVILEGES FOR ROLE {role} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC",
    "CREATE PUBLICATION everything FOR ALL TABLES",
    "CREATE FUNCTION theirs.noted() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'",
    "CREATE EVENT TRIGGER noted ON ddl_command_end EXECUTE FUNCTION theirs.noted()",
];

const MYSQL: [&str; 20] = [
    "ALTER DATABASE {db} CHARACTER SET latin1",
    "ALTER DATABASE {db} COLLATE latin1_german2_ci",
    "CREATE TABLE by_hand_1 (x INT) ENGINE = MyISAM",
    "CREATE TABLE by_hand_2 (x INT) ENGINE = MEMORY",
    "CREATE TABLE by_hand_3 (x INT) ROW_FORMAT = COMPRESSED",
    "CREATE TABLE by_hand_4 (x TEXT) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
    "CREATE TABLE by_hand_5 (x INT) PARTITION BY HASH (x) PARTITIONS 2",
    "CREATE TABLE by_hand_6 (x INT, y INT GENERATED ALWAYS AS (x + 1) STORED)",
    "CREATE TABLE by_hand_7 (x VARCHAR(20), FULLTEXT (x))",
    "CREATE TABLE by_hand_8 (x POINT NOT NULL, SPATIAL INDEX (x))",
    "CREATE TABLE by_hand_9 (x INT AUTO_INCREMENT PRIMARY KEY) AUTO_INCREMENT = 100",
    "CREATE TABLE by_hand_10 (x JSON, y ENUM('a', 'b'), z SET('c'))",
    "CREATE TABLE by_hand_11 (x TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP)",
    "CREATE TABLE by_hand_12 (x INT COMMENT 'x') COMMENT = 'a table'",
    "CREATE TABLE by_hand_13 (x INT, CHECK (x > 0))",
    "CREATE TABLE by_hand_14 (x INT, FOREIGN KEY (x) REFERENCES by_hand_9 (x))",
    "CREATE TABLE by_hand_15 (x INT) MAX_ROWS = 10",
    "INSERT INTO by_hand_9 VALUES (DEFAULT)",
    "ANALYZE TABLE by_hand_9",
    "GRANT SELECT ON {db}.by_hand_1 TO {role}@'%'",
];

const SQLITE: [&str; 20] = [
    "PRAGMA encoding = 'UTF-16be'; PRAGMA page_size = 16384; PRAGMA auto_vacuum = 1; CREATE TABLE by_hand_0 (x)",
    "PRAGMA application_id = 77",
    "PRAGMA user_version = 12",
    "PRAGMA journal_mode = WAL",
    "CREATE TABLE by_hand_1 (x INTEGER PRIMARY KEY) STRICT",
    "CREATE TABLE by_hand_2 (x TEXT PRIMARY KEY) WITHOUT ROWID",
    "CREATE TABLE by_hand_3 (x INTEGER PRIMARY KEY AUTOINCREMENT)",
    "INSERT INTO by_hand_3 VALUES (100)",
    "CREATE INDEX by_hand_ix ON by_hand_1 (x) WHERE x > 0",
    "CREATE TABLE by_hand_4 (x TEXT COLLATE NOCASE)",
    "CREATE TABLE by_hand_5 (x INT, y INT GENERATED ALWAYS AS (x + 1) VIRTUAL)",
    "CREATE TABLE by_hand_6 (x INT REFERENCES by_hand_1 (x) DEFERRABLE INITIALLY DEFERRED)",
    "CREATE TABLE by_hand_7 (x INT NOT NULL ON CONFLICT IGNORE CHECK (x > 0))",
    "CREATE TABLE \"by_hand_8 \" (\" \" INT)",
    "CREATE TABLE by_hand_9 AS SELECT 1 AS x",
    "CREATE INDEX by_hand_expression ON by_hand_9 (x + 1)",
    "CREATE TABLE by_hand_10 (x BLOB DEFAULT x'00')",
    "INSERT INTO by_hand_10 VALUES (zeroblob(100000))",
    "DELETE FROM by_hand_10",
    "ANALYZE",
];

fn all_gates_are_ok(project: &Project) {
    let output = project.try_line("check");
    assert_eq!(output.status, 0, "{output}");
    for gate in ["files", "replay", "roundtrip", "models", "pending", "drift"] {
        let is_ok = |line: &str| line.starts_with(gate) && line.contains("  ok  ");
        assert!(output.stdout.lines().any(is_ok), "{gate}\n{output}");
    }
}

fn project(url: &str, up: &str, models: &str) -> Project {
    let project = Project::new(PROGRAM, "exclude-tables = [\"by_hand_*\"]\n").with("DATABASE_URL", url);
    project.revision("a1", "<base>", up, "DROP TABLE users;");
    project.write(
        "src/schema.rs",
        format!("diesel::table! {{\n    users (id) {{\n        id -> Integer,\n{models}    }}\n}}\n"),
    );
    project
}

#[test]
fn every_gate_has_a_result_on_postgres() {
    let Some(db) = Database::new(Kind::Postgres) else { return };
    // A role that owns its database and is no superuser; an encoding and a collation of its own.
    let (name, role) = (db.name(), format!("{}_owner", db.name()));
    db.recreate("TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'");
    db.run(&format!("CREATE ROLE {role} LOGIN CREATEDB CREATEROLE PASSWORD 'pw'"));
    for property in POSTGRES {
        db.run(&property.replace("{db}", name).replace("{role}", &role));
    }
    let url = db.url().replacen("postgres@", &format!("{role}:pw@"), 1);
    let up = "CREATE TABLE users (id int PRIMARY KEY, mail citext UNIQUE, key uuid DEFAULT uuid_generate_v4(), \
        born date NOT NULL DEFAULT '2024-03-01', tags hstore);";
    let models = "        mail -> Nullable<Citext>,\n        key -> Nullable<Uuid>,\n        born -> Date,\n        tags -> Nullable<Hstore>,\n";
    let project = project(&url, up, models);
    project.ok("upgrade head");
    // Read only is the live database, not the scratch one.
    db.run(&format!("ALTER DATABASE {name} SET default_transaction_read_only = on"));
    all_gates_are_ok(&project);
    db.recreate("");
    db.run(&format!("DROP ROLE {role}"));
}

#[test]
fn every_gate_has_a_result_on_mysql_and_mariadb() {
    for kind in [Kind::Mysql, Kind::Mariadb] {
        let Some(db) = Database::new(kind) else { continue };
        let role = format!("u{}", db.name().trim_start_matches("alembic_test"));
        db.run(&format!("CREATE USER {role}@'%' IDENTIFIED BY 'pw'"));
        for property in MYSQL {
            db.run(&property.replace("{db}", db.name()).replace("{role}", &role));
        }
        let up = "CREATE TABLE users (id INTEGER PRIMARY KEY, name VARCHAR(40) UNIQUE); \
            INSERT INTO users VALUES (1, 'ae'), (2, 'a');";
        let project = project(db.url(), up, "        #[max_length = 40]\n        name -> Nullable<Varchar>,\n");
        project.ok("upgrade head");
        all_gates_are_ok(&project);
        db.run(&format!("DROP USER {role}@'%'"));
    }
}

#[test]
fn every_gate_has_a_result_on_sqlite() {
    let db = Database::new(Kind::Sqlite).unwrap();
    SQLITE.iter().for_each(|property| db.run(property));
    let project = project(
        db.url(),
        "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);",
        "        name -> Nullable<Text>,\n",
    );
    project.ok("upgrade head");
    all_gates_are_ok(&project);
}
