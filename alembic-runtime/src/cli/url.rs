//! URLs in messages, and those of other tools.

use std::borrow::Cow;

/// Returns the URL with its scheme in small letters, and without the driver that SQLAlchemy's have in theirs:
/// `postgresql+psycopg://…`.
#[must_use]
pub fn with_plain_scheme(url: &str) -> Cow<'_, str> {
    let Some((scheme, rest)) = url.split_once("://") else { return url.into() };
    let scheme = scheme.to_ascii_lowercase();
    match scheme.split('+').next().unwrap_or_default() {
        database @ ("postgres" | "postgresql" | "mysql" | "mariadb" | "sqlite") => {
            format!("{database}://{rest}").into()
        }
        _ => url.into(),
    }
}

/// Returns the URL with `***` in place of any password.
#[must_use]
pub fn mask(url: &str) -> String {
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None if url.contains('=') => return mask_keywords(url),
        // Somebody has forgotten the scheme.
        None => (String::new(), url),
    };
    // A password may hold unencoded slashes, so the user part ends at the last `@`.
    let (user, tail) = match rest.rsplit_once('@') {
        Some((user, tail)) => (Some(user), tail),
        None => (None, rest),
    };
    let user = user.map_or_else(String::new, |user| match user.split_once(':') {
        Some((user, _)) => format!("{user}:***@"),
        None => format!("{user}@"),
    });
    format!("{scheme}{user}{}", mask_keywords(tail))
}

/// Masks `password=…` in a query or a list of keywords, quoted or not.
fn mask_keywords(text: &str) -> String {
    let mut masked = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("password") {
        let (before, value) = rest.split_at(at + "password".len());
        masked.push_str(before);
        let Some(value) = value.trim_start().strip_prefix('=').map(str::trim_start) else {
            rest = value;
            continue;
        };
        masked.push_str("=***");
        let end = match value.strip_prefix('\'') {
            Some(quoted) => quoted.find('\'').map_or(value.len(), |end| end + 2),
            None => value.find(['&', ' ', '#']).unwrap_or(value.len()),
        };
        rest = &value[end..];
    }
    masked + rest
}

/// Returns the database that a URL names, if it does so in plain letters.
pub(super) fn database_name(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let address = rest.rsplit_once('@').map_or(rest, |(_, address)| address);
    let (_, path) = address.split_once('/')?;
    let name = path.split(['?', '#']).next().unwrap_or_default();
    Some(name).filter(|name| !name.is_empty() && !name.contains(['%', '/']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_has_small_letters_and_no_driver() {
        for (url, plain) in [
            ("POSTGRES://me:A+B@DB/Shop", "postgres://me:A+B@DB/Shop"),
            ("MySQL+PyMySQL://db/shop", "mysql://db/shop"),
            ("GIT+SSH://db/shop", "GIT+SSH://db/shop"),
            ("postgresql+psycopg://me:a+b@db/shop", "postgresql://me:a+b@db/shop"),
            ("mysql+pymysql://db/shop", "mysql://db/shop"),
            ("mariadb+mariadbconnector://db/shop", "mariadb://db/shop"),
            ("git+ssh://db/shop", "git+ssh://db/shop"),
            ("postgres://me:a+b@db/shop", "postgres://me:a+b@db/shop"),
            ("a+b.db", "a+b.db"),
        ] {
            assert_eq!(with_plain_scheme(url), plain);
        }
    }

    #[test]
    fn the_database_is_named() {
        assert_eq!(database_name("mysql://me:s3/cret@db/shop?socket=/tmp/x"), Some("shop"));
        assert_eq!(database_name("mysql://db:3306/a%20b"), None);
        assert_eq!(database_name("shop.db"), None);
    }

    #[test]
    fn passwords_do_not_show() {
        for (url, shown) in [
            ("postgres://me:s3c:r@t@db:5432/shop?sslmode=require", "postgres://me:***@db:5432/shop?sslmode=require"),
            ("mysql://me@db/shop", "mysql://me@db/shop"),
            ("postgres://db/shop?user=me&password=x&a=b", "postgres://db/shop?user=me&password=***&a=b"),
            ("host=db password=x dbname=shop", "host=db password=*** dbname=shop"),
            ("host=db password = 'x y' dbname=shop", "host=db password=*** dbname=shop"),
            ("postgres://me:s3/cret?@db/x", "postgres://me:***@db/x"),
            ("shop.db", "shop.db"),
        ] {
            assert_eq!(mask(url), shown);
        }
    }
}
