//! Servers with TLS, on a port of this machine.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

use crate::{Database, Kind, bash};

/// Starts PostgreSQL with the certificate that it finds beside its data, and lets in whoever knows the password,
/// `postgres` only with TLS.
const START_POSTGRES: &str = r#"
as() { if [ "$(id -u)" -eq 0 ]; then setpriv --reuid=postgres --regid=postgres --init-groups "$@"; else "$@"; fi; }
initdb=$(command -v initdb || ls /usr/lib/postgresql/*/bin/initdb | sort -V | tail -n 1)
chmod 755 .
mkdir data
if [ "$(id -u)" -eq 0 ]; then chown postgres data; fi
as "$initdb" -D "$PWD/data" -U secure -A scram-sha-256 --pwfile=password --no-sync >initdb.log
printf '%s\n' 'hostssl all postgres all scram-sha-256' 'host all secure all scram-sha-256' >data/pg_hba.conf
while port=$((20000 + RANDOM % 10000)); (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
printf '%s\n' "port = $port" "listen_addresses = '127.0.0.1'" "unix_socket_directories = ''" 'fsync = off' \
    'ssl = on' >>data/postgresql.conf
printf '%s\n' "$port" "$(dirname "$initdb")/postgres"
"#;

/// A server that speaks TLS.
#[derive(Debug)]
pub struct SecureServer {
    /// A database of the server, or that it is known to run.
    db: Database,
    port: u16,
    certificates: PathBuf,
    own: Option<(TempDir, Child)>,
}

impl SecureServer {
    /// The user, whom it wants a password of.
    pub const USER: &str = "secure";
    /// The password.
    pub const PASSWORD: &str = "s3cret";

    /// Finds or starts a server that shows the certificate `good`. One test at a time may change the certificate of those
    /// of MySQL and MariaDB.
    ///
    /// # Panics
    ///
    /// If it does not start.
    #[must_use]
    pub fn new(kind: Kind) -> Option<Self> {
        let db = Database::new(kind)?;
        #[expect(clippy::disallowed_methods, reason = "how scripts/with-databases says where certificates are")]
        let servers = PathBuf::from(std::env::var("ALEMBIC_TEST_SERVERS").expect("scripts/with-databases"));
        let certificates = servers.join("tls");
        let server = if kind == Kind::Postgres {
            Self::start(db, certificates)
        } else {
            let port = fs::read_to_string(servers.join(kind.name()).join("port")).expect("a port");
            db.run(&format!(
                "CREATE USER IF NOT EXISTS {user} IDENTIFIED BY '{password}'; GRANT ALL ON {name}.* TO {user}",
                user = Self::USER,
                password = Self::PASSWORD,
                name = db.name()
            ));
            Self { db, port: port.trim().parse().expect("a number"), certificates, own: None }
        };
        server.show("good");
        Some(server)
    }

    fn start(db: Database, certificates: PathBuf) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::write(folder.path().join("password"), Self::PASSWORD).expect("a file");
        let started = bash(folder.path(), START_POSTGRES);
        let (port, program) = started.trim().split_once('\n').expect("two lines");
        install_for_postgres(folder.path(), &certificates, "good");
        let line = format!(
            "exec $([ $(id -u) -eq 0 ] && echo setpriv --reuid=postgres --regid=postgres --init-groups) {program} -D data \
             >server.log 2>&1"
        );
        let process = Command::new("bash").args(["-c", &line]).current_dir(folder.path()).stdin(Stdio::null()).spawn();
        let ready = "for _ in $(seq 300); do grep -qs 'ready to accept' server.log && exit; sleep 0.1; done; \
                     cat server.log; exit 1";
        let _output = bash(folder.path(), ready);
        let server = Self {
            db,
            port: port.parse().expect("a number"),
            certificates,
            own: Some((folder, process.expect("a shell"))),
        };
        let role = format!("CREATE ROLE postgres LOGIN SUPERUSER PASSWORD '{}'", Self::PASSWORD);
        let _output = server.ask_postgres(&role);
        server
    }

    /// Returns the port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns a database there.
    #[must_use]
    pub fn database(&self) -> &str {
        if self.db.kind() == Kind::Postgres { "postgres" } else { self.db.name() }
    }

    /// Returns the certificate of this name, or that of the authority that MySQL has made for itself (`own`).
    #[must_use]
    pub fn certificate(&self, name: &str) -> String {
        if name == "own" {
            // MySQL's, whose data are beside.
            return self.certificates.with_file_name("mysql/data/ca.pem").display().to_string();
        }
        self.certificates.join(format!("{name}.crt")).display().to_string()
    }

    /// Returns the folder of a server that was started for this value.
    ///
    /// # Panics
    ///
    /// If there is none.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.own.as_ref().expect("a server of its own").0.path()
    }

    /// Lets the server show another certificate, by its name or its path without ending, or the one that MySQL has made for itself (`own`).
    ///
    /// # Panics
    ///
    /// If it does not.
    pub fn show(&self, name: &str) {
        let of = |ending: &str| self.certificates.join(format!("{name}.{ending}")).display().to_string();
        let servers = self.certificates.parent().expect("a folder").display();
        match self.db.kind() {
            Kind::Postgres => {
                install_for_postgres(self.folder(), &self.certificates, name);
                let _output = self.ask_postgres("SELECT pg_reload_conf()");
                self.wait_for(&of("crt"));
            }
            Kind::Mysql => {
                let own = name == "own";
                let mut line = String::new();
                for (variable, given, made) in [
                    ("ssl_ca", self.certificate("authority"), "ca.pem"),
                    ("ssl_cert", of("crt"), "server-cert.pem"),
                    ("ssl_key", of("key"), "server-key.pem"),
                ] {
                    let file = if own { made } else { &given };
                    write!(line, "SET GLOBAL {variable} = '{file}'; ").expect("a string");
                }
                self.db.run(&format!("{line} ALTER INSTANCE RELOAD TLS"));
            }
            _ => {
                let line = format!(
                    "cp {} {servers}/mariadb/server.crt; cp {} {servers}/mariadb/server.key",
                    of("crt"),
                    of("key")
                );
                let _output = bash(&self.certificates, &line);
                self.db.run("FLUSH SSL");
            }
        }
    }

    /// Runs a statement as root, on MySQL and MariaDB.
    pub fn run(&self, statement: &str) {
        self.db.run(statement);
    }

    /// Asks PostgreSQL as superuser.
    #[must_use]
    pub fn ask_postgres(&self, query: &str) -> String {
        let url = format!("postgres://{}:{}@localhost:{}/postgres", Self::USER, Self::PASSWORD, self.port);
        bash(self.folder(), &format!("psql -qXAt '{url}' -c \"{query}\""))
    }

    /// PostgreSQL looks at its files some time after it was told.
    fn wait_for(&self, certificate: &str) {
        let line = format!(
            "wanted=$(openssl x509 -in {certificate} -outform der | sha256sum); for _ in $(seq 100); do \
             shown=$(openssl s_client -starttls postgres -connect 127.0.0.1:{} </dev/null 2>/dev/null \
             | openssl x509 -outform der 2>/dev/null | sha256sum); [ \"$shown\" = \"$wanted\" ] && exit; sleep 0.1; done; \
             exit 1",
            self.port
        );
        let _output = bash(self.folder(), &format!("set +o pipefail; {line}"));
    }
}

fn install_for_postgres(folder: &Path, certificates: &Path, name: &str) {
    let line = format!(
        "owner=$(stat -c %U data); for ending in crt key; do \
         install -m 600 -o $owner {}.$ending data/server.$ending; done",
        certificates.join(name).display()
    );
    let _output = bash(folder, &line);
}

impl Drop for SecureServer {
    fn drop(&mut self) {
        match &mut self.own {
            Some((_, process)) => {
                process.kill().ok();
                process.wait().ok();
            }
            // A second failure would end the other tests.
            None if std::thread::panicking() => {}
            None => {
                self.show(if self.db.kind() == Kind::Mysql { "own" } else { "good" });
                self.db.run(&format!("DROP USER IF EXISTS {}", Self::USER));
            }
        }
    }
}
