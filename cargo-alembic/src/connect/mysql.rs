//! MySQL and MariaDB: the common URL parameters, on `mysql_async`.

use std::time::Duration;

use alembic_core::Dialect;
pub(crate) use alembic_runtime::pure::MysqlConnection;
use alembic_runtime::{cli::CommandError, pure::SharedRuntime};
use diesel_async::{AsyncMysqlConnection, async_connection_wrapper::BlockOn};
use mysql_async::{ClientIdentity, Conn, Opts, OptsBuilder, SslOpts};

use super::{
    in_url,
    parameters::{boolean, decode, mysql},
    role_in_url, unreachable_database,
};

/// A server and a database on it.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    pub(super) url: String,
    /// What the URL calls the server; it may turn out to be the other one.
    pub(super) dialect: Dialect,
    options: OptsBuilder,
    database: String,
    connect_timeout: Duration,
}

#[derive(Default)]
struct Ssl {
    mode: Option<String>,
    authority: Option<String>,
    certificate: Option<String>,
    key: Option<String>,
}

impl Server {
    pub(super) fn parse(text: &str, scheme: &str) -> Result<Self, String> {
        let (url, parameters) = mysql(text)?;
        let database = decode(url.path().trim_start_matches('/'))?;
        if database.is_empty() {
            return Err("the URL names no database; write it after the host, as in `mysql://host/shop`".to_owned());
        }
        let password = url.password().map(decode).transpose()?;
        let user = (!url.username().is_empty()).then(|| decode(url.username())).transpose()?;
        let mut options = OptsBuilder::default()
            .user(user)
            .pass(password)
            .db_name(Some(&database))
            // Diesel caches statements itself, and counts matched rows, not changed ones.
            .stmt_cache_size(0)
            .client_found_rows(true)
            .prefer_socket(false);
        if let Some(host) = url.host_str().filter(|host| !host.is_empty()) {
            options = options.ip_or_hostname(without_brackets(&decode(host)?));
        }
        if let Some(port) = url.port() {
            options = options.tcp_port(port);
        }
        let mut ssl = Ssl::default();
        let mut connect_timeout = Duration::from_secs(30);
        for (key, value) in &parameters {
            match key.as_str() {
                "socket" | "unix_socket" => options = options.socket(Some(value)),
                "ssl_mode" | "ssl-mode" | "sslmode" => ssl.mode = Some(value.to_uppercase().replace('-', "_")),
                "require_ssl" if boolean(key, value)? => ssl.mode = Some("REQUIRED".into()),
                "require_ssl" => {}
                "ssl_ca" | "ssl-ca" => ssl.authority = Some(value.clone()),
                "ssl_cert" | "ssl-cert" => ssl.certificate = Some(value.clone()),
                "ssl_key" | "ssl-key" => ssl.key = Some(value.clone()),
                "connect_timeout" => {
                    let seconds = value.parse().map_err(|_| format!("`{key}={value}` is not a number"))?;
                    connect_timeout = Duration::from_secs(seconds);
                }
                "charset" if value.to_ascii_lowercase().starts_with("utf8") => {}
                _ => return Err(format!("the parameter `{key}` is not supported")),
            }
        }
        let options = options.ssl_opts(ssl_options(ssl)?);
        let dialect = if scheme == "mariadb" { Dialect::Mariadb } else { Dialect::Mysql };
        Ok(Self { url: text.to_owned(), dialect, options, database, connect_timeout })
    }

    /// Connects to the database of the URL.
    pub(crate) fn connect(&self) -> Result<MysqlConnection, CommandError> {
        self.open(self.options.clone())
    }

    /// Connects without database, to make or drop that of the URL.
    pub(crate) fn connect_to_server(&self) -> Result<MysqlConnection, CommandError> {
        self.open(self.options.clone().db_name(None::<String>))
    }

