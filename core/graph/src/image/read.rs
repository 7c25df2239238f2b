//! Image → graph and scripts.

use std::time::Duration;

use alembic_schema::Naming;
use alembic_sql::{Checksum, Dialect};

use super::flag;
use crate::{
    Graph, Node, Revision, Script,
    config::{Settings, TransactionMode},
    revision::Created,
    script::{Code, Downgrade, Header, Section},
    version_table::VersionTable,
};

/// A graph embedded in a program.
#[derive(Debug, Clone, Copy)]
pub struct Image<'a> {
    text: &'a str,
    table: &'a [u8],
}

/// The constants are not those that this version of the macro emits.
#[derive(Debug, thiserror::Error)]
#[error("the embedded migrations are damaged, or were embedded by another version of alembic-macros")]
pub struct ImageError;

/// Revisions, then the length of the header; each a little-endian `u32`.
const PREAMBLE: usize = 8;
/// Where a revision's record and its text begin.
const OFFSETS: usize = 8;

impl<'a> Image<'a> {
    /// Wraps the two constants.
    #[must_use]
    pub const fn new(text: &'a str, table: &'a [u8]) -> Self {
        Self { text, table }
    }

    fn fixed(&self, at: usize) -> Option<usize> {
        let bytes: [u8; 4] = self.table.get(at..at + 4)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(bytes)).ok()
    }

    /// Returns how many revisions are embedded.
    #[must_use]
    pub fn len(&self) -> usize {
        self.fixed(0).unwrap_or(0)
    }

    /// Returns whether no revision is embedded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn header_reader(&self) -> Option<Reader<'a>> {
        let start = PREAMBLE + self.len().checked_mul(OFFSETS)?;
        let length = self.fixed(4)?;
        Some(Reader { bytes: self.table.get(start..start + length)?, text: self.text })
    }

    fn header(&self) -> Option<(Settings, Vec<&'a str>, Reader<'a>)> {
        let mut reader = self.header_reader()?;
        let version_table = VersionTable::new(reader.string()?);
        let transaction = if reader.number()? == 1 { TransactionMode::PerMigration } else { TransactionMode::PerRun };
        let mut milliseconds = || Some(Duration::from_millis(u64::try_from(reader.number()?).ok()?));
        let (lock_timeout, statement_timeout) = (milliseconds()?, milliseconds()?);
        let lock_retries = u32::try_from(reader.number()?).ok()?;
        let mut pattern = || Some(reader.string()?.to_owned());
        let naming = Naming {
            primary_key: pattern()?,
            unique: pattern()?,
            foreign_key: pattern()?,
            check: pattern()?,
            index: pattern()?,
        };
        let settings = Settings { version_table, transaction, lock_timeout, lock_retries, statement_timeout, naming };
        let locations = (0..reader.number()?).map(|_| reader.string()).collect::<Option<_>>()?;
        Some((settings, locations, reader))
    }

    /// Returns the settings of the project.
    ///
    /// # Errors
    ///
    /// [`ImageError`].
    pub fn settings(&self) -> Result<Settings, ImageError> {
        self.header().map(|(settings, ..)| settings).ok_or(ImageError)
    }

    /// Returns the heads, each with the value that names its whole history.
    pub fn heads(&self) -> impl Iterator<Item = (&'a str, Checksum)> + use<'a> {
        let mut reader = self.header().map(|(.., reader)| reader);
        let count = reader.as_mut().and_then(Reader::number).unwrap_or(0);
        (0..count).map_while(move |_| {
            let reader = reader.as_mut()?;
            Some((reader.string()?, reader.checksum()?))
        })
    }

    /// Rebuilds the graph. Allocates; needed only when there is something to do.
    ///
    /// # Errors
    ///
    /// [`ImageError`].
    pub fn graph(&self) -> Result<Graph, ImageError> {
        let (_, locations, _) = self.header().ok_or(ImageError)?;
        let mut revisions: Vec<Revision> = Vec::with_capacity(self.len());
        for index in 0..self.len() {
            let (mut revision, script) = self.record(index, &locations, &revisions).ok_or(ImageError)?;
            revision.downgrade = script.downgrade_checksum();
            revisions.push(revision);
        }
        Graph::new(revisions).map_err(|_| ImageError)
    }

    /// Returns the script of one revision.
    ///
    /// # Errors
    ///
    /// [`ImageError`].
    pub fn script(&self, node: Node) -> Result<Script, ImageError> {
        let (_, locations, _) = self.header().ok_or(ImageError)?;
        let mut reader = self.reader(node.index()).ok_or(ImageError)?;
        let (mut revision, parents) = reader.revision(&locations).ok_or(ImageError)?;
        let mut script = reader.script(&mut revision).ok_or(ImageError)?;
        let parent = |distance: &usize| {
            let (revision, _) = self.reader(node.index().checked_sub(*distance)?)?.revision(&locations)?;
            Some(revision.id)
        };
        script.header = Header {
            id: revision.id,
            parents: parents.iter().map(parent).collect::<Option<_>>().ok_or(ImageError)?,
            labels: revision.labels,
            dependencies: revision.dependencies,
            created: revision.created,
            message: revision.message,
            without_transaction: script.header.without_transaction,
            foreign_keys_off: script.header.foreign_keys_off,
            row_security_on: script.header.row_security_on,
        };
        Ok(script)
    }

    fn reader(&self, index: usize) -> Option<Reader<'a>> {
        let at = PREAMBLE + index.checked_mul(OFFSETS)?;
        let records = PREAMBLE + self.len().checked_mul(OFFSETS)? + self.fixed(4)?;
        let bytes = self.table.get(records + self.fixed(at)?..)?;
        Some(Reader { bytes, text: self.text.get(self.fixed(at + 4)?..)? })
    }

    fn record(&self, index: usize, locations: &[&str], before: &[Revision]) -> Option<(Revision, Script)> {
        let mut reader = self.reader(index)?;
        let (mut revision, parents) = reader.revision(locations)?;
        for distance in parents {
            revision.parents.push(before.get(index.checked_sub(distance)?)?.id.clone());
        }
        let script = reader.script(&mut revision)?;
        Some((revision, script))
    }
}

