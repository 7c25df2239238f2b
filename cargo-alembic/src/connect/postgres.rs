//! PostgreSQL: libpq's parameters, `PG*` variables and `.pgpass`, on tokio-postgres.

use std::{collections::BTreeMap, future::poll_fn, path::Path, time::Duration};

pub(crate) use alembic_runtime::pure::PgConnection;
use alembic_runtime::{
    cli::{CommandError, Link, Notices},
    pure::SharedRuntime,
};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection, async_connection_wrapper::BlockOn};
use tokio_postgres::{
    AsyncMessage, CancelToken, Client, Config, Connection, NoTls, Socket,
    config::{ChannelBinding, Host, SslMode, TargetSessionAttrs},
    tls::TlsStream,
};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{
    backend_key, in_url,
    parameters::{boolean, libpq},
    pgpass, role_in_url,
    tls::{self, Files, Verify},
    unreachable_database,
};
use crate::environment::Environment;

/// Variables that stand in for parameters.
const VARIABLES: [(&str, &str); 13] = [
    ("PGHOST", "host"),
    ("PGHOSTADDR", "hostaddr"),
    ("PGPORT", "port"),
    ("PGDATABASE", "dbname"),
    ("PGUSER", "user"),
    ("PGPASSWORD", "password"),
    ("PGPASSFILE", "passfile"),
    ("PGAPPNAME", "application_name"),
    ("PGOPTIONS", "options"),
    ("PGSSLMODE", "sslmode"),
    ("PGSSLROOTCERT", "sslrootcert"),
    ("PGCONNECT_TIMEOUT", "connect_timeout"),
    ("PGTARGETSESSIONATTRS", "target_session_attrs"),
];

/// A server and a database on it.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    pub(super) url: String,
    config: Config,
    tls: Option<(Verify, Files)>,
}

impl Server {
    /// Understands a URL or a keyword list; what it leaves out comes from the environment.
    pub(super) fn parse(url: &str, environment: &Environment) -> Result<Self, String> {
        // A parameter of the URL replaces the variable: `Config` can only add hosts.
        let mut parameters: BTreeMap<String, String> = VARIABLES
            .iter()
            .filter_map(|(variable, key)| Some(((*key).to_owned(), environment.get(variable)?.to_owned())))
            .collect();
        parameters.extend(libpq(url)?);
        let mut config = Config::new();
        let mut settings = Settings { mode: "prefer".to_owned(), ..Settings::default() };
        for (key, value) in &parameters {
            assign(&mut config, &mut settings, key, value)?;
        }
        fill_in(&mut config, &settings, environment);
        let tls = ssl(&mut config, &settings)?;
        Ok(Self { url: url.to_owned(), config, tls })
    }

