//! What a database, a role and a server were told beforehand changes no answer: every command that reads, under settings
//! of each, answers as it does without them, or names the setting.

use harness::{Database, Kind, Output, Project};

use crate::PROGRAM;

/// The commands that read, cheap ones first.
const QUICK: [&str; 5] =
    ["current -v", "history -i", "log --format json", "print-schema --complete", "check --only pending"];
const ON_SCRATCH: [&str; 4] = [
    "snapshot",
    "check --only replay,roundtrip,models,drift",
    "print-schema --from migrations",
    "revision --autogenerate -m more",
];

/// Settings that no answer may depend on.
const POSTGRES: [&str; 40] = [
    "DateStyle = 'SQL, DMY'",
    "DateStyle = 'German'",
    "DateStyle = 'Postgres, MDY'",
    "IntervalStyle = 'sql_standard'",
    "IntervalStyle = 'iso_8601'",
    "extra_float_digits = -15",
    "bytea_output = 'escape'",
    "quote_all_identifiers = on",
    "TimeZone = 'Asia/Kolkata'",
    "xmlbinary = 'hex'",
    "xmloption = 'document'",
    "standard_conforming_strings = off",
    "escape_string_warning = off",
    "backslash_quote = 'on'",
    "transform_null_equals = on",
    "array_nulls = off",
    "lc_monetary = 'C.UTF-8'",
    "search_path = \"$user\", public, pg_catalog",
    "search_path = public, other",
    "row_security = off",
    "default_transaction_read_only = on",
    "default_transaction_isolation = 'serializable'",
    "default_transaction_deferrable = on",
    "client_encoding = 'LATIN1'",
    "client_min_messages = 'error'",
    "client_min_messages = 'debug1'",
    "statement_timeout = '20s'",
    "lock_timeout = '5s'",
    "idle_in_transaction_session_timeout = '20s'",
    "log_statement = 'all'",
    "log_min_duration_statement = 0",
    "plan_cache_mode = 'force_generic_plan'",
    "enable_seqscan = off",
    "default_table_access_method = 'heap'",
    "synchronous_commit = off",
    "check_function_bodies = off",
    "session_replication_role = 'replica'",
    "join_collapse_limit = 1",
    "work_mem = '64kB'",
    "application_name = 'other'",
];

const TABLES: &str = "CREATE TYPE mood AS ENUM ('calm', 'Loud');
CREATE TABLE things (
    id INTEGER PRIMARY KEY, d DATE NOT NULL DEFAULT '2024-03-01', t TIMESTAMPTZ DEFAULT '2024-03-01 10:00:00+00',
    p TIMESTAMP DEFAULT '2024-03-01 10:00:00', i INTERVAL DEFAULT '1 day 2 hours', f DOUBLE PRECISION DEFAULT 0.1,
    r REAL DEFAULT 0.3, b BYTEA DEFAULT '\\x00ff', m MONEY DEFAULT 12.5, a TEXT[] DEFAULT ARRAY['x', NULL],
    mood mood DEFAULT 'calm', s TEXT DEFAULT E'a\\\\b', tags TSRANGE DEFAULT '[2024-03-01, 2024-03-04)',
    CONSTRAINT late CHECK (d > '2020-02-01' AND i < '40 days'));
CREATE INDEX recent ON things (d) WHERE d > '2023-04-05';
CREATE VIEW recent_things AS SELECT id, d FROM things WHERE d > '2024-01-02' AND f < 0.7;
CREATE FUNCTION since(d DATE DEFAULT '2024-03-01') RETURNS INTERVAL LANGUAGE sql AS 'SELECT now() - d';";
const DROPS: &str = "DROP FUNCTION since;\nDROP VIEW recent_things;\nDROP TABLE things;\nDROP TYPE mood;";

/// A project on a server, at its head, with what settings change the looks of.
fn made(db: &Database, tables: &str, drops: &str) -> Project {
    let project = Project::new(PROGRAM, "").with("DATABASE_URL", db.url());
    project.revision("a1", "<base>", tables, drops);
    project.revision("b1", "a1", "CREATE TABLE parts (id INTEGER PRIMARY KEY, made DATE);", "DROP TABLE parts;");
    project.ok("upgrade head");
    project.write("src/schema.rs", project.ok("print-schema --complete"));
    project.ok("snapshot");
    project
}

/// What the commands print, and what they write.
fn answers(project: &Project, lines: &[&str]) -> Vec<Output> {
    let answer = |line: &&str| {
        let mut output = project.try_line(line);
        if *line == "snapshot" {
            let written = std::fs::read_dir(project.path().join("migrations")).unwrap().filter_map(|entry| {
                let name = entry.unwrap().file_name().into_string().unwrap();
                name.starts_with("schema.").then(|| project.read(&format!("migrations/{name}")))
            });
            output.stdout.extend(written);
        }
        output
    };
    lines.iter().map(answer).collect()
}