    /// Returns another database of the same server.
    pub(super) fn beside(&self, database: &str) -> Self {
        let url = in_url(&self.url, database).unwrap_or_else(|| self.url.clone());
        let options = self.options.clone().db_name(Some(database));
        Self { url, options, database: database.to_owned(), ..self.clone() }
    }

    /// Returns where the server is.
    pub(super) fn address(&self) -> String {
        let options = Opts::from(self.options.clone());
        format!("{} {} {:?}", options.ip_or_hostname(), options.tcp_port(), options.socket())
    }

    /// Returns the same database for another user.
    pub(super) fn as_role(&self, user: &str, password: &str) -> Self {
        let url = role_in_url(&self.url, user, password).unwrap_or_else(|| self.url.clone());
        let options = self.options.clone().user(Some(user)).pass(Some(password));
        Self { url, options, ..self.clone() }
    }

    /// Returns the name of the database.
    pub(crate) fn database(&self) -> &str {
        &self.database
    }

    fn open(&self, options: OptsBuilder) -> Result<MysqlConnection, CommandError> {
        let masked = alembic_runtime::cli::mask(&self.url);
        let opened = SharedRuntime::get_runtime().block_on(async {
            let conn = tokio::time::timeout(self.connect_timeout, Conn::new(options));
            let conn = conn.await.map_err(|_| "the server did not answer in time".to_owned())?;
            let conn = conn.map_err(|error| error.to_string())?;
            AsyncMysqlConnection::try_from(conn).await.map_err(|error| error.to_string())
        });
        opened.map(MysqlConnection::from).map_err(|cause| unreachable_database(&masked, &cause))
    }
}

/// The driver looks `[::1]` up as a name.
fn without_brackets(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

fn ssl_options(ssl: Ssl) -> Result<Option<SslOpts>, String> {
    let has_files = ssl.authority.is_some() || ssl.certificate.is_some();
    // The driver cannot fall back, so what libmysqlclient prefers has to be asked for.
    let mode = ssl.mode.as_deref().unwrap_or(if has_files { "VERIFY_CA" } else { "DISABLED" });
    let mut options = SslOpts::default();
    if let Some(authority) = ssl.authority {
        options = options.with_root_certs(vec![std::path::PathBuf::from(authority).into()]);
    }
    match (ssl.certificate, ssl.key) {
        (Some(certificate), Some(key)) => {
            let identity =
                ClientIdentity::new(std::path::PathBuf::from(certificate).into(), std::path::PathBuf::from(key).into());
            options = options.with_client_identity(Some(identity));
        }
        (None, None) => {}
        _ => return Err("a client certificate needs both ssl_cert and ssl_key".to_owned()),
    }
    match mode {
        "DISABLED" => Ok(None),
        "REQUIRED" => Ok(Some(options.with_danger_accept_invalid_certs(true).with_danger_skip_domain_validation(true))),
        "VERIFY_CA" => Ok(Some(options.with_danger_skip_domain_validation(true))),
        "VERIFY_IDENTITY" => Ok(Some(options)),
        other => Err(format!("`ssl_mode={other}` is none of DISABLED, REQUIRED, VERIFY_CA, VERIFY_IDENTITY")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_address_loses_its_brackets() {
        for (url, host, port) in [
            ("mysql://me@[::1]/shop", "::1", 3306),
            ("mysql://me@[::1]:3307/shop", "::1", 3307),
            ("mariadb://me@[2001:db8::7]:3307/shop", "2001:db8::7", 3307),
            ("mysql://me@%5B%3A%3A1%5D/shop", "::1", 3306),
            ("mysql://me@127.0.0.1:3307/shop", "127.0.0.1", 3307),
            ("mysql://me@db.example/shop", "db.example", 3306),
        ] {
            let scheme = url.split(':').next().unwrap();
            let options = Opts::from(Server::parse(url, scheme).unwrap().options);
            assert_eq!((options.ip_or_hostname(), options.tcp_port()), (host, port), "{url}");
        }
    }
}
