//! Statements that only the real server can run: `-- alembic:skip-on-scratch: reason` in the line above.

use alembic_sql::{Dialect, Shown, Statement, line_and_column, split};

use super::{Script, Section};

/// What follows `-- alembic:`.
pub(super) const SKIP: &str = "skip-on-scratch";

/// A statement that a replay leaves out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The line of the file.
    pub line: usize,
    /// Why.
    pub reason: String,
    /// The statement.
    pub statement: String,
}

/// Returns the reason that a text gives in its leading comments for leaving a statement out.
#[must_use]
pub fn skip_reason(text: &str) -> Option<&str> {
    text.lines().map(str::trim_start).take_while(|line| line.is_empty() || line.starts_with("--")).find_map(reason)
}

/// What is wrong with one that gives no reason.
pub(super) fn missing_reason() -> String {
    format!("a reason is missing: `-- alembic:{SKIP}: why only the real server can run it`")
}

/// Returns the reason that a line gives.
pub(super) fn reason(line: &str) -> Option<&str> {
    let rest = line.trim_start().strip_prefix("--")?.trim_start().strip_prefix("alembic:")?.strip_prefix(SKIP)?;
    Some(rest.trim_start_matches(':').trim()).filter(|reason| !reason.is_empty())
}

/// Returns the statements of a revision in Rust that a replay leaves out: each begins a string with the comment.
#[must_use]
pub fn skipped_in_rust(text: &str) -> Vec<Skipped> {
    let lines = text.lines().enumerate().filter_map(|(at, line)| Some((at, line, in_rust(line)?)));
    lines
        .map(|(at, line, reason)| Skipped { line: at + 1, reason: reason.to_owned(), statement: line.to_owned() })
        .collect()
}

/// Returns the reason that a line of Rust gives, which may be empty.
pub(super) fn in_rust(line: &str) -> Option<&str> {
    let (before, rest) = line.split_once(&format!("alembic:{SKIP}"))?;
    let begins = before.trim_end().strip_suffix("--").map(str::trim_end);
    begins.filter(|begins| begins.is_empty() || begins.ends_with(['"', '#']))?;
    let end = rest.find(['"', '\\']).unwrap_or(rest.len());
    Some(rest[..end].trim_start_matches(':').trim())
}

