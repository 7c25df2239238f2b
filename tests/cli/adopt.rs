//! `init --adopt`.

use harness::{Database, Kind, Project};
use insta::assert_snapshot;

use crate::PROGRAM;

#[test]
fn a_database_that_is_there_is_adopted() {
    for kind in Kind::ALL {
        let Some(db) = Database::new(kind) else {
            continue;
        };
        db.run("CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(80) NOT NULL UNIQUE, age INTEGER DEFAULT 7)");
        db.run(
            "CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id INTEGER, FOREIGN KEY (user_id) REFERENCES users (id))",
        );
        db.run("CREATE INDEX by_age ON users (age)");
        // Diesel has no model for it.
        db.run("CREATE TABLE notes (note VARCHAR(80))");
        db.run("INSERT INTO users (id, email) VALUES (1, 'ada@example.org')");
        let project = Project::unconfigured(PROGRAM).with("DATABASE_URL", db.url());
        project.ok("init --adopt");
        assert!(project.read("src/schema.rs").contains("users (id)"), "{}", project.read("src/schema.rs"));
        let checked = project.try_line("check");
        assert_eq!(checked.status, 0, "{kind:?}: {checked}");
        assert!(checked.stdout.contains("drift      ok") && checked.stdout.contains("models     ok"), "{checked}");
        assert_eq!(db.ask("SELECT email AS answer FROM users"), "ada@example.org");
        // What comes next begins there.
        let next = project.ok("revision -m next");
        assert!(project.read(next.trim()).contains(&format!("Revises: {}", db.versions())));
        assert_eq!(project.try_line("init --adopt").status, 2, "there are revisions");
    }
}

