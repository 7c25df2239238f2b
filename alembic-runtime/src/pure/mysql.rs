//! MySQL and MariaDB: the common URL parameters, on `mysql_async`.

use std::{fmt, time::Duration};

use alembic_sql::{
    Dialect,
    url::{DatabaseUrl, ServerUrl},
};
use diesel_async::{AsyncMysqlConnection, async_connection_wrapper::BlockOn};
use mysql_async::{Conn, Opts, OptsBuilder};

use super::{
    Connected, MysqlConnection, SharedRuntime,
    connected::Open,
    mysql_login::{Login, Mode, ServerKey},
    mysql_relay,
    tls::{Files, Verify},
    value::{boolean, number},
};

/// A server and a database on it.
#[derive(Clone)]
pub struct MysqlServer {
    url: ServerUrl,
    options: OptsBuilder,
    mode: Mode,
    files: Files,
    server_key: ServerKey,
    database: String,
    connect_timeout: Duration,
}

impl fmt::Debug for MysqlServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MysqlServer").field(&self.url).finish()
    }
}

impl MysqlServer {
    /// Understands a URL.
    ///
    /// # Errors
    ///
    /// What of it is not understood.
    pub fn parse(text: &str) -> Result<Self, String> {
        match DatabaseUrl::parse(text).map_err(|error| error.to_string())? {
            DatabaseUrl::Server(url) if url.dialect().is_mysql_family() => Self::new(url),
            _ => Err("expected `mysql://…` or `mariadb://…`".to_owned()),
        }
    }

    /// Takes a URL.
    ///
    /// # Errors
    ///
    /// What of it is not supported.
    pub fn new(url: ServerUrl) -> Result<Self, String> {
        let database = url.address("dbname").unwrap_or_default().to_owned();
        if database.is_empty() {
            return Err("the URL names no database; write it after the host, as in `mysql://host/shop`".to_owned());
        }
        let mut options = OptsBuilder::default()
            .user(url.address("user"))
            .pass(url.address("password"))
            .db_name(Some(&database))
            // Diesel caches statements itself, and counts matched rows, not changed ones.
            .stmt_cache_size(0)
            .client_found_rows(true)
            .prefer_socket(false);
        if let Some(host) = url.address("host") {
            if host.contains(',') {
                return Err("it names several hosts; name one".to_owned());
            }
            options = options.ip_or_hostname(without_brackets(host));
        }
        if let Some(port) = url.address("port") {
            options = options.tcp_port(port.parse().map_err(|_| "it has no port behind the host".to_owned())?);
        }
        let (mut ssl_mode, mut files, mut server_key) = (None, Files::default(), ServerKey::Unknown);
        let mut connect_timeout = Duration::from_secs(30);
        for (key, value) in url.parameters() {
            let value = value.to_owned();
            match key {
                "socket" | "unix_socket" => options = options.socket(Some(value)),
                "ssl_mode" | "ssl-mode" | "sslmode" => ssl_mode = Some(value),
                "require_ssl" if boolean(key, &value)? => ssl_mode = Some("REQUIRED".into()),
                "require_ssl" => {}
                "ssl_ca" | "ssl-ca" => files.roots = Some(value),
                "ssl_cert" | "ssl-cert" => files.certificate = Some(value),
                "ssl_key" | "ssl-key" => files.key = Some(value),
                "server_public_key_path" | "server-public-key-path" => server_key = ServerKey::File(value),
                // A key from a file is known to be the server's.
                "get_server_public_key" | "get-server-public-key" => {
                    if boolean(key, &value)? && server_key == ServerKey::Unknown {
                        server_key = ServerKey::Asked;
                    }
                }
                "connect_timeout" | "connect-timeout" => connect_timeout = Duration::from_secs(number(key, &value)?),
                "charset" if value.to_ascii_lowercase().starts_with("utf8") => {}
                _ => return Err(format!("the parameter `{key}` is not supported")),
            }
        }
        let mode = mode(ssl_mode.as_deref(), &files)?;
        if files.certificate.is_some() != files.key.is_some() {
            return Err("a client certificate needs both ssl_cert and ssl_key".to_owned());
        }
        Ok(Self { url, options, mode, files, server_key, database, connect_timeout })
    }

    /// Returns the URL.
    #[must_use]
    pub fn url(&self) -> &ServerUrl {
        &self.url
    }

