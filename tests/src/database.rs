//! A database per test.

use std::sync::atomic::{AtomicU32, Ordering};

use alembic_sql::Dialect;
use diesel::{Connection, RunQueryDsl, connection::SimpleConnection, sql_query};
use md5::{Digest, Md5};
use tempfile::TempDir;

use crate::{MysqlConn, PostgresConn, SqliteConn};

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    Sqlite,
    /// A server.
    Postgres,
    /// A server.
    Mysql,
    /// A server.
    Mariadb,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Sqlite, Self::Postgres, Self::Mysql, Self::Mariadb];

    /// Returns the section name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.dialect().name()
    }

    /// Returns what the product calls it.
    #[must_use]
    pub fn dialect(self) -> Dialect {
        match self {
            Self::Sqlite => Dialect::Sqlite,
            Self::Postgres => Dialect::Postgres,
            Self::Mysql => Dialect::Mysql,
            Self::Mariadb => Dialect::Mariadb,
        }
    }

    /// Returns whether this run of the tests is about it: `ALEMBIC_TEST_ONLY` names the databases, if there are others.
    #[must_use]
    pub fn is_tested(self) -> bool {
        #[expect(clippy::disallowed_methods, reason = "how .ci/run says what an earlier pass has tested")]
        let only = std::env::var("ALEMBIC_TEST_ONLY");
        only.map_or(true, |names| names.is_empty() || names.split(',').any(|name| name == self.name()))
    }

    /// Returns whether this is MySQL or its descendant.
    #[must_use]
    pub fn is_mysql_family(self) -> bool {
        self.dialect().is_mysql_family()
    }
}

/// An empty database, dropped with this value.
#[derive(Debug)]
pub struct Database {
    kind: Kind,
    url: String,
    name: String,
    server: String,
    _folder: Option<TempDir>,
}

#[derive(Debug, diesel::QueryableByName)]
struct Answer {
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Text>)]
    answer: Option<String>,
}

#[derive(Debug, diesel::QueryableByName)]
struct Shown {
    #[diesel(sql_type = diesel::sql_types::Binary, column_name = "Create Table")]
    text: Vec<u8>,
}

