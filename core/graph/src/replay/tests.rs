use insta::assert_snapshot;

use super::*;

fn around() -> Surroundings {
    Surroundings { is_free: false, database: Some("shop".into()), roles: vec!["app".into(), "reader".into()] }
}

fn say(statement: &str, dialect: Dialect) -> String {
    match around().replay(statement, dialect) {
        Ok(Replayed::AsWritten) => "as written".to_owned(),
        Ok(Replayed::LeftOut) => "left out".to_owned(),
        Ok(Replayed::Without { statement, .. }) => statement,
        Err(outside) => format!("it {}", outside.what),
    }
}

/// One line per statement, with what a replay makes of it.
fn table(dialect: Dialect, statements: &[&str]) -> String {
    let line = |statement: &&str| format!("{statement}\n    {}\n", say(statement, dialect));
    statements.iter().map(line).collect()
}

#[test]
fn sqlite_opens_no_other_file() {
    let outside = [
        "ATTACH 'other.db' AS o",
        "attach database 'file:other.db' as o",
        "/* x */ -- y\n ATTACH ? AS o",
        "\u{feff}ATTACH 'other.db' AS o",
        "ATTACH ':memory:' || 'x' AS o",
        "EXPLAIN ATTACH 'other.db' AS o",
        "VACUUM INTO 'copy.db'",
        "VACUUM main INTO 'copy.db'",
        "SELECT load_extension('x')",
        "PRAGMA temp_store_directory = '/tmp'",
        "PRAGMA main.temp_store_directory = '/tmp'",
        "CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; ATTACH 'x' AS y; END",
        "ATTACH 'x' AS y /* not ended",
    ];
    for statement in outside {
        assert!(around().replay(statement, Dialect::Sqlite).is_err(), "{statement}");
    }
    for statement in [
        "ATTACH ':memory:' AS o",
        "ATTACH '' AS o",
        "VACUUM",
        "PRAGMA foreign_keys = OFF",
        "INSERT INTO t VALUES ('ATTACH', 'VACUUM INTO')",
        "CREATE TABLE attach (vacuum INT, load_extension TEXT)",
        "INSERT INTO t SELECT 1 /* ; ATTACH 'x' AS y */",
    ] {
        assert_eq!(say(statement, Dialect::Sqlite), "as written", "{statement}");
    }
}

#[test]
fn postgres_leaves_the_server_alone() {
    assert_snapshot!(table(
        Dialect::Postgres,
        &[
            "DROP DATABASE shop",
            "CREATE DATABASE other",
            "create role stranger login",
            "CREATE USER MAPPING FOR app SERVER s",
            "ALTER SYSTEM SET work_mem = '1GB'",
            "CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw",
            "CREATE EXTENSION IF NOT EXISTS dblink",
            "COPY t TO PROGRAM 'rm -rf /'",
            "COPY (SELECT 'x' FROM t) TO '/tmp/x'",
            "SELECT dblink_exec('dbname=shop', 'DROP TABLE users')",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity",
            "GRANT admin TO stranger",
            "GRANT CONNECT ON DATABASE other TO app",
            "DO $$ BEGIN CREATE ROLE stranger; END $$",
            "DO $x$ BEGIN IF true THEN EXECUTE 'DROP DATABASE shop'; END IF; END $x$",
            "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN ALTER ROLE app SUPERUSER; END $$",
            "CREATE SUBSCRIPTION s CONNECTION 'dbname=shop' PUBLICATION p",
            "CREATE TABLESPACE t LOCATION '/tmp'",
            "REASSIGN OWNED BY stranger TO app",
        ]
    ));
}

#[test]
fn postgres_runs_what_stays_in_the_database() {
    assert_snapshot!(table(
        Dialect::Postgres,
        &[
            "CREATE ROLE app LOGIN",
            "DROP ROLE IF EXISTS app, reader",
            "GRANT app TO reader",
            "GRANT SELECT ON t TO app",
            "GRANT SELECT ON t TO stranger",
            "ALTER TABLE public.t OWNER TO whoever",
            "ALTER FUNCTION f(int, text) OWNER TO whoever",
            "SET ROLE app",
            "SET SESSION AUTHORIZATION DEFAULT",
            "ALTER DEFAULT PRIVILEGES FOR ROLE stranger IN SCHEMA public GRANT SELECT ON TABLES TO app",
            "ALTER DATABASE shop SET timezone TO 'UTC'",
            "COMMENT ON EXTENSION plpgsql IS 'x'",
            "CREATE SCHEMA IF NOT EXISTS a AUTHORIZATION stranger",
            "CREATE SCHEMA AUTHORIZATION a",
            "SELECT pg_catalog.set_config('search_path', '', false)",
            "CREATE TABLE public.t (x int, role text, \"user\" text)",
            "CREATE EXTENSION IF NOT EXISTS hstore WITH SCHEMA public",
            "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ SELECT pg_terminate_backend(1) $$",
            "CREATE POLICY p ON t TO app USING (true)",
            "INSERT INTO t VALUES ('DROP DATABASE shop')",
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET a.b = 1', current_database()); END $$",
        ]
    ));
}

