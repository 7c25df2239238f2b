//! URLs in messages.

/// Returns the URL with `***` in place of any password.
#[must_use]
pub fn mask(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return mask_keywords(url);
    };
    let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let authority = match authority.rsplit_once('@') {
        Some((user, host)) => match user.split_once(':') {
            Some((user, _)) => format!("{user}:***@{host}"),
            None => format!("{user}@{host}"),
        },
        None => authority.to_owned(),
    };
    format!("{scheme}://{authority}{}", mask_keywords(tail))
}

/// Masks `password=…` in a query or a list of keywords.
fn mask_keywords(text: &str) -> String {
    let mut masked = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("password=") {
        let (before, value) = rest.split_at(at + "password=".len());
        masked.push_str(before);
        masked.push_str("***");
        rest = &value[value.find(['&', ' ', '#']).unwrap_or(value.len())..];
    }
    masked + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_do_not_show() {
        for (url, shown) in [
            ("postgres://me:s3c:r@t@db:5432/shop?sslmode=require", "postgres://me:***@db:5432/shop?sslmode=require"),
            ("mysql://me@db/shop", "mysql://me@db/shop"),
            ("postgres://db/shop?user=me&password=x&a=b", "postgres://db/shop?user=me&password=***&a=b"),
            ("host=db password=x dbname=shop", "host=db password=*** dbname=shop"),
            ("shop.db", "shop.db"),
        ] {
            assert_eq!(mask(url), shown);
        }
    }
}
