//! `host=db password='it''s' dbname=shop`, read as libpq reads it.

use super::{parameters, server::ServerUrl};
use crate::Dialect;

/// Returns whether a text is a list of keywords, known or not: it begins with a word and `=`.
pub(super) fn are_meant(text: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || "_- ".contains(c);
    text.split_once('=').is_some_and(|(key, _)| !key.trim().is_empty() && key.trim().chars().all(is_word))
}

/// Takes a list apart.
pub(super) fn parse(text: &str) -> Result<ServerUrl, String> {
    let mut parameters = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
        let (key, after) = rest.split_at(end);
        let after = after.trim_start().strip_prefix('=').ok_or(
            "`=` has to follow each keyword; a value with a space is written in `''`, and a file that has `=` in its name \
             with `./` before it",
        )?;
        let (value, after) = value(after.trim_start())?;
        parameters.push((key.to_owned(), value));
        rest = after.trim_start();
    }
    parameters::check(&parameters, Dialect::Postgres)?;
    Ok(ServerUrl { scheme: None, address: Vec::new(), parameters })
}

/// Reads a value, quoted or not, and returns what follows it. A backslash takes the next character as it is.
fn value(text: &str) -> Result<(String, &str), String> {
    let mut value = String::new();
    let is_quoted = text.starts_with('\'');
    let mut characters = text.char_indices().skip(usize::from(is_quoted));
    loop {
        match characters.next() {
            None if is_quoted => return Err("a quote does not end; in a value it is written `\\'`".to_owned()),
            None => return Ok((value, "")),
            Some((_, '\\')) => value.extend(characters.next().map(|(_, c)| c)),
            Some((at, '\'')) if is_quoted => return Ok((value, &text[at + 1..])),
            Some((at, c)) if !is_quoted && c.is_whitespace() => return Ok((value, &text[at..])),
            Some((_, c)) => value.push(c),
        }
    }
}

/// Writes the list with these values.
pub(super) fn write<'v>(url: &'v ServerUrl, value: impl Fn(&str, &'v str) -> &'v str) -> String {
    let pair = |(key, text)| format!("{key}={}", quoted(value(key, text)));
    url.parameters().map(pair).collect::<Vec<_>>().join(" ")
}

fn quoted(value: &str) -> String {
    let is_plain = |c: char| !c.is_whitespace() && !c.is_control() && c != '\'' && c != '\\';
    if !value.is_empty() && value.chars().all(is_plain) {
        return value.to_owned();
    }
    format!("'{}'", value.replace('\\', "\\\\").replace('\'', "\\'"))
}