#[test]
fn mariadb_leaves_the_server_alone() {
    assert_snapshot!(table(
        Dialect::Mariadb,
        &[
            "USE other",
            "/*!40000 USE `other` */",
            "DROP TABLE IF EXISTS `shop`.`users`",
            "DROP TABLE a, other.b",
            "UPDATE other.t SET x = 1",
            "UPDATE t JOIN other.t u ON u.id = t.id SET u.x = 1",
            "INSERT IGNORE INTO other.t VALUES (1)",
            "DELETE FROM other.t",
            "RENAME TABLE t TO other.t",
            "ALTER TABLE t RENAME TO other.t",
            "CREATE TRIGGER other.g BEFORE INSERT ON t FOR EACH ROW SET NEW.x = 1",
            "CREATE TRIGGER g AFTER INSERT ON t FOR EACH ROW INSERT INTO other.log VALUES (1)",
            "CREATE PROCEDURE p() BEGIN IF 1 THEN DROP DATABASE shop; END IF; END",
            "CREATE PROCEDURE p() UPDATE other.t SET x = 1",
            "DROP DATABASE shop",
            "CREATE DATABASE shop",
            "CREATE USER stranger@'%' IDENTIFIED BY 'x'",
            "GRANT ALL ON *.* TO stranger",
            "SET GLOBAL max_connections = 1",
            "SET autocommit = 1, GLOBAL max_connections = 1",
            "SET @@GLOBAL.GTID_PURGED = 'x'",
            "SELECT 1 INTO OUTFILE '/tmp/x'",
            "LOAD DATA INFILE '/etc/passwd' INTO TABLE t",
            "INSERT INTO t SELECT LOAD_FILE('/etc/passwd')",
            "PREPARE s FROM 'DROP DATABASE shop'",
            "EXECUTE IMMEDIATE 'UPDATE other.t SET x = 1'",
            "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM other.t",
            "CREATE FUNCTION f RETURNS INTEGER SONAME 'x.so'",
            "CREATE TABLE t (x INT) ENGINE=FEDERATED CONNECTION='mysql://h/d/t'",
            "KILL 1",
            "INSTALL PLUGIN p SONAME 'x.so'",
            "FLUSH TABLES WITH READ LOCK",
        ]
    ));
}

#[test]
fn mariadb_runs_what_stays_in_the_database() {
    assert_snapshot!(table(
        Dialect::Mariadb,
        &[
            "USE `shop`",
            "CREATE DATABASE /*!32312 IF NOT EXISTS*/ `shop` /*!40100 DEFAULT CHARACTER SET utf8mb4 */",
            "CREATE USER app@'%' IDENTIFIED BY 'x'",
            "GRANT SELECT ON shop.* TO 'app'@'%', reader",
            "FLUSH PRIVILEGES",
            "SET @@SESSION.SQL_LOG_BIN= 0",
            "SET @OLD = @@GLOBAL.sql_mode",
            "CREATE DEFINER=`root`@`localhost` TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.x = 1",
            "/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`%`*/ /*!50003 TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.x = 1 */",
            "CREATE DEFINER=CURRENT_USER() SQL SECURITY DEFINER VIEW v AS SELECT o.id FROM orders o",
            "SELECT EXTRACT(YEAR FROM o.created) FROM orders o",
            "INSERT INTO t SELECT 1 FROM information_schema.tables",
            "INSERT INTO t VALUES (1) ON DUPLICATE KEY UPDATE t.x = 2",
            "CREATE TABLE t (a INT, `use` INT, UNIQUE KEY `kill` (a), FOREIGN KEY (a) REFERENCES u (id) ON UPDATE CASCADE)",
            "CREATE INDEX i ON t (a)",
            "UPDATE t JOIN u ON u.id = t.id SET t.x = u.x",
            "INSERT INTO t VALUES ('DROP DATABASE shop')",
        ]
    ));
}

#[test]
fn surroundings_reach_another_process() {
    for surroundings in [around(), Surroundings::default(), Surroundings { database: None, ..around() }] {
        assert_eq!(Surroundings::decode(&surroundings.encode()), surroundings);
    }
}