/// Reads numbers and strings in the order in which they were written.
struct Reader<'a> {
    bytes: &'a [u8],
    text: &'a str,
}

impl<'a> Reader<'a> {
    fn number(&mut self) -> Option<usize> {
        let mut n = 0;
        for shift in (0..usize::BITS).step_by(7) {
            let (byte, rest) = self.bytes.split_first()?;
            self.bytes = rest;
            n |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(n);
            }
        }
        None
    }

    fn take(&mut self, length: usize) -> Option<&'a str> {
        let (head, rest) = self.text.split_at_checked(length)?;
        self.text = rest;
        Some(head)
    }

    fn string(&mut self) -> Option<&'a str> {
        let length = self.number()?;
        self.take(length)
    }

    fn list(&mut self) -> Option<Vec<String>> {
        (0..self.number()?).map(|_| self.string().map(str::to_owned)).collect()
    }

    fn checksum(&mut self) -> Option<Checksum> {
        let (bytes, rest) = self.bytes.split_first_chunk::<16>()?;
        self.bytes = rest;
        Some(Checksum::from(*bytes))
    }

    /// Returns the revision without parents and downgrade checksum, and the distances of its parents.
    fn revision(&mut self, locations: &[&str]) -> Option<(Revision, Vec<usize>)> {
        let location = self.number()?;
        let path = self.string()?;
        let (id_length, id_at) = (self.number()?, self.number()?);
        let id = match id_at.checked_sub(1) {
            Some(at) => path.get(at..at + id_length)?,
            None => self.take(id_length)?,
        };
        let path = match location.checked_sub(1) {
            Some(index) => format!("{}/{path}", locations.get(index)?),
            None => path.to_owned(),
        };
        let message = self.string()?.to_owned();
        let parents = (0..self.number()?).map(|_| self.number()).collect::<Option<_>>()?;
        let revision = Revision {
            id: id.to_owned(),
            parents: Vec::new(),
            dependencies: Vec::new(),
            labels: Vec::new(),
            message,
            created: None,
            path,
            upgrade: self.checksum()?,
            downgrade: None,
        };
        Some((revision, parents))
    }

    /// Reads what follows a revision, filling in what is its own.
    fn script(&mut self, revision: &mut Revision) -> Option<Script> {
        let flags = self.number()?;
        let has = |bit: usize| flags >> bit & 1 == 1;
        if has(flag::DEPENDENCIES) {
            revision.dependencies = self.list()?;
        }
        if has(flag::LABELS) {
            revision.labels = self.list()?;
        }
        revision.created = match (has(flag::DATE), has(flag::COMPACT_DATE)) {
            (true, true) => Some(Created::from_compact(self.number()?, self.number()?)?),
            (true, false) => Some(Created::parse(self.string()?)?),
            (false, _) => None,
        };
        let header = Header {
            without_transaction: has(flag::WITHOUT_TRANSACTION),
            foreign_keys_off: has(flag::FOREIGN_KEYS_OFF),
            row_security_on: has(flag::ROW_SECURITY_ON),
            ..Header::default()
        };
        if has(flag::RUST) {
            let (checksum, upgrade_line, downgrade_line) = (self.checksum()?, self.number()?, self.number()?);
            let downgrade_line = Some(downgrade_line).filter(|line| *line > 0);
            let downgrade = match downgrade_line {
                Some(_) => Downgrade::Sections(Vec::new()),
                None => Downgrade::Irreversible(None),
            };
            let code = Some(Code { checksum, upgrade_line, downgrade_line, schemas: self.list()? });
            return Some(Script { header, upgrade: Vec::new(), downgrade, code });
        }
        let upgrade = self.sections()?;
        let downgrade = match (has(flag::IRREVERSIBLE), has(flag::REASON)) {
            (false, _) => Downgrade::Sections(self.sections()?),
            (true, false) => Downgrade::Irreversible(None),
            (true, true) => Downgrade::Irreversible(Some(self.string()?.to_owned())),
        };
        Some(Script { header, upgrade, downgrade, code: None })
    }

    fn sections(&mut self) -> Option<Vec<Section>> {
        let count = self.number()?;
        (0..count.max(1))
            .map(|_| {
                let mask = if count == 0 { 0 } else { self.number()? };
                let dialects = Dialect::ALL.into_iter().filter(|dialect| mask >> *dialect as usize & 1 == 1).collect();
                Some(Section { dialects, line: self.number()?, sql: self.string()?.to_owned() })
            })
            .collect()
    }
}
