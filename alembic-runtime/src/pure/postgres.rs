//! PostgreSQL: libpq's parameters, `PG*` variables and `.pgpass`, on tokio-postgres.

use std::{fmt, future::poll_fn, net::IpAddr, sync::Arc};

use alembic_sql::{
    Dialect,
    url::{DatabaseUrl, ServerUrl},
};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection, async_connection_wrapper::BlockOn};
use tokio_postgres::{
    AsyncMessage, CancelToken, Client, Config, Connection, NoTls, Socket,
    config::{Host, SslMode, SslNegotiation},
    tls::TlsStream,
};

#[cfg(feature = "cli")]
use super::backend_key;
use super::{
    Connected, PgConnection, SharedRuntime,
    connected::Open,
    libpq::{self, Origin},
    pg_parameters::{Settings, assign, assign_address, fill_in},
    pg_stream::{Encryption, Negotiator},
    pgpass::PasswordFrom,
    tls::{self, Files, Verify},
};
use crate::notices::Notices;

/// A server and a database on it.
#[derive(Clone)]
pub struct PgServer {
    url: ServerUrl,
    /// Who wants what of a server.
    config: Config,
    /// Where the servers are: hosts, addresses and ports.
    servers: Config,
    encryption: Encryption,
    files: Files,
    environment: Vec<(&'static str, String)>,
    /// Where the password comes from, if there is one.
    password_from: Option<PasswordFrom>,
    /// What was ignored, and why.
    warning: Option<String>,
}

impl fmt::Debug for PgServer {
    /// Shows no password, whether it is in the URL or in a variable.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PgServer").field(&self.url).finish()
    }
}

impl PgServer {
    /// Understands a URL or a keyword list; what it leaves out comes from the environment.
    ///
    /// # Errors
    ///
    /// What of them is not understood.
    pub fn parse(url: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, String> {
        match DatabaseUrl::parse(url).map_err(|error| error.to_string())? {
            DatabaseUrl::Server(url) if url.dialect() == Dialect::Postgres => Self::new(url, variable),
            _ => Err("expected `postgres://…`".to_owned()),
        }
    }

    /// Takes a URL; what it leaves out comes from the environment.
    ///
    /// # Errors
    ///
    /// What of both is not supported.
    pub fn new(url: ServerUrl, variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, String> {
        let (mut config, mut servers) = (Config::new(), Config::new());
        let mut settings = Settings::default();
        // `Config` can only add hosts: what wins is decided before.
        for (key, (value, origin)) in &libpq::parameters(&url, variable)? {
            let assigned = match assign_address(&mut servers, key, value) {
                Ok(false) => assign(&mut config, &mut settings, key, value),
                address => address.map(drop),
            };
            assigned.map_err(|why| match origin {
                Origin::Variable(name) => format!("{name} is set: {why}"),
                Origin::Service => format!("in pg_service.conf: {why}"),
                Origin::Url => why,
            })?;
            if key == "password" {
                settings.password_from = Some(match origin {
                    Origin::Url => PasswordFrom::Url,
                    Origin::Service => PasswordFrom::Service,
                    Origin::Variable(_) => PasswordFrom::Variable,
                });
            }
        }
        fill_in(&mut config, &mut servers, &mut settings, variable);
        let encryption = Encryption::parse(settings.mode.as_deref(), &settings.files)?;
        let environment = libpq::variables(&url).filter_map(|(name, _)| Some((name, variable(name)?))).collect();
        let Settings { files, password_from, warning, .. } = settings;
        Ok(Self { url, config, servers, encryption, files, environment, password_from, warning })
    }

    /// Understands a URL or a keyword list; what it leaves out comes from the environment of the process.
    ///
    /// # Errors
    ///
    /// What of them is not understood.
    pub fn of_process(url: &str) -> Result<Self, String> {
        Self::parse(url, &of_process)
    }

    /// Calls the sessions by a name, unless the URL or the environment does.
    #[must_use]
    pub fn named(mut self, application: &str) -> Self {
        if self.config.get_application_name().is_none() {
            self.config.application_name(application);
        }
        self
    }

    /// Returns the URL.
    #[must_use]
    pub fn url(&self) -> &ServerUrl {
        &self.url
    }

    /// Returns where the password comes from, if there is one.
    #[must_use]
    pub fn password_from(&self) -> Option<&PasswordFrom> {
        self.password_from.as_ref()
    }

    /// Returns whether what goes to the server can be read on its way: it is another machine, and TLS is switched off.
    #[must_use]
    pub fn is_readable_on_its_way(&self) -> bool {
        let is_here = |host: &Host| match host {
            Host::Tcp(name) => name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback()),
            _ => true,
        };
        let addresses = self.servers.get_hostaddrs();
        let all_here = match addresses {
            [] => self.servers.get_hosts().iter().all(is_here),
            _ => addresses.iter().all(IpAddr::is_loopback),
        };
        self.encryption == Encryption::Disabled && !all_here
    }

    /// Returns what was ignored, and why: a password file that others can read.
    #[must_use]
    pub fn warning(&self) -> Option<&str> {
        self.warning.as_deref()
    }

    /// Returns the variables that supply what the URL leaves out.
    pub fn variables(&self) -> impl Iterator<Item = &'static str> {
        libpq::variables(&self.url).map(|(name, _)| name)
    }

