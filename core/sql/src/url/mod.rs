//! What names a database: a URL, a list of libpq's keywords, or the file of an SQLite database.
//!
//! A text is taken apart once, as libpq does it, into a value that shows no password: neither its `Display` nor its
//! `Debug` has one. A text that is not understood is not shown at all, as nobody knows which part of it is secret.

mod file;
mod keywords;
mod parameters;
mod percent;
mod server;
mod uri;

use std::{borrow::Cow, fmt};

pub use file::FileUrl;
pub use server::ServerUrl;

/// A text that may have a password in it, as it was given: its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct UrlText(String);

impl UrlText {
    /// Returns the text.
    #[must_use]
    pub fn exposed(&self) -> &str {
        &self.0
    }
}

impl From<String> for UrlText {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for UrlText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// What names a database. Its `Display` and its `Debug` have no password.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A database on a server.
    Server(ServerUrl),
    /// The file of an SQLite database.
    File(FileUrl),
}

impl DatabaseUrl {
    /// Understands a text.
    ///
    /// # Errors
    ///
    /// Why it is not understood, without any part of it that may be secret.
    pub fn parse(text: &str) -> Result<Self, NotUnderstood> {
        if text.is_empty() {
            return Err(NotUnderstood::new("", "it is empty"));
        }
        if text.contains('\0') {
            return Err(NotUnderstood::new("", "a zero byte is in it"));
        }
        if starts_with_scheme(text, "file:") || starts_with_scheme(text, "sqlite") {
            return Ok(Self::File(FileUrl::new(text)));
        }
        let plain = with_plain_scheme(text);
        match plain.split_once("://").filter(|(scheme, _)| is_scheme(scheme)) {
            Some((scheme, rest)) => match server::SCHEMES.into_iter().find(|known| *known == scheme) {
                Some(scheme) => uri::parse(scheme, rest)
                    .map(Self::Server)
                    .map_err(|why| NotUnderstood::new(&format!("{scheme}://"), why)),
                None => Err(unknown_scheme(scheme)),
            },
            None if keywords::are_meant(text) => {
                keywords::parse(text).map(Self::Server).map_err(|why| NotUnderstood::new("", why))
            }
            None => file_or_slip(text),
        }
    }
}

/// Takes a text without scheme for a path, unless it may be a URL with a slip, whose password would become the name of
/// a file.
fn file_or_slip(text: &str) -> Result<DatabaseUrl, NotUnderstood> {
    let begins_as_url = server::SCHEMES.iter().any(|scheme| starts_with_scheme(text, &format!("{scheme}:")));
    if text.contains('@') || text.contains("://") || begins_as_url {
        return Err(NotUnderstood::new("", "it looks like a URL without `postgres://` or `mysql://`"));
    }
    Ok(DatabaseUrl::File(FileUrl::new(text)))
}

fn unknown_scheme(scheme: &str) -> NotUnderstood {
    let known = server::SCHEMES.into_iter().chain(["sqlite"]);
    let near = crate::suggest::did_you_mean(&scheme.to_ascii_lowercase(), known);
    let why = format!("`{scheme}://` is none of postgres, mysql, mariadb, sqlite{near}");
    NotUnderstood::new(&format!("{scheme}://"), why)
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(server) => server.fmt(f),
            Self::File(file) => file.fmt(f),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is not understood: what of it may be shown, and why. `Display` is why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotUnderstood {
    shown: String,
    why: String,
}

impl NotUnderstood {
    fn new(shown: &str, why: impl Into<String>) -> Self {
        Self { shown: format!("{shown}***"), why: why.into() }
    }

    /// Returns the text with `***` in place of what may be secret: of a URL, all behind its scheme.
    #[must_use]
    pub fn shown(&self) -> &str {
        &self.shown
    }
}

impl fmt::Display for NotUnderstood {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for NotUnderstood {}

/// Returns what names a database as it may be shown, understood or not.
#[must_use]
pub fn shown(text: &str) -> String {
    DatabaseUrl::parse(text).map_or_else(|error| error.shown().to_owned(), |url| url.to_string())
}

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

/// Returns whether a text is a scheme, and no text that happens to have `://` in it.
fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "+.-".contains(c))
}

/// Returns whether a text begins with these letters, large or small, and, where they do not end with a colon, a driver
/// and the colon.
fn starts_with_scheme(text: &str, start: &str) -> bool {
    let (Some(begin), Some(rest)) = (text.get(..start.len()), text.get(start.len()..)) else { return false };
    begin.eq_ignore_ascii_case(start)
        && (start.ends_with(':') || rest.starts_with(':') || (rest.starts_with('+') && rest.contains("://")))
}

#[cfg(test)]
mod tests;
