//! A replay changes nothing but its scratch database, whatever a revision says.

use std::{path::Path, sync::MutexGuard};

use harness::{Database, Kind, Output, Project, bash};

use crate::{PROGRAM, alone_on};

/// Everything that replays.
const COMMANDS: [&str; 7] = [
    "check --only replay",
    "check",
    "check --only models",
    "check --only drift",
    "snapshot",
    "print-schema --from migrations",
    "revision --autogenerate -m x",
];

/// A server with the project's database, another one, and what belongs to the server.
struct Victim {
    shop: Database,
    other: Database,
    project: Project,
    _alone: MutexGuard<'static, ()>,
}

impl Victim {
    fn new(kind: Kind) -> Option<Self> {
        let alone = alone_on(kind);
        let (shop, other) = (Database::new(kind)?, Database::new(kind)?);
        let project = Project::new(PROGRAM, "").with("DATABASE_URL", shop.url());
        project.revision(
            "aaa1",
            "<base>",
            "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);",
            "DROP TABLE users;",
        );
        project.write("src/schema.rs", "diesel::table! {\n    users (id) {\n        id -> Integer,\n        email -> Nullable<Text>,\n        name -> Nullable<Text>,\n    }\n}\n");
        project.ok("upgrade head");
        shop.run("INSERT INTO users VALUES (1, 'a@b'), (2, 'c@d')");
        // The database says that it is there already: the hostile revision is replayed to look for drift, too.
        project.revision("bbb2", "aaa1", "SELECT 1;", "SELECT 1;");
        project.ok("stamp bbb2");
        other.run("CREATE TABLE ledger (id INTEGER PRIMARY KEY, amount INTEGER)");
        other.run("INSERT INTO ledger VALUES (1, 10), (2, 20)");
        let this = Self { shop, other, project, _alone: alone };
        match kind {
            Kind::Postgres => this.other.run(&this.fill("CREATE ROLE {other}_role; GRANT SELECT ON ledger TO {other}_role; COMMENT ON DATABASE {other} IS 'mine'; ALTER DATABASE {other} SET work_mem = '5MB'")),
            Kind::Mysql | Kind::Mariadb => this.other.run(&this.fill("CREATE USER {other}_u; GRANT SELECT ON {other}.* TO {other}_u")),
            Kind::Sqlite => {}
        }
        Some(this)
    }

    /// Puts the names of this test into a statement.
    fn fill(&self, sql: &str) -> String {
        let folder = self.project.path().display().to_string();
        sql.replace("{shop}", self.shop.name()).replace("{other}", self.other.name()).replace("{folder}", &folder)
    }

    /// Writes down everything, byte for byte: the whole server, or every file but that of the hostile revision and the
    /// lock file, which lists it.
    fn dump(&self) -> String {
        if self.kind() != Kind::Sqlite {
            return self.shop.dump_server();
        }
        let listing =
            "find . -type f ! -name bbb2.sql ! -name alembic.lock -exec sha256sum {} + | sort; find . -type d | sort";
        [self.project.path(), folder_of(&self.shop), folder_of(&self.other)]
            .map(|folder| bash(folder, listing))
            .concat()
    }

    fn kind(&self) -> Kind {
        self.shop.kind()
    }

    /// Runs a command with a revision that says this on its way up or down.
    fn replay(&self, hostile: &str, down: bool, command: &str) -> Output {
        let hostile = self.fill(hostile);
        let (up, down) = if down { ("SELECT 1;".to_owned(), hostile) } else { (hostile, "SELECT 1;".to_owned()) };
        self.project.revision("bbb2", "aaa1", &up, &down);
        self.project.try_line(command)
    }

    /// Fails unless everything is as it was.
    fn expect_same(&self, before: &str, what: &str) {
        let after = self.dump();
        let differs = before.lines().zip(after.lines()).find(|(before, after)| before != after);
        assert!(before == after, "{what}: {differs:?}");
    }