    /// Returns those of the variables that are set.
    #[must_use]
    pub fn environment(&self) -> &[(&'static str, String)] {
        &self.environment
    }

    /// Connects to the database of the URL.
    ///
    /// # Errors
    ///
    /// What the server or the driver says.
    pub fn connect(&self) -> Result<PgConnection, String> {
        Ok(self.block_on(&self.config)?.into())
    }

    /// Connects to the database of the URL, and finds out whether a pooler is in between.
    ///
    /// # Errors
    ///
    /// What the server or the driver says.
    #[cfg(feature = "cli")]
    pub fn link(&self) -> Result<crate::link::Link<PgConnection>, String> {
        let Opened { mut conn, token, notices } = self.block_on(&self.config)?;
        let pooled = SharedRuntime::get_runtime().block_on(backend_key::is_pooled(token, &mut conn));
        let server = self.clone();
        let link = crate::link::Link { pooled, notices, ..crate::link::Link::direct(Connected::new(conn).into()) };
        Ok(link.with_another(move || server.connect().ok()))
    }

    /// Connects to the server's own database, to make or drop that of the URL.
    ///
    /// # Errors
    ///
    /// What the server or the driver says.
    pub fn connect_to_maintenance(&self) -> Result<PgConnection, String> {
        Ok(self.block_on(self.config.clone().dbname("postgres"))?.into())
    }

    /// Returns another database of the same server.
    #[must_use]
    pub fn beside(&self, database: &str) -> Self {
        let mut config = self.config.clone();
        config.dbname(database);
        Self { url: self.url.clone().with_database(database), config, ..self.clone() }
    }

    /// Returns where the server is.
    #[must_use]
    pub fn address(&self) -> String {
        let (hosts, addresses) = (self.servers.get_hosts(), self.servers.get_hostaddrs());
        let ports = if self.servers.get_ports().is_empty() { &[5432] } else { self.servers.get_ports() };
        format!("{hosts:?} {addresses:?} {ports:?}")
    }

    /// Returns the same database for another role.
    #[must_use]
    pub fn as_role(&self, role: &str, password: &str) -> Self {
        let mut config = self.config.clone();
        config.user(role).password(password);
        let url = self.url.clone().with_login(role, password);
        Self { url, config, password_from: Some(PasswordFrom::Url), ..self.clone() }
    }

    /// Returns the name of the database.
    #[must_use]
    pub fn database(&self) -> &str {
        self.config.get_dbname().unwrap_or_default()
    }

    fn block_on(&self, config: &Config) -> Result<Opened, String> {
        SharedRuntime::get_runtime().block_on(self.open(config))
    }

    /// Tries one server after the other, and each at all its addresses.
    async fn open(&self, config: &Config) -> Result<Opened, String> {
        let mut failed = "both host and hostaddr are missing".to_owned();
        for (host, address, port) in self.servers()? {
            let addresses = match (&host, address) {
                (Host::Tcp(_), Some(address)) => Ok(vec![Some(address)]),
                (Host::Tcp(name), None) => {
                    let found = tls::resolve(name, port).await;
                    found.map(|found| found.iter().map(|address| Some(address.ip())).collect())
                }
                _ => Ok(vec![None]),
            };
            match addresses {
                Err(error) => failed = error,
                Ok(addresses) => {
                    for address in addresses {
                        match self.open_at(config.clone(), &host, address, port).await {
                            Ok(opened) => return Ok(opened),
                            Err(error) => failed = error,
                        }
                    }
                }
            }
        }
        Err(failed)
    }

    /// Returns the name, the address if there is one, and the port of each server.
    fn servers(&self) -> Result<Vec<(Host, Option<IpAddr>, u16)>, String> {
        let (hosts, addresses) = (self.servers.get_hosts(), self.servers.get_hostaddrs());
        let (ports, count) = (self.servers.get_ports(), hosts.len().max(addresses.len()));
        if !hosts.is_empty() && !addresses.is_empty() && hosts.len() != addresses.len() {
            return Err(format!("there are {} hosts and {} hostaddrs", hosts.len(), addresses.len()));
        }
        if ports.len() > 1 && ports.len() != count {
            return Err(format!("there are {count} hosts and {} ports", ports.len()));
        }
        let server = |n: usize| {
            let address = addresses.get(n).copied();
            let host = hosts.get(n).cloned().or_else(|| address.map(|address| Host::Tcp(address.to_string())))?;
            Some((host, address, ports.get(n).or(ports.first()).copied().unwrap_or(5432)))
        };
        Ok((0..count).filter_map(server).collect())
    }

    async fn open_at(
        &self,
        mut config: Config,
        host: &Host,
        address: Option<IpAddr>,
        port: u16,
    ) -> Result<Opened, String> {
        match host {
            Host::Tcp(name) => config.host(name),
            #[cfg(unix)]
            Host::Unix(path) => config.host_path(path),
        };
        config.port(port);
        if let Some(address) = address {
            config.hostaddr(address);
        }
        let (may_be_plain, verify) = match (self.encryption, address) {
            (Encryption::Preferred, Some(_)) => (true, Verify::Nothing),
            (Encryption::Required(verify), Some(_)) => (false, verify),
            // As libpq does it, whatever the mode says: a socket of this machine needs no encryption.
            (Encryption::Disabled, _) | (_, None) => {
                let (client, connection) =
                    config.ssl_mode(SslMode::Disable).connect(NoTls).await.map_err(|e| message(&e))?;
                return hand_over(client, connection).await;
            }
        };
        let negotiator = Negotiator {
            tls: Arc::new(tls::config(verify, &self.files)?),
            may_be_plain,
            may_be_read: address.is_some_and(tls::stays_here),
        };
        config.ssl_mode(SslMode::Require).ssl_negotiation(SslNegotiation::Direct);
        let (client, connection) = config.connect(negotiator).await.map_err(|e| message(&e))?;
        hand_over(client, connection).await
    }
}

impl Open for AsyncPgConnection {
    async fn open(url: &str) -> Result<Self, String> {
        let server = PgServer::of_process(url)?;
        Ok(server.open(&server.config).await?.conn)
    }
}

/// Returns a variable of the process.
#[expect(clippy::disallowed_methods, reason = "a connection is opened with nothing but its URL, as by libpq")]
fn of_process(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// An open connection.
#[cfg_attr(not(feature = "cli"), expect(dead_code, reason = "the commands ask for more than the connection"))]
struct Opened {
    conn: AsyncPgConnection,
    token: CancelToken,
    notices: Notices,
}

impl From<Opened> for PgConnection {
    fn from(opened: Opened) -> Self {
        Connected::new(opened.conn).into()
    }
}

/// Lets Diesel make its settings in one transaction: it prepares them, and behind a transaction pooler
/// what is prepared is found again only inside a transaction.
async fn hand_over<S>(client: Client, connection: Connection<Socket, S>) -> Result<Opened, String>
where
    S: TlsStream + Unpin + Send + 'static,
{
    let token = client.cancel_token();
    let notices = Notices::default();
    tokio::spawn(read(connection, notices.clone()));
    client.batch_execute("BEGIN").await.map_err(|e| message(&e))?;
    let mut conn = AsyncPgConnection::try_from(client).await.map_err(|error| error.to_string())?;
    conn.batch_execute("COMMIT").await.map_err(|error| error.to_string())?;
    Ok(Opened { conn, token, notices })
}

/// Reads a connection to its end, and keeps what is no answer.
async fn read<S: TlsStream + Unpin>(mut connection: Connection<Socket, S>, notices: Notices) {
    while let Some(read) = poll_fn(|cx| connection.poll_message(cx)).await {
        match read {
            Ok(AsyncMessage::Notice(notice)) => notices.push(format!("{}: {}", notice.severity(), notice.message())),
            Ok(_) => {}
            Err(error) => return notices.push(format!("the connection was lost: {}", message(&error))),
        }
    }
}

/// The driver's error says only "db error"; its sources say which.
fn message(error: &tokio_postgres::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    fn refusal(url: &str, variables: &[(&str, &str)]) -> String {
        let find = |name: &str| variables.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned());
        PgServer::parse(url, &find).unwrap_err()
    }

    #[test]
    fn what_cannot_be_honoured_is_refused_by_name() {
        let message = |url: &str| refusal(url, &[]);
        assert_snapshot!(message("postgres://h/d?sslcrl=x"), @"the parameter `sslcrl` is not supported; no list of revoked certificates is read: leave it out, or connect through a proxy that does");
        assert_snapshot!(message("postgres://h/d?sslmode=maybe"), @"`sslmode` is none of disable, allow, prefer, require, verify-ca, verify-full");
        assert_snapshot!(message("postgres://h/d?target_session_attrs=standby"), @"`target_session_attrs` makes no sense for migrations unless it is read-write");
        assert_snapshot!(message("postgres://h/d?require_auth=scram-sha-256"), @"the parameter `require_auth` is not supported; `channel_binding=require` connects to no server that does not know the password already");
    }

    #[test]
    fn a_variable_is_honoured_or_refused_by_its_name() {
        for (name, refused, honoured) in [
            ("PGCHANNELBINDING", "maybe", "prefer"),
            ("PGSSLMINPROTOCOLVERSION", "TLSv1.3", "TLSv1.2"),
            ("PGSSLMAXPROTOCOLVERSION", "TLSv1.2", "TLSv1.3"),
            ("PGSSLMODE", "maybe", "require"),
            ("PGREQUIRESSL", "1", "0"),
            ("PGSSLSNI", "0", "1"),
            ("PGSSLNEGOTIATION", "direct", "postgres"),
            ("PGSSLCERTMODE", "require", "allow"),
            ("PGSSLCOMPRESSION", "1", "0"),
            ("PGGSSENCMODE", "require", "prefer"),
            ("PGGSSDELEGATION", "1", "0"),
            ("PGMINPROTOCOLVERSION", "3.2", "3.0"),
            ("PGMAXPROTOCOLVERSION", "2.0", "latest"),
            ("PGLOADBALANCEHOSTS", "random", "disable"),
            ("PGCLIENTENCODING", "latin1", "UTF8"),
            ("PGTARGETSESSIONATTRS", "standby", "read-write"),
            ("PGCONNECT_TIMEOUT", "soon", "5"),
            ("PGPORT", "SECRET", "5433"),
            ("PGHOSTADDR", "SECRET", "127.0.0.1"),
        ] {
            let error = refusal("postgres://h/d", &[(name, refused)]);
            // `sslmode` is read when all is known.
            assert!(name == "PGSSLMODE" || error.starts_with(&format!("{name} is set: ")), "{error}");
            assert!(!error.contains("SECRET"), "{error}");
            PgServer::parse("postgres://h/d", &|set| (set == name).then(|| honoured.to_owned())).unwrap();
        }
        for name in ["PGSSLCRL", "PGSSLCRLDIR", "PGREQUIREAUTH", "PGREQUIREPEER"] {
            let error = refusal("postgres://h/d", &[(name, "x")]);
            assert!(error.starts_with(&format!("{name} is set: the parameter")) && error.contains("; "), "{error}");
        }
    }

    #[test]
    fn what_variables_say_of_a_session_is_said_to_the_server() {
        let variables = [("PGTZ", "Europe/Vienna"), ("PGOPTIONS", "-c a.b=1"), ("PGDATESTYLE", "ISO, DMY")];
        let find = |name: &str| variables.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned());
        let server = PgServer::parse("postgres://h/d", &find).unwrap();
        let options = server.config.get_options().unwrap();
        assert_eq!(options, "-c datestyle=ISO,\\ DMY -c a.b=1 -c timezone=Europe/Vienna");
    }