    /// Returns the variables that stand in for what the URL leaves out.
    pub(super) fn variables(&self) -> impl Iterator<Item = &'static str> {
        let given = libpq(&self.url).unwrap_or_default();
        let is_given = move |key: &str| given.iter().any(|(given, _)| given == key);
        VARIABLES.into_iter().filter(move |(_, key)| !is_given(key)).map(|(variable, _)| variable)
    }

    /// Connects to the database of the URL.
    pub(crate) fn connect(&self) -> Result<PgConnection, CommandError> {
        Ok(self.open(&self.config)?.conn.into())
    }

    /// Connects to the database of the URL, and finds out whether a pooler is in between.
    pub(crate) fn link(&self) -> Result<Link<PgConnection>, CommandError> {
        let Open { mut conn, token, notices } = self.open(&self.config)?;
        let pooled = SharedRuntime::get_runtime().block_on(backend_key::is_pooled(token, &mut conn));
        Ok(Link { conn: PgConnection::from(conn), pooled, notices })
    }

    /// Connects to the server's own database, to make or drop that of the URL.
    pub(crate) fn connect_to_maintenance(&self) -> Result<PgConnection, CommandError> {
        Ok(self.open(self.config.clone().dbname("postgres"))?.conn.into())
    }

    /// Returns another database of the same server.
    pub(super) fn beside(&self, database: &str) -> Self {
        let mut config = self.config.clone();
        config.dbname(database);
        let url = in_url(&self.url, database).unwrap_or_else(|| format!("{} dbname={database}", self.url));
        Self { url, config, tls: self.tls.clone() }
    }

    /// Returns where the server is.
    pub(super) fn address(&self) -> String {
        let (hosts, addresses) = (self.config.get_hosts(), self.config.get_hostaddrs());
        let ports = if self.config.get_ports().is_empty() { &[5432] } else { self.config.get_ports() };
        format!("{hosts:?} {addresses:?} {ports:?}")
    }

    /// Returns the same database for another role.
    pub(super) fn as_role(&self, role: &str, password: &str) -> Self {
        let mut config = self.config.clone();
        config.user(role).password(password);
        let url = role_in_url(&self.url, role, password)
            .unwrap_or_else(|| format!("{} user={role} password={password}", self.url));
        Self { url, config, tls: self.tls.clone() }
    }

    /// Returns the name of the database.
    pub(crate) fn database(&self) -> &str {
        self.config.get_dbname().unwrap_or_default()
    }

    fn open(&self, config: &Config) -> Result<Open, CommandError> {
        let masked = alembic_runtime::cli::mask(&self.url);
        let failed = |cause: String| unreachable_database(&masked, &cause);
        let connected = SharedRuntime::get_runtime().block_on(async {
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
        });
        connected.map_err(failed)
    }
}

/// An open connection.
struct Open {
    conn: AsyncPgConnection,
    token: CancelToken,
    notices: Notices,
}

/// Lets Diesel make its settings in one transaction: it prepares them, and behind a transaction pooler
/// what is prepared is found again only inside a transaction.
async fn hand_over<S>(client: Client, connection: Connection<Socket, S>) -> Result<Open, String>
where
    S: TlsStream + Unpin + Send + 'static,
{
    let token = client.cancel_token();
    let notices = Notices::default();
    tokio::spawn(read(connection, notices.clone()));
    client.batch_execute("BEGIN").await.map_err(|e| message(&e))?;
    let mut conn = AsyncPgConnection::try_from(client).await.map_err(|error| error.to_string())?;
    conn.batch_execute("COMMIT").await.map_err(|error| error.to_string())?;
    Ok(Open { conn, token, notices })
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
        "application_name" | "fallback_application_name" => config.application_name(value),
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
fn fill_in(config: &mut Config, settings: &Settings, environment: &Environment) {
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        let socket = Path::new("/var/run/postgresql");
        config.host(if socket.is_dir() { "/var/run/postgresql" } else { "localhost" });
    }
    let user = config.get_user().or_else(|| environment.get("USER")).unwrap_or("postgres").to_owned();
    config.user(&user);
    let database = config.get_dbname().unwrap_or(&user).to_owned();
    config.dbname(&database);
    if config.get_application_name().is_none() {
        config.application_name("cargo-alembic");
    }
    if !settings.has_password {
        let home = environment.get("HOME").map(|home| format!("{home}/.pgpass"));
        let file = settings.passfile.clone().or(home);
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
        let message = |url: &str| Server::parse(url, &Environment::default()).unwrap_err();
        assert_snapshot!(message("postgres://h/d?sslcrl=x"), @"the parameter `sslcrl=x` is not supported");
        assert_snapshot!(message("postgres://h/d?sslmode=maybe"), @"`sslmode=maybe` is none of disable, allow, prefer, require, verify-ca, verify-full");
        assert_snapshot!(message("postgres://h:x/d"), @"`x` is not a port");
        assert_snapshot!(message("postgres://h/d?target_session_attrs=standby"), @"`target_session_attrs=standby` makes no sense for migrations; use read-write");
    }
}
