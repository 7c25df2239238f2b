//! PostgreSQL: libpq's parameters, `PG*` variables and `.pgpass`, on tokio-postgres.

use std::{future::poll_fn, path::Path, time::Duration};

use diesel_async::{AsyncPgConnection, SimpleAsyncConnection, async_connection_wrapper::BlockOn};
use tokio_postgres::{
    AsyncMessage, CancelToken, Client, Config, Connection, NoTls, Socket,
    config::{ChannelBinding, Host, SslMode, TargetSessionAttrs},
    tls::TlsStream,
};
use tokio_postgres_rustls::MakeRustlsConnect;

#[cfg(feature = "cli")]
use super::backend_key;
use super::{
    Connected, PgConnection, SharedRuntime,
    connected::Open,
    libpq, pgpass,
    tls::{self, Files, Verify},
    url_parts::{boolean, in_url, role_in_url},
};
use crate::notices::Notices;

/// A server and a database on it.
#[derive(Debug, Clone)]
pub struct PgServer {
    url: String,
    config: Config,
    tls: Option<(Verify, Files)>,
    environment: Vec<(&'static str, String)>,
}

impl PgServer {
    /// Returns whether a text is a list of keywords such as `host=db dbname=shop`.
    #[must_use]
    pub fn are_keywords(text: &str) -> bool {
        libpq::are_keywords(text)
    }