    #[test]
    fn the_source_of_a_password_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pass").display().to_string();
        std::fs::write(&file, "h:5432:d:me:SECRET\n").unwrap();
        let server = |url: &str, variables: &[(&str, &str)]| {
            let find =
                |name: &str| variables.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned());
            PgServer::parse(url, &find).unwrap()
        };
        let with_file = [("PGPASSFILE", file.as_str()), ("PGUSER", "me")];
        #[cfg(unix)]
        {
            use std::{fs, os::unix::fs::PermissionsExt};

            for mode in [0o640, 0o604, 0o666] {
                fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
                let open = server("postgres://h/d", &with_file);
                assert_eq!((open.password_from(), open.config.get_password()), (None, None));
                assert!(open.warning().unwrap().contains(&format!("run `chmod 0600 {file}`")), "{:?}", open.warning());
            }
            fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        }
        let from = |url: &str, variables: &[(&str, &str)]| server(url, variables).password_from().cloned();
        assert_eq!(from("postgres://h/d", &with_file), Some(PasswordFrom::File(file.clone())));
        assert_eq!(from("postgres://other/d", &with_file), None);
        assert_eq!(from("postgres://h/d", &[("PGPASSWORD", "x")]), Some(PasswordFrom::Variable));
        assert_eq!(from("postgres://me:x@h/d", &with_file), Some(PasswordFrom::Url));
        for server in [server("postgres://me:SECRET@h/d", &[]), server("postgres://h/d", &[("PGPASSWORD", "SECRET")])] {
            assert!(!format!("{server:?}").contains("SECRET"), "{server:?}");
        }
    }

    #[test]
    fn a_mode_is_as_strict_as_libpqs() {
        let parse = |parameters: &str| PgServer::parse(&format!("postgres://h/d?{parameters}"), &|_| None);
        let encryption = |parameters: &str| parse(parameters).unwrap().encryption;
        assert_eq!(encryption(""), Encryption::Preferred);
        assert_eq!(encryption("sslmode=disable"), Encryption::Disabled);
        assert_eq!(encryption("sslmode=require"), Encryption::Required(Verify::Nothing));
        assert_eq!(encryption("sslmode=require&sslrootcert=x"), Encryption::Required(Verify::Authority));
        assert_eq!(encryption("sslmode=verify-ca&sslrootcert=x"), Encryption::Required(Verify::Authority));
        assert_eq!(encryption("sslmode=verify-full"), Encryption::Required(Verify::Host));
        assert_eq!(encryption("sslrootcert=system"), Encryption::Required(Verify::Host));
        for weak in ["disable", "allow", "prefer", "require", "verify-ca"] {
            let error = parse(&format!("sslmode={weak}&sslrootcert=system")).unwrap_err();
            assert_eq!(error, format!("`sslmode={weak}` is too weak for `sslrootcert=system`; use verify-full"));
        }
        let error = parse("sslmode=verify-ca").unwrap_err();
        assert_snapshot!(error, @"`sslmode=verify-ca` needs the authority's certificate, in ~/.postgresql/root.crt or as `sslrootcert=FILE`");
    }

    #[test]
    fn the_users_authority_is_asked() {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join(".postgresql")).unwrap();
        let file = home.path().join(".postgresql/root.crt").display().to_string();
        std::fs::write(&file, "").unwrap();
        let home = home.path().display().to_string();
        let parse = |url: &str| PgServer::parse(url, &|name| (name == "HOME").then(|| home.clone())).unwrap();
        for url in ["postgres://h/d?sslmode=require", "postgres://h/d?sslmode=verify-ca"] {
            assert_eq!(parse(url).encryption, Encryption::Required(Verify::Authority));
            assert_eq!(parse(url).files.roots.as_deref(), Some(&*file));
        }
        let named = parse("postgres://h/d?sslmode=verify-ca&sslrootcert=mine");
        assert_eq!(named.files.roots.as_deref(), Some("mine"));
    }

    #[test]
    fn each_server_has_its_address_and_its_port() {
        let servers = |list: &str| {
            let server = PgServer::parse(list, &|_| None).unwrap();
            server.servers().map(|found| format!("{found:?}"))
        };
        assert_snapshot!(servers("host=a,/run,b port=1,2,3").unwrap(), @r#"[(Tcp("a"), None, 1), (Unix("/run"), None, 2), (Tcp("b"), None, 3)]"#);
        assert_snapshot!(servers("host=a,b hostaddr=10.0.0.1,::1 port=7").unwrap(), @r#"[(Tcp("a"), Some(10.0.0.1), 7), (Tcp("b"), Some(::1), 7)]"#);
        assert_snapshot!(servers("hostaddr=10.0.0.1 dbname=x").unwrap(), @r#"[(Tcp("10.0.0.1"), Some(10.0.0.1), 5432)]"#);
        assert_snapshot!(servers("host=a,b hostaddr=10.0.0.1").unwrap_err(), @"there are 2 hosts and 1 hostaddrs");
        assert_snapshot!(servers("host=a,b,c port=1,2").unwrap_err(), @"there are 3 hosts and 2 ports");
    }
}
