//! libpq's parameters: from URLs, keyword lists, variables and `pg_service.conf`.

use std::{collections::BTreeMap, fs, path::Path};

use super::url_parts::decode;

/// Environment variables and their parameters.
const VARIABLES: [(&str, &str); 21] = [
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
    ("PGSSLMODE", "sslmode"),
    ("PGSSLROOTCERT", "sslrootcert"),
    ("PGSSLCERT", "sslcert"),
    ("PGSSLKEY", "sslkey"),
    ("PGSSLCRL", "sslcrl"),
    ("PGSSLMINPROTOCOLVERSION", "ssl_min_protocol_version"),
    ("PGCHANNELBINDING", "channel_binding"),
    ("PGREQUIREAUTH", "require_auth"),
    ("PGGSSENCMODE", "gssencmode"),
    ("PGCONNECT_TIMEOUT", "connect_timeout"),
    ("PGTARGETSESSIONATTRS", "target_session_attrs"),
];

/// A list of parameters in the order in which they were given; later ones win.
type Parameters = Vec<(String, String)>;

/// Returns whether the text is a list such as `host=db dbname=shop`.
pub(super) fn are_keywords(text: &str) -> bool {
    let known = ["host", "hostaddr", "dbname", "user", "port", "service"];
    text.split_whitespace().next().and_then(|word| word.split_once('=')).is_some_and(|(key, _)| known.contains(&key))
}

/// Returns the variables that supply what a URL leaves out, each with its parameter.
pub(super) fn variables(url: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let given = libpq(url).unwrap_or_default();
    VARIABLES.into_iter().filter(move |(_, key)| !given.iter().any(|(given, _)| given == key))
}

/// Puts the parameters of a connection together: those of the URL win over those of a service, and these over variables.
pub(super) fn parameters(
    url: &str,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<BTreeMap<String, String>, String> {
    let given = libpq(url)?;
    let mut parameters: BTreeMap<String, String> =
        variables(url).filter_map(|(name, key)| Some((key.to_owned(), variable(name)?))).collect();
    let service = given.iter().rev().find(|(key, _)| key == "service").map(|(_, value)| value.clone());
    if let Some(service) = service.or_else(|| parameters.get("service").cloned()) {
        parameters.extend(service_parameters(&service, variable)?);
    }
    parameters.extend(given);
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
        if let Some(found) = service_in(&text, name).map_err(|line| format!("`{file}`: `{line}` is not `key=value`"))? {
            return Ok(found);
        }
    }
    Err(format!("there is no service `{name}` in {}", alembic_sql::wording::quoted(files)))
}

/// Returns the parameters of a service, if the file has it; the first line that is not understood otherwise.
fn service_in<'t>(text: &'t str, name: &str) -> Result<Option<Parameters>, &'t str> {
    let is_section = |line: &str| line.starts_with('[');
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut lines = lines.skip_while(|line| *line != format!("[{name}]"));
    if lines.next().is_none() {
        return Ok(None);
    }
    let pair = |line: &'t str| {
        let (key, value) = line.split_once('=').ok_or(line)?;
        Ok((key.trim().to_owned(), value.trim().to_owned()))
    };
    lines.take_while(|line| !is_section(line)).map(pair).collect::<Result<_, _>>().map(Some)
}

