//! A database for one test.

use std::{
    collections::BTreeMap,
    fmt, fs,
    ops::{Deref, DerefMut},
    path::Path,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use alembic_sql::{
    Checksum, Dialect,
    server::{Quoted, ServerStatement},
};
use diesel::connection::LoadConnection;
use tempfile::TempDir;

use crate::{
    Error, MigrationBackend, Migrations,
    database::{Backoff, answer, snapshot},
};

/// A connection to a database of its own, which is dropped with this value, also when a test panics.
///
/// ```text
/// let mut db = Fresh::migrated(&MIGRATIONS, "postgres://localhost/postgres")?;
/// diesel::insert_into(users::table).values(users::name.eq("a")).execute(&mut *db)?;
/// ```
///
/// The migrations run once: for SQLite once per process, which keeps the file; for PostgreSQL once per
/// version of them, in a template database `alembic_template_…` that stays on the server and is copied by
/// every later test and process. What functions of revisions call outside of their files is not part of a
/// version. MariaDB and MySQL have nothing of the kind, and run them each time.
pub struct Fresh<C: LoadConnection>
where
    C::Backend: MigrationBackend,
{
    /// Taken when it is dropped: a database with connections cannot be.
    conn: Option<C>,
    server: Server,
    url: String,
    name: String,
    _folder: Option<TempDir>,
}

/// Why there is no fresh database.
#[derive(Debug)]
pub struct TestingError(String);

impl std::error::Error for TestingError {}

impl fmt::Display for TestingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn failed(doing: &str) -> impl FnOnce(diesel::result::Error) -> TestingError {
    move |error| TestingError(format!("could not {doing}: {error}"))
}

fn io(doing: &str) -> impl FnOnce(std::io::Error) -> TestingError {
    move |error| TestingError(format!("could not {doing}: {error}"))
}

impl From<Error> for TestingError {
    fn from(error: Error) -> Self {
        Self(error.to_string())
    }
}

/// A URL, of which only the database's name matters.
#[derive(Debug, Clone)]
struct Server {
    before: String,
    database: String,
    after: String,
}

impl Server {
    fn parse(url: &str) -> Result<Self, TestingError> {
        let without = || TestingError("the URL of a server names a database, in which others can be made".to_owned());
        let host = url.find("://").map(|at| at + 3).ok_or_else(without)?;
        let slash = url[host..].find('/').map(|at| host + at + 1).ok_or_else(without)?;
        let end = url[slash..].find('?').map_or(url.len(), |at| slash + at);
        let (before, database, after) = (url[..slash].to_owned(), url[slash..end].to_owned(), url[end..].to_owned());
        if database.is_empty() { Err(without()) } else { Ok(Self { before, database, after }) }
    }

    fn url(&self, database: &str) -> String {
        format!("{}{database}{}", self.before, self.after)
    }

    fn connect<C: LoadConnection>(&self, database: &str) -> Result<C, TestingError> {
        C::establish(&self.url(database))
            .map_err(|error| TestingError(format!("could not connect to the database {database}: {error}")))
    }

    /// Runs a statement in the database that the URL names.
    fn run<C: LoadConnection>(&self, statement: &ServerStatement) -> Result<(), TestingError> {
        self.connect::<C>(&self.database)?.batch_execute(statement.sql()).map_err(failed("make or drop a database"))
    }
}

impl<C: LoadConnection> Fresh<C>
where
    C::Backend: MigrationBackend,
{
    /// Returns a database in which every revision is applied.
    ///
    /// `server` is the URL of any database of the server whose role may create others; SQLite needs none.
    ///
    /// # Errors
    ///
    /// [`TestingError`] if the server cannot be reached, or a revision fails.
    pub fn migrated(migrations: &Migrations<C>, server: &str) -> Result<Self, TestingError> {
        match C::Backend::FAMILY {
            Dialect::Sqlite => Self::copied(migrations),
            Dialect::Postgres => Self::from_template(migrations, server),
            Dialect::Mysql | Dialect::Mariadb => {
                let mut this = Self::empty(migrations, server)?;
                migrations.upgrade(&mut this, "heads")?;
                Ok(this)
            }
        }
    }

    /// Returns a database in which every revision is applied, shared with other tests: what this one does is a
    /// transaction, which is rolled back at the end. The fastest way, for tests that use one connection and
    /// commit nothing; two that write the same unique key wait for each other. SQLite copies a file here, too.
    ///
    /// The database `alembic_shared_…` stays on the server.
    ///
    /// # Errors
    ///
    /// [`TestingError`] if the server cannot be reached, or a revision fails.
    pub fn rolled_back(migrations: &Migrations<C>, server: &str) -> Result<Self, TestingError> {
        if C::Backend::FAMILY == Dialect::Sqlite {
            return Self::copied(migrations);
        }
        let server = Server::parse(server)?;
        let name = template_name(migrations)?.replacen("template", "shared", 1);
        if C::Backend::FAMILY == Dialect::Postgres {
            let mut conn = server.connect::<C>(&server.database)?;
            if !exists(&mut conn, &name)? {
                make_template(migrations, &server, &mut conn, &name)?;
            }
        } else {
            server.run::<C>(&ServerStatement::create_missing_database(&name))?;
        }
        let mut conn = server.connect::<C>(&name)?;
        // One query, unless this is the first: a server that cannot rename databases has none that is complete.
        migrations.upgrade(&mut conn, "heads")?;
        conn.begin_test_transaction().map_err(failed("begin a transaction"))?;
        // It has no name by which it would be dropped.
        Ok(Self { conn: Some(conn), url: server.url(&name), server, name: String::new(), _folder: None })
    }

    /// Returns an empty database.
    ///
    /// # Errors
    ///
    /// [`TestingError`] if the server cannot be reached.
    pub fn empty(_migrations: &Migrations<C>, server: &str) -> Result<Self, TestingError> {
        if C::Backend::FAMILY == Dialect::Sqlite {
            return Self::file(|_| Ok(()));
        }
        let (server, name) = (Server::parse(server)?, unique_name());
        server.run::<C>(&ServerStatement::create_database(C::Backend::FAMILY, &name))?;
        Self::open(server, name)
    }

    /// Returns where the database is, for other connections.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    fn open(server: Server, name: String) -> Result<Self, TestingError> {
        let url = server.url(&name);
        // From here on it is dropped, whatever happens.
        let mut this = Self { conn: None, server, url, name, _folder: None };
        this.conn = Some(this.server.connect(&this.name)?);
        Ok(this)
    }

    fn file(make: impl FnOnce(&Path) -> Result<(), TestingError>) -> Result<Self, TestingError> {
        let folder = tempfile::tempdir().map_err(io("make a temporary folder"))?;
        let path = folder.path().join("test.db");
        make(&path)?;
        let url = path.display().to_string();
        let conn = C::establish(&url).map_err(|error| TestingError(format!("could not open {url}: {error}")))?;
        let server = Server { before: String::new(), database: String::new(), after: String::new() };
        Ok(Self { conn: Some(conn), server, url, name: String::new(), _folder: Some(folder) })
    }

    /// SQLite: the file of a migrated database is made once per process, and written again for each test.
    fn copied(migrations: &Migrations<C>) -> Result<Self, TestingError> {
        static FILES: Mutex<BTreeMap<String, Vec<u8>>> = Mutex::new(BTreeMap::new());
        let mut files = FILES.lock().unwrap_or_else(PoisonError::into_inner);
        let name = template_name(migrations)?;
        if let Some(bytes) = files.get(&name) {
            return Self::file(|path| fs::write(path, bytes).map_err(io("write the migrated database")));
        }
        let mut this = Self::file(|_| Ok(()))?;
        migrations.upgrade(&mut this, "heads")?;
        // Closed, the file is complete, whatever its journal mode.
        drop(this.conn.take());
        files.insert(name, fs::read(&this.url).map_err(io("read the migrated database"))?);
        let open = C::establish(&this.url);
        this.conn = Some(open.map_err(|error| TestingError(format!("could not open {}: {error}", this.url)))?);
        Ok(this)
    }

    fn from_template(migrations: &Migrations<C>, server: &str) -> Result<Self, TestingError> {
        let server = Server::parse(server)?;
        let template = template_name(migrations)?;
        let name = unique_name();
        let copy = ServerStatement::copy_database(&template, &name);
        let mut conn = server.connect::<C>(&server.database)?;
        if !exists(&mut conn, &template)? {
            make_template(migrations, &server, &mut conn, &template)?;
        }
        conn.batch_execute(copy.sql()).map_err(failed("copy the template database"))?;
        Self::open(server, name)
    }
}