/// Returns whether a failure names the setting, or what it does.
fn names(output: &Output, setting: &str) -> bool {
    let plain = |text: &str| text.to_lowercase().replace(['_', '-'], " ");
    let said = plain(&format!("{}{}", output.stdout, output.stderr));
    let read_only = setting.contains("read_only") && said.contains("read only");
    output.status != 0 && (read_only || said.contains(&plain(name_of(setting))))
}

/// Fails unless every answer is that without settings, or an error that names one of them.
fn expect_same(settings: &[&str], lines: &[&str], before: &[Output], after: &[Output]) {
    for ((line, before), after) in lines.iter().zip(before).zip(after) {
        let same = (before.status, &before.stdout) == (after.status, &after.stdout);
        let named = settings.iter().any(|setting| names(after, setting));
        assert!(same || named, "{settings:?}: {line}\n--- before\n{before}\n--- after\n{after}");
    }
}

/// Runs the commands under each setting, and those that need a scratch database under several at once.
fn no_answer_depends(project: &Project, settings: &[&str], make: impl Fn(&str), unmake: impl Fn(&str)) {
    let (quick, on_scratch) = (answers(project, &QUICK), answers(project, &ON_SCRATCH));
    for output in quick.iter().chain(&on_scratch) {
        assert_eq!(output.status, 0, "{output}");
    }
    for setting in settings {
        make(setting);
        let found = answers(project, &QUICK);
        unmake(setting);
        expect_same(&[setting], &QUICK, &quick, &found);
    }
    for several in settings.chunks(settings.len().div_ceil(4)) {
        several.iter().for_each(|setting| make(setting));
        let found = answers(project, &ON_SCRATCH);
        several.iter().for_each(|setting| unmake(setting));
        expect_same(several, &ON_SCRATCH, &on_scratch, &found);
    }
    for setting in settings {
        make(setting);
        let redone = project.try_line("redo");
        unmake(setting);
        assert!(redone.status == 0 || names(&redone, setting), "{setting}\n{redone}");
        project.ok("upgrade head");
    }
}

fn name_of(setting: &str) -> &str {
    setting.split(" = ").next().unwrap()
}

#[test]
fn settings_of_a_postgres_database_change_no_answer() {
    let Some(db) = Database::new(Kind::Postgres) else { return };
    db.run("CREATE SCHEMA other");
    let project = made(&db, TABLES, DROPS);
    let alter = |change: &str| {
        db.run(&format!("BEGIN READ WRITE; ALTER DATABASE {} {change}; COMMIT", db.name()));
    };
    let set = |setting: &str| alter(&format!("SET {setting}"));
    no_answer_depends(&project, &POSTGRES, set, |setting| alter(&format!("RESET {}", name_of(setting))));
}

#[test]
fn settings_of_a_postgres_role_change_no_answer() {
    let Some(db) = Database::new(Kind::Postgres) else { return };
    db.run("CREATE SCHEMA other");
    let role = format!("{}_app", db.name());
    db.run(&format!("CREATE ROLE {role} LOGIN SUPERUSER PASSWORD 'x'"));
    let url = db.url().replace("postgres@", &format!("{role}:x@"));
    let project = made(&db, TABLES, DROPS).with("DATABASE_URL", &url);
    let alter = |change: &str| db.run(&format!("ALTER ROLE {role} {change}"));
    let set = |setting: &str| alter(&format!("SET {setting}"));
    no_answer_depends(&project, &POSTGRES, set, |setting| alter(&format!("RESET {}", name_of(setting))));
    db.run(&format!("DROP OWNED BY {role} CASCADE; DROP ROLE {role}"));
}

/// Settings of sessions that MySQL and MariaDB know.
const MYSQL_FAMILY: [&str; 29] = [
    "sql_mode = 'ANSI'",
    "sql_mode = 'ANSI_QUOTES'",
    "sql_mode = 'NO_BACKSLASH_ESCAPES'",
    "sql_mode = 'TRADITIONAL'",
    "sql_mode = 'IGNORE_SPACE'",
    "sql_mode = 'PAD_CHAR_TO_FULL_LENGTH'",
    "sql_mode = 'HIGH_NOT_PRECEDENCE'",
    "sql_mode = 'ONLY_FULL_GROUP_BY'",
    "sql_mode = ''",
    "sql_quote_show_create = 0",
    "time_zone = '+05:30'",
    "sql_select_limit = 1",
    "sql_safe_updates = 1",
    "sql_big_selects = 0",
    "group_concat_max_len = 4",
    "autocommit = 0",
    "foreign_key_checks = 0",
    "unique_checks = 0",
    "character_set_results = 'latin1'",
    "character_set_client = 'latin1'",
    "collation_connection = 'utf8mb4_bin'",
    "lc_time_names = 'de_DE'",
    "lc_messages = 'de_DE'",
    "lock_wait_timeout = 5",
    "big_tables = 1",
    "sql_notes = 0",
    "sql_warnings = 1",
    "wait_timeout = 20",
    "div_precision_increment = 0",
];
const MYSQL: [&str; 5] = [
    "transaction_isolation = 'SERIALIZABLE'",
    "transaction_read_only = 1",
    "information_schema_stats_expiry = 0",
    "show_gipk_in_create_table_and_information_schema = 0",
    "max_execution_time = 20000",
];
const MARIADB: [&str; 7] = [
    "sql_mode = 'ORACLE'",
    "sql_mode = 'EMPTY_STRING_IS_NULL'",
    "sql_mode = 'MSSQL'",
    "tx_isolation = 'SERIALIZABLE'",
    "tx_read_only = 1",
    "max_statement_time = 20",
    "default_storage_engine = 'MyISAM'",
];

