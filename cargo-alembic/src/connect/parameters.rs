//! URLs and keyword lists, taken apart.

use percent_encoding::percent_decode_str;
use url::Url;

/// A list of parameters in the order in which they were given; later ones win.
pub(super) type Parameters = Vec<(String, String)>;

/// Returns whether the text is a list such as `host=db dbname=shop`.
pub(super) fn are_keywords(text: &str) -> bool {
    let known = ["host", "hostaddr", "dbname", "user", "port", "service"];
    text.split_whitespace().next().and_then(|word| word.split_once('=')).is_some_and(|(key, _)| known.contains(&key))
}

/// Takes a `postgres://` URL or a keyword list apart into libpq's keywords.
pub(super) fn libpq(text: &str) -> Result<Parameters, String> {
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

/// Takes a MySQL URL apart into the URL and its parameters.
pub(super) fn mysql(text: &str) -> Result<(Url, Parameters), String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    let parameters = url.query_pairs().map(|(key, value)| (key.into_owned(), value.into_owned())).collect();
    Ok((url, parameters))
}

/// Undoes percent encoding.
pub(super) fn decode(text: &str) -> Result<String, String> {
    percent_decode_str(text).decode_utf8().map(Into::into).map_err(|_| "a part is not UTF-8".to_owned())
}

/// Reads `true`, `1`, `yes`, `on` and their opposites.
pub(super) fn boolean(key: &str, value: &str) -> Result<bool, String> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err(format!("`{key}={value}` is neither true nor false")),
    }
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
}