    /// Understands a URL or a keyword list; what it leaves out comes from the environment.
    ///
    /// # Errors
    ///
    /// What of them is not understood.
    pub fn parse(url: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, String> {
        let mut config = Config::new();
        let mut settings = Settings { mode: "prefer".to_owned(), ..Settings::default() };
        // `Config` can only add hosts: what wins is decided before.
        for (key, value) in &libpq::parameters(url, variable)? {
            assign(&mut config, &mut settings, key, value)?;
        }
        fill_in(&mut config, &mut settings, variable);
        let tls = ssl(&mut config, &settings)?;
        let environment = libpq::variables(url).filter_map(|(name, _)| Some((name, variable(name)?))).collect();
        Ok(Self { url: url.to_owned(), config, tls, environment })
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
    pub fn url(&self) -> &str {
        &self.url
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
        let url = in_url(&self.url, database).unwrap_or_else(|| format!("{} dbname={database}", self.url));
        Self { url, config, ..self.clone() }
    }

    /// Returns where the server is.
    #[must_use]
    pub fn address(&self) -> String {
        let (hosts, addresses) = (self.config.get_hosts(), self.config.get_hostaddrs());
        let ports = if self.config.get_ports().is_empty() { &[5432] } else { self.config.get_ports() };
        format!("{hosts:?} {addresses:?} {ports:?}")
    }

    /// Returns the same database for another role.
    #[must_use]
    pub fn as_role(&self, role: &str, password: &str) -> Self {
        let mut config = self.config.clone();
        config.user(role).password(password);
        let url = role_in_url(&self.url, role, password)
            .unwrap_or_else(|| format!("{} user={role} password={password}", self.url));
        Self { url, config, ..self.clone() }
    }

    /// Returns the name of the database.
    #[must_use]
    pub fn database(&self) -> &str {
        self.config.get_dbname().unwrap_or_default()
    }

    fn block_on(&self, config: &Config) -> Result<Opened, String> {
        SharedRuntime::get_runtime().block_on(self.open(config))
    }

    async fn open(&self, config: &Config) -> Result<Opened, String> {
        match &self.tls {
            None => {
                let (client, connection) = config.connect(NoTls).await.map_err(|e| message(&e))?;
                hand_over(client, connection).await
            }
            Some((verify, files)) => {
                let tls = MakeRustlsConnect::new(tls::config(*verify, files)?);
                let (client, connection) = config.connect(tls).await.map_err(|e| message(&e))?;
                hand_over(client, connection).await
            }
        }
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

#[derive(Default)]
struct Settings {
    mode: String,
    passfile: Option<String>,
    files: Files,
    has_password: bool,
}

/// Takes one parameter over: where the server is, how to talk to it, or what only we can honour.
fn assign(config: &mut Config, settings: &mut Settings, key: &str, value: &str) -> Result<(), String> {
    let value_of = |name: &str| if name == "sslpassword" { "***".to_owned() } else { value.to_owned() };
    if assign_address(config, key, value)? || assign_session(config, key, value)? {
        return Ok(());
    }
    match key {
        "password" => {
            settings.has_password = true;
            config.password(value);
        }
        "sslmode" => value.clone_into(&mut settings.mode),
        "sslrootcert" => settings.files.roots = Some(value.to_owned()),
        "sslcert" => settings.files.certificate = Some(value.to_owned()),
        "sslkey" => settings.files.key = Some(value.to_owned()),
        "passfile" => settings.passfile = Some(value.to_owned()),
        // Our sessions are UTF-8, without Kerberos, whatever these say.
        "client_encoding" if value.eq_ignore_ascii_case("utf8") || value.eq_ignore_ascii_case("utf-8") => {}
        "gssencmode" if matches!(value, "disable" | "prefer") => {}
        _ => return Err(format!("the parameter `{key}={}` is not supported", value_of(key))),
    }
    Ok(())
}

/// Returns whether the parameter says where the server is.
fn assign_address(config: &mut Config, key: &str, value: &str) -> Result<bool, String> {
    match key {
        "host" => {
            for host in value.split(',') {
                config.host(host);
            }
        }
        "hostaddr" => {
            for address in value.split(',') {
                config.hostaddr(address.parse().map_err(|_| format!("`{address}` is not an IP address"))?);
            }
        }
        "port" => {
            for port in value.split(',') {
                config.port(port.parse().map_err(|_| format!("`{port}` is not a port"))?);
            }
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// Returns whether the parameter is one that the driver understands as it is.
fn assign_session(config: &mut Config, key: &str, value: &str) -> Result<bool, String> {
    let number = || value.parse::<u64>().map_err(|_| format!("`{key}={value}` is not a number"));
    match key {
        "user" => config.user(value),
        "dbname" => config.dbname(value),
        "application_name" => config.application_name(value),
        // It comes after the other in the alphabet, which is the order here.
        "fallback_application_name" if config.get_application_name().is_some() => config,
        "fallback_application_name" => config.application_name(value),
        "options" => config.options(value),
        "connect_timeout" => config.connect_timeout(Duration::from_secs(number()?)),
        "keepalives" => config.keepalives(boolean(key, value)?),
        "keepalives_idle" => config.keepalives_idle(Duration::from_secs(number()?)),
        // libpq counts milliseconds.
        "tcp_user_timeout" => config.tcp_user_timeout(Duration::from_millis(number()?)),
        "target_session_attrs" => config.target_session_attrs(match value {
            "any" => TargetSessionAttrs::Any,
            "read-write" | "primary" => TargetSessionAttrs::ReadWrite,
            _ => return Err(format!("`{key}={value}` makes no sense for migrations; use read-write")),
        }),
        "channel_binding" => config.channel_binding(match value {
            "disable" => ChannelBinding::Disable,
            "prefer" => ChannelBinding::Prefer,
            "require" => ChannelBinding::Require,
            _ => return Err(format!("`{key}={value}` is not understood")),
        }),
        _ => return Ok(false),
    };
    Ok(true)
}

/// Fills in what libpq fills in.
fn fill_in(config: &mut Config, settings: &mut Settings, variable: &dyn Fn(&str) -> Option<String>) {
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        let socket = Path::new("/var/run/postgresql");
        config.host(if socket.is_dir() { "/var/run/postgresql" } else { "localhost" });
    }
    let user = config.get_user().map(str::to_owned).or_else(|| variable("USER")).unwrap_or("postgres".into());
    config.user(&user);
    let database = config.get_dbname().unwrap_or(&user).to_owned();
    config.dbname(&database);
    let home = variable("HOME");
    let own = |file: &str| home.as_ref().map(|home| format!("{home}/{file}")).filter(|file| Path::new(file).exists());
    let Files { roots, certificate, key } = &mut settings.files;
    *roots = roots.take().or_else(|| own(".postgresql/root.crt"));
    if certificate.is_none() && key.is_none() {
        (*certificate, *key) = (own(".postgresql/postgresql.crt"), own(".postgresql/postgresql.key"));
    }
    if !settings.has_password {
        let file = settings.passfile.clone().or_else(|| own(".pgpass"));
        let text = file.and_then(|file| std::fs::read_to_string(file).ok()).unwrap_or_default();
        let host = match config.get_hosts().first() {
            Some(Host::Tcp(host)) => host.clone(),
            _ => "localhost".to_owned(),
        };
        let port = config.get_ports().first().copied().unwrap_or(5432).to_string();
        if let Some(password) = pgpass::find(&text, &host, &port, &database, &user) {
            config.password(password);
        }
    }
}

fn ssl(config: &mut Config, settings: &Settings) -> Result<Option<(Verify, Files)>, String> {
    let (mode, verify) = match settings.mode.as_str() {
        "disable" => (SslMode::Disable, None),
        "allow" | "prefer" => (SslMode::Prefer, Some(Verify::Nothing)),
        // With an authority to check against, libpq checks.
        "require" if settings.files.roots.is_some() => (SslMode::Require, Some(Verify::Authority)),
        "require" => (SslMode::Require, Some(Verify::Nothing)),
        "verify-ca" => (SslMode::Require, Some(Verify::Authority)),
        "verify-full" => (SslMode::Require, Some(Verify::Host)),
        other => {
            return Err(format!(
                "`sslmode={other}` is none of disable, allow, prefer, require, verify-ca, verify-full"
            ));
        }
    };
    // As libpq does it, whatever the mode says: a socket of this machine needs no encryption.
    let local = |host: &Host| !matches!(host, Host::Tcp(_));
    if !config.get_hosts().is_empty() && config.get_hosts().iter().all(local) {
        config.ssl_mode(SslMode::Disable);
        return Ok(None);
    }
    config.ssl_mode(mode);
    Ok(verify.map(|verify| (verify, settings.files.clone())))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn what_cannot_be_honoured_is_refused_by_name() {
        let message = |url: &str| PgServer::parse(url, &|_| None).unwrap_err();
        assert_snapshot!(message("postgres://h/d?sslcrl=x"), @"the parameter `sslcrl=x` is not supported");
        assert_snapshot!(message("postgres://h/d?sslmode=maybe"), @"`sslmode=maybe` is none of disable, allow, prefer, require, verify-ca, verify-full");
        assert_snapshot!(message("postgres://h:x/d"), @"`x` is not a port");
        assert_snapshot!(message("postgres://h/d?target_session_attrs=standby"), @"`target_session_attrs=standby` makes no sense for migrations; use read-write");
    }
}
