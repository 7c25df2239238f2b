//! libpq's parameters: from URLs, keyword lists, variables and `pg_service.conf`.

use std::{collections::BTreeMap, fs, path::Path};

use alembic_sql::url::ServerUrl;

/// Environment variables and their parameters:
/// <https://www.postgresql.org/docs/current/libpq-envars.html>. `PGSERVICEFILE` and `PGSYSCONFDIR` say where services are;
/// `PGLOCALEDIR` and `PGOAUTHDEBUG` concern nothing that is done here.
const VARIABLES: [(&str, &str); 39] = [
    ("PGHOST", "host"),
    ("PGHOSTADDR", "hostaddr"),
    ("PGPORT", "port"),
    ("PGDATABASE", "dbname"),
    ("PGUSER", "user"),
    ("PGPASSWORD", "password"),
    ("PGPASSFILE", "passfile"),
    ("PGSERVICE", "service"),
    ("PGAPPNAME", "application_name"),
    ("PGOPTIONS", "options"),
    ("PGCLIENTENCODING", "client_encoding"),
    ("PGDATESTYLE", "datestyle"),
    ("PGTZ", "timezone"),
    ("PGGEQO", "geqo"),
    ("PGSSLMODE", "sslmode"),
    ("PGREQUIRESSL", "requiressl"),
    ("PGSSLNEGOTIATION", "sslnegotiation"),
    ("PGSSLCOMPRESSION", "sslcompression"),
    ("PGSSLROOTCERT", "sslrootcert"),
    ("PGSSLCERT", "sslcert"),
    ("PGSSLKEY", "sslkey"),
    ("PGSSLCERTMODE", "sslcertmode"),
    ("PGSSLCRL", "sslcrl"),
    ("PGSSLCRLDIR", "sslcrldir"),
    ("PGSSLSNI", "sslsni"),
    ("PGSSLMINPROTOCOLVERSION", "ssl_min_protocol_version"),
    ("PGSSLMAXPROTOCOLVERSION", "ssl_max_protocol_version"),
    ("PGMINPROTOCOLVERSION", "min_protocol_version"),
    ("PGMAXPROTOCOLVERSION", "max_protocol_version"),
    ("PGCHANNELBINDING", "channel_binding"),
    ("PGREQUIREAUTH", "require_auth"),
    ("PGREQUIREPEER", "requirepeer"),
    ("PGGSSENCMODE", "gssencmode"),
    ("PGGSSDELEGATION", "gssdelegation"),
    ("PGGSSLIB", "gsslib"),
    ("PGKRBSRVNAME", "krbsrvname"),
    ("PGCONNECT_TIMEOUT", "connect_timeout"),
    ("PGTARGETSESSIONATTRS", "target_session_attrs"),
    ("PGLOADBALANCEHOSTS", "load_balance_hosts"),
];

/// A list of parameters in the order in which they were given; later ones win.
type Parameters = Vec<(String, String)>;

/// Where a parameter comes from, the last one that has it being the one that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// This variable.
    Variable(&'static str),
    /// A service of `pg_service.conf`.
    Service,
    /// The URL.
    Url,
}

/// A value and where it comes from.
pub(super) type Found = (String, Origin);

/// Returns the variables that supply what a URL leaves out, each with its parameter.
pub(super) fn variables(url: &ServerUrl) -> impl Iterator<Item = (&'static str, &'static str)> {
    VARIABLES.into_iter().filter(move |(_, key)| !url.settings().any(|(given, _)| given == *key))
}