#[test]
fn what_cannot_be_adopted_is_left_alone() {
    let project = Project::unconfigured(PROGRAM);
    assert_snapshot!(project.try_line("init --adopt --sqlite-path shop.db"), @"
    ------- stderr -------
    Creating directory $PROJECT/migrations ...  done
    Adding [package.metadata.alembic] to $PROJECT/Cargo.toml ...  done
    Adding `alembic-runtime`, `diesel`, `libsqlite3-sys` to $PROJECT/Cargo.toml ...  done
    error: there is no database `$PROJECT/shop.db` to adopt
    [exit status: 2]
    ");
    project.ok("database create");
    assert_snapshot!(project.try_line("init --adopt"), @r#"

    ------- stderr -------
    error: the database `$PROJECT/shop.db` has no tables to adopt
    hint: write the first revision with `cargo alembic revision -m "…"`
    [exit status: 2]
    "#);
    let _output = harness::bash(
        project.path(),
        "sqlite3 shop.db 'CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY); INSERT INTO alembic_version VALUES (1); CREATE TABLE t (x INTEGER PRIMARY KEY)'",
    );
    assert_snapshot!(project.try_line("init --adopt"), @"
    ------- stderr -------
    error: the database is at revision `1` already
    hint: bring the revision files here, or forget them with `cargo alembic stamp --purge base`
    [exit status: 2]
    ");
    assert!(!project.path().join("src/schema.rs").exists());
    // Models that are there stay.
    let _output = harness::bash(project.path(), "sqlite3 shop.db 'DELETE FROM alembic_version'");
    let models = "diesel::table! { t (x) { x -> Integer, } }\n";
    project.write("src/schema.rs", models);
    project.ok("init --adopt");
    assert_eq!(project.read("src/schema.rs"), models);
}

/// What a database may hold besides tables; names are in an order in which it could not be made.
fn besides(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Sqlite => &[
            "CREATE VIEW z_all AS SELECT id, email FROM users",
            "CREATE VIEW a_some AS SELECT email FROM z_all WHERE id > 1",
            "CREATE TRIGGER lower_it AFTER INSERT ON users BEGIN UPDATE users SET email = lower(email); SELECT 1; END",
            "CREATE TRIGGER instead INSTEAD OF INSERT ON a_some BEGIN INSERT INTO users (email) VALUES (new.email); END",
        ],
        Kind::Postgres => &[
            "CREATE EXTENSION citext",
            "CREATE SEQUENCE numbers AS smallint INCREMENT 5 CYCLE",
            "CREATE DOMAIN percent AS integer DEFAULT 7 NOT NULL CONSTRAINT few CHECK (VALUE < 101)",
            "CREATE TYPE pair AS (a integer, b citext)",
            "CREATE TABLE parts (id integer PRIMARY KEY DEFAULT nextval('numbers'), share percent, mail citext)",
            "CREATE FUNCTION shout(t text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT upper(t) || ';' $$",
            "CREATE FUNCTION first_mail() RETURNS text LANGUAGE sql AS $$ SELECT email FROM users LIMIT 1 $$",
            "CREATE FUNCTION lower_it() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN NEW.email := lower(NEW.email); RETURN NEW; END $$",
            "CREATE TRIGGER lower_it BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION lower_it()",
            "CREATE TRIGGER asleep BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION lower_it()",
            "ALTER TABLE users DISABLE TRIGGER asleep",
            "CREATE VIEW z_all WITH (security_barrier = true) AS SELECT id, shout(email) AS email FROM users",
            "CREATE VIEW a_some AS SELECT email FROM z_all WHERE id > 1",
            "CREATE MATERIALIZED VIEW kept AS SELECT id, email FROM users",
            "CREATE UNIQUE INDEX by_kept ON kept (id)",
            "ALTER TABLE users ENABLE ROW LEVEL SECURITY",
            "CREATE RULE quiet AS ON DELETE TO users WHERE false DO INSTEAD NOTHING",
            "CREATE STATISTICS both_of_them ON id, email FROM users",
            "CREATE POLICY own ON users FOR SELECT USING (id > 0)",
        ],
        Kind::Mysql | Kind::Mariadb => &[
            "CREATE VIEW z_all AS SELECT id, email FROM users",
            "CREATE SQL SECURITY INVOKER VIEW a_some AS SELECT email FROM z_all WHERE id > 1",
            "CREATE VIEW counted (how_many) AS SELECT COUNT(*) FROM users",
            "CREATE FUNCTION shout(t VARCHAR(80) CHARACTER SET latin1, n INT) RETURNS VARCHAR(90) DETERMINISTIC NO SQL \
             BEGIN IF n > 1 THEN RETURN CONCAT(t, ';'); END IF; RETURN UPPER(t); END",
            "CREATE PROCEDURE tidy(IN n INT, OUT m INT) MODIFIES SQL DATA \
             BEGIN DELETE FROM users WHERE id > n; SET m = 1; END",
            "CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY COMMENT 'x' DO DELETE FROM users WHERE email = 'it''s'",
            "CREATE TRIGGER lower_it BEFORE INSERT ON users FOR EACH ROW BEGIN SET NEW.email = LOWER(NEW.email); END",
            "CREATE TRIGGER a_second BEFORE INSERT ON users FOR EACH ROW BEGIN SET NEW.email = CONCAT(NEW.email, 'X'); END",
        ],
    }
}

#[test]
fn what_is_no_table_is_adopted_too() {
    for kind in Kind::ALL {
        let (Some(db), Some(fresh)) = (Database::new(kind), Database::new(kind)) else { continue };
        db.run("CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(80) NOT NULL)");
        besides(kind).iter().for_each(|sql| db.run(sql));
        let project = Project::unconfigured(PROGRAM).with("DATABASE_URL", db.url());
        let adopted = project.try_line("init --adopt");
        assert_eq!((adopted.status, adopted.stdout.as_str()), (0, ""), "{kind:?}: {adopted}");
        let checked = project.try_line("check --only replay,roundtrip,models,pending,drift");
        assert_eq!(checked.status, 0, "{kind:?}: {checked}");
        // Elsewhere the baseline makes what is there, and nothing is left of it.
        let there = |line: &str| project.try_line(&format!("{line} --database-url {}", fresh.url()));
        assert_eq!(there("upgrade head").status, 0, "{kind:?}");
        let drift = there("check --only drift");
        assert_eq!(drift.status, 0, "{kind:?}: {drift}");
        fresh.run("INSERT INTO users (id, email) VALUES (2, 'ADA')");
        let triggered = if kind.is_mysql_family() { "adaX" } else { "ada" };
        assert_eq!(fresh.ask("SELECT email AS answer FROM users"), triggered, "{kind:?}: triggers, in their order");
        if kind.is_mysql_family() {
            assert_eq!(fresh.ask("SELECT CAST(how_many AS CHAR) AS answer FROM counted"), "1");
        }
        assert_eq!(there("downgrade base").status, 0, "{kind:?}");
    }
}

#[test]
fn what_does_not_come_along_is_listed() {
    for (kind, sql, listed) in [
        (Kind::Postgres, "CREATE AGGREGATE total (integer) (SFUNC = int4pl, STYPE = integer)", "function `total`"),
        (
            Kind::Postgres,
            "CREATE TABLE log (id integer) PARTITION BY RANGE (id); CREATE TABLE one PARTITION OF log DEFAULT",
            "partition `one`",
        ),
        (Kind::Postgres, "GRANT SELECT ON users TO PUBLIC", "privileges on `users`"),
        (Kind::Postgres, "CREATE SCHEMA more; CREATE TABLE more.t (id integer)", "schema `more`"),
    ] {
        let Some(db) = Database::new(kind) else { continue };
        db.run("CREATE TABLE users (id INTEGER PRIMARY KEY)");
        db.run(sql);
        let project = Project::unconfigured(PROGRAM).with("DATABASE_URL", db.url());
        let adopted = project.try_line("init --adopt");
        let expected = (0, format!("not in the baseline: {listed}\n"));
        assert_eq!((adopted.status, adopted.stdout.clone()), expected, "{kind:?}: {adopted}");
        // What the snapshot lists, and no revision makes, is drift.
        let checked = project.try_line("check");
        let is_drift = checked.status == 1 && checked.stdout.contains(&format!("leave: added {listed}"));
        let failed = checked.stdout.matches("  failed  ").count();
        assert!(checked.status == 0 || (is_drift && failed == 1), "{checked}");
    }
}
