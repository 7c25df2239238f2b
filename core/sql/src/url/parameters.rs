//! Parameters by name: which there are, and which are shown.

use crate::Dialect;

/// Those of libpq that are no secret: <https://www.postgresql.org/docs/current/libpq-connect.html>.
const LIBPQ: [&str; 48] = [
    "application_name",
    "channel_binding",
    "client_encoding",
    "connect_timeout",
    "dbname",
    "fallback_application_name",
    "gssdelegation",
    "gssencmode",
    "gsslib",
    "host",
    "hostaddr",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "krbsrvname",
    "load_balance_hosts",
    "max_protocol_version",
    "min_protocol_version",
    "oauth_client_id",
    "oauth_issuer",
    "oauth_scope",
    "passfile",
    "port",
    "replication",
    "require_auth",
    "requirepeer",
    "requiressl",
    "service",
    "servicefile",
    "ssl",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "sslcert",
    "sslcertmode",
    "sslcompression",
    "sslcrl",
    "sslcrldir",
    "sslkey",
    "sslkeylogfile",
    "sslmode",
    "sslnegotiation",
    "sslrootcert",
    "sslsni",
    "target_session_attrs",
    "tcp_user_timeout",
    "tty",
    "user",
];

/// Those of libpq that are a secret, or may have one in them.
const LIBPQ_SECRETS: [&str; 6] =
    ["oauth_client_secret", "options", "password", "scram_client_key", "scram_server_key", "sslpassword"];

/// Options of MySQL's and MariaDB's clients, and what drivers call them, with `_` for `-`.
const MYSQL: [&str; 46] = [
    "allow_public_key_retrieval",
    "auth_method",
    "auto_reconnect",
    "bind_address",
    "character_set",
    "charset",
    "collation",
    "compress",
    "compression",
    "compression_algorithms",
    "compression_level",
    "connect_timeout",
    "dbname",
    "default_auth",
    "encoding",
    "get_server_public_key",
    "host",
    "init_command",
    "local_infile",
    "max_allowed_packet",
    "net_buffer_length",
    "pipe",
    "plugin_dir",
    "pool_max",
    "pool_min",
    "port",
    "prefer_socket",
    "protocol",
    "require_ssl",
    "server_public_key_path",
    "socket",
    "ssl_ca",
    "ssl_capath",
    "ssl_cert",
    "ssl_cipher",
    "ssl_crl",
    "ssl_crlpath",
    "ssl_key",
    "ssl_mode",
    "sslmode",
    "ssl_verify_server_cert",
    "timezone",
    "tls_ciphersuites",
    "tls_version",
    "unix_socket",
    "user",
];

/// Returns whether the database's own client knows the parameter.
fn is_known(key: &str, dialect: Dialect) -> bool {
    if dialect.is_mysql_family() {
        MYSQL.contains(&&*key.replace('-', "_"))
    } else {
        LIBPQ.contains(&key) || LIBPQ_SECRETS.contains(&key)
    }
}

/// Returns whether the value of a parameter may be shown. One with `=` in it may have another parameter in it, which was
/// not set off as it should be.
pub(super) fn is_shown(key: &str, value: &str, dialect: Dialect) -> bool {
    is_known(key, dialect) && !LIBPQ_SECRETS.contains(&key) && !value.contains('=')
}

/// Refuses what no client knows: by its name, and without its value, which may be a password under a misspelt name.
pub(super) fn check(parameters: &[(String, String)], dialect: Dialect) -> Result<(), String> {
    let Some(at) = parameters.iter().position(|(key, _)| !is_known(key, dialect)) else { return Ok(()) };
    let (key, value) = &parameters[at];
    let before = at.checked_sub(1).map(|before| parameters[before].0.as_str());
    // What is taken for a name may be the rest of a password.
    if let Some(secret) = before.filter(|key| LIBPQ_SECRETS.contains(key)) {
        return Err(format!(
            "the parameter behind `{secret}` is not known; if it is a part of the value, write `%26` for `&` in a URL, and \
             quotes around the value in a list of keywords"
        ));
    }
    let is_word = key.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    if !is_word || value.contains('@') {
        return Err("one of its parameters is not known".to_owned());
    }
    let known = if dialect.is_mysql_family() { &MYSQL[..] } else { &LIBPQ[..] };
    let secrets = if dialect.is_mysql_family() { &[][..] } else { &LIBPQ_SECRETS[..] };
    let names = known.iter().chain(secrets).copied();
    let near = crate::suggest::did_you_mean(&key.to_ascii_lowercase(), names);
    Err(format!("the parameter `{key}` is not known{near}"))
}
