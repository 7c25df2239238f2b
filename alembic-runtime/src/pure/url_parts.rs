//! Parts of URLs, read and replaced.

use percent_encoding::percent_decode_str;
use url::Url;

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

/// Puts another database into a URL. A parameter that names one would win over the path.
pub(super) fn in_url(text: &str, database: &str) -> Option<String> {
    let mut url = Url::parse(text).ok()?;
    url.set_path(&format!("/{database}"));
    let query = url.query().map(|query| {
        let names = |pair: &&str| !pair.starts_with("dbname=") && *pair != "dbname";
        query.split('&').filter(names).collect::<Vec<_>>().join("&")
    });
    url.set_query(query.as_deref().filter(|query| !query.is_empty()));
    Some(url.into())
}

/// Puts another role into a URL. Parameters that name one would win over the role before the host.
pub(super) fn role_in_url(text: &str, role: &str, password: &str) -> Option<String> {
    let mut url = Url::parse(text).ok()?;
    // Without host there is no place for them but the parameters.
    let takes_login = url.set_username(role).is_ok() && url.set_password(Some(password)).is_ok();
    let names = |pair: &&str| matches!(pair.split('=').next(), Some("user" | "password" | "passfile"));
    let kept = url.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty() && !names(pair));
    let login = [format!("user={role}"), format!("password={password}")];
    let query: Vec<String> = kept.map(str::to_owned).chain(login.into_iter().filter(|_| !takes_login)).collect();
    url.set_query((!query.is_empty()).then(|| query.join("&")).as_deref());
    Some(url.into())
}

#[cfg(test)]
mod tests {
    use super::{in_url, role_in_url};

    #[test]
    fn nothing_in_a_url_names_the_old_role() {
        let other = |url: &str| role_in_url(url, "me", "pw").unwrap();
        assert_eq!(other("postgres://root:old@h/d?a=b"), "postgres://me:pw@h/d?a=b");
        assert_eq!(other("postgres://root@%2Frun%2Fpg/d"), "postgres://me:pw@%2Frun%2Fpg/d");
        assert_eq!(
            other("postgres:///d?host=/run&user=root&password=x"),
            "postgres:///d?host=/run&user=me&password=pw"
        );
        assert_eq!(other("mysql://root@localhost/d?socket=/run/s"), "mysql://me:pw@localhost/d?socket=/run/s");
    }

    #[test]
    fn nothing_in_a_url_names_the_old_database() {
        let scratch = |url: &str| in_url(url, "scratch").unwrap();
        assert_eq!(scratch("postgres://h/shop?a=b"), "postgres://h/scratch?a=b");
        assert_eq!(scratch("postgres:///?host=/run&dbname=shop"), "postgres:///scratch?host=/run");
        assert_eq!(scratch("postgres://h/shop?dbname=shop"), "postgres://h/scratch");
    }
}
