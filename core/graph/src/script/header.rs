//! The `Key: value` lines of the header.

use alembic_sql::{control::is_control, suggest};

use super::{Header, names};
use crate::revision::{Created, check_name};

/// The keys, as they are written.
const KEYS: [&str; 8] = [
    "Revision ID",
    "Revises",
    "Branch Labels",
    "Depends On",
    "Create Date",
    "Transaction",
    "Foreign Keys",
    "Row Security",
];

/// A problem at a distance in characters from the start of the line's content.
pub(super) type Problem = (usize, String);

/// Collects the header line by line.
#[derive(Default)]
pub(super) struct HeaderReader {
    header: Header,
    message_done: bool,
    seen: Vec<&'static str>,
}

impl HeaderReader {
    /// Reads one line of the leading comment, without its `--`.
    pub(super) fn line(&mut self, content: &str) -> Result<(), Problem> {
        let control = content.chars().enumerate().find(|(_, c)| is_control(*c) && *c != '\t');
        if let Some((at, c)) = control {
            return Err((at, format!("`{}` is a character that a terminal obeys; leave it out", c.escape_default())));
        }
        let key = content.split_once(':').map(|(key, value)| (key.trim(), value.trim()));
        match key {
            Some((key, value)) if KEYS.contains(&key) => self.value(key, value, content),
            Some((key, _)) if self.looks_like_key(key) => {
                Err((0, format!("unknown header key `{key}`{}", suggest::did_you_mean(key, KEYS))))
            }
            _ => {
                self.prose(content);
                Ok(())
            }
        }
    }

    /// Returns the header, or what is missing from it.
    pub(super) fn finish(self) -> Result<Header, String> {
        for key in ["Revision ID", "Revises"] {
            if !self.seen.contains(&key) {
                let hint = if key == "Revises" { "; write `Revises: <base>` for a first revision" } else { "" };
                return Err(format!("the header has no `{key}:` line{hint}"));
            }
        }
        if self.header.without_transaction && self.header.foreign_keys_off {
            let problem = "`Foreign Keys: off` is checked before its transaction commits, so it cannot be combined with \
                           `Transaction: none`; say `PRAGMA foreign_keys` in the SQL there";
            return Err(problem.to_owned());
        }
        Ok(self.header)
    }

    /// Prose may hold colons, so a word is taken for a mistyped key only once keys have begun, or
    /// if it is nearly one.
    fn looks_like_key(&self, key: &str) -> bool {
        suggest::nearest(key, KEYS).is_some()
            || (!self.seen.is_empty() && !key.is_empty() && key.chars().all(|c| c.is_alphabetic() || c == ' '))
    }

    fn prose(&mut self, content: &str) {
        let text = content.trim();
        if text.is_empty() {
            self.message_done |= !self.header.message.is_empty();
        } else if !self.message_done && self.seen.is_empty() {
            if !self.header.message.is_empty() {
                self.header.message.push(' ');
            }
            self.header.message.push_str(text);
        }
    }

    fn value(&mut self, key: &str, value: &str, content: &str) -> Result<(), Problem> {
        let at = if value.is_empty() { content.chars().count() } else { content.find(value).unwrap_or(0) };
        let known = KEYS.into_iter().find(|known| *known == key).unwrap_or_default();
        if self.seen.contains(&known) {
            return Err((0, format!("`{key}` is given twice")));
        }
        self.seen.push(known);
        self.message_done = true;
        self.assign(key, value).map_err(|problem| (at, problem))
    }

    fn assign(&mut self, key: &str, value: &str) -> Result<(), String> {
        let header = &mut self.header;
        match key {
            "Revision ID" => {
                check_name(value).map_err(|error| error.to_string())?;
                value.clone_into(&mut header.id);
            }
            "Revises" if value == "<base>" => {}
            "Revises" => header.parents = unique(names(value)?)?,
            "Branch Labels" => header.labels = unique(names(value)?)?,
            "Depends On" => header.dependencies = unique(names(value)?)?,
            "Create Date" => {
                header.created = Some(Created::parse(value).ok_or_else(|| {
                    format!("`{value}` is not a date; expected the form `2026-11-21 09:30:00+00:00`")
                })?);
            }
            "Foreign Keys" if value == "off" => header.foreign_keys_off = true,
            "Foreign Keys" => return Err(format!("`{value}` is not a mode of foreign keys; the only one is `off`")),
            "Row Security" if value == "on" => header.row_security_on = true,
            "Row Security" => return Err(format!("`{value}` is not a mode of row security; the only one is `on`")),
            _ if value == "none" => header.without_transaction = true,
            _ => {
                return Err(format!("`{value}` is not a transaction mode; the only one is `none`"));
            }
        }
        Ok(())
    }
}

fn unique(names: Vec<String>) -> Result<Vec<String>, String> {
    match names.iter().enumerate().find(|(i, name)| names[..*i].contains(name)) {
        Some((_, name)) => Err(format!("`{name}` is listed twice")),
        None => Ok(names),
    }
}
