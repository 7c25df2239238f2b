//! The revision file: header, sections, checksums.
//!
//! The header is authoritative, the file name is not. Text is normalised first (no byte order
//! mark, `\n` line ends), so that the same file has the same checksum on every platform.

mod allow;
mod header;
mod parse;
mod render;
mod rust;
mod skip;

use std::{borrow::Cow, fmt};

use alembic_sql::{Checksum, Dialect, created_schemas};
pub(crate) use allow::allows_attach;
pub use allow::may_attach;
pub use parse::parse;
pub use render::render;
pub use rust::{Bodies, Code, Connection, parse_rust, render_rust};
pub use skip::{Skipped, skip_reason, skipped_in_rust};
pub(crate) use skip::{above, reasons};

use crate::{
    Revision,
    revision::{Created, check_name},
};

/// A revision file, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// What the header says.
    pub header: Header,
    /// The texts that apply it; at least one, unless it is written in Rust.
    pub upgrade: Vec<Section>,
    /// The texts that undo it; none if it is written in Rust.
    pub downgrade: Downgrade,
    /// What is known of the functions that apply and undo it, if it is written in Rust.
    pub code: Option<Code>,
}

/// What the leading comment of a revision file says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Header {
    /// `Revision ID`.
    pub id: String,
    /// `Revises`; empty for a base.
    pub parents: Vec<String>,
    /// `Branch Labels`.
    pub labels: Vec<String>,
    /// `Depends On`.
    pub dependencies: Vec<String>,
    /// `Create Date`.
    pub created: Option<Created>,
    /// First paragraph.
    pub message: String,
    /// Whether the file says `Transaction: none`.
    pub without_transaction: bool,
    /// Whether the file says `Foreign Keys: off`: SQLite rebuilds a table.
    pub foreign_keys_off: bool,
    /// Whether the file says `Row Security: on`: PostgreSQL hides rows from the revision as policies say.
    pub row_security_on: bool,
}

/// One `-- alembic:upgrade` or `-- alembic:downgrade` text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// The databases it is for; empty means all that have no section of their own.
    pub dialects: Vec<Dialect>,
    /// The SQL, without the heading.
    pub sql: String,
    /// The line of the file on which the SQL begins, from 1.
    pub line: usize,
}

/// How a revision is undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Downgrade {
    /// By these texts; an empty one does nothing.
    Sections(Vec<Section>),
    /// Not at all, for the reason that the file gives, if it gives one.
    Irreversible(Option<String>),
}

impl Script {
    /// Returns the upgrade text for `dialect`, if the revision has one.
    #[must_use]
    pub fn upgrade_for(&self, dialect: Dialect) -> Option<&Section> {
        pick(&self.upgrade, dialect)
    }

    /// Returns the downgrade text for `dialect`, if the revision has one.
    #[must_use]
    pub fn downgrade_for(&self, dialect: Dialect) -> Option<&Section> {
        match &self.downgrade {
            Downgrade::Sections(sections) => pick(sections, dialect),
            Downgrade::Irreversible(_) => None,
        }
    }

    /// Returns the checksum of the upgrade: its texts, for whom they are, and how they are to be run.
    #[must_use]
    pub fn upgrade_checksum(&self) -> Checksum {
        self.checksum_of("upgrade", &self.upgrade)
    }

    /// Returns the checksum of the downgrade, or none if the revision is irreversible.
    #[must_use]
    pub fn downgrade_checksum(&self) -> Option<Checksum> {
        match &self.downgrade {
            Downgrade::Sections(sections) => Some(self.checksum_of("downgrade", sections)),
            Downgrade::Irreversible(_) => None,
        }
    }

    fn checksum_of(&self, direction: &str, sections: &[Section]) -> Checksum {
        let mode = if self.header.without_transaction { "none" } else { "" };
        let foreign_keys = if self.header.foreign_keys_off { " foreign keys off" } else { "" };
        let row_security = if self.header.row_security_on { " row security on" } else { "" };
        let mut parts = vec![direction.to_owned(), format!("{mode}{foreign_keys}{row_security}")];
        for section in sections {
            parts.push(alembic_sql::wording::joined(&section.dialects));
            parts.push(section.sql.trim().to_owned());
        }
        // Both directions may call the same functions of the file.
        parts.extend(self.code.as_ref().map(|code| format!("rust {}", code.checksum)));
        Checksum::of(parts.iter().map(String::as_bytes))
    }

    /// Returns the schemas that the upgrade creates on PostgreSQL.
    #[must_use]
    pub fn created_schemas(&self) -> Vec<String> {
        let in_sql = self.upgrade_for(Dialect::Postgres).map(|section| created_schemas(&section.sql));
        in_sql.or_else(|| Some(self.code.as_ref()?.schemas.clone())).unwrap_or_default()
    }

    /// Returns what the graph needs to know, for a file at `path`.
    #[must_use]
    pub fn revision(&self, path: &str) -> Revision {
        let header = self.header.clone();
        Revision {
            id: header.id,
            parents: header.parents,
            dependencies: header.dependencies,
            labels: header.labels,
            message: header.message,
            created: header.created,
            path: path.to_owned(),
            upgrade: self.upgrade_checksum(),
            downgrade: self.downgrade_checksum(),
        }
    }
}

/// A section for the dialect itself wins over MySQL's for MariaDB, and that over the general one.
fn pick(sections: &[Section], dialect: Dialect) -> Option<&Section> {
    let named = |wanted| sections.iter().find(|section| section.dialects.contains(&wanted));
    named(dialect)
        .or_else(|| named(Dialect::Mysql).filter(|_| dialect == Dialect::Mariadb))
        .or_else(|| sections.iter().find(|section| section.dialects.is_empty()))
}

/// Removes a byte order mark and the `\r` that end lines.
#[must_use]
pub fn normalise(text: &str) -> Cow<'_, str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if !text.contains('\r') {
        return Cow::Borrowed(text);
    }
    let ended = text.strip_suffix('\n');
    let lines: Vec<&str> = ended.unwrap_or(text).split('\n').map(|line| line.trim_end_matches('\r')).collect();
    Cow::Owned(lines.join("\n") + if ended.is_some() { "\n" } else { "" })
}

/// Why a text is not a revision file, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptError {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong and what was expected.
    pub problem: String,
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.problem)
    }
}

impl std::error::Error for ScriptError {}

/// Splits a comma list of names and checks each.
fn names(list: &str) -> Result<Vec<String>, String> {
    list.split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(|name| check_name(name).map(|()| name.to_owned()).map_err(|error| error.to_string()))
        .collect()
}

#[cfg(test)]
mod tests;