    /// Tries each one through one of the commands that replay, the first through all of them.
    fn withstands(&self, hostile: &[&str]) {
        const AT_ONCE: usize = 8;
        let before = self.dump();
        for (group, statements) in hostile.chunks(AT_ONCE).enumerate() {
            let mut shown = Vec::new();
            for (number, statement) in statements.iter().enumerate() {
                let all = group + number == 0;
                let chosen =
                    COMMANDS.iter().skip((group + number) % COMMANDS.len()).take(if all { COMMANDS.len() } else { 1 });
                // On the way down the same text goes the same way: a part of them shows that.
                let down = (number % 4 == 0).then_some(("check --only roundtrip", true));
                for (command, down) in chosen.map(|command| (*command, false)).chain(down) {
                    let output = self.replay(statement, down, command);
                    shown.push(format!("{command}, {statement}\n{output}"));
                    // PostgreSQL answers a GRANT without rights with a warning, and writes the default rights out.
                    let is_warned = statement.contains("GRANT ALL ON DATA' ||");
                    assert!(is_warned || output.status != 0, "{command}, {statement}\n{output}");
                }
            }
            self.expect_same(&before, &shown.join("\n"));
        }
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        match self.kind() {
            Kind::Postgres => self.other.run(&self.fill("DROP OWNED BY {other}_role; DROP ROLE {other}_role")),
            Kind::Mysql | Kind::Mariadb => self.other.run(&self.fill("DROP USER {other}_u")),
            Kind::Sqlite => {}
        }
    }
}

fn folder_of(db: &Database) -> &Path {
    Path::new(db.url()).parent().unwrap()
}

#[test]
fn postgres_is_as_before_after_hostile_revisions() {
    let Some(victim) = Victim::new(Kind::Postgres) else { return };
    victim.withstands(&[
        "DROP DATABASE {other};",
        "CREATE ROLE hostile_a;",
        "DO $$ BEGIN EXECUTE 'CREATE RO' || 'LE hostile_b'; END $$;",
        "CREATE DATABASE hostile_db;",
        "ALTER DATABASE {other} SET work_mem = '1MB';",
        "DO $$ BEGIN EXECUTE 'ALTER DATA' || 'BASE {other} SET work_mem = ''1MB'''; END $$;",
        "COMMENT ON DATABASE {other} IS 'yours';",
        "DO $$ BEGIN EXECUTE 'COMM' || 'ENT ON DATABASE {other} IS ''yours'''; END $$;",
        "ALTER ROLE {other}_role SUPERUSER;",
        "DO $$ BEGIN EXECUTE 'ALTER RO' || 'LE {other}_role SUPERUSER'; END $$;",
        "DROP ROLE {other}_role;",
        "DO $$ BEGIN EXECUTE 'DROP RO' || 'LE {other}_role'; END $$;",
        "GRANT {other}_role TO postgres;",
        "DO $$ BEGIN EXECUTE 'GRANT {other}_ro' || 'le TO postgres'; END $$;",
        "ALTER SYSTEM SET work_mem = '77MB';",
        "GRANT ALL ON DATABASE {other} TO PUBLIC;",
        "DO $$ BEGIN EXECUTE 'GRANT ALL ON DATA' || 'BASE {other} TO PUBLIC'; END $$;",
        "CREATE TABLESPACE hostile LOCATION '{folder}';",
        "COPY users TO '{folder}/copy';",
        "COPY users TO PROGRAM 'touch {folder}/pwned';",
        "DO $$ BEGIN EXECUTE 'COPY users TO PRO' || 'GRAM ''touch {folder}/pwned'''; END $$;",
        "CREATE TABLE p (x TEXT); COPY p FROM PROGRAM 'touch {folder}/pwned';",
        "CREATE EXTENSION dblink;",
        "DO $$ BEGIN EXECUTE 'CREATE EXT' || 'ENSION dblink'; END $$;",
        "DO $$ BEGIN EXECUTE 'CREATE EXT' || 'ENSION postgres_fdw'; END $$;",
        "CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw;",
        "CREATE EXTENSION IF NOT EXISTS file_fdw;",
        "SELECT dblink_exec('dbname={other}', 'DELETE FROM ledger');",
        "SELECT pg_reload_conf();",
        "DO $$ BEGIN EXECUTE 'SELECT pg_reload_' || 'conf()'; END $$;",
        "SELECT pg_read_file('postgresql.conf');",
        "DO $$ BEGIN PERFORM * FROM pg_ls_dir('.'); END $$;",
        "SELECT lo_export(lo_from_bytea(0, 'x'), '{folder}/pwned');",
        "DO $$ BEGIN EXECUTE 'SELECT lo_ex' || 'port(lo_from_bytea(0, ''x''), ''{folder}/pwned'')'; END $$;",
        "SELECT pg_create_physical_replication_slot('hostile');",
        "CREATE SUBSCRIPTION s CONNECTION 'dbname={other}' PUBLICATION p;",
        "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CREATE ROLE hostile_c; END $$; SELECT f();",
        "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN EXECUTE 'CREATE RO' || 'LE hostile_d'; END $$; SELECT f();",
        "DO $$ BEGIN EXECUTE 'SET ROLE postgres'; EXECUTE 'CREATE RO' || 'LE hostile_e'; END $$;",
        "RESET ROLE; DO $$ BEGIN EXECUTE 'SET SESSION AUTHOR' || 'IZATION postgres'; END $$;",
        "DO $$ BEGIN EXECUTE 'UPDATE pg_authid SET rolsuper = true'; END $$;",
        "UPDATE pg_database SET datallowconn = false WHERE datname = '{other}';",
        "CREATE FUNCTION c(cstring) RETURNS int LANGUAGE c AS '/lib/x86_64-linux-gnu/libc.so.6', 'system'; SELECT c('touch {folder}/pwned');",
        "DO $$ BEGIN EXECUTE 'ALTER RO' || 'LE ' || quote_ident(current_user) || ' SUPERUSER'; END $$;",
        "DROP EVENT TRIGGER alembic_end_extension;",
    ]);
}