impl Database {
    /// Makes a database.
    ///
    /// Without server the test ends early on a laptop; a server that `ALEMBIC_TEST_REQUIRE` names has to
    /// be there.
    #[must_use]
    pub fn new(kind: Kind) -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("alembic_test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let variable = match kind {
            Kind::Sqlite => {
                let folder = tempfile::tempdir().expect("a temporary folder");
                let url = folder.path().join("test.db").display().to_string();
                return Some(Self { kind, url, name, server: String::new(), _folder: Some(folder) });
            }
            Kind::Postgres => "ALEMBIC_TEST_POSTGRES",
            Kind::Mysql => "ALEMBIC_TEST_MYSQL",
            Kind::Mariadb => "ALEMBIC_TEST_MARIADB",
        };
        #[expect(clippy::disallowed_methods, reason = "how scripts/with-databases says where the servers are")]
        let (server, required) = (std::env::var(variable), std::env::var("ALEMBIC_TEST_REQUIRE"));
        let Ok(server) = server else {
            let is_required = required.is_ok_and(|names| names.split(',').any(|name| name == kind.name()));
            assert!(!is_required, "{variable} is not set; run the tests with scripts/test");
            return None;
        };
        let maintenance = if kind == Kind::Postgres { "/postgres" } else { "/mysql" };
        let at = server.rfind(maintenance).expect("the server's own database");
        let at = if kind.is_mysql_family() { server.find(maintenance).unwrap_or(at) } else { at };
        let url = format!("{}/{name}{}", &server[..at], &server[at + maintenance.len()..]);
        let database = Self { kind, url, name, server, _folder: None };
        database.on_server(&format!("CREATE DATABASE {}", database.name));
        Some(database)
    }

    /// Returns the URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns which database it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns the name on the server.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Connects.
    ///
    /// # Panics
    ///
    /// If that fails.
    #[must_use]
    pub fn connect<C: Connection>(&self) -> C {
        C::establish(&self.url).expect("the test's own database")
    }

    /// Removes everything that is in it.
    ///
    /// # Panics
    ///
    /// If that fails.
    pub fn empty(&self) {
        match self.kind {
            Kind::Sqlite => {
                for suffix in ["", "-journal", "-wal", "-shm"] {
                    std::fs::remove_file(format!("{}{suffix}", self.url)).ok();
                }
            }
            Kind::Postgres => self.run("DROP SCHEMA public CASCADE; CREATE SCHEMA public"),
            Kind::Mysql | Kind::Mariadb => {
                self.on_server(&format!("DROP DATABASE {0}; CREATE DATABASE {0}", self.name));
            }
        }
    }

    /// Makes it anew, with other options. Not on SQLite.
    ///
    /// # Panics
    ///
    /// If that fails.
    pub fn recreate(&self, options: &str) {
        let force = if self.kind == Kind::Postgres { " WITH (FORCE)" } else { "" };
        self.on_server(&format!("DROP DATABASE {}{force}", self.name));
        self.on_server(&format!("CREATE DATABASE {} {options}", self.name));
    }

    /// Returns whether there is such a table.
    #[must_use]
    pub fn has_table(&self, name: &str) -> bool {
        let condition = match self.kind {
            Kind::Sqlite => "sqlite_master WHERE name",
            Kind::Postgres => "pg_tables WHERE schemaname = 'public' AND tablename",
            Kind::Mysql | Kind::Mariadb => "information_schema.tables WHERE table_schema = DATABASE() AND table_name",
        };
        !self.ask(&format!("SELECT '1' AS answer FROM {condition} = '{name}'")).is_empty()
    }

    /// Waits until no other session is left of a client that has died.
    ///
    /// # Panics
    ///
    /// If one stays.
    pub fn wait_for_the_dead(&self) {
        let query = match self.kind {
            Kind::Sqlite => return,
            Kind::Postgres => {
                "SELECT pid::text AS answer FROM pg_stat_activity \
                 WHERE datname = current_database() AND pid <> pg_backend_pid()"
            }
            Kind::Mysql | Kind::Mariadb => {
                "SELECT CAST(id AS CHAR) AS answer FROM information_schema.processlist \
                 WHERE db = DATABASE() AND id <> CONNECTION_ID()"
            }
        };
        for _ in 0..2000 {
            if self.ask(query).is_empty() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        panic!("a session of a dead client stays");
    }

    /// Ends every other session, as an administrator does.
    pub fn end_sessions(&self) {
        match self.kind {
            Kind::Sqlite => {}
            Kind::Postgres => {
                self.run(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                     WHERE datname = current_database() AND pid <> pg_backend_pid()",
                );
            }
            Kind::Mysql | Kind::Mariadb => {
                let sessions = self.ask(
                    "SELECT CAST(id AS CHAR) AS answer FROM information_schema.processlist \
                     WHERE db = DATABASE() AND id <> CONNECTION_ID()",
                );
                for session in sessions.split(',').filter(|id| !id.is_empty()) {
                    // It may have ended by itself meanwhile.
                    self.connect::<MysqlConn>().batch_execute(&format!("KILL {session}")).ok();
                }
            }
        }
    }

    /// Returns what MySQL and MariaDB call the lock of this database's migrators.
    #[must_use]
    pub fn mysql_lock(&self) -> String {
        let hash = Md5::digest(format!("{}.alembic_version", self.name));
        hash.iter().fold("alembic:".to_owned(), |name, byte| format!("{name}{byte:02x}"))
    }

    /// Returns the expression for what they call the lock that scripts take, too.
    #[must_use]
    pub fn mysql_lock_of_scripts(&self) -> String {
        format!("CONCAT('alembic-script:', LEFT(SHA2('{}.alembic_version', 256), 40))", self.name)
    }

    /// Runs SQL.
    pub fn run(&self, sql: &str) {
        match self.kind {
            Kind::Sqlite => self.connect::<SqliteConn>().batch_execute(sql),
            Kind::Postgres => self.connect::<PostgresConn>().batch_execute(sql),
            Kind::Mysql | Kind::Mariadb => self.connect::<MysqlConn>().batch_execute(sql),
        }
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// Returns the only column of a query, which has to be called `answer`, joined with commas.
    #[must_use]
    pub fn ask(&self, sql: &str) -> String {
        self.ask_all(&[sql]).remove(0)
    }

    /// Asks several such queries on one connection.
    #[must_use]
    pub fn ask_all(&self, queries: &[&str]) -> Vec<String> {
        macro_rules! load {
            ($conn:ty) => {{
                let mut conn = self.connect::<$conn>();
                queries.iter().map(|sql| sql_query(*sql).load::<Answer>(&mut conn)).collect::<Result<Vec<_>, _>>()
            }};
        }
        let answers = match self.kind {
            Kind::Sqlite => load!(SqliteConn),
            Kind::Postgres => load!(PostgresConn),
            Kind::Mysql | Kind::Mariadb => load!(MysqlConn),
        };
        let answers = answers.unwrap_or_else(|error| panic!("{}: {error}", queries.join("; ")));
        let joined = |rows: Vec<Answer>| rows.into_iter().map(|row| row.answer.unwrap_or_default()).collect::<Vec<_>>();
        answers.into_iter().map(|rows| joined(rows).join(",")).collect()
    }

    /// Returns what `SHOW CREATE TABLE` says of each table. MySQL and MariaDB only.
    #[must_use]
    pub fn shown(&self, tables: &[String]) -> Vec<String> {
        let mut conn = self.connect::<MysqlConn>();
        let mut show = |table: &String| {
            let shown = sql_query(format!("SHOW CREATE TABLE `{table}`")).get_result::<Shown>(&mut conn);
            String::from_utf8_lossy(&shown.unwrap_or_else(|error| panic!("{table}: {error}")).text).into_owned()
        };
        tables.iter().map(&mut show).collect()
    }

    /// Returns the names of all tables but ours, sorted.
    #[must_use]
    pub fn tables(&self) -> String {
        let query = match self.kind {
            Kind::Sqlite => "SELECT name AS answer FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
            Kind::Postgres => "SELECT tablename::text AS answer FROM pg_tables WHERE schemaname = 'public'",
            Kind::Mysql | Kind::Mariadb => {
                "SELECT table_name AS answer FROM information_schema.tables WHERE table_schema = DATABASE()"
            }
        };
        let found = self.ask(query);
        let mut tables: Vec<&str> = found.split(',').filter(|name| !name.starts_with("alembic_")).collect();
        tables.sort_unstable();
        tables.join(",")
    }

    /// Returns the rows of the version table, sorted.
    #[must_use]
    pub fn versions(&self) -> String {
        self.ask("SELECT version_num AS answer FROM alembic_version ORDER BY version_num")
    }

    fn on_server(&self, sql: &str) {
        match self.kind {
            Kind::Sqlite => Ok(()),
            Kind::Postgres => PostgresConn::establish(&self.server).expect("the server").batch_execute(sql),
            Kind::Mysql | Kind::Mariadb => MysqlConn::establish(&self.server).expect("the server").batch_execute(sql),
        }
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        match self.kind {
            Kind::Sqlite => {}
            Kind::Postgres => self.on_server(&format!("DROP DATABASE {} WITH (FORCE)", self.name)),
            Kind::Mysql | Kind::Mariadb => self.on_server(&format!("DROP DATABASE {}", self.name)),
        }
    }
}
