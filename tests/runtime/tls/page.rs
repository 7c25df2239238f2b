//! `docs/tls.md`: each mode with each certificate, tried on the servers, beside what the databases' own clients do.

use std::{fs, net::Ipv4Addr, process::Command};

use alembic_runtime::pure::{MysqlServer, PgServer};
use diesel::{RunQueryDsl, connection::SimpleConnection, sql_query};
use harness::{Kind, SecureServer, mysql_client, workspace};

use super::{PASSWORD, USER, elsewhere, stripped};

/// What a server shows, and what its certificate is checked against.
struct Situation {
    words: &'static str,
    certificate: &'static str,
    authority: Option<&'static str>,
}

const fn situation(words: &'static str, certificate: &'static str, authority: Option<&'static str>) -> Situation {
    Situation { words, certificate, authority }
}

const SITUATIONS: [Situation; 10] = [
    situation("signed by the authority", "good", Some("authority")),
    situation("signed, and no authority is named", "good", None),
    situation("signed by another authority", "good", Some("other")),
    situation("for another host", "elsewhere", Some("authority")),
    situation("with a common name only", "unnamed", Some("authority")),
    situation("the same, for another host", "unnamed-elsewhere", Some("authority")),
    situation("out of date", "expired", Some("authority")),
    situation("self-signed, and named as the authority", "self-signed", Some("self-signed")),
    situation("the same, out of date", "self-signed-expired", Some("self-signed-expired")),
    situation("MySQL's own, with its authority", "own", Some("own")),
];

const POSTGRES: [&str; 6] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];
const MYSQL: [&str; 5] = ["DISABLED", "PREFERRED", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY"];

/// Where a server is, and what is checked.
struct Try<'s> {
    server: &'s SecureServer,
    kind: Kind,
    mode: &'s str,
    host: &'s str,
    port: u16,
    authority: Option<String>,
}

#[derive(diesel::QueryableByName)]
struct Status {
    #[diesel(sql_type = diesel::sql_types::Text, column_name = "Value")]
    value: String,
}

impl Try<'_> {
    fn ours(&self) -> String {
        match self.connect() {
            Ok(true) => "encrypted".to_owned(),
            Ok(false) => "plain".to_owned(),
            Err(error) => format!("refused: {}", reason(&error)),
        }
    }

    /// Connects, and returns whether that is encrypted.
    fn connect(&self) -> Result<bool, String> {
        let Self { mode, host, port, .. } = self;
        let database = self.server.database();
        if self.kind == Kind::Postgres {
            let authority = self.authority.as_ref().map(|file| format!("&sslrootcert={file}")).unwrap_or_default();
            let url = format!("postgres://{USER}:{PASSWORD}@{host}:{port}/{database}?sslmode={mode}{authority}");
            let mut conn = PgServer::parse(&url, &|_| None)?.connect()?;
            let encrypted = "SELECT 1 / (SELECT ssl::int FROM pg_stat_ssl WHERE pid = pg_backend_pid())";
            Ok(conn.batch_execute(encrypted).is_ok())
        } else {
            let authority = self.authority.as_ref().map(|file| format!("&ssl-ca={file}")).unwrap_or_default();
            let url = format!("mysql://{USER}:{PASSWORD}@{host}:{port}/{database}?ssl-mode={mode}{authority}");
            let mut conn = MysqlServer::parse(&url)?.connect()?;
            let status: Status = sql_query("SHOW SESSION STATUS LIKE 'Ssl_cipher'").get_result(&mut conn).unwrap();
            Ok(!status.value.is_empty())
        }
    }

    /// Does the same with the database's own client.
    fn theirs(&self) -> String {
        let mut client = match self.kind {
            Kind::Postgres => self.psql(),
            Kind::Mysql => self.mysql(),
            _ => self.mariadb(),
        };
        let output = client.env("HOME", "/nonexistent").output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        match (output.status.success(), said.as_str()) {
            (false, _) => "refused",
            (true, "f" | "Ssl_cipher") => "plain",
            (true, _) => "encrypted",
        }
        .to_owned()
    }

    fn psql(&self) -> Command {
        let Self { mode, host, port, .. } = self;
        let authority = self.authority.as_ref().map(|file| format!("&sslrootcert={file}")).unwrap_or_default();
        let url = format!("postgres://{USER}:{PASSWORD}@{host}:{port}/postgres?sslmode={mode}{authority}");
        let mut client = Command::new("psql");
        client.args(["-qXAtc", "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", &url]);
        client
    }

    fn mysql(&self) -> Command {
        let mut client = mysql_client("mysql");
        client.arg("--no-defaults").arg(format!("--ssl-mode={}", self.mode));
        // That is how it is let in without TLS at all.
        client.arg("--get-server-public-key");
        client.args(self.authority.iter().map(|file| format!("--ssl-ca={file}")));
        self.finish(client)
    }

    /// The client of MariaDB has other words for the modes.
    fn mariadb(&self) -> Command {
        let mut client = Command::new("mariadb");
        client.arg("--no-defaults");
        client.args(match self.mode {
            "DISABLED" => &["--skip-ssl"][..],
            "PREFERRED" => &[],
            "VERIFY_IDENTITY" => &["--ssl", "--ssl-verify-server-cert"],
            _ => &["--ssl"],
        });
        if matches!(self.mode, "VERIFY_CA" | "VERIFY_IDENTITY") {
            client.args(self.authority.iter().map(|file| format!("--ssl-ca={file}")));
        }
        self.finish(client)
    }

    fn finish(&self, mut client: Command) -> Command {
        client.args(["--protocol=tcp", "-h", self.host, "-P", &self.port.to_string(), "-u", USER]);
        client.arg(format!("-p{PASSWORD}")).args(["-N", "-e", "SHOW SESSION STATUS LIKE 'Ssl_cipher'"]);
        client
    }

    fn cell(&self) -> String {
        let (ours, theirs) = (self.ours(), self.theirs());
        if ours.starts_with(&theirs) { ours } else { format!("{ours} (*{theirs}*)") }
    }
}