/// What MySQL and MariaDB have in common.
const MYSQL: [&str; 42] = [
    "USE {shop}x; DROP TABLE IF EXISTS users;",
    "DROP TABLE IF EXISTS `{shop}`.`users`;",
    "UPDATE {shop}.users SET email = CONCAT(email, '!');",
    "USE {other}; DELETE FROM ledger;",
    "/*!40000 USE `{other}` */; DELETE FROM ledger;",
    "DROP TABLE {other}.ledger;",
    "DELETE FROM {other}.ledger;",
    "TRUNCATE {other}.ledger;",
    "INSERT INTO {other}.ledger VALUES (3, 30);",
    "REPLACE INTO {other}.ledger VALUES (1, 30);",
    "UPDATE users JOIN {other}.ledger l ON 1 = 1 SET l.amount = 0;",
    "DELETE l FROM users RIGHT JOIN {other}.ledger l ON 1 = 1;",
    "ALTER TABLE {other}.ledger ADD c INT;",
    "RENAME TABLE {other}.ledger TO {other}.gone;",
    "CREATE TABLE {other}.hostile (x INT);",
    "CREATE VIEW {other}.v AS SELECT 1;",
    "CREATE INDEX i ON {other}.ledger (amount);",
    "DROP DATABASE {other};",
    "CREATE DATABASE hostile_db;",
    "CREATE USER hostile_a;",
    "CREATE ROLE hostile_b;",
    "DROP USER {other}_u;",
    "ALTER USER {other}_u IDENTIFIED BY 'x';",
    "GRANT ALL ON *.* TO {other}_u;",
    "REVOKE SELECT ON {other}.* FROM {other}_u;",
    "SET GLOBAL long_query_time = 77;",
    "SET @@GLOBAL.wait_timeout = 77;",
    "FLUSH TABLES WITH READ LOCK;",
    "SELECT 1 INTO OUTFILE '{folder}/pwned';",
    "LOAD DATA INFILE '/etc/passwd' INTO TABLE users;",
    "CREATE SERVER hostile FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'localhost');",
    "INSTALL PLUGIN hostile SONAME 'x.so';",
    "CREATE PROCEDURE {other}.p() SELECT 1;",
    "CREATE PROCEDURE p() DELETE FROM {other}.ledger; CALL p();",
    "CREATE PROCEDURE p() BEGIN IF 1 = 1 THEN DROP DATABASE {other}; END IF; END; CALL p();",
    "SET @s = CONCAT('DROP DATA', 'BASE {other}'); PREPARE s FROM @s; EXECUTE s;",
    "SET @s = CONCAT('DELETE FROM {other}', '.ledger'); PREPARE s FROM @s; EXECUTE s;",
    "SET @s = CONCAT('CREATE US', 'ER hostile_c'); PREPARE s FROM @s; EXECUTE s;",
    "SET @s = CONCAT('GRANT ALL ON *', '.* TO {other}_u'); PREPARE s FROM @s; EXECUTE s;",
    "SET @s = CONCAT('SET GLO', 'BAL long_query_time = 77'); PREPARE s FROM @s; EXECUTE s;",
    "SET @s = CONCAT('SELECT 1 INTO OUT', 'FILE ''{folder}/pwned'''); PREPARE s FROM @s; EXECUTE s;",
    "PREPARE s FROM 'DROP TABLE {other}.ledger'; EXECUTE s;",
];

