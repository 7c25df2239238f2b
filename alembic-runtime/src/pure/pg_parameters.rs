//! Parameters of PostgreSQL as libpq has them, for the driver, and what the driver does not take.

use std::{collections::BTreeMap, path::Path, time::Duration};

use tokio_postgres::{
    Config,
    config::{ChannelBinding, Host, TargetSessionAttrs},
};

use super::{
    libpq,
    pgpass::{self, PasswordFrom},
    tls::Files,
    value::{boolean, number},
};

/// What the driver does not take.
#[derive(Default)]
pub(super) struct Settings {
    pub(super) mode: Option<String>,
    pub(super) passfile: Option<String>,
    pub(super) files: Files,
    pub(super) password_from: Option<PasswordFrom>,
    pub(super) warning: Option<String>,
    /// What libpq says to the server by variables of its own, as parameters of the session.
    pub(super) session: BTreeMap<String, String>,
}

/// Takes one parameter over: how to talk to the server, or what only we can honour.
pub(super) fn assign(config: &mut Config, settings: &mut Settings, key: &str, value: &str) -> Result<(), String> {
    if assign_session(config, key, value)? {
        return Ok(());
    }
    match key {
        "password" => {
            config.password(value);
        }
        "sslmode" => settings.mode = Some(value.to_owned()),
        // What JDBC's URLs have for it.
        "ssl" if value == "true" => settings.mode = Some("require".to_owned()),
        "options" | "datestyle" | "timezone" | "geqo" => {
            settings.session.insert(key.to_owned(), value.to_owned());
        }
        "sslrootcert" => settings.files.roots = Some(value.to_owned()),
        "sslcert" => settings.files.certificate = Some(value.to_owned()),
        "sslkey" => settings.files.key = Some(value.to_owned()),
        "passfile" => settings.passfile = Some(value.to_owned()),
        _ if libpq::is_met(key, value) => {}
        _ => return Err(format!("the parameter `{key}` is not supported{}", libpq::instead_of(key))),
    }
    Ok(())
}

/// Returns whether the parameter says where the server is.
pub(super) fn assign_address(config: &mut Config, key: &str, value: &str) -> Result<bool, String> {
    match key {
        "host" => {
            for host in value.split(',') {
                config.host(host);
            }
        }
        "hostaddr" => {
            for address in value.split(',') {
                config.hostaddr(address.parse().map_err(|_| "`hostaddr` is not an IP address".to_owned())?);
            }
        }
        "port" => {
            for port in value.split(',') {
                let port = if port.is_empty() { "5432" } else { port };
                config.port(port.parse().map_err(|_| "`port` is not a number from 1 to 65535".to_owned())?);
            }
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// Returns whether the parameter is one that the driver understands as it is.
fn assign_session(config: &mut Config, key: &str, value: &str) -> Result<bool, String> {
    let number = || number(key, value);
    match key {
        "user" => config.user(value),
        "dbname" => config.dbname(value),
        "application_name" => config.application_name(value),
        // It comes after the other in the alphabet, which is the order here.
        "fallback_application_name" if config.get_application_name().is_some() => config,
        "fallback_application_name" => config.application_name(value),
        "connect_timeout" => config.connect_timeout(Duration::from_secs(number()?)),
        "keepalives" => config.keepalives(boolean(key, value)?),
        "keepalives_idle" => config.keepalives_idle(Duration::from_secs(number()?)),
        "keepalives_interval" => config.keepalives_interval(Duration::from_secs(number()?)),
        "keepalives_count" => config.keepalives_retries(u32::try_from(number()?).unwrap_or(u32::MAX)),
        // libpq counts milliseconds.
        "tcp_user_timeout" => config.tcp_user_timeout(Duration::from_millis(number()?)),
        "target_session_attrs" => config.target_session_attrs(match value {
            "any" => TargetSessionAttrs::Any,
            "read-write" | "primary" => TargetSessionAttrs::ReadWrite,
            _ => return Err(format!("`{key}` makes no sense for migrations unless it is read-write")),
        }),
        "channel_binding" => config.channel_binding(match value {
            "disable" => ChannelBinding::Disable,
            "prefer" => ChannelBinding::Prefer,
            "require" => ChannelBinding::Require,
            _ => return Err(format!("`{key}` is none of disable, prefer, require")),
        }),
        _ => return Ok(false),
    };
    Ok(true)
}

/// Fills in what libpq fills in.
pub(super) fn fill_in(
    config: &mut Config,
    servers: &mut Config,
    settings: &mut Settings,
    variable: &dyn Fn(&str) -> Option<String>,
) {
    if servers.get_hosts().is_empty() && servers.get_hostaddrs().is_empty() {
        let socket = Path::new("/var/run/postgresql");
        servers.host(if socket.is_dir() { "/var/run/postgresql" } else { "localhost" });
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
    if settings.password_from.is_none()
        && let Some(file) = settings.passfile.clone().or_else(|| own(".pgpass"))
    {
        let host = host_of_password(servers);
        let port = servers.get_ports().first().copied().unwrap_or(5432).to_string();
        match pgpass::look_up(&file, &pgpass::Login { host: &host, port: &port, database: &database, user: &user }) {
            Ok(None) => {}
            Ok(Some(password)) => {
                config.password(password);
                settings.password_from = Some(PasswordFrom::File(file));
            }
            Err(why) => settings.warning = Some(why),
        }
    }
    let setting = |(name, value): (&String, &String)| match name.as_str() {
        "options" => value.clone(),
        name => format!("-c {name}={}", value.replace('\\', "\\\\").replace(' ', "\\ ")),
    };
    let options: Vec<String> = settings.session.iter().map(setting).collect();
    if !options.is_empty() {
        config.options(options.join(" "));
    }
}

/// Returns what `.pgpass` calls the host: a socket is `localhost` there.
fn host_of_password(servers: &Config) -> String {
    match (servers.get_hosts().first(), servers.get_hostaddrs().first()) {
        (Some(Host::Tcp(host)), _) => host.clone(),
        (None, Some(address)) => address.to_string(),
        _ => "localhost".to_owned(),
    }
}