    /// Returns what the URL calls the server; it may turn out to be the other one.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.url.dialect()
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
        let url = self.url.clone().with_database(database);
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
        let url = self.url.clone().with_login(user, password);
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
        let conn = tokio::time::timeout(self.connect_timeout, self.conn(options));
        let conn = conn.await.map_err(|_| "the server did not answer in time".to_owned())??;
        AsyncMysqlConnection::try_from(conn).await.map_err(|error| error.to_string())
    }

    async fn conn(&self, options: OptsBuilder) -> Result<Conn, String> {
        let given = Opts::from(options.clone());
        // Nobody else can read there.
        if given.socket().is_some() {
            return Conn::new(given).await.map_err(|error| error.to_string());
        }
        let login = Login {
            host: given.ip_or_hostname().to_owned(),
            password: given.pass().map(str::to_owned),
            mode: self.mode,
            files: self.files.clone(),
            server_key: self.server_key.clone(),
        };
        mysql_relay::connect(options, login, self.connect_timeout).await
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

/// Reads `ssl-mode`, as the clients of MySQL understand it.
fn mode(given: Option<&str>, files: &Files) -> Result<Mode, String> {
    let given = given.map(|mode| mode.to_uppercase().replace('-', "_"));
    // Whoever names an authority wants it to be asked.
    let default = if files.roots.is_some() { "VERIFY_CA" } else { "PREFERRED" };
    match given.as_deref().unwrap_or(default) {
        "DISABLED" => Ok(Mode::Disabled),
        "PREFERRED" => Ok(Mode::Preferred),
        "REQUIRED" => Ok(Mode::Encrypted(Verify::Nothing)),
        // Anybody gets a certificate for some name of the authorities that the system trusts.
        "VERIFY_CA" if files.roots.is_none() => {
            Err("`ssl-mode=VERIFY_CA` needs the authority's certificate, as `ssl-ca=FILE`".to_owned())
        }
        "VERIFY_CA" => Ok(Mode::Encrypted(Verify::Authority)),
        "VERIFY_IDENTITY" => Ok(Mode::Encrypted(Verify::Host)),
        _ => Err("`ssl_mode` is none of DISABLED, PREFERRED, REQUIRED, VERIFY_CA, VERIFY_IDENTITY".to_owned()),
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

    #[test]
    fn tls_is_preferred_unless_another_mode_is_said() {
        let parse = |parameters: &str| MysqlServer::parse(&format!("mysql://h/d?{parameters}"));
        for (parameters, mode) in [
            ("", Mode::Preferred),
            ("ssl-mode=preferred", Mode::Preferred),
            ("ssl_mode=Disabled", Mode::Disabled),
            ("ssl-mode=REQUIRED&ssl-ca=x", Mode::Encrypted(Verify::Nothing)),
            ("require_ssl=true", Mode::Encrypted(Verify::Nothing)),
            ("ssl-ca=x", Mode::Encrypted(Verify::Authority)),
            ("ssl-mode=verify-ca&ssl_ca=x", Mode::Encrypted(Verify::Authority)),
            ("ssl-mode=verify_identity", Mode::Encrypted(Verify::Host)),
        ] {
            assert_eq!(parse(parameters).unwrap().mode, mode, "{parameters}");
        }
        let error = |parameters: &str| parse(parameters).unwrap_err();
        let none = "`ssl_mode` is none of DISABLED, PREFERRED, REQUIRED, VERIFY_CA, VERIFY_IDENTITY";
        assert_eq!(error("ssl-mode=maybe"), none);
        assert_eq!(
            error("ssl-mode=VERIFY_CA"),
            "`ssl-mode=VERIFY_CA` needs the authority's certificate, as `ssl-ca=FILE`"
        );
        assert_eq!(error("ssl-cert=x"), "a client certificate needs both ssl_cert and ssl_key");
    }

    #[test]
    fn the_servers_key_is_the_one_that_is_given() {
        let key = |parameters: &str| MysqlServer::parse(&format!("mysql://h/d?{parameters}")).unwrap().server_key;
        assert_eq!(key(""), ServerKey::Unknown);
        assert_eq!(key("get-server-public-key=false"), ServerKey::Unknown);
        assert_eq!(key("get_server_public_key=1"), ServerKey::Asked);
        assert_eq!(key("server-public-key-path=a&get-server-public-key=1"), ServerKey::File("a".to_owned()));
        assert_eq!(key("get-server-public-key=1&server_public_key_path=a"), ServerKey::File("a".to_owned()));
    }
}
