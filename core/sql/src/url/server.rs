//! A database on a server, by URL or by a list of keywords.

use std::fmt;

use super::{keywords, parameters, uri};
use crate::Dialect;

/// Schemes of URLs, without drivers.
pub(super) const SCHEMES: [&str; 4] = ["postgres", "postgresql", "mysql", "mariadb"];

/// A database on a server, as a URL or a list of keywords says it. Its `Display` and its `Debug` have no password.
#[derive(Clone, PartialEq, Eq)]
pub struct ServerUrl {
    /// None for a list of keywords.
    pub(super) scheme: Option<&'static str>,
    /// What a URL has before its parameters, under libpq's names: user, password, host, port, dbname.
    pub(super) address: Vec<(&'static str, String)>,
    pub(super) parameters: Vec<(String, String)>,
}

impl ServerUrl {
    /// Returns the database that the scheme names. A server of MySQL's may turn out to be the other one.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        match self.scheme {
            Some("mysql") => Dialect::Mysql,
            Some("mariadb") => Dialect::Mariadb,
            _ => Dialect::Postgres,
        }
    }

    /// Returns what stands before the parameters of a URL, by libpq's name for it: `user`, `password`, `host`, `port` or
    /// `dbname`.
    #[must_use]
    pub fn address(&self, key: &str) -> Option<&str> {
        self.address.iter().find(|(known, _)| *known == key).map(|(_, value)| value.as_str())
    }

    /// Returns the parameters behind the `?` of a URL, or those of a list of keywords, in their order.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parameters.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Returns all that is said, in its order: later ones win.
    pub fn settings(&self) -> impl Iterator<Item = (&str, &str)> {
        self.address.iter().map(|(key, value)| (*key, value.as_str())).chain(self.parameters())
    }

    /// Returns the name of the database, if it is said.
    #[must_use]
    pub fn database(&self) -> Option<&str> {
        self.settings().filter(|(key, _)| *key == "dbname").last().map(|(_, value)| value)
    }

    /// Returns the same with another database.
    #[must_use]
    pub fn with_database(mut self, name: &str) -> Self {
        self.forget(&["dbname"]);
        self.set(self.scheme.is_some(), "dbname", name);
        self
    }

    /// Returns the same for another role.
    #[must_use]
    pub fn with_login(mut self, user: &str, password: &str) -> Self {
        self.forget(&["user", "password", "passfile"]);
        // Not every driver takes a role without a host behind it, and MySQL's take none from a parameter.
        let in_address = self.address("host").is_some() || self.dialect().is_mysql_family();
        self.set(in_address, "user", user);
        self.set(in_address, "password", password);
        self
    }

    /// Returns the text for a driver, with the password in it: reserved characters are encoded, and MariaDB's scheme is
    /// that of MySQL, which drivers know.
    #[must_use]
    pub fn exposed(&self) -> String {
        let scheme = self.scheme.map(|scheme| if scheme == "mariadb" { "mysql" } else { scheme });
        self.written(scheme, |_, value| value)
    }

    fn forget(&mut self, keys: &[&str]) {
        self.address.retain(|(key, _)| !keys.contains(key));
        self.parameters.retain(|(key, _)| !keys.contains(&key.as_str()));
    }

    fn set(&mut self, in_address: bool, key: &'static str, value: &str) {
        if in_address {
            self.address.push((key, value.to_owned()));
        } else {
            self.parameters.push((key.to_owned(), value.to_owned()));
        }
    }

    fn written<'v>(&'v self, scheme: Option<&str>, value: impl Fn(&str, &'v str) -> &'v str) -> String {
        match scheme {
            Some(scheme) => uri::write(self, scheme, value),
            None => keywords::write(self, value),
        }
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dialect = self.dialect();
        let shown = |key: &str, value| if parameters::is_shown(key, value, dialect) { value } else { "***" };
        f.write_str(&self.written(self.scheme, shown))
    }
}

impl fmt::Debug for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
