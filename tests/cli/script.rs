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
    assert_snapshot!(without_log, @"
    BEGIN;

    CREATE TABLE alembic_version (
        version_num VARCHAR(32) NOT NULL,
        CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
    );

    -- Running upgrade  -> a1

    CREATE TABLE ta (x INTEGER);

    INSERT INTO alembic_version (version_num) VALUES ('a1');

    -- Running upgrade a1 -> b2

    CREATE TABLE tb2 (x INTEGER);

    UPDATE alembic_version SET version_num='b2' WHERE alembic_version.version_num = 'a1';

    COMMIT;
    ");
    assert_snapshot!(project.ok("downgrade b1:a1 --sql --dialect mysql"), @"
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
    );

    -- Running downgrade b1 -> a1

    DROP TABLE tb1;

    UPDATE alembic_version SET version_num='a1' WHERE alembic_version.version_num = 'b1';

    INSERT INTO alembic_version_log (run, revision, direction, state, checksum, node, statement, statements, prefix, started_at, finished_at, session, os_user, host, application, app_version, tag, error) VALUES ('offline', 'b1', 'downgrade', 'done', '2698cb6a20263ee0c0e0f5f879c6a02f', '82d40e939ff9ba483f8646f2b090e679', 1, 1, '22a0b8559484cb00a6f9c8dfabdc15a9', UTC_TIMESTAMP(6), UTC_TIMESTAMP(6), NULL, '', '', 'offline', '', NULL, NULL);
    ");
    assert_snapshot!(project.try_line("downgrade a1 --sql"), @"
    ------- stderr -------
    error: downgrade with --sql requires <fromrev>:<torev>
    [exit status: 2]
    ");
    assert_snapshot!(project.try_line("upgrade a1:b1"), @"
    ------- stderr -------
    error: range revision not allowed: `a1:b1`
    hint: ranges are for --sql; online, name the target only
    [exit status: 2]
    ");
    assert_snapshot!(project.try_line("upgrade a1: --sql"), @"
    ------- stderr -------
    error: `a1:` is not a range; expected <fromrev>:<torev>
    [exit status: 2]
    ");
    assert_snapshot!(project.ok("stamp a1:b1 --sql"), @"
    BEGIN;

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

    -- Running stamp_revision a1 -> b1

    UPDATE alembic_version SET version_num='b1' WHERE alembic_version.version_num = 'a1';

    INSERT INTO alembic_version_log (run, revision, direction, state, checksum, node, statement, statements, prefix, started_at, finished_at, session, os_user, host, application, app_version, tag, error) VALUES ('offline', 'b1', 'stamp', 'done', '8c58a3f3bcd6b04b8edf9d2cf1952712', '82d40e939ff9ba483f8646f2b090e679', 0, 0, 'e3b0c44298fc1c149afbf4c8996fb924', strftime('%Y-%m-%d %H:%M:%f', 'now'), strftime('%Y-%m-%d %H:%M:%f', 'now'), NULL, '', '', 'offline', '', NULL, NULL);

    COMMIT;
    ");
}

#[test]
fn without_url_the_dialect_has_to_be_said() {
    let project = Project::new(PROGRAM, "");
    project.revision("a1", "<base>", "CREATE TABLE ta (x INTEGER);", "");
    assert_snapshot!(project.try_line("upgrade head --sql"), @"
    ------- stderr -------
    error: for which database is the script?
    hint: say --dialect sqlite, postgres, mysql or mariadb
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
    BEGIN;
    CREATE TABLE ta (x INTEGER);
    COMMIT;
    PRAGMA foreign_keys = OFF;
    BEGIN;
    DROP TABLE ta;
    COMMIT;
    PRAGMA foreign_key_check;
    PRAGMA foreign_keys = ON;
    BEGIN;
    CREATE TABLE tc (x INTEGER);
    COMMIT;
    ");
}
