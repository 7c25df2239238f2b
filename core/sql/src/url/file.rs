//! The file of an SQLite database: a path, or a URL that names one.

use std::fmt;

use super::is_scheme;

/// What SQLite's parameters do not tell of a key: <https://www.sqlite.org/uri.html>. Encrypted databases have theirs among
/// the others.
const SHOWN: [&str; 8] = ["cache", "immutable", "mode", "modeof", "nolock", "psow", "uri", "vfs"];

/// The file of an SQLite database. Its `Display` and its `Debug` have no key of an encrypted one.
#[derive(Clone, PartialEq, Eq)]
pub struct FileUrl(String);

impl FileUrl {
    /// Takes a path, or a URL that names one, as it is.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the text, with any key in it.
    #[must_use]
    pub fn exposed(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FileUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SQLAlchemy writes the key of an encrypted database where others have a password.
        let url = self.0.split_once("://").filter(|(scheme, _)| is_scheme(scheme));
        if let Some((scheme, _)) = url.filter(|(_, rest)| rest.contains('@')) {
            return write!(f, "{scheme}://***");
        }
        let (path, query) = self.0.split_once('?').unwrap_or((&self.0, ""));
        f.write_str(path)?;
        for (index, pair) in query.split('&').enumerate().filter(|(_, pair)| !pair.is_empty()) {
            f.write_str(if index == 0 { "?" } else { "&" })?;
            match pair.split_once('=') {
                Some((key, value)) if SHOWN.contains(&key) && !value.contains('#') => f.write_str(pair)?,
                Some((key, _)) if key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') => write!(f, "{key}=***")?,
                _ => f.write_str("***")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for FileUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