const MYSQL_TABLES: &str = "CREATE TABLE things (
    id INTEGER PRIMARY KEY, d DATE NOT NULL DEFAULT '2024-03-01', t TIMESTAMP NULL DEFAULT '2024-03-01 10:00:00',
    dt DATETIME DEFAULT '2024-03-01 10:00:00', s VARCHAR(20) DEFAULT 'it''s \"x\"', c CHAR(5) DEFAULT 'ab',
    e ENUM('a', 'b') DEFAULT 'a', n DECIMAL(8, 2) DEFAULT 1.5, g INTEGER AS (id + 1) STORED,
    CONSTRAINT late CHECK (d > '2020-02-01' AND s <> '')) COMMENT 'Überblick';
CREATE UNIQUE INDEX both_of_them ON things (d, s);
CREATE VIEW recent_things AS SELECT id, s FROM things WHERE s <> 'x' AND NOT id BETWEEN 3 AND 4;";
const MYSQL_DROPS: &str = "DROP VIEW recent_things;\nDROP TABLE things;";

/// What a server is told to set in every session is said for one user here: others use it at the same time.
fn settings_of_a_server_change_no_answer(kind: Kind, own: &[&str]) {
    let Some(db) = Database::new(kind) else { return };
    let user = format!("u{}", db.name().trim_start_matches("alembic_test_"));
    db.run(&format!("CREATE USER {user}@'%' IDENTIFIED BY 'x'"));
    db.run(&format!("CREATE USER {user}@localhost IDENTIFIED BY 'x'"));
    for host in ["'%'", "localhost"] {
        // Who may do everything is not told.
        db.run(&format!(
            "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, INDEX, ALTER, REFERENCES, CREATE VIEW, SHOW VIEW, TRIGGER, \
             CREATE ROUTINE, ALTER ROUTINE, EXECUTE, LOCK TABLES, PROCESS ON *.* TO {user}@{host}"
        ));
    }
    let url = db.url().replace("root@", &format!("{user}:x@"));
    let project = made(&db, MYSQL_TABLES, MYSQL_DROPS).with("DATABASE_URL", &url);
    let settings = [&MYSQL_FAMILY[..], own].concat();
    let told = std::cell::RefCell::new(Vec::<String>::new());
    let tell = || {
        let sets = told
            .borrow()
            .iter()
            .map(|setting| {
                let (name, value) = setting.split_once(" = ").unwrap();
                let (value, others) = match value.parse::<u64>() {
                    Ok(number) => (format!("CAST({number} AS UNSIGNED)"), format!("CAST(@@{name} AS UNSIGNED)")),
                    Err(_) => (value.to_owned(), format!("@@{name}")),
                };
                format!("{name} = IF(CURRENT_USER() LIKE '{user}@%', {value}, {others})")
            })
            .collect::<Vec<_>>();
        let sql = if sets.is_empty() { String::new() } else { format!("SET {}", sets.join(", ")) };
        db.run(&format!("SET GLOBAL init_connect = '{}'", sql.replace('\'', "''")));
    };
    let make = |setting: &str| {
        told.borrow_mut().retain(|other| name_of(other) != name_of(setting));
        told.borrow_mut().push(setting.to_owned());
        tell();
    };
    let unmake = |setting: &str| {
        told.borrow_mut().retain(|other| name_of(other) != name_of(setting));
        tell();
    };
    no_answer_depends(&project, &settings, make, unmake);
    db.run(&format!("DROP USER {user}@'%'; DROP USER {user}@localhost"));
}

#[test]
fn settings_of_a_mysql_server_change_no_answer() {
    settings_of_a_server_change_no_answer(Kind::Mysql, &MYSQL);
}

#[test]
fn settings_of_a_mariadb_server_change_no_answer() {
    settings_of_a_server_change_no_answer(Kind::Mariadb, &MARIADB);
}
