//! `~/.pgpass`, and where else a password may come from.

use std::{fmt, fs};

/// Where a password comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PasswordFrom {
    /// The URL, or a program of ours that knows it.
    Url,
    /// A service of `pg_service.conf`.
    Service,
    /// `PGPASSWORD`, of the process or of a `.env`.
    Variable,
    /// This file.
    File(String),
}

impl fmt::Display for PasswordFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url => f.write_str("the URL"),
            Self::Service => f.write_str("pg_service.conf"),
            Self::Variable => f.write_str("PGPASSWORD"),
            Self::File(file) => write!(f, "`{file}`"),
        }
    }
}

/// What a password is for.
pub(super) struct Login<'a> {
    pub(super) host: &'a str,
    pub(super) port: &'a str,
    pub(super) database: &'a str,
    pub(super) user: &'a str,
}

/// Looks a password up in a file, which need not be there.
///
/// # Errors
///
/// Why the file is ignored, as libpq ignores it.
pub(super) fn look_up(file: &str, login: &Login<'_>) -> Result<Option<String>, String> {
    let Ok(about) = fs::metadata(file) else { return Ok(None) };
    if !about.is_file() {
        return Err(format!("the password file `{file}` is ignored: it is not a plain file"));
    }
    if is_open_to_others(&about) {
        return Err(format!(
            "the password file `{file}` is ignored: it has group or world access; run `chmod 0600 {file}`"
        ));
    }
    let text = fs::read_to_string(file).map_err(|error| format!("the password file `{file}` is ignored: {error}"))?;
    Ok(find(&text, login.host, login.port, login.database, login.user))
}

#[cfg(unix)]
fn is_open_to_others(about: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;

    about.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn is_open_to_others(_: &fs::Metadata) -> bool {
    false
}

/// Returns the password of the first line that fits, as libpq does.
fn find(text: &str, host: &str, port: &str, database: &str, user: &str) -> Option<String> {
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let fields = fields(line);
        let [h, p, d, u, password] = &fields[..] else {
            return None;
        };
        let fits = |field: &str, value: &str| field == "*" || field == value;
        (fits(h, host) && fits(p, port) && fits(d, database) && fits(u, user)).then(|| password.clone())
    })
}

/// Splits at colons; a backslash takes the next character as it is.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut characters = line.chars();
    while let Some(c) = characters.next() {
        let next = match c {
            ':' if fields.len() < 5 => {
                fields.push(String::new());
                continue;
            }
            '\\' => characters.next().unwrap_or('\\'),
            c => c,
        };
        if let Some(field) = fields.last_mut() {
            field.push(next);
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_fits_wins() {
        let text = "# mine\ndb:5432:*:me:first\n*:*:shop:me:se\\:cond\n";
        assert_eq!(find(text, "db", "5432", "shop", "me").as_deref(), Some("first"));
        assert_eq!(find(text, "other", "5432", "shop", "me").as_deref(), Some("se:cond"));
        assert_eq!(find(text, "other", "5432", "shop", "you"), None);
    }
}
