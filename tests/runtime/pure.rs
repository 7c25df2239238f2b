//! Connections without C library: TLS, and what libpq reads besides the URL.

use std::fs;

use alembic_runtime::{
    cli::{Exit, Io, run_embedded},
    pure::{MysqlConnection, PgConnection, PgServer},
};
use diesel::connection::{Connection, SimpleConnection};
use harness::{Database, Kind, SecureServer, bash};

use crate::migrations;

/// A URL of a server; `DIR` is the folder of certificates.
fn url(server: &SecureServer, login: &str, parameters: &str) -> String {
    let folder = server.certificate("").replace("/.crt", "");
    format!("postgres://{login}localhost:{}/postgres?{}", server.port(), parameters.replace("DIR", &folder))
}

const NOTICE: &str = "DO $$ BEGIN RAISE NOTICE 'look'; END $$;";

/// Runs the commands that a program with these migrations has.
fn program(url: &str, header: &str, up: &str, command: &str) -> (Exit, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let io = Io { asks: false, out: &mut out, err: &mut err, out_color: false, err_color: false, err_terminal: false };
    let args = ["migrate", "--database-url", url].into_iter().chain(command.split(' '));
    let migrations = migrations::<PgConnection>(&[("a", header, up, "")]);
    let exit = run_embedded(&migrations, args.map(Into::into), io);
    (exit, String::from_utf8([out, err].concat()).unwrap())
}

#[test]
fn a_program_without_c_library_speaks_tls() {
    let Some(server) = SecureServer::new(Kind::Postgres) else { return };
    let me = "postgres:s3cret@";
    let encrypted = "SELECT 1 / (SELECT ssl::int FROM pg_stat_ssl WHERE pid = pg_backend_pid())";
    for good in [
        "",
        "sslmode=require",
        "sslmode=verify-full&sslrootcert=DIR/authority.crt",
        "sslmode=require&sslrootcert=DIR/authority.crt",
    ] {
        let mut conn =
            PgConnection::establish(&url(&server, me, good)).unwrap_or_else(|error| panic!("{good}: {error}"));
        conn.batch_execute(encrypted).unwrap();
    }
    for (bad, why) in [
        ("sslmode=disable", "no pg_hba.conf entry"),
        ("sslmode=verify-full&sslrootcert=DIR/other.crt", "UnknownIssuer"),
        ("sslmode=verify-full&hostaddr=127.0.0.1&host=elsewhere&sslrootcert=DIR/authority.crt", "not valid for name"),
        ("sslmode=verify-ca&sslrootcert=DIR/none.crt", "could not read"),
        ("sslcrl=x", "the parameter `sslcrl` is not supported"),
    ] {
        let error = PgConnection::establish(&url(&server, me, bad)).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains(why), "{bad}: {error}");
    }
    let (exit, said) =
        program(&url(&server, me, "sslmode=verify-full&sslrootcert=DIR/authority.crt"), "", NOTICE, "upgrade head");
    assert_eq!(exit, Exit::Success, "{said}");
    assert!(said.contains("NOTICE: look"), "what the server says is passed on: {said}");
    let (exit, said) = program(&url(&server, me, "sslmode=disable"), "", NOTICE, "upgrade head");
    assert_eq!(exit, Exit::Failed, "{said}");
    assert!(said.contains("could not connect to postgres://postgres:***@localhost"), "{said}");
}

#[test]
fn what_the_url_leaves_out_comes_from_variables_and_files() {
    let Some(server) = SecureServer::new(Kind::Postgres) else { return };
    let folder = server.folder().display().to_string();
    fs::write(server.folder().join(".pgpass"), format!("localhost:{}:*:postgres:s3cret\n", server.port())).unwrap();
    let _output = bash(server.folder(), "chmod 600 .pgpass");
    let service = format!("[shop]\nhost=localhost\nport={}\ndbname=postgres\nuser=postgres\n", server.port());
    fs::write(server.folder().join(".pg_service.conf"), service).unwrap();
    let port = server.port().to_string();
    let connects = |url: &str, variables: &[(&str, &str)]| {
        let find =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        PgServer::parse(url, &find).and_then(|server| server.connect()).map(|_| ())
    };
    let host = [("PGHOST", "localhost"), ("PGPORT", &*port), ("PGUSER", "postgres"), ("PGDATABASE", "postgres")];
    let with = |more: &[(&'static str, &str)]| -> Vec<(&'static str, String)> {
        host.iter().chain(more).map(|(name, value)| (*name, (*value).to_owned())).collect()
    };
    for (url, variables) in [
        ("postgres://", with(&[("PGPASSWORD", "s3cret")])),
        ("postgres://", with(&[("HOME", &folder)])),
        ("postgres:///?passfile=/nowhere", with(&[("PGPASSWORD", "s3cret"), ("PGSSLMODE", "require")])),
        ("service=shop", vec![("HOME", folder.clone())]),
        ("postgres://", vec![("PGSERVICE", "shop".to_owned()), ("HOME", folder.clone())]),
    ] {
        let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        connects(url, &variables).unwrap_or_else(|error| panic!("{url} {variables:?}: {error}"));
    }
    let error = connects("postgres://", &host).unwrap_err();
    assert!(error.contains("password"), "{error}");
    let wrong = connects("service=mine", &[("HOME", &folder)]).unwrap_err();
    assert!(wrong.contains("there is no service `mine`"), "{wrong}");
}

#[test]
fn a_socket_needs_no_tls() {
    let Some(db) = Database::new(Kind::Postgres) else { return };
    let (exit, said) = program(db.url(), "", NOTICE, "upgrade head");
    assert_eq!(exit, Exit::Success, "{said}");
    for kind in [Kind::Mysql, Kind::Mariadb] {
        let Some(db) = Database::new(kind) else { continue };
        MysqlConnection::establish(db.url()).unwrap().batch_execute("SELECT 1").unwrap();
        let other = db.url().replacen("mysql://", "mariadb://", 1);
        MysqlConnection::establish(&other).unwrap();
        let error = MysqlConnection::establish(&format!("{other}&ssl_mode=maybe")).map(|_| ()).unwrap_err();
        assert!(error.to_string().contains("`ssl_mode` is none of"), "{error}");
    }
}

#[test]
fn a_program_without_c_library_recognises_a_pooler() {
    let Some(db) = Database::new(Kind::Postgres) else { return };
    #[expect(clippy::disallowed_methods, reason = "how scripts/with-databases says where the servers are")]
    let pooler = std::env::var("ALEMBIC_TEST_PGBOUNCER").unwrap();
    let url = format!("{}/{}", pooler.rsplit_once('/').unwrap().0, db.name());
    let (exit, said) = program(&url, "\n-- Transaction: none", "CREATE TABLE a (x INTEGER)", "upgrade head");
    assert_eq!(exit, Exit::Usage, "{said}");
    assert!(said.contains("the connection goes through a transaction pooler"), "{said}");
    let (exit, said) = program(db.url(), "\n-- Transaction: none", "CREATE TABLE a (x INTEGER)", "upgrade head");
    assert_eq!(exit, Exit::Success, "{said}");
}
