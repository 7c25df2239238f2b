//! Graph and scripts → image.

use std::collections::HashMap;

use super::Settings;
use crate::{
    Graph, Revision, Script,
    config::TransactionMode,
    graph::Node,
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
        writer.script(&script(revision));
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
        self.string(revision.created.as_ref().map_or("", |created| created.text()));
        let index: HashMap<&str, usize> =
            graph.parents(node).iter().map(|parent| (graph.id(*parent), parent.index())).collect();
        self.number(revision.parents.len());
        for parent in &revision.parents {
            self.number(node.index() - index[parent.as_str()]);
        }
        self.list(&revision.dependencies);
        self.list(&revision.labels);
        self.bytes.extend(revision.upgrade.as_bytes());
    }

    fn script(&mut self, script: &Script) {
        self.number(usize::from(script.header.without_transaction));
        self.sections(&script.upgrade);
        match &script.downgrade {
            Downgrade::Sections(sections) => {
                self.number(0);
                self.sections(sections);
            }
            Downgrade::Irreversible(None) => self.number(1),
            Downgrade::Irreversible(Some(reason)) => {
                self.number(2);
                self.string(reason);
            }
        }
    }

    fn sections(&mut self, sections: &[Section]) {
        self.number(sections.len());
        for section in sections {
            let mask = section.dialects.iter().fold(0, |mask, dialect| mask | 1 << *dialect as usize);
            self.number(mask);
            self.number(section.line);
            self.string(&section.sql);
        }
    }
}