fn reason(error: &str) -> &'static str {
    [
        ("UnknownIssuer", "unknown authority"),
        ("not valid for name", "another host"),
        ("Expired", "out of date"),
        ("no certificate authority was found", "unknown authority"),
        ("needs the authority's certificate", "no authority"),
        ("others may read along", "readable"),
        ("does not offer TLS", "no TLS"),
        ("does not support TLS", "no TLS"),
    ]
    .into_iter()
    .find_map(|(text, reason)| error.contains(text).then_some(reason))
    .unwrap_or_else(|| panic!("{error}"))
}

/// Tries everything on one server, and returns a table of it.
fn table(kind: Kind, server: &SecureServer) -> String {
    let modes = if kind == Kind::Postgres { &POSTGRES[..] } else { &MYSQL[..] };
    let row = |words: &str, host: &str, port: u16, authority: Option<&str>| {
        let authority = authority.map(|name| server.certificate(name));
        let cells =
            modes.iter().map(|mode| Try { server, kind, mode, host, port, authority: authority.clone() }.cell());
        format!("| {words} | {} |\n", cells.collect::<Vec<_>>().join(" | "))
    };
    let names: Vec<String> = modes.iter().map(|mode| format!("`{mode}`")).collect();
    let mut table = format!("| server's certificate | {} |\n|---{}|\n", names.join(" | "), "|---".repeat(modes.len()));
    for Situation { words, certificate, authority } in &SITUATIONS {
        // MySQL shows its own certificate, and none that is out of date when it is loaded.
        let is_shown = if kind == Kind::Mysql { !certificate.ends_with("expired") } else { *certificate != "own" };
        if is_shown {
            server.show(certificate);
            table += &row(words, "localhost", server.port(), *authority);
        }
    }
    let (here, away) = (Ipv4Addr::LOCALHOST.into(), elsewhere());
    for (words, address) in [("no TLS, on this machine", here), ("no TLS, on another machine", away)] {
        let stripped = stripped::server(kind, server.port(), address);
        table += &row(words, &address.to_string(), stripped.port(), Some("authority"));
    }
    table
}

#[test]
fn the_page_is_what_servers_and_clients_do() {
    let path = workspace().join("docs/tls.md");
    let mut page = fs::read_to_string(&path).unwrap();
    let written = page.clone();
    for (kind, heading) in
        [(Kind::Postgres, "## PostgreSQL\n"), (Kind::Mysql, "## MySQL\n"), (Kind::Mariadb, "## MariaDB\n")]
    {
        let Some(server) = SecureServer::new(kind) else { continue };
        let section = page.find(heading).unwrap();
        let start = section + page[section..].find("| server's").unwrap();
        let end = page[start..].find("\n\n").map_or(page.len(), |end| start + end + 1);
        page.replace_range(start..end, &table(kind, &server));
        if kind == Kind::Mysql {
            a_key_lets_the_password_through(&server);
            a_connection_that_is_dropped_ends(&server);
        }
    }
    #[expect(clippy::disallowed_methods, reason = "how a snapshot is accepted, as with the others")]
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        fs::write(&path, &page).unwrap();
        return;
    }
    assert!(written == page, "docs/tls.md is not up to date: run this test with INSTA_UPDATE=always\n{page}");
}

/// Here, because one test at a time may have the server.
fn a_key_lets_the_password_through(server: &SecureServer) {
    let stripped = stripped::server(Kind::Mysql, server.port(), elsewhere());
    let connect = |key: &str| {
        // The server forgets that it has seen the password.
        server.run("FLUSH PRIVILEGES");
        let name = server.database();
        let url = format!("mysql://{USER}:{PASSWORD}@{stripped}/{name}?ssl-mode=disabled{key}");
        MysqlServer::parse(&url).unwrap().connect().map(|_| ())
    };
    let error = connect("").unwrap_err();
    assert!(error.contains("the server's key is not known"), "{error}");
    connect("&get-server-public-key=true").unwrap();
    let data = server.certificate("own").replace("ca.pem", "");
    connect(&format!("&server-public-key-path={data}public_key.pem")).unwrap();
    let error = connect(&format!("&server-public-key-path={data}none.pem")).unwrap_err();
    assert!(error.contains("none.pem"), "{error}");
}

/// Nobody waits for a database then, and a lock would stay.
fn a_connection_that_is_dropped_ends(server: &SecureServer) {
    let name = server.database();
    let url = format!("mysql://{USER}:{PASSWORD}@localhost:{}/{name}", server.port());
    let mut conn = MysqlServer::parse(&url).unwrap().connect().unwrap();
    conn.batch_execute("DO GET_LOCK('relay', 0)").unwrap();
    drop(conn);
    let is_free = || {
        let mut client = mysql_client("mysql");
        client.args(["--no-defaults", "-h127.0.0.1", "-P", &server.port().to_string(), "-u", USER]);
        let output =
            client.args([&format!("-p{PASSWORD}"), "-N", "-e", "SELECT IS_FREE_LOCK('relay')"]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim() == "1"
    };
    assert!((0..50).any(|_| is_free()), "the lock is still held");
}