/// Several may come here at once: the first makes it, under a lock that its session holds.
fn make_template<C>(
    migrations: &Migrations<C>,
    server: &Server,
    conn: &mut C,
    template: &str,
) -> Result<(), TestingError>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let lock = format!("hashtext({})", Quoted::literal(Dialect::Postgres, template));
    let mut backoff = Backoff::new(Duration::from_secs(600));
    let taken = format!("SELECT pg_try_advisory_lock({lock})::text AS answer");
    while snapshot(conn, |conn| answer(conn, &taken)).map_err(failed("take a lock"))?.as_deref() != Some("true") {
        if !backoff.pause() {
            return Err(TestingError(format!("somebody else has been making the database {template} for too long")));
        }
    }
    let made = (|| {
        if exists(conn, template)? {
            return Ok(());
        }
        // Under another name until it is complete: who dies in between leaves none that looks so.
        let draft = format!("{template}_draft");
        let run = |conn: &mut C, statement: &ServerStatement| {
            conn.batch_execute(statement.sql()).map_err(failed("make the template database"))
        };
        run(conn, &ServerStatement::drop_database(Dialect::Postgres, &draft))?;
        run(conn, &ServerStatement::create_database(Dialect::Postgres, &draft))?;
        migrations.upgrade(&mut server.connect::<C>(&draft)?, "heads")?;
        // The server may still be ending that session.
        let mut backoff = Backoff::new(Duration::from_secs(10));
        while let Err(error) = run(conn, &ServerStatement::rename_database(&draft, template)) {
            if !backoff.pause() {
                return Err(error);
            }
        }
        Ok(())
    })();
    conn.batch_execute(&format!("SELECT pg_advisory_unlock({lock})")).map_err(failed("release a lock"))?;
    made
}

