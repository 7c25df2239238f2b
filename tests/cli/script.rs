//! `--sql`.

use harness::{Database, Kind, Project};
use insta::assert_snapshot;

use crate::{PROGRAM, branched, project};

#[test]
fn a_script_is_what_alembic_prints() {
    let project = branched();
    let script = project.ok("upgrade shop@head --sql --dialect postgres");
    let without_log: String = script
        .split("\n\n")
        .filter(|part| !part.contains("alembic_version_log"))
        .map(|part| format!("{part}\n\n"))
        .collect();
    assert_snapshot!(without_log, @r#"
    -- For a postgres database at base, which is at b2 afterwards.

    -- psql goes on after an error unless it is told not to. Take this line out for another client that stops.
    \set ON_ERROR_STOP on

    -- This file is UTF-8.
    SET client_encoding = 'UTF8';

    SET row_security = off;

    SET standard_conforming_strings = on;

    BEGIN;

    CREATE TABLE IF NOT EXISTS alembic_version (
        version_num VARCHAR(32) NOT NULL,
        CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
    ) USING heap;

    CREATE TABLE IF NOT EXISTS alembic_lock (
        id INTEGER NOT NULL PRIMARY KEY,
        token BIGINT NOT NULL,
        run VARCHAR(36) NOT NULL,
        holder VARCHAR(255) NOT NULL,
        taken_at TIMESTAMPTZ NOT NULL
    ) USING heap;

    INSERT INTO alembic_lock (id, token, run, holder, taken_at) VALUES (1, 1, current_setting('alembic.script_run'), 'offline on ', clock_timestamp()) ON CONFLICT (id) DO UPDATE SET token = alembic_lock.token + 1, run = current_setting('alembic.script_run'), holder = 'offline on ', taken_at = clock_timestamp();

    -- Running upgrade  -> a1

    CREATE TABLE ta (x INTEGER);

    INSERT INTO alembic_version (version_num) VALUES ('a1');

    -- Running upgrade a1 -> b2

    CREATE TABLE tb2 (x INTEGER);

    DO $alembic$
    BEGIN
        UPDATE alembic_version SET version_num='b2' WHERE alembic_version.version_num = 'a1';
        IF NOT FOUND THEN
            RAISE EXCEPTION 'the version table has no row %', 'a1';
        END IF;
    END
    $alembic$;

    COMMIT;

    RESET client_encoding;

    RESET row_security;

    RESET standard_conforming_strings;
    "#);
    assert_snapshot!(project.ok("downgrade b1:a1 --sql --dialect mysql"), @"
    -- For a mysql database at b1, which is at a1 afterwards.

    -- The client stops at the first error, unless it is run with --force: do not.
    -- This file is UTF-8, and its texts are for a sql_mode in which a backslash escapes; else the mode is the
    -- session's. Without autocommit, rows are committed together with the note that they are done.
    SET @alembic_session_sql_mode = @@sql_mode, @alembic_session_character_set_client = @@character_set_client, @alembic_session_character_set_results = @@character_set_results, @alembic_session_character_set_connection = @@character_set_connection, @alembic_session_collation_connection = @@collation_connection, @alembic_session_autocommit = @@autocommit, @alembic_run = UUID();
    SET NAMES utf8mb4;
    SET sql_mode = REPLACE(@@sql_mode, 'NO_BACKSLASH_ESCAPES', ''), autocommit = 0;
    SET @alembic_sql_mode = @@sql_mode, @alembic_foreign_key_checks = @@foreign_key_checks, @alembic_unique_checks = @@unique_checks, @alembic_sql_notes = @@sql_notes, @alembic_time_zone = @@time_zone, @alembic_character_set_client = @@character_set_client, @alembic_character_set_results = @@character_set_results, @alembic_character_set_connection = @@character_set_connection, @alembic_collation_connection = @@collation_connection;

    -- Guard: stops here unless the database is what this script was made for.
    SET @alembic_problem = IF(GET_LOCK(CONCAT('alembic-script:', LEFT(SHA2(CONCAT(DATABASE(), '.', 'alembic_version'), 256), 40)), 5) = 1, NULL, 'another program migrates this database');
    /*!80000 SET @alembic_problem = UUID_TO_BIN(@alembic_problem) */;
    /*M! EXECUTE IMMEDIATE IF(@alembic_problem IS NULL, 'DO 0', 'SIGNAL SQLSTATE ''45000'' SET MESSAGE_TEXT = @alembic_problem') */;

    SET @alembic_problem = IF((SELECT COUNT(*) FROM alembic_version) = 1 AND (SELECT COUNT(*) FROM alembic_version WHERE CAST(CONVERT(version_num USING utf8mb4) AS BINARY) IN ('b1')) = 1, NULL, CONCAT('this script is for a database at b1, and this one is at ', (SELECT COALESCE(GROUP_CONCAT(version_num ORDER BY version_num SEPARATOR ', '), 'base') FROM alembic_version)));
    /*!80000 SET @alembic_problem = UUID_TO_BIN(@alembic_problem) */;
    /*M! EXECUTE IMMEDIATE IF(@alembic_problem IS NULL, 'DO 0', 'SIGNAL SQLSTATE ''45000'' SET MESSAGE_TEXT = @alembic_problem') */;

    CREATE TABLE IF NOT EXISTS alembic_version_log (
        id BIGINT AUTO_INCREMENT PRIMARY KEY,
        run VARCHAR(36) NOT NULL,
        revision VARCHAR(32) NOT NULL,
        direction VARCHAR(10) NOT NULL,
        state VARCHAR(10) NOT NULL,
        checksum VARCHAR(64),
        node VARCHAR(64),
        statement INTEGER NOT NULL,
        statements INTEGER NOT NULL,
        prefix VARCHAR(64),
        started_at DATETIME(6) NOT NULL,
        finished_at DATETIME(6),
        intent INTEGER,
        by_hand INTEGER,
        position BIGINT,
        position_end BIGINT,
        position_of VARCHAR(64),
        session VARCHAR(64),
        os_user VARCHAR(255),
        host VARCHAR(255),
        application VARCHAR(255),
        app_version VARCHAR(64),
        tag VARCHAR(255),
        error TEXT,
        KEY (revision)
    ) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
    CREATE TABLE IF NOT EXISTS alembic_lock (
        id INTEGER NOT NULL PRIMARY KEY,
        token BIGINT NOT NULL,
        run VARCHAR(36) NOT NULL,
        holder VARCHAR(255) NOT NULL,
        taken_at DATETIME(6) NOT NULL
    ) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

    SET @alembic_problem = IF((SELECT u.revision FROM alembic_version_log u WHERE u.state IN ('running', 'failed') AND NOT (state = 'failed' AND statement = 0 AND intent IS NULL AND position IS NULL AND by_hand IS NULL) AND NOT EXISTS (SELECT 1 FROM alembic_version_log n WHERE n.revision = u.revision AND n.id > u.id) LIMIT 1) IS NULL, NULL, 'a revision was begun and has not come to its end: run `cargo alembic upgrade` or `downgrade`');
    /*!80000 SET @alembic_problem = UUID_TO_BIN(@alembic_problem) */;
    /*M! EXECUTE IMMEDIATE IF(@alembic_problem IS NULL, 'DO 0', 'SIGNAL SQLSTATE ''45000'' SET MESSAGE_TEXT = @alembic_problem') */;

    INSERT INTO alembic_lock (id, token, run, holder, taken_at) VALUES (1, 1, @alembic_run, 'offline on ', UTC_TIMESTAMP(6)) ON DUPLICATE KEY UPDATE token = token + 1, run = @alembic_run, holder = 'offline on ', taken_at = UTC_TIMESTAMP(6);

    COMMIT;

    -- Running downgrade b1 -> a1

    SET @alembic_problem = IF((SELECT COUNT(*) FROM alembic_version) = 1 AND (SELECT COUNT(*) FROM alembic_version WHERE CAST(CONVERT(version_num USING utf8mb4) AS BINARY) IN ('b1')) = 1, NULL, 'the version table does not have b1, which the next step needs');
    /*!80000 SET @alembic_problem = UUID_TO_BIN(@alembic_problem) */;
    /*M! EXECUTE IMMEDIATE IF(@alembic_problem IS NULL, 'DO 0', 'SIGNAL SQLSTATE ''45000'' SET MESSAGE_TEXT = @alembic_problem') */;

    INSERT INTO alembic_version_log (run, revision, direction, state, checksum, node, statement, statements, prefix, started_at, finished_at, session, os_user, host, application, app_version, tag, error) VALUES ((SELECT run FROM alembic_lock WHERE run = @alembic_run), 'b1', 'downgrade', 'running', '2698cb6a20263ee0c0e0f5f879c6a02f', '82d40e939ff9ba483f8646f2b090e679', 0, 1, 'e3b0c44298fc1c149afbf4c8996fb924', UTC_TIMESTAMP(6), NULL, CONNECTION_ID(), '', '', 'offline', '', NULL, NULL);

    COMMIT;

    DROP TABLE tb1;

    UPDATE alembic_version_log SET statement = 1, prefix = '22a0b8559484cb00a6f9c8dfabdc15a9', statements = 1 WHERE run = @alembic_run AND revision = 'b1' AND state = 'running';

    COMMIT;

    UPDATE alembic_version SET version_num='a1' WHERE alembic_version.version_num = 'b1';
    SET @alembic_problem = IF(ROW_COUNT() = 1, NULL, 'the version table has no row b1');
    /*!80000 SET @alembic_problem = UUID_TO_BIN(@alembic_problem) */;
    /*M! EXECUTE IMMEDIATE IF(@alembic_problem IS NULL, 'DO 0', 'SIGNAL SQLSTATE ''45000'' SET MESSAGE_TEXT = @alembic_problem') */;

    UPDATE alembic_version_log SET state = 'done', finished_at = UTC_TIMESTAMP(6), error = NULL WHERE run = @alembic_run AND revision = 'b1' AND state = 'running';

    COMMIT;

    -- The session is as it was.
    SET @alembic_problem = RELEASE_LOCK(CONCAT('alembic-script:', LEFT(SHA2(CONCAT(DATABASE(), '.', 'alembic_version'), 256), 40)));
    SET sql_mode = @alembic_sql_mode, foreign_key_checks = @alembic_foreign_key_checks, unique_checks = @alembic_unique_checks, sql_notes = @alembic_sql_notes, time_zone = @alembic_time_zone, character_set_client = @alembic_character_set_client, character_set_results = @alembic_character_set_results, character_set_connection = @alembic_character_set_connection, collation_connection = @alembic_collation_connection, sql_mode = @alembic_session_sql_mode, character_set_client = @alembic_session_character_set_client, character_set_results = @alembic_session_character_set_results, character_set_connection = @alembic_session_character_set_connection, collation_connection = @alembic_session_collation_connection, autocommit = @alembic_session_autocommit;
    ");
    assert_snapshot!(project.try_line("downgrade a1 --sql"), @"
    ------- stderr -------
    error: downgrade with --sql requires <fromrev>:<torev>
    [exit status: 2]
    ");
    assert_snapshot!(project.try_line("upgrade a1:b1"), @"
    ------- stderr -------
    error: range revision not allowed: `a1:b1`
    hint: pass `--sql` for a script, or name `b1` alone to run it
    [exit status: 2]
    ");
    assert_snapshot!(project.try_line("upgrade a1: --sql"), @"
    ------- stderr -------
    error: `a1:` is not a range; expected <fromrev>:<torev>
    [exit status: 2]
    ");
    assert_snapshot!(project.ok("stamp a1:b1 --sql"), @r#"
    -- For a sqlite database at a1, which is at b1 afterwards.

    -- The shell goes on after an error unless it is told not to. Take this line out for another client that stops.
    .bail on

    -- As in a run: the shell has foreign keys off.
    PRAGMA foreign_keys = ON;

    BEGIN IMMEDIATE;

    -- Guard: stops here unless the database is what this script was made for.
    DROP TABLE IF EXISTS temp.alembic_script;
    CREATE TEMPORARY TABLE alembic_script (
        run TEXT NOT NULL,
        place TEXT CONSTRAINT "this script is for a database at a1; nothing was changed" CHECK (place IS 'a1'),
        unfinished TEXT CONSTRAINT "a revision was begun and has not come to its end, run cargo alembic upgrade or downgrade; nothing was changed" CHECK (unfinished IS NULL),
        expected,
        found CONSTRAINT "the version table does not have the rows that the next step needs" CHECK (found IS expected),
        violations INTEGER,
        lost INTEGER CONSTRAINT "rows have lost what they refer to" CHECK (lost = 0),
        changes INTEGER,
        cascaded INTEGER CONSTRAINT "dropping the table would change rows that refer to it" CHECK (cascaded = 0)
    );

    CREATE TABLE IF NOT EXISTS alembic_version (
        version_num VARCHAR(32) NOT NULL,
        CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
    );
    CREATE TABLE IF NOT EXISTS alembic_version_log (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        run VARCHAR(36) NOT NULL,
        revision VARCHAR(32) NOT NULL,
        direction VARCHAR(10) NOT NULL,
        state VARCHAR(10) NOT NULL,
        checksum VARCHAR(64),
        node VARCHAR(64),
        statement INTEGER NOT NULL,
        statements INTEGER NOT NULL,
        prefix VARCHAR(64),
        started_at TEXT NOT NULL,
        finished_at TEXT,
        intent INTEGER,
        by_hand INTEGER,
        position BIGINT,
        position_end BIGINT,
        position_of VARCHAR(64),
        session VARCHAR(64),
        os_user VARCHAR(255),
        host VARCHAR(255),
        application VARCHAR(255),
        app_version VARCHAR(64),
        tag VARCHAR(255),
        error TEXT
    );
    CREATE TABLE IF NOT EXISTS alembic_lock (
        id INTEGER NOT NULL PRIMARY KEY,
        token BIGINT NOT NULL,
        run VARCHAR(36) NOT NULL,
        holder VARCHAR(255) NOT NULL,
        taken_at TEXT NOT NULL
    );

    INSERT INTO temp.alembic_script (run, place, unfinished) VALUES (
        lower(hex(randomblob(16))),
        (SELECT group_concat(version_num, ', ') FROM (SELECT version_num FROM alembic_version ORDER BY version_num)),
        (SELECT u.revision FROM alembic_version_log u WHERE u.state IN ('running', 'failed') AND NOT (state = 'failed' AND statement = 0 AND intent IS NULL AND position IS NULL AND by_hand IS NULL) AND NOT EXISTS (SELECT 1 FROM alembic_version_log n WHERE n.revision = u.revision AND n.id > u.id) LIMIT 1)
    );

    INSERT INTO alembic_lock (id, token, run, holder, taken_at) VALUES (1, 1, (SELECT run FROM temp.alembic_script), 'offline on ', strftime('%Y-%m-%d %H:%M:%f', 'now')) ON CONFLICT (id) DO UPDATE SET token = alembic_lock.token + 1, run = (SELECT run FROM temp.alembic_script), holder = 'offline on ', taken_at = strftime('%Y-%m-%d %H:%M:%f', 'now');

    -- Running stamp_revision a1 -> b1

    UPDATE alembic_version SET version_num='b1' WHERE alembic_version.version_num = 'a1';
    UPDATE temp.alembic_script SET expected = 1, found = changes();

    INSERT INTO alembic_version_log (run, revision, direction, state, checksum, node, statement, statements, prefix, started_at, finished_at, session, os_user, host, application, app_version, tag, error) VALUES ((SELECT run FROM temp.alembic_script), 'b1', 'stamp', 'done', '8c58a3f3bcd6b04b8edf9d2cf1952712', '82d40e939ff9ba483f8646f2b090e679', 0, 0, 'e3b0c44298fc1c149afbf4c8996fb924', strftime('%Y-%m-%d %H:%M:%f', 'now'), strftime('%Y-%m-%d %H:%M:%f', 'now'), NULL, '', '', 'offline', '', NULL, NULL);

    COMMIT;

    DROP TABLE temp.alembic_script;
    "#);
}

#[test]
fn without_url_the_dialect_has_to_be_said() {
    let project = Project::new(PROGRAM, "");
    project.revision("a1", "<base>", "CREATE TABLE ta (x INTEGER);", "");
    assert_snapshot!(project.try_line("upgrade head --sql"), @"
    ------- stderr -------
    error: for which database is the script?
    hint: pass `--dialect` with `sqlite`, `postgres`, `mysql` or `mariadb`
    [exit status: 2]
    ");
}

/// The script, run by the database's own client, leaves what the engine leaves.
fn script_equals_run(kind: Kind, client: impl Fn(&Database) -> String) {
    let (Some(scripted), Some(run)) = (Database::new(kind), Database::new(kind)) else {
        return;
    };
    let project = project().with("DATABASE_URL", scripted.url());
    project.revision("a1", "<base>", "CREATE TABLE ta (x INTEGER);", "DROP TABLE ta;");
    project.revision("b1", "a1\n-- Transaction: none", "CREATE TABLE tb (x INTEGER); -- no more", "DROP TABLE tb");
    project.revision("c1", "b1", "INSERT INTO tb VALUES (1);\nCREATE TABLE tc (x INTEGER)", "DROP TABLE tc;");
    project.write("up.sql", project.ok("upgrade head --sql"));
    let _output = harness::bash(project.path(), &format!("{} < up.sql", client(&scripted)));
    project.ok(&format!("upgrade head --database-url {}", run.url()));
    assert_eq!((scripted.tables(), scripted.versions()), (run.tables(), run.versions()));
    assert_eq!(project.try_line("check").status, 0, "the log of the script is complete");
    project.write("down.sql", project.ok("downgrade head:base --sql"));
    let _output = harness::bash(project.path(), &format!("{} < down.sql", client(&scripted)));
    assert_eq!((scripted.tables().as_str(), scripted.versions().as_str()), ("", ""));
}

#[test]
fn sqlite_runs_the_script() {
    script_equals_run(Kind::Sqlite, |db| format!("sqlite3 -bail {}", db.url()));
}

#[test]
fn psql_runs_the_script() {
    script_equals_run(Kind::Postgres, |db| format!("psql -q -v ON_ERROR_STOP=1 '{}'", db.url()));
}

#[test]
fn the_client_of_mysql_and_mariadb_runs_the_script() {
    for kind in [Kind::Mysql, Kind::Mariadb] {
        script_equals_run(kind, mariadb_client);
    }
}

fn mariadb_client(db: &Database) -> String {
    let socket = db.url().split("socket=").nth(1).unwrap();
    format!("mariadb --no-defaults -u root -S {socket} {}", db.name())
}

#[test]
fn a_rebuild_on_sqlite_is_scripted_with_foreign_keys_off() {
    let project = project();
    project.revision("a1", "<base>", "CREATE TABLE ta (x INTEGER);", "");
    project.revision("b1", "a1\n-- Foreign Keys: off", "DROP TABLE ta;", "");
    project.revision("c1", "b1", "CREATE TABLE tc (x INTEGER);", "");
    let script = project.ok("upgrade head --sql --dialect sqlite");
    let statements: Vec<&str> = script
        .lines()
        .filter(|line| {
            ["BEGIN", "COMMIT", "PRAGMA", "CREATE TABLE t", "DROP"].iter().any(|word| line.starts_with(word))
        })
        .collect();
    assert_snapshot!(statements.join("\n"), @"
    PRAGMA foreign_keys = ON;
    BEGIN IMMEDIATE;
    DROP TABLE IF EXISTS temp.alembic_script;
    CREATE TABLE ta (x INTEGER);
    COMMIT;
    PRAGMA foreign_keys = OFF;
    BEGIN IMMEDIATE;
    DROP TABLE ta;
    COMMIT;
    PRAGMA foreign_keys = ON;
    BEGIN IMMEDIATE;
    CREATE TABLE tc (x INTEGER);
    COMMIT;
    DROP TABLE temp.alembic_script;
    ");
}
