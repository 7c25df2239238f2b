//! `alembic.lock`: what the migrations folder held when a command last looked.
//!
//! One line per head, so that two branches which both add a revision conflict in git, then one
//! line per revision in graph order. It makes the macro notice a new file, and shows an edit of a
//! committed revision in the diff. The files are what counts: nothing is taken from the lock file
//! instead of them.

use std::fmt::Write;

use alembic_sql::{Checksum, wording::joined};

use crate::{Graph, Revision, config::is_inside, revision::Created};

/// The name of the file, in the first migrations folder.
pub const FILE_NAME: &str = "alembic.lock";

const VERSION_LINE: &str = "version 1";

/// What a lock file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lockfile {
    /// The ids of the heads, sorted.
    pub heads: Vec<String>,
    /// The revisions, each with its node hash.
    pub revisions: Vec<(Revision, Checksum)>,
}

/// Why a text is not a lock file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct LockError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub problem: String,
}

impl Lockfile {
    /// Returns what the lock file of `graph` says.
    #[must_use]
    pub fn of(graph: &Graph) -> Self {
        let mut heads: Vec<String> = graph.ids(graph.heads()).map(str::to_owned).collect();
        heads.sort_unstable();
        let revisions = graph.nodes().map(|n| (graph.revision(n).clone(), graph.node_hash(n))).collect();
        Self { heads, revisions }
    }

    /// Returns whether a text is that of the file, whatever its line ends: git may have changed them.
    #[must_use]
    pub fn is_rendered_as(&self, text: &str) -> bool {
        text.replace("\r\n", "\n") == self.render()
    }

    /// Returns the text of the file; deterministic.
    #[must_use]
    pub fn render(&self) -> String {
        let mut out =
            format!("# Written by `cargo alembic`. Commit it; after a conflict keep both sides.\n{VERSION_LINE}\n");
        for head in &self.heads {
            let _infallible = writeln!(out, "head {head}");
        }
        for (revision, node) in &self.revisions {
            let list = |names: &[String]| {
                if names.is_empty() { "-".to_owned() } else { joined(names).replace(", ", ",") }
            };
            let _infallible = writeln!(
                out,
                "{} {} {} {} {} {} {} {node} {} {}",
                revision.id,
                escape(&revision.path),
                list(&revision.parents),
                list(&revision.dependencies),
                list(&revision.labels),
                revision.upgrade,
                revision.downgrade.map_or_else(|| "-".to_owned(), |sum| sum.to_string()),
                revision.created.as_ref().map_or_else(|| "-".to_owned(), |created| date_field(created.text())),
                revision.message,
            );
        }
        out
    }

    /// Reads a lock file; lines may be in any order, as after a merge that kept both sides.
    ///
    /// # Errors
    ///
    /// [`LockError`] at the first line that is not understood.
    pub fn parse(text: &str) -> Result<Self, LockError> {
        let mut lock = Self { heads: Vec::new(), revisions: Vec::new() };
        let mut version_seen = false;
        for (index, line) in text.lines().enumerate() {
            let line = line.trim_end_matches('\r');
            let error = |problem: &str| LockError { line: index + 1, problem: problem.to_owned() };
            if ["<<<<<<<", "=======", ">>>>>>>", "|||||||"].iter().any(|mark| line.starts_with(mark)) {
                return Err(error("a merge conflict is not resolved; keep the lines of both sides"));
            }
            match line.split_once(' ') {
                _ if line.is_empty() || line.starts_with('#') => {}
                Some(("version", _)) if line == VERSION_LINE => version_seen = true,
                Some(("version", _)) => {
                    return Err(error("written by another version of cargo-alembic"));
                }
                _ if !version_seen => return Err(error("expected `version 1`")),
                Some(("head", id)) if crate::revision::check_name(id).is_ok() => lock.heads.push(id.to_owned()),
                Some(("head", _)) => return Err(error("not the name of a revision")),
                _ => {
                    let (revision, node) = revision(line).ok_or_else(|| error("not a line of a lock file"))?;
                    if !is_inside(&revision.path) {
                        return Err(error("the path of a revision leads out of the package"));
                    }
                    lock.revisions.push((revision, node));
                }
            }
        }
        if !version_seen {
            return Err(LockError { line: 1, problem: "expected `version 1`".to_owned() });
        }
        lock.heads.sort_unstable();
        lock.heads.dedup();
        Ok(lock)
    }
}

