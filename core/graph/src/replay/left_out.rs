//! What a replay does not run as a revision says it.

use std::fmt;

/// A statement that a replay leaves out, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeftOut {
    /// The file of the revision.
    pub path: String,
    /// The line of the file.
    pub line: usize,
    /// What is left out, in one line.
    pub text: String,
    /// The statement that runs without it; none if all of it is left out.
    pub of: Option<String>,
}

impl LeftOut {
    /// Writes the value as a line for another process.
    #[must_use]
    pub fn encode(&self) -> String {
        let of = self.of.as_deref().unwrap_or_default();
        format!("{MARK}\t{}\t{}\t{}\t{of}", self.path, self.line, self.text)
    }

    /// Reads what [`encode`](Self::encode) wrote; none of any other line.
    #[must_use]
    pub fn decode(line: &str) -> Option<Self> {
        let mut parts = line.strip_prefix(MARK)?.strip_prefix('\t')?.split('\t');
        let (path, line, text) = (parts.next()?.to_owned(), parts.next()?.parse().ok()?, parts.next()?.to_owned());
        Some(Self { path, line, text, of: parts.next().filter(|of| !of.is_empty()).map(str::to_owned) })
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, text, of } = self;
        match of {
            Some(of) => write!(f, "{path}:{line}: `{text}` of `{of}`"),
            None => write!(f, "{path}:{line}: `{text}`"),
        }
    }
}

const MARK: &str = "alembic-left-out";

/// Returns a text in one line, as messages quote it.
pub(super) fn in_one_line(text: &str) -> String {
    const LONGEST: usize = 120;
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_process_tells_the_same() {
        let whole = LeftOut { path: "a b.sql".into(), line: 7, text: in_one_line("SET\n  ROLE\tapp"), of: None };
        let part =
            LeftOut { text: "DEFINER=`a`".into(), of: Some("CREATE VIEW v AS SELECT 1".into()), ..whole.clone() };
        assert_eq!(whole.to_string(), "a b.sql:7: `SET ROLE app`");
        assert_eq!(part.to_string(), "a b.sql:7: `DEFINER=`a`` of `CREATE VIEW v AS SELECT 1`");
        for value in [whole, part] {
            assert_eq!(LeftOut::decode(&value.encode()), Some(value));
        }
        assert_eq!(LeftOut::decode("Running upgrade"), None);
        assert_eq!(in_one_line(&"é".repeat(200)).chars().count(), 121);
    }
}
