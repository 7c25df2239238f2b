//! `postgres://user:password@host:port/database?parameter=value`, read as libpq reads it; MySQL's and MariaDB's likewise.

use super::{
    parameters,
    percent::{decode, encode},
    server::ServerUrl,
};

/// Takes a URL apart, `rest` being what follows its scheme.
pub(super) fn parse(scheme: &'static str, rest: &str) -> Result<ServerUrl, String> {
    // A user and a password may hold everything but `/` and `@`, a question mark for example.
    let (login, rest) = match rest.find(['@', '/']).map(|at| rest.split_at(at)) {
        Some((login, rest)) if rest.starts_with('@') => (Some(login), &rest[1..]),
        _ => (None, rest),
    };
    if login.and_then(|login| login.split_once('?')).is_some_and(|(_, behind)| behind.contains('=')) {
        return Err("`?` in a password is written `%3F`, `@` in a parameter `%40`".to_owned());
    }
    let (place, tail) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let (path, query) = match tail.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (tail, None),
    };
    if place.contains('@') || path.contains('@') {
        return Err("`@` in a user, a password or a name is written `%40`, and `/` in a password `%2F`".to_owned());
    }
    let (user, password) = login.map_or(("", ""), |login| login.split_once(':').unwrap_or((login, "")));
    let (hosts, ports) = hosts(place)?;
    let database = path.strip_prefix('/').unwrap_or_default();
    let mut url = ServerUrl { scheme: Some(scheme), address: Vec::new(), parameters: Vec::new() };
    let parts = [("user", user), ("password", password), ("host", &hosts), ("port", &ports), ("dbname", database)];
    for (key, text) in parts.into_iter().filter(|(_, text)| !text.is_empty()) {
        url.address.push((key, decode(text)?));
    }
    if url.address("host").unwrap_or_default().matches(',').count() != hosts.matches(',').count() {
        return Err("several hosts have `,` between them, not `%2C`".to_owned());
    }
    for pair in query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) =
            pair.split_once('=').ok_or("one of its parameters has no value; `&` in one is written `%26`")?;
        if value.contains('=') {
            return Err("one of its parameters has two values; `=` in one is written `%3D`".to_owned());
        }
        url.parameters.push((decode(key)?, decode(value)?));
    }
    parameters::check(&url.parameters, url.dialect())?;
    Ok(url)
}

/// Returns the hosts and their ports, each joined with commas.
fn hosts(place: &str) -> Result<(String, String), String> {
    let (mut hosts, mut ports) = (Vec::new(), Vec::new());
    for one in place.split(',') {
        let (host, port) = match one.strip_prefix('[') {
            Some(address) => {
                let (address, port) = address.split_once(']').ok_or("an IPv6 address ends with `]`")?;
                match port.strip_prefix(':') {
                    Some(port) => (address, port),
                    None if port.is_empty() => (address, ""),
                    None => return Err("behind an IPv6 address in `[]` only a port may follow".to_owned()),
                }
            }
            None => one.split_once(':').unwrap_or((one, "")),
        };
        if !port.is_empty() && !port.parse::<u16>().is_ok_and(|port| port > 0) {
            return Err(
                "what follows the host and `:` is not a port; a password is followed by `@` and the host, and `/` in it is \
                 written `%2F`"
                    .to_owned(),
            );
        }
        hosts.push(host);
        ports.push(port);
    }
    let ports = if ports.iter().all(|port| port.is_empty()) { String::new() } else { ports.join(",") };
    Ok((hosts.join(","), ports))
}

/// Writes the URL with these values.
pub(super) fn write<'v>(url: &'v ServerUrl, scheme: &str, value: impl Fn(&str, &'v str) -> &'v str) -> String {
    let part = |key: &str| url.address(key).map(|text| value(key, text));
    let password = part("password").map(|password| format!(":{}", encode(password, ""))).unwrap_or_default();
    let user = part("user").map(|user| encode(user, "")).unwrap_or_default();
    let at = if user.is_empty() && password.is_empty() { "" } else { "@" };
    let ports: Vec<&str> = part("port").map(|ports| ports.split(',').collect()).unwrap_or_default();
    let hosts = part("host").unwrap_or_default().split(',').enumerate().map(|(index, host)| {
        let host = if host.contains(':') { format!("[{}]", encode(host, ":")) } else { encode(host, "") };
        match ports.get(index).filter(|port| !port.is_empty()) {
            Some(port) => format!("{host}:{port}"),
            None => host,
        }
    });
    let hosts = hosts.collect::<Vec<_>>().join(",");
    let database = part("dbname").map(|name| format!("/{}", encode(name, ""))).unwrap_or_default();
    let pair = |(key, text)| format!("{}={}", encode(key, ""), encode(value(key, text), "/:,+"));
    let query: Vec<String> = url.parameters().map(pair).collect();
    // Without the slash, a slash in a parameter would begin the database.
    let slash = if database.is_empty() && !query.is_empty() { "/" } else { "" };
    let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
    format!("{scheme}://{user}{password}{at}{hosts}{database}{slash}{query}")
}
