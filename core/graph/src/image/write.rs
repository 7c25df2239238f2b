//! Graph and scripts → image.

use std::collections::HashMap;

use super::flag;
use crate::{
    Graph, Revision, Script,
    config::{Settings, TransactionMode},
    graph::Node,
    revision::Created,
    script::{Downgrade, Section},
};

/// Encodes a graph with its scripts, which `script` returns by revision.
///
/// Paths below one of `locations` are stored without it.
pub fn encode(
    graph: &Graph,
    settings: &Settings,
    locations: &[String],
    mut script: impl FnMut(&Revision) -> Script,
) -> (String, Vec<u8>) {
    let mut writer = Writer::default();
    let table = &settings.version_table;
    writer
        .string(&table.schema().map_or_else(|| table.name().to_owned(), |schema| format!("{schema}.{}", table.name())));
    writer.number(usize::from(settings.transaction == TransactionMode::PerMigration));
    for timeout in [settings.lock_timeout, settings.statement_timeout] {
        writer.number(usize::try_from(timeout.as_millis()).unwrap_or(0));
    }
    writer.number(usize::try_from(settings.lock_retries).unwrap_or(usize::MAX));
    let naming = &settings.naming;
    for pattern in [&naming.primary_key, &naming.unique, &naming.foreign_key, &naming.check, &naming.index] {
        writer.string(pattern);
    }
    writer.list(locations);
    let heads = graph.heads();
    writer.number(heads.len());
    for head in heads {
        writer.string(graph.id(head));
        writer.bytes.extend(graph.node_hash(head).as_bytes());
    }
    let mut offsets = Vec::with_capacity(graph.len());
    let header = std::mem::take(&mut writer.bytes);
    for node in graph.nodes() {
        let start = (writer.bytes.len(), writer.text.len());
        offsets.push(start);
        let revision = graph.revision(node);
        writer.revision(graph, node, locations);
        writer.script(revision, &script(revision));
    }
    let mut table = Vec::new();
    let mut fixed = |n: usize| table.extend(u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes());
    fixed(graph.len());
    fixed(header.len());
    for (record, text) in offsets {
        fixed(record);
        fixed(text);
    }
    table.extend(header);
    table.extend(writer.bytes);
    (writer.text, table)
}

#[derive(Default)]
struct Writer {
    text: String,
    bytes: Vec<u8>,
}

impl Writer {
    /// Seven bits per byte, the low ones first.
    fn number(&mut self, mut n: usize) {
        while n >= 0x80 {
            self.bytes.push((n & 0x7f) as u8 | 0x80);
            n >>= 7;
        }
        self.bytes.push((n & 0x7f) as u8);
    }

    fn string(&mut self, text: &str) {
        self.number(text.len());
        self.text.push_str(text);
    }

    fn list(&mut self, items: &[String]) {
        self.number(items.len());
        for item in items {
            self.string(item);
        }
    }

    fn revision(&mut self, graph: &Graph, node: Node, locations: &[String]) {
        let revision = graph.revision(node);
        let (location, path) = locations
            .iter()
            .enumerate()
            .find_map(|(index, location)| {
                Some((index + 1, revision.path.strip_prefix(location.as_str())?.strip_prefix('/')?))
            })
            .unwrap_or((0, &revision.path));
        self.number(location);
        self.string(path);
        // The id is nearly always part of the file name, and then costs a byte.
        match path.find(&revision.id) {
            Some(at) => {
                self.number(revision.id.len());
                self.number(at + 1);
            }
            None => {
                self.number(revision.id.len());
                self.number(0);
                self.text.push_str(&revision.id);
            }
        }
        self.string(&revision.message);
        let index: HashMap<&str, usize> =
            graph.parents(node).iter().map(|parent| (graph.id(*parent), parent.index())).collect();
        self.number(revision.parents.len());
        for parent in &revision.parents {
            self.number(node.index() - index[parent.as_str()]);
        }
        self.bytes.extend(revision.upgrade.as_bytes());
    }

    /// What most revisions do not have costs a bit.
    fn script(&mut self, revision: &Revision, script: &Script) {
        let date = revision.created.as_ref();
        let compact = date.and_then(Created::compact);
        let mut flags = 0;
        let mut flag = |bit: usize, on: bool| flags |= usize::from(on) << bit;
        flag(flag::DEPENDENCIES, !revision.dependencies.is_empty());
        flag(flag::LABELS, !revision.labels.is_empty());
        flag(flag::WITHOUT_TRANSACTION, script.header.without_transaction);
        flag(flag::FOREIGN_KEYS_OFF, script.header.foreign_keys_off);
        flag(flag::ROW_SECURITY_ON, script.header.row_security_on);
        flag(flag::DATE, date.is_some());
        flag(flag::COMPACT_DATE, compact.is_some());
        flag(flag::IRREVERSIBLE, matches!(script.downgrade, Downgrade::Irreversible(_)));
        flag(flag::RUST, script.code.is_some());
        flag(flag::REASON, matches!(script.downgrade, Downgrade::Irreversible(Some(_))));
        self.number(flags);
        if !revision.dependencies.is_empty() {
            self.list(&revision.dependencies);
        }
        if !revision.labels.is_empty() {
            self.list(&revision.labels);
        }
        match (date, compact) {
            (_, Some((seconds, offset))) => {
                self.number(seconds);
                self.number(offset);
            }
            (Some(date), None) => self.string(date.text()),
            (None, None) => {}
        }
        if let Some(code) = &script.code {
            self.bytes.extend(code.checksum.as_bytes());
            self.number(code.upgrade_line);
            self.number(code.downgrade_line.unwrap_or(0));
            self.list(&code.schemas);
            return;
        }
        self.sections(&script.upgrade);
        match &script.downgrade {
            Downgrade::Sections(sections) => self.sections(sections),
            Downgrade::Irreversible(reason) => {
                if let Some(reason) = reason {
                    self.string(reason);
                }
            }
        }
    }

    /// One general section is the usual case, written as a count of none.
    fn sections(&mut self, sections: &[Section]) {
        let usual = matches!(sections, [only] if only.dialects.is_empty());
        self.number(if usual { 0 } else { sections.len() });
        for section in sections {
            if !usual {
                self.number(section.dialects.iter().fold(0, |mask, dialect| mask | 1 << *dialect as usize));
            }
            self.number(section.line);
            self.string(section.sql.trim_end());
        }
    }
}