/// Puts the parameters of a connection together: those of the URL win over those of a service, and these over variables.
pub(super) fn parameters(
    url: &ServerUrl,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<BTreeMap<String, Found>, String> {
    let from_variable =
        |(name, key): (&'static str, &str)| Some((key.to_owned(), (variable(name)?, Origin::Variable(name))));
    let mut parameters: BTreeMap<String, Found> = variables(url).filter_map(from_variable).collect();
    let service = url.settings().filter(|(key, _)| *key == "service").last().map(|(_, value)| value.to_owned());
    if let Some(service) = service.or_else(|| parameters.get("service").map(|(value, _)| value.clone())) {
        let found = service_parameters(&service, variable)?.into_iter();
        parameters.extend(found.map(|(key, value)| (key, (value, Origin::Service))));
    }
    parameters.extend(url.settings().map(|(key, value)| (key.to_owned(), (value.to_owned(), Origin::Url))));
    parameters.remove("service");
    Ok(parameters)
}

/// Finds a service in the user's file, or in the system's.
fn service_parameters(name: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<Parameters, String> {
    let own = variable("PGSERVICEFILE").or_else(|| variable("HOME").map(|home| format!("{home}/.pg_service.conf")));
    let system = variable("PGSYSCONFDIR").map(|folder| format!("{folder}/pg_service.conf"));
    let files: Vec<String> = own.into_iter().chain(system).collect();
    for file in files.iter().filter(|file| Path::new(file).exists()) {
        let text = fs::read_to_string(file).map_err(|error| format!("could not read `{file}`: {error}"))?;
        if let Some(found) =
            service_in(&text, name).map_err(|line| format!("`{file}`: line {line} is not `key=value`"))?
        {
            return Ok(found);
        }
    }
    Err(format!("there is no service `{name}` in {}", alembic_sql::wording::quoted(files)))
}

/// Returns the parameters of a service, if the file has it; the number of the first line that is not understood otherwise.
fn service_in(text: &str, name: &str) -> Result<Option<Parameters>, usize> {
    let is_section = |line: &str| line.starts_with('[');
    let lines = (1..).zip(text.lines().map(str::trim)).filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let mut lines = lines.skip_while(|(_, line)| *line != format!("[{name}]"));
    if lines.next().is_none() {
        return Ok(None);
    }
    let pair = |(number, line): (usize, &str)| {
        let (key, value) = line.split_once('=').ok_or(number)?;
        Ok((key.trim().to_owned(), value.trim().to_owned()))
    };
    lines.take_while(|(_, line)| !is_section(line)).map(pair).collect::<Result<_, _>>().map(Some)
}

/// Returns whether a parameter asks for what is done anyway: sessions in UTF-8, without Kerberos and compression, with TLS
/// 1.2 or 1.3 and the name of the host, in the protocol's version 3.0.
pub(super) fn is_met(key: &str, value: &str) -> bool {
    match key {
        "client_encoding" => ["utf8", "utf-8", "unicode", "auto"].contains(&&*value.to_ascii_lowercase()),
        "gssencmode" => matches!(value, "disable" | "prefer"),
        // They are about Kerberos alone.
        "krbsrvname" | "gsslib" => true,
        "gssdelegation" | "sslcompression" | "requiressl" => value == "0",
        "sslsni" => value == "1",
        "sslcertmode" => value == "allow",
        "sslnegotiation" => value == "postgres",
        "ssl_min_protocol_version" => ["tlsv1", "tlsv1.1", "tlsv1.2"].contains(&&*value.to_ascii_lowercase()),
        "ssl_max_protocol_version" => value.eq_ignore_ascii_case("tlsv1.3"),
        "min_protocol_version" => value == "3.0",
        "max_protocol_version" => matches!(value, "3.0" | "3.2" | "latest"),
        "load_balance_hosts" => value == "disable",
        "replication" => ["false", "off", "no", "0"].contains(&value),
        _ => false,
    }
}

/// Returns what to write instead of a parameter that is not supported.
pub(super) fn instead_of(key: &str) -> &'static str {
    match key {
        "require_auth" => "; `channel_binding=require` connects to no server that does not know the password already",
        "sslcrl" | "sslcrldir" => {
            "; no list of revoked certificates is read: leave it out, or connect through a proxy that does"
        }
        "ssl_min_protocol_version" => "; it is `TLSv1.2` at least, and `TLSv1.3` where the server has it",
        "ssl_max_protocol_version" => "; `TLSv1.3` is used where the server has it",
        "requirepeer" => "; use a socket in a folder that only the server's user may write",
        "requiressl" => "; write `sslmode=require`",
        "sslnegotiation" => "; write `sslnegotiation=postgres`",
        "sslcertmode" => "; leave out `sslcert` to send no certificate",
        "client_encoding" => "; write `client_encoding=utf8`",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use alembic_sql::url::DatabaseUrl;

    use super::*;

    fn found(url: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<Vec<String>, String> {
        let Ok(DatabaseUrl::Server(url)) = DatabaseUrl::parse(url) else { panic!("{url}") };
        let found = parameters(&url, variable)?;
        Ok(found.iter().map(|(key, (value, origin))| format!("{key}={value} {origin:?}")).collect())
    }

    #[test]
    fn a_url_wins_over_a_service_and_a_service_over_variables() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("services");
        fs::write(&file, "# ours\n[other]\nhost=no\n[shop]\nhost=db\nport = 5433\n\n[last]\nuser=no\n[bad]\nSECRET\n")
            .unwrap();
        let variable = |name: &str| match name {
            "PGSERVICEFILE" => Some(file.display().to_string()),
            "PGHOST" => Some("variable".to_owned()),
            "PGUSER" => Some("me".to_owned()),
            "PGSERVICE" => Some("other".to_owned()),
            _ => None,
        };
        assert_eq!(
            found("service=shop port=5434", &variable).unwrap(),
            ["host=db Service", "port=5434 Url", "user=me Variable(\"PGUSER\")"]
        );
        assert_eq!(found("postgres:///x", &variable).unwrap()[1], "host=no Service");
        let error = found("postgres:///x?service=mine", &variable).unwrap_err();
        assert_eq!(error, format!("there is no service `mine` in `{}`", file.display()));
        let error = found("postgres:///x?service=bad", &variable).unwrap_err();
        assert_eq!(error, format!("`{}`: line 11 is not `key=value`", file.display()));
    }
}
