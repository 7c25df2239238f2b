//! Reads `.env` entry by entry: what cannot be read concerns the variables of those lines only.

use std::{
    cell::Cell,
    collections::BTreeMap,
    fmt,
    io::{self, Read},
    ops::Range,
};

/// The lines of an entry that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed {
    first: usize,
    last: usize,
}

impl fmt::Display for Malformed {
    /// Never shows the text, which may be a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self { first, last } if first == last => write!(f, "line {first} is malformed"),
            Self { first, last } => write!(f, "lines {first} to {last} are malformed: a quote opens in line {first}"),
        }
    }
}

/// The entries of a `.env`. Of several for one variable the first counts, whether it can be read or not.
#[derive(Debug, Default)]
pub(crate) struct Dotenv {
    pub(crate) variables: BTreeMap<String, String>,
    /// The variables whose value is unknown.
    pub(crate) unknown: BTreeMap<String, Malformed>,
    /// The first entry that cannot be read.
    pub(crate) malformed: Option<Malformed>,
}

impl Dotenv {
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
        // The parser refuses a space at the end of a file that does not end its last line.
        let text = format!("{}\n", String::from_utf8_lossy(bytes));
        let read = Cell::new(0);
        let mut entries = dotenvy::from_read_iter(LineByLine { rest: text.as_bytes(), read: &read });
        let mut this = Self::default();
        loop {
            let before = read.get();
            let Some(entry) = entries.next() else { return this };
            this.add(&lines, before..read.get(), entry);
        }
    }

    /// Adds what was read from these lines, which begin with the comments before the entry.
    fn add(&mut self, lines: &[&[u8]], range: Range<usize>, entry: dotenvy::Result<(String, String)>) {
        let is_skipped = |line: &&&[u8]| line.trim_ascii().is_empty() || line.trim_ascii().starts_with(b"#");
        let first = range.start + lines[range.clone()].iter().take_while(is_skipped).count();
        let text = lines[first..range.end].join(&b'\n');
        let (text, is_utf8) = match String::from_utf8(text) {
            Ok(text) => (text, true),
            Err(error) => (String::from_utf8_lossy(error.as_bytes()).into_owned(), false),
        };
        let reason = match &entry {
            Ok(_) if is_utf8 => self.unknown_in(&text),
            _ => Some(Malformed { first: first + 1, last: range.end }),
        };
        if let Some(malformed) = reason {
            // Where a quote does not end, the entries of other variables may be in it.
            for name in text.lines().filter_map(variable_of).filter(|name| !self.variables.contains_key(*name)) {
                self.unknown.entry(name.to_owned()).or_insert(malformed);
            }
            self.malformed.get_or_insert(malformed);
        } else if let Ok((name, value)) = entry
            && !self.unknown.contains_key(&name)
        {
            self.variables.entry(name).or_insert(value);
        }
    }

    /// Returns why the value of an entry is unknown: it contains `$NAME` or `${NAME}` of a variable that is.
    fn unknown_in(&self, entry: &str) -> Option<Malformed> {
        let is_in = |name: &str| entry.contains(&format!("${name}")) || entry.contains(&format!("${{{name}}}"));
        self.unknown.iter().find(|(name, _)| is_in(name)).map(|(_, malformed)| *malformed)
    }
}

/// Returns the variable that a line sets, or was meant to set.
fn variable_of(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let line = line.strip_prefix("export").filter(|rest| rest.starts_with([' ', '\t'])).map_or(line, str::trim_start);
    let end = line.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.')).unwrap_or(line.len());
    Some(&line[..end]).filter(|name| !name.is_empty())
}

/// Gives out one line at a time, so that the lines given out are those that the parser has come to.
struct LineByLine<'a> {
    rest: &'a [u8],
    read: &'a Cell<usize>,
}

impl Read for LineByLine<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let line = self.rest.iter().position(|byte| *byte == b'\n').map_or(self.rest.len(), |end| end + 1);
        let (given, rest) = self.rest.split_at(line.min(buffer.len()));
        buffer[..given.len()].copy_from_slice(given);
        self.rest = rest;
        if given.ends_with(b"\n") {
            self.read.set(self.read.get() + 1);
        }
        Ok(given.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is known of the variable `U`.
    fn read(text: impl AsRef<[u8]>) -> String {
        let dotenv = Dotenv::parse(text.as_ref());
        match (dotenv.variables.get("U"), dotenv.unknown.get("U")) {
            (Some(value), None) => value.clone(),
            (None, Some(malformed)) => malformed.to_string(),
            (None, None) => dotenv.malformed.map_or("not set".to_owned(), |malformed| format!("elsewhere {malformed}")),
            both => panic!("{both:?}"),
        }
    }

    #[test]
    fn a_malformed_line_concerns_its_own_variable() {
        for broken in ["A=b c", "no equals sign", "A='b' c", "1=2", "=", "A=\\q", "export", "A=see U=1 there"] {
            assert_eq!(read(format!("{broken}\n# note\n\nU=x\n")), "x", "{broken}");
            assert_eq!(read(format!("U=x\r\n{broken}")), "x", "{broken}");
            assert_eq!(read(format!("# U=1\n\n{broken}\n")), "elsewhere line 3 is malformed", "{broken}");
        }
        for broken in ["U=x y", "export U=x y", " U = 'x' y", "U: x", "U x", "U"] {
            assert_eq!(read(format!("A=1\n{broken}\nB=2\nU=later\n")), "line 2 is malformed", "{broken}");
            assert_eq!(read(format!("U=x\n{broken}\n")), "x", "{broken}");
        }
        assert_eq!(read(""), "not set");
        assert_eq!(read("\u{feff}U=x "), "x");
    }

    #[test]
    fn what_is_in_a_quote_is_not_taken_for_an_entry() {
        assert_eq!(read("A='\nU=x\n'\n"), "not set");
        assert_eq!(read("A=\"\nU=x\n\" c\nB=1\n"), "lines 1 to 3 are malformed: a quote opens in line 1");
        assert_eq!(read("B=1\nA=O'Brien\nU=x\n"), "lines 2 to 3 are malformed: a quote opens in line 2");
        assert_eq!(read("A=\"\nB=1\n\" c\nU=x"), "x");
    }

    #[test]
    fn other_encodings_concern_the_lines_that_have_them() {
        assert_eq!(read(b"# caf\xe9\nA=caf\xe9\nU=x\n"), "x");
        assert_eq!(read(b"A=1\nU=caf\xe9\n"), "line 2 is malformed");
        assert_eq!(read(b"A='\xe9\nU=x\n'\n"), "lines 1 to 3 are malformed: a quote opens in line 1");
    }

    #[test]
    fn what_is_made_of_an_unknown_variable_is_unknown() {
        assert_eq!(read("H=my host\nU=postgres://${H}/x\n"), "line 1 is malformed");
        assert_eq!(read("H=my host\nU=postgres://$H/x\n"), "line 1 is malformed");
        assert_eq!(read("H=host\nA=b c\nU=postgres://$H/x\n"), "postgres://host/x");
    }
}