/// Returns the reason for leaving out each statement of a text that has one.
///
/// # Errors
///
/// The line, from 1, of a comment with no statement below it.
pub(crate) fn reasons<'a>(sql: &'a str, statements: &[Statement<'_>]) -> Result<Vec<Option<&'a str>>, usize> {
    above(sql, statements, reason)
}

/// Returns what the comments above each statement of a text say.
///
/// # Errors
///
/// The line, from 1, of a comment with no statement below it.
pub(crate) fn above<'a, T: Clone>(
    sql: &'a str,
    statements: &[Statement<'_>],
    read: impl Fn(&'a str) -> Option<T>,
) -> Result<Vec<Option<T>>, usize> {
    let mut reasons = vec![None; statements.len()];
    let mut offset = 0;
    for line in sql.split_inclusive('\n') {
        if let Some(reason) = read(line.trim_end()) {
            let next = statements.iter().position(|statement| statement.range.start > offset);
            let is_inside = statements.iter().any(|statement| statement.range.contains(&offset));
            match next.filter(|_| !is_inside) {
                Some(next) => reasons[next] = Some(reason),
                None => return Err(line_and_column(sql, offset).0),
            }
        }
        offset += line.len();
    }
    Ok(reasons)
}

impl Script {
    /// Returns the statements that a replay leaves out, of both directions.
    #[must_use]
    pub fn skipped_for(&self, dialect: Dialect) -> Vec<Skipped> {
        let sections = self.upgrade_for(dialect).into_iter().chain(self.downgrade_for(dialect));
        sections.flat_map(|section| skipped(section, dialect)).collect()
    }
}

fn skipped(section: &Section, dialect: Dialect) -> Vec<Skipped> {
    // Whoever runs the section says what is wrong with it.
    let statements = split(&section.sql, dialect).unwrap_or_default();
    let reasons = reasons(&section.sql, &statements).unwrap_or_default();
    let both = statements.iter().zip(reasons);
    both.filter_map(|(statement, reason)| {
        Some(Skipped {
            line: statement.line + section.line - 1,
            reason: reason?.to_owned(),
            statement: Shown::of(statement.text, dialect).text,
        })
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::script::{parse, parse_rust};

    fn file(up: &str) -> String {
        format!("-- a\n-- Revision ID: a1\n-- Revises: <base>\n-- alembic:upgrade\n{up}\n-- alembic:downgrade\n")
    }

    #[test]
    fn another_file_is_allowed_with_a_reason() {
        let file = |directive: &str| {
            format!(
                "-- x\n-- Revision ID: a1\n-- Revises: <base>\n\n-- alembic:upgrade\n{directive}\nATTACH '/x' AS x;\n"
            )
        };
        let message = |directive: &str| parse(&file(directive)).unwrap_err().to_string();
        assert!(parse(&file("-- alembic:allow attach: the archive is on another disk")).is_ok());
        assert_snapshot!(message("-- alembic:allow attach"), @"6:12: a reason is missing: `-- alembic:allow attach: why it has to be another file`");
        assert_snapshot!(message("-- alembic:allow atach: x"), @"6:12: `alembic:allow` knows no `atach`; it allows attach; did you mean `attach`?");
        assert_snapshot!(message("-- alembic:alow attach: x"), @"6:12: unknown directive `alembic:alow`; did you mean `allow`?");
    }

    #[test]
    fn one_statement_is_left_out_for_a_reason() {
        let up = "CREATE TABLE a (x int);\n-- alembic:skip-on-scratch: only one database may have it\n-- more\n\nCREATE EXTENSION pg_cron; SELECT 1;";
        let skipped = parse(&file(up)).unwrap().skipped_for(Dialect::Postgres);
        assert_eq!(skipped.len(), 1);
        assert_eq!((skipped[0].line, &*skipped[0].statement), (9, "CREATE EXTENSION pg_cron"));
        assert_eq!(skipped[0].reason, "only one database may have it");
        assert_eq!(skip_reason(" -- x\n-- alembic:skip-on-scratch: y\nSELECT 1"), Some("y"));
        assert_eq!(skip_reason("SELECT 1\n-- alembic:skip-on-scratch: y"), None);
    }

    #[test]
    fn nothing_is_left_out_without_a_reason_or_a_place() {
        let message = |text: &str| parse(text).unwrap_err().to_string();
        assert_snapshot!(message(&file("-- alembic:skip-on-scratch\nSELECT 1;")), @"5:12: a reason is missing: `-- alembic:skip-on-scratch: why only the real server can run it`");
        assert_snapshot!(message(&file("-- alembic:skip-on-scratch: \nSELECT 1;")), @"5:12: a reason is missing: `-- alembic:skip-on-scratch: why only the real server can run it`");
        assert_snapshot!(message(&file("-- alembic:skip-on-scrach: x\nSELECT 1;")), @"5:12: unknown directive `alembic:skip-on-scrach`; did you mean `skip-on-scratch`?");
        assert_snapshot!(message(&file("").replacen("-- alembic:up", "-- alembic:skip-on-scratch: x\n-- alembic:up", 1)), @"4:12: `alembic:skip-on-scratch` stands above a statement of a section");
        for text in ["SELECT 1;\n-- alembic:skip-on-scratch: x\n", "SELECT\n-- alembic:skip-on-scratch: x\n1;"] {
            let statements = split(text, Dialect::Sqlite).unwrap();
            assert_eq!(reasons(text, &statements), Err(2), "{text}");
        }
    }

    #[test]
    fn a_string_of_rust_begins_with_it() {
        let rust = |sql: &str| {
            format!(
                "//! a\n//!\n//! Revision ID: a1\n//! Revises: <base>\npub fn upgrade() {{\n    op.execute({sql})?;\n}}\n"
            )
        };
        let found = skipped_in_rust(&rust("\"-- alembic:skip-on-scratch: why\\nCREATE EXTENSION pg_cron\""));
        assert_eq!((found[0].line, &*found[0].reason), (6, "why"));
        assert!(parse_rust(&rust("\"-- alembic:skip-on-scratch: why\"")).is_ok());
        assert_snapshot!(parse_rust(&rust("\"-- alembic:skip-on-scratch\\nSELECT 1\"")).unwrap_err(), @"6:1: a reason is missing: `-- alembic:skip-on-scratch: why only the real server can run it`");
    }
}