/// Takes a `postgres://` URL or a keyword list apart into libpq's keywords.
fn libpq(text: &str) -> Result<Parameters, String> {
    if are_keywords(text) {
        return keywords(text);
    }
    let (scheme, rest) = text.split_once("://").ok_or("expected `postgres://…`")?;
    // A password may hold unencoded slashes, so the user part ends at the last `@` before a query.
    let after_user = rest.split('?').next().unwrap_or(rest).rfind('@').unwrap_or(0);
    let end = rest[after_user..].find(['/', '?']).map_or(rest.len(), |at| after_user + at);
    let (authority, tail) = rest.split_at(end);
    let mut parameters = Parameters::new();
    let mut add = |key: &str, value: &str| -> Result<(), String> {
        if !value.is_empty() {
            parameters.push((key.to_owned(), decode(value)?));
        }
        Ok(())
    };
    let host = match authority.rsplit_once('@') {
        Some((user, host)) => {
            let (user, password) = user.split_once(':').unwrap_or((user, ""));
            add("user", user)?;
            add("password", password)?;
            host
        }
        None => authority,
    };
    if host.contains(',') {
        return Err("several hosts in a URL are not supported; use the parameters host and port".to_owned());
    }
    let port_at = if host.starts_with('[') { host.rfind("]:").map(|at| at + 1) } else { host.rfind(':') };
    let (host, port) = port_at.map_or((host, ""), |at| (&host[..at], &host[at + 1..]));
    add("host", host.trim_start_matches('[').trim_end_matches(']'))?;
    add("port", port)?;
    let (path, query) = tail.split_once('?').unwrap_or((tail, ""));
    add("dbname", path.trim_start_matches('/'))?;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').ok_or_else(|| format!("`{scheme}://…?{pair}` has no value"))?;
        add(&decode(key)?, value)?;
    }
    Ok(parameters)
}

fn keywords(text: &str) -> Result<Parameters, String> {
    let mut parameters = Parameters::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (key, value) = rest.split_once('=').ok_or("expected `keyword=value` pairs")?;
        let value = value.trim_start();
        let mut parsed = String::new();
        let quoted = value.starts_with('\'');
        let mut characters = value.char_indices().skip(usize::from(quoted));
        let end = loop {
            match characters.next() {
                None => break value.len(),
                Some((_, '\\')) => parsed.extend(characters.next().map(|(_, c)| c)),
                Some((at, '\'')) if quoted => break at + 1,
                Some((at, c)) if !quoted && c.is_whitespace() => break at,
                Some((_, c)) => parsed.push(c),
            }
        };
        parameters.push((key.trim().to_owned(), parsed));
        rest = value[end..].trim_start();
    }
    Ok(parameters)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(text: &str) -> String {
        let parameters = libpq(text).unwrap();
        parameters.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn urls_and_keywords_mean_the_same() {
        assert_eq!(
            show("postgres://me:a%40b@db:5433/shop?sslmode=require"),
            "user=me password=a@b host=db port=5433 dbname=shop sslmode=require"
        );
        assert_eq!(show("postgres:///shop?host=/run/pg"), "dbname=shop host=/run/pg");
        assert_eq!(show("postgres://me@%2Frun%2Fpg/shop"), "user=me host=/run/pg dbname=shop");
        assert_eq!(show("postgres://[::1]:5432/x"), "host=::1 port=5432 dbname=x");
        assert_eq!(show("host=db password='a b\\'c' dbname = shop"), "host=db password=a b'c dbname=shop");
        assert!(libpq("postgres://h/d?sslmode").is_err());
    }

    #[test]
    fn a_url_wins_over_a_service_and_a_service_over_variables() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("services");
        fs::write(&file, "# ours\n[other]\nhost=no\n[shop]\nhost=db\nport = 5433\n\n[last]\nuser=no\n").unwrap();
        let variable = |name: &str| match name {
            "PGSERVICEFILE" => Some(file.display().to_string()),
            "PGHOST" => Some("variable".to_owned()),
            "PGUSER" => Some("me".to_owned()),
            "PGSERVICE" => Some("other".to_owned()),
            _ => None,
        };
        let found = parameters("service=shop port=5434", &variable).unwrap();
        let found: Vec<String> = found.iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(found, ["host=db", "port=5434", "user=me"]);
        assert_eq!(parameters("postgres:///x", &variable).unwrap()["host"], "no");
        let error = parameters("postgres:///x?service=mine", &variable).unwrap_err();
        assert_eq!(error, format!("there is no service `mine` in `{}`", file.display()));
    }
}
