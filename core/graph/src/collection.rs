//! All revision files of a project, read and checked together.

use std::{collections::HashMap, fmt};

use crate::{
    Graph, GraphError, Hint, Revision, Script,
    lockfile::Lockfile,
    script::{parse, parse_rust},
};

/// The scripts of a project and the graph they form.
#[derive(Debug, Clone)]
pub struct Collection {
    /// The graph.
    pub graph: Graph,
    scripts: HashMap<String, Script>,
}

/// Something wrong with a project's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file, relative to the project.
    pub path: String,
    /// The line, from 1, if there is one to point at.
    pub line: Option<usize>,
    /// The column, in characters.
    pub column: Option<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<Box<Hint>>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        for number in [self.line, self.column].into_iter().flatten() {
            write!(f, ":{number}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl Problem {
    /// Returns a problem of a file as a whole.
    #[must_use]
    pub fn of_file(path: &str, message: String, hint: impl Into<Option<Hint>>) -> Self {
        Self { path: path.to_owned(), line: None, column: None, message, hint: hint.into().map(Box::new) }
    }

    /// Returns the file and the line, from 1, if the problem is about a line.
    #[must_use]
    pub fn place(&self) -> Option<(&str, usize)> {
        Some((&self.path, self.line?))
    }
}

impl Collection {
    /// Reads files, given as path and content.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with any of them; never an empty list.
    pub fn read<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Result<Self, Vec<Problem>> {
        let mut scripts = HashMap::new();
        let mut revisions = Vec::new();
        let mut lines = HashMap::new();
        let mut problems = Vec::new();
        for (path, content) in files {
            match script(path, content) {
                Ok((script, text)) => {
                    revisions.push(script.revision(path));
                    scripts.insert(path.to_owned(), script);
                    lines.insert(path, text);
                }
                Err(problem) => problems.push(problem),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        match Graph::new(revisions) {
            Ok(graph) => Ok(Self { graph, scripts }),
            Err(errors) => Err(errors.0.iter().map(|error| graph_problem(error, &lines)).collect()),
        }
    }

    /// Returns the script of a revision of the graph.
    #[must_use]
    pub fn script(&self, revision: &Revision) -> Option<&Script> {
        self.scripts.get(&revision.path)
    }

    /// Returns how the files differ from what the lock file says of them: files it does not know,
    /// and entries without file. An edited file is no difference.
    #[must_use]
    pub fn missing_from(&self, lock: &Lockfile) -> Vec<Problem> {
        let hint = || Hint::LockIsStale;
        let locked: HashMap<&str, &str> =
            lock.revisions.iter().map(|(r, _)| (r.id.as_str(), r.path.as_str())).collect();
        let unlocked =
            self.graph.nodes().map(|node| self.graph.revision(node)).filter(|r| !locked.contains_key(r.id.as_str()));
        let unlocked =
            unlocked.map(|r| Problem::of_file(&r.path, format!("revision `{}` is not in alembic.lock", r.id), hint()));
        let gone = lock.revisions.iter().map(|(r, _)| r).filter(|r| self.graph.find_id(&r.id).is_none());
        let gone = gone.map(|r| {
            Problem::of_file(&r.path, format!("alembic.lock has revision `{}`, which has no file", r.id), hint())
        });
        unlocked.chain(gone).collect()
    }
}

/// The most bytes that a file of a project may have: 64 MiB.
pub const LARGEST_FILE: u64 = 64 << 20;

/// The folder in the first of the migrations folders that holds files of an import while they are put in place.
pub const STAGED_FOLDER: &str = ".alembic-import";

/// Returns whether a file is a revision, by its name. Editors leave files with a dot beside those
/// that are open.
#[must_use]
pub fn is_revision(file_name: &str) -> bool {
    !file_name.starts_with('.')
        && !alembic_schema::snapshot::is_snapshot(file_name)
        && (is_rust(file_name) || file_name.ends_with(".sql"))
}

/// Returns what is wrong with a file at or below a migrations folder that begins as a revision does and is not taken as
/// one, if it is such a file. `path` is relative to the package.
///
/// Files that editors leave beside those that are open are none.
#[must_use]
pub fn passed_over(path: &str, content: &[u8]) -> Option<Problem> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    if name.starts_with(['.', '#']) || name.ends_with('~') || !begins_like_revision(content) {
        return None;
    }
    let problem = |message: &str, hint: Hint| Some(Problem::of_file(path, message.to_owned(), hint));
    if is_revision(name) {
        let hint = Hint::FolderNotNamed { folder: folder.to_owned() };
        return problem("it begins as a revision does, but `migrations` does not name its folder", hint);
    }
    problem("it begins as a revision does, but its name does not end in `.sql` or `.rs`", Hint::RevisionNotNamed)
}

/// Returns whether a text begins with a comment that has a line `Revision ID`.
fn begins_like_revision(content: &[u8]) -> bool {
    let text = String::from_utf8_lossy(content);
    let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
    let mut comments = lines.map_while(|line| match line {
        "" => Some(""),
        _ => line.strip_prefix("--").or_else(|| line.strip_prefix("//!")),
    });
    comments.any(|comment| comment.trim_start().starts_with("Revision ID:"))
}

/// Returns whether a revision is written in Rust, by the name of its file.
#[must_use]
pub fn is_rust(file_name: &str) -> bool {
    file_name.ends_with(".rs")
}

/// Reads one file.
///
/// # Errors
///
/// [`Problem`].
pub fn script<'a>(path: &str, content: &'a [u8]) -> Result<(Script, &'a str), Problem> {
    let text = str::from_utf8(content).map_err(|error| {
        let line = content[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
        Problem { line: Some(line), ..Problem::of_file(path, "the file is not UTF-8".into(), Hint::NotUtf8) }
    })?;
    let script = if is_rust(path) { parse_rust(text) } else { parse(text) };
    let script = script.map_err(|error| Problem {
        path: path.to_owned(),
        line: Some(error.line),
        column: Some(error.column),
        message: error.problem,
        hint: None,
    })?;
    Ok((script, text))
}

/// Points at the header line that has to be changed.
fn graph_problem(error: &GraphError, texts: &HashMap<&str, &str>) -> Problem {
    let path = error.file().unwrap_or_default();
    let is_key = |line: &str| {
        let content = line.trim_start_matches('\u{feff}').trim_start().trim_start_matches(['-', '/', '!']).trim_start();
        content.starts_with(error.header_key())
    };
    let line = texts.get(path).and_then(|text| text.lines().position(is_key)).map(|index| index + 1);
    Problem { line, ..Problem::of_file(path, error.to_string(), error.hint()) }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    fn problems(files: &[(&str, &str)]) -> String {
        let files = files.iter().map(|(path, text)| (*path, text.as_bytes()));
        Collection::read(files).unwrap_err().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_file_that_begins_like_a_revision_and_is_none_is_named() {
        let sql = "\u{feff}-- add users\r\n--\r\n-- Revision ID: a1\r\n-- Revises: <base>\r\n";
        let problem = |path: &str, text: &str| passed_over(path, text.as_bytes()).map(|problem| problem.to_string());
        assert_snapshot!(
            problem("migrations/old/a1.sql", sql).unwrap(),
            @"migrations/old/a1.sql: it begins as a revision does, but `migrations` does not name its folder"
        );
        for name in ["a1.SQL", "a1.sql.orig", "a1.txt", "a1"] {
            assert!(problem(&format!("migrations/{name}"), sql).unwrap().ends_with("does not end in `.sql` or `.rs`"));
        }
        assert!(problem("migrations/old/a1.rs", "//! seed\n//!\n//! Revision ID: a1\n").is_some());
        for none in [".a1.sql.swp", "#a1.sql#", "a1.sql~"] {
            assert_eq!(problem(&format!("migrations/{none}"), sql), None);
        }
        assert_eq!(problem("migrations/README.md", "# Files\n\n-- Revision ID: a1\n"), None);
        assert_eq!(problem("migrations/x/up.sql", "CREATE TABLE a (x INTEGER);\n-- Revision ID: a1\n"), None);
    }

    #[test]
    fn every_problem_has_a_file_and_a_line() {
        let good = "-- a\n-- Revision ID: a\n-- Revises: <base>\n-- alembic:upgrade\n";
        let lost = "-- b\n-- Revision ID: b\n-- Revises: zz\n-- alembic:upgrade\n";
        assert_snapshot!(
            problems(&[("a.sql", good), ("b.sql", lost), ("c.sql", &good.replace("<base>", "b"))]),
            @r"
        c.sql:2: revision `a` is defined twice, in `a.sql`, `c.sql`
        b.sql:3: revision `b` (b.sql) follows `zz`, which does not exist
        "
        );
        assert_snapshot!(problems(&[("a.sql", "oops"), ("b.sql", "-- x")]), @r"
        a.sql:1:1: expected a `-- alembic:upgrade` line before any SQL
        b.sql:1:1: the header has no `Revision ID:` line
        ");
        let bad = Collection::read([("a.sql", b"-- a\n\xff".as_slice())]).unwrap_err();
        assert_snapshot!(bad[0], @"a.sql:2: the file is not UTF-8");
    }
}