#[test]
fn mysql_is_as_before_after_hostile_revisions() {
    let Some(victim) = Victim::new(Kind::Mysql) else { return };
    victim.withstands(&MYSQL);
}

#[test]
fn mariadb_is_as_before_after_hostile_revisions() {
    let Some(victim) = Victim::new(Kind::Mariadb) else { return };
    victim.withstands(&MYSQL);
    let before = victim.dump();
    let own = "BEGIN NOT ATOMIC EXECUTE IMMEDIATE CONCAT('DROP DATA', 'BASE {other}'); END;";
    assert_ne!(victim.replay(own, false, "check --only replay").status, 0);
    victim.expect_same(&before, own);
}

#[test]
fn sqlite_files_are_as_before_after_hostile_revisions() {
    let Some(victim) = Victim::new(Kind::Sqlite) else { return };
    let other = victim.other.url().to_owned();
    let statements = [
        "ATTACH '{path}' AS o; DELETE FROM o.ledger;",
        "attach database 'file:{path}' as o; DROP TABLE o.ledger;",
        "/* x */ ATTACH '{path}' AS o;",
        "\u{feff}ATTACH '{path}' AS o; DELETE FROM o.ledger;",
        "ATTACH ('{path}') AS o; UPDATE o.ledger SET amount = 0;",
        "VACUUM INTO '{folder}/pwned';",
        "VACUUM main INTO '{folder}/pwned';",
        "PRAGMA temp_store_directory = '{folder}';",
        "SELECT load_extension('{path}');",
    ];
    let statements: Vec<String> = statements.iter().map(|text| text.replace("{path}", &other)).collect();
    victim.withstands(&statements.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn a_database_with_the_name_of_a_statement_is_left_alone() {
    for kind in [Kind::Postgres, Kind::Mysql, Kind::Mariadb] {
        let Some(victim) = Victim::new(kind) else { continue };
        let quote = |name: &str| kind.dialect().quote(name);
        let name = format!("alembic_scratch_1_;drop role {}_role", victim.other.name());
        let name: String = name.chars().take(60).collect();
        let before = victim.dump();
        victim.shop.run(&format!("CREATE DATABASE {}", quote(&name)));
        let output = victim.project.try_line("check --only replay");
        let exists = victim.shop.ask(match kind {
            Kind::Postgres => "SELECT 'yes' AS answer FROM pg_database WHERE datname LIKE 'alembic_scratch_1_;%'",
            _ => {
                "SELECT 'yes' AS answer FROM information_schema.schemata WHERE schema_name LIKE 'alembic_scratch_1_;%'"
            }
        });
        victim.shop.run(&format!("DROP DATABASE {}", quote(&name)));
        assert_eq!(output.status, 0, "{output}");
        assert_eq!(exists, "yes");
        victim.expect_same(&before, &name);
    }
}

#[test]
fn a_scratch_database_and_its_role_go_together() {
    for kind in [Kind::Postgres, Kind::Mysql, Kind::Mariadb] {
        let Some(victim) = Victim::new(kind) else { continue };
        // What a killed run left an hour ago, exactly named; another one is not.
        let random = format!("{:032x}", u128::from(std::process::id()) << 80 | kind as u128);
        let database = format!("alembic_scratch_1000_{random}");
        let (role, near) = if kind == Kind::Postgres {
            (database.clone(), format!("{database}0"))
        } else {
            (format!("alembic_1000_{}", &random[..12]), format!("alembic_1000_{}0", &random[..12]))
        };
        let make = if kind == Kind::Postgres { "ROLE" } else { "USER" };
        victim.shop.run(&format!("CREATE DATABASE {database}"));
        victim.shop.run(&format!("CREATE {make} {role}"));
        victim.shop.run(&format!("CREATE {make} {near}"));
        let output = victim.project.try_line("check --only replay");
        let (roles, databases) = match kind {
            Kind::Postgres => (
                "SELECT rolname::text AS answer FROM pg_roles WHERE rolname LIKE '{role}%'",
                "SELECT datname::text AS answer FROM pg_database WHERE datname = '{database}'",
            ),
            _ => (
                "SELECT user AS answer FROM mysql.user WHERE user LIKE '{role}%'",
                "SELECT schema_name AS answer FROM information_schema.schemata WHERE schema_name = '{database}'",
            ),
        };
        let ask = |query: &str| victim.shop.ask(&query.replace("{role}", &role).replace("{database}", &database));
        let left = (ask(roles), ask(databases));
        victim.shop.run(&format!("DROP {make} {near}"));
        assert_eq!(output.status, 0, "{output}");
        assert_eq!(left, (near, String::new()));
    }
}

#[test]
fn roles_that_are_declared_are_taken_as_given() {
    for kind in [Kind::Postgres, Kind::Mysql, Kind::Mariadb] {
        let Some(victim) = Victim::new(kind) else { continue };
        let create = if kind == Kind::Postgres {
            "CREATE ROLE {shop}_app LOGIN; GRANT SELECT ON users TO {shop}_app; ALTER TABLE users OWNER TO {shop}_app; SET ROLE {shop}_app; RESET ROLE;"
        } else {
            "CREATE USER {shop}_app@'%' IDENTIFIED BY 'x'; GRANT SELECT ON {shop}.* TO {shop}_app; FLUSH PRIVILEGES;"
        };
        let drop = if kind == Kind::Postgres { "DROP ROLE {shop}_app;" } else { "DROP USER {shop}_app;" };
        let (create, drop) = (victim.fill(create), victim.fill(drop));
        let role = victim.fill("{shop}_app");
        let before = victim.dump();
        victim.project.revision("bbb2", "aaa1", &create, &drop);
        let refused = victim.project.try_line("check --only replay");
        assert_eq!(refused.status, 1, "{refused}");
        assert!(refused.stdout.contains(&format!("roles = [\"{role}\"]")), "{refused}");
        let manifest = victim.project.read("Cargo.toml");
        victim.project.write("Cargo.toml", format!("{manifest}roles = [\"{role}\"]\n"));
        let output = victim.project.try_line("check --only replay,roundtrip");
        assert_eq!(output.status, 0, "{output}");
        victim.expect_same(&before, &output.stdout);
    }
}

#[test]
fn a_dump_of_the_own_database_means_the_scratch_database() {
    for kind in [Kind::Mysql, Kind::Mariadb] {
        let Some(victim) = Victim::new(kind) else { continue };
        let before = victim.dump();
        let dump = "CREATE DATABASE /*!32312 IF NOT EXISTS*/ `{shop}`; USE `{shop}`; DROP TABLE IF EXISTS `users`; \
                    CREATE TABLE `users` (id INT PRIMARY KEY, email TEXT);";
        let output = victim.replay(dump, false, "check --only replay");
        assert_eq!(output.status, 0, "{output}");
        victim.expect_same(&before, &output.stdout);
    }
}

#[test]
fn on_a_server_for_scratch_databases_revisions_may_do_more() {
    let Some(victim) = Victim::new(Kind::Postgres) else { return };
    let port = |url: &str| {
        if url.contains('?') { format!("{url}&connect_timeout=9") } else { format!("{url}?connect_timeout=9") }
    };
    let manifest = victim.project.read("Cargo.toml");
    victim.project.write("Cargo.toml", format!("{manifest}scratch-url-env = \"SCRATCH_URL\"\n"));
    let Victim { project, .. } = &victim;
    project.revision("bbb2", "aaa1", &victim.fill("CREATE ROLE {shop}_free; DROP ROLE {shop}_free;"), "SELECT 1;");
    // The server of the project's own database is none, whatever a variable calls it.
    let command = |url: &str, own: &str| {
        let mut command = project.command(["check", "--only", "replay"]);
        command.env("SCRATCH_URL", url).env("DATABASE_URL", own);
        command.output().unwrap().status.code()
    };
    assert_eq!(command(&port(victim.shop.url()), victim.shop.url()), Some(1));
    // As far as its address tells, this is another one.
    assert_eq!(command(victim.shop.url(), "postgres://nobody.invalid/shop"), Some(0));
}