fn revision(line: &str) -> Option<(Revision, Checksum)> {
    let mut fields = line.splitn(10, ' ');
    let mut next = || fields.next();
    let list = |text: &str| {
        if text == "-" { Vec::new() } else { text.split(',').map(str::to_owned).collect() }
    };
    let (id, path) = (next()?, unescape(next()?)?);
    let (parents, dependencies, labels) = (list(next()?), list(next()?), list(next()?));
    let upgrade = next()?.parse().ok()?;
    let downgrade = match next()? {
        "-" => None,
        sum => Some(sum.parse().ok()?),
    };
    let node = next()?.parse().ok()?;
    let created = match next()? {
        "-" => None,
        date if date.contains('%') => Some(Created::parse(&unescape(date)?)?),
        date => Some(Created::parse(&date.replacen('T', " ", 1))?),
    };
    let message = next().unwrap_or_default().to_owned();
    crate::revision::check_name(id).ok()?;
    let id = id.to_owned();
    Some((Revision { id, parents, dependencies, labels, message, created, path, upgrade, downgrade }, node))
}

/// `T` replaces the blank of our own form; another form that a person wrote is kept.
fn date_field(text: &str) -> String {
    if text.contains('T') || text.matches(char::is_whitespace).count() != 1 {
        escape(text).replace('T', "%54")
    } else {
        text.replace(' ', "T")
    }
}

/// Fields are separated by spaces, so blanks in file names are written as `%20`.
fn escape(path: &str) -> String {
    path.chars()
        .map(|c| {
            if !c.is_whitespace() && c != '%' {
                return c.to_string();
            }
            let mut buffer = [0; 4];
            c.encode_utf8(&mut buffer).bytes().map(|byte| format!("%{byte:02x}")).collect()
        })
        .collect()
}

fn unescape(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(part.get(..2)?, 16).ok()?);
        bytes.extend(part.get(2..)?.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::graph::testing::graph;

    #[test]
    fn the_file_is_plain_lines() {
        let text = Lockfile::of(&graph("a; b < a [left]; c < a @ left")).render();
        assert_snapshot!(text, @r"
        # Written by `cargo alembic`. Commit it; after a conflict keep both sides.
        version 1
        head c
        a a.sql - - - ae6121c88ba555f64c3d812123eb799d ae6121c88ba555f64c3d812123eb799d 4bc7395dcfb4ae7482f612074da76290 - message of a
        b b.sql a - left 1af4648d195dc1d33afa27c3fd0fa648 1af4648d195dc1d33afa27c3fd0fa648 640f065a78e5d7b1db6c34dd62d6a19e - message of b
        c c.sql a left - eca8daf67b07b6ecd9f8150603b0dbb3 eca8daf67b07b6ecd9f8150603b0dbb3 869f7f1f27fdd9ebac7a27504912c322 - message of c
        ");
    }

    #[test]
    fn it_reads_back_in_any_order() {
        let lock = Lockfile::of(&graph("a; b < a; c < a @ b; d [x]"));
        assert_eq!(Lockfile::parse(&lock.render()).unwrap(), lock);
        let mut lines: Vec<&str> = Vec::new();
        let text = lock.render();
        lines.extend(text.lines().take(2));
        lines.extend(text.lines().skip(2).collect::<Vec<_>>().into_iter().rev());
        let sorted = |mut lock: Lockfile| {
            lock.revisions.sort_by(|(a, _), (b, _)| a.id.cmp(&b.id));
            lock
        };
        assert_eq!(sorted(Lockfile::parse(&lines.join("\n")).unwrap()), sorted(lock));
    }

    #[test]
    fn odd_file_names_survive() {
        let mut lock = Lockfile::of(&graph("a"));
        lock.revisions[0].0.path = "my\u{2003}migrations/100% sure.sql".into();
        assert_eq!(Lockfile::parse(&lock.render()).unwrap(), lock);
    }

    #[test]
    fn dates_in_any_form_survive() {
        for date in
            ["2026-11-21 09:30:00+00:00", "2026-11-21T09:30:00", "2026-11-21 09:30:00 +00:00", "2026-11-21 09:30:00.5"]
        {
            let mut lock = Lockfile::of(&graph("a"));
            lock.revisions[0].0.created = Some(Created::parse(date).unwrap());
            assert_eq!(Lockfile::parse(&lock.render()).unwrap(), lock, "{date}");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let message = |text: &str| Lockfile::parse(text).unwrap_err().to_string();
        assert_snapshot!(message(""), @"line 1: expected `version 1`");
        assert_snapshot!(message("version 2\n"), @"line 1: written by another version of cargo-alembic");
        assert_snapshot!(message("version 1\n<<<<<<< HEAD\n"), @"line 2: a merge conflict is not resolved; keep the lines of both sides");
        assert_snapshot!(message("version 1\na b c\n"), @"line 2: not a line of a lock file");
        assert_snapshot!(message("version 1\nhead a1 \r"), @"line 2: not the name of a revision");
        let mut lock = Lockfile::of(&graph("a"));
        for path in ["../a.sql", "/etc/a.sql", "m/../../a.sql", "C:\\a.sql"] {
            lock.revisions[0].0.path = path.into();
            assert_eq!(message(&lock.render()), "line 4: the path of a revision leads out of the package", "{path}");
        }
    }
}
