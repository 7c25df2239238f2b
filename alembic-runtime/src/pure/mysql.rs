//! MySQL and MariaDB: the common URL parameters, on `mysql_async`.

use std::time::Duration;

use alembic_sql::Dialect;
use diesel_async::{AsyncMysqlConnection, async_connection_wrapper::BlockOn};
use mysql_async::{ClientIdentity, Conn, Opts, OptsBuilder, SslOpts};
use url::Url;

use super::{
    Connected, MysqlConnection, SharedRuntime,
    connected::Open,
    url_parts::{boolean, decode, in_url, role_in_url},
};

/// A server and a database on it.
#[derive(Debug, Clone)]
pub struct MysqlServer {
    url: String,
    dialect: Dialect,
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

impl MysqlServer {
    /// Understands a URL.
    ///
    /// # Errors
    ///
    /// What of it is not understood.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| error.to_string())?;
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
        for (key, value) in url.query_pairs() {
            let (key, value) = (&*key, value.into_owned());
            match key {
                "socket" | "unix_socket" => options = options.socket(Some(value)),
                "ssl_mode" | "ssl-mode" | "sslmode" => ssl.mode = Some(value.to_uppercase().replace('-', "_")),
                "require_ssl" if boolean(key, &value)? => ssl.mode = Some("REQUIRED".into()),
                "require_ssl" => {}
                "ssl_ca" | "ssl-ca" => ssl.authority = Some(value),
                "ssl_cert" | "ssl-cert" => ssl.certificate = Some(value),
                "ssl_key" | "ssl-key" => ssl.key = Some(value),
                "connect_timeout" => {
                    let seconds = value.parse().map_err(|_| format!("`{key}={value}` is not a number"))?;
                    connect_timeout = Duration::from_secs(seconds);
                }
                "charset" if value.to_ascii_lowercase().starts_with("utf8") => {}
                _ => return Err(format!("the parameter `{key}` is not supported")),
            }
        }
        let options = options.ssl_opts(ssl_options(ssl)?);
        let dialect = if url.scheme() == "mariadb" { Dialect::Mariadb } else { Dialect::Mysql };
        Ok(Self { url: text.to_owned(), dialect, options, database, connect_timeout })
    }

    /// Returns the URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns what the URL calls the server; it may turn out to be the other one.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Connects to the database of the URL.
    ///
    /// # Errors
    ///
    /// What the server or the driver says.
    pub fn connect(&self) -> Result<MysqlConnection, String> {
        self.block_on(self.options.clone())
    }

    /// Connects without database, to make or drop that of the URL.
    ///
    /// # Errors
    ///
    /// What the server or the driver says.
    pub fn connect_to_server(&self) -> Result<MysqlConnection, String> {
        self.block_on(self.options.clone().db_name(None::<String>))
    }

    /// Returns another database of the same server.
    #[must_use]
    pub fn beside(&self, database: &str) -> Self {
        let url = in_url(&self.url, database).unwrap_or_else(|| self.url.clone());
        let options = self.options.clone().db_name(Some(database));
        Self { url, options, database: database.to_owned(), ..self.clone() }
    }

    /// Returns where the server is.
    #[must_use]
    pub fn address(&self) -> String {
        let options = Opts::from(self.options.clone());
        format!("{} {} {:?}", options.ip_or_hostname(), options.tcp_port(), options.socket())
    }

    /// Returns the same database for another user.
    #[must_use]
    pub fn as_role(&self, user: &str, password: &str) -> Self {
        let url = role_in_url(&self.url, user, password).unwrap_or_else(|| self.url.clone());
        let options = self.options.clone().user(Some(user)).pass(Some(password));
        Self { url, options, ..self.clone() }
    }

    /// Returns the name of the database.
    #[must_use]
    pub fn database(&self) -> &str {
        &self.database
    }

    fn block_on(&self, options: OptsBuilder) -> Result<MysqlConnection, String> {
        let opened = SharedRuntime::get_runtime().block_on(self.open(options));
        opened.map(|conn| Connected::new(conn).into())
    }

    async fn open(&self, options: OptsBuilder) -> Result<AsyncMysqlConnection, String> {
        let conn = tokio::time::timeout(self.connect_timeout, Conn::new(options));
        let conn = conn.await.map_err(|_| "the server did not answer in time".to_owned())?;
        let conn = conn.map_err(|error| error.to_string())?;
        AsyncMysqlConnection::try_from(conn).await.map_err(|error| error.to_string())
    }
}

impl Open for AsyncMysqlConnection {
    async fn open(url: &str) -> Result<Self, String> {
        let server = MysqlServer::parse(url)?;
        server.open(server.options.clone()).await
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
            let options = Opts::from(MysqlServer::parse(url).unwrap().options);
            assert_eq!((options.ip_or_hostname(), options.tcp_port()), (host, port), "{url}");
        }
    }
}