fn exists<C>(conn: &mut C, database: &str) -> Result<bool, TestingError>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let name = Quoted::literal(Dialect::Postgres, database);
    let sql = format!("SELECT datname::text AS answer FROM pg_database WHERE datname = {name}");
    Ok(snapshot(conn, |conn| answer(conn, &sql)).map_err(failed("look for the template database"))?.is_some())
}

/// Names the migrations and all their history, the settings, and who makes SQL of them.
fn template_name<C>(migrations: &Migrations<C>) -> Result<String, TestingError> {
    let settings = format!("{:?} {}", migrations.settings()?, env!("CARGO_PKG_VERSION"));
    let heads = migrations.graph()?.history().to_string();
    let hash = Checksum::of([heads.as_bytes(), settings.as_bytes()]);
    Ok(format!("alembic_template_{hash}"))
}

fn unique_name() -> String {
    format!("alembic_test_{}", uuid::Uuid::new_v4().simple())
}

impl<C: LoadConnection> Deref for Fresh<C>
where
    C::Backend: MigrationBackend,
{
    type Target = C;

    #[expect(clippy::expect_used, reason = "it is taken only when the value is dropped")]
    fn deref(&self) -> &C {
        self.conn.as_ref().expect("a connection until the end")
    }
}

impl<C: LoadConnection> DerefMut for Fresh<C>
where
    C::Backend: MigrationBackend,
{
    #[expect(clippy::expect_used, reason = "it is taken only when the value is dropped")]
    fn deref_mut(&mut self) -> &mut C {
        self.conn.as_mut().expect("a connection until the end")
    }
}

impl<C: LoadConnection> fmt::Debug for Fresh<C>
where
    C::Backend: MigrationBackend,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fresh").field("database", &self.name).finish_non_exhaustive()
    }
}

impl<C: LoadConnection> Drop for Fresh<C>
where
    C::Backend: MigrationBackend,
{
    fn drop(&mut self) {
        drop(self.conn.take());
        if !self.name.is_empty() {
            let drop = match C::Backend::FAMILY {
                Dialect::Postgres => ServerStatement::drop_database_by_force(&self.name),
                other => ServerStatement::drop_database(other, &self.name),
            };
            // A test that fails has more to say than that its database is left.
            self.server.run::<C>(&drop).ok();
        }
    }
}
