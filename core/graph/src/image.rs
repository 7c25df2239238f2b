//! The embedded graph: what `embed_migrations!` emits and the runtime reads.
//!
//! Two constants, a text and a table of bytes that says where in the text everything is. Nothing
//! is parsed, hashed, sorted or allocated to learn the heads; a revision costs its SQL, its names
//! and some thirty bytes.

mod read;
mod write;

pub use read::{Image, ImageError};
pub use write::encode;

/// The bits of a revision's flags.
mod flag {
    pub(super) const DEPENDENCIES: usize = 0;
    pub(super) const LABELS: usize = 1;
    pub(super) const WITHOUT_TRANSACTION: usize = 2;
    pub(super) const DATE: usize = 3;
    pub(super) const COMPACT_DATE: usize = 4;
    pub(super) const IRREVERSIBLE: usize = 5;
    pub(super) const REASON: usize = 6;
    pub(super) const FOREIGN_KEYS_OFF: usize = 7;
    pub(super) const RUST: usize = 8;
    pub(super) const ROW_SECURITY_ON: usize = 9;
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use alembic_schema::Naming;

    use super::*;
    use crate::{
        Graph, Script,
        config::{Settings, TransactionMode},
        script,
        script::Section,
        version_table::VersionTable,
    };

    fn scripts() -> Vec<(String, Script)> {
        let file = |id: &str, revises: &str, rest: &str| {
            let text = format!("-- add {id}\n-- Revision ID: {id}\n-- Revises: {revises}\n{rest}");
            (format!("migrations/2026_{id}_add.sql"), script::parse(&text).unwrap())
        };
        vec![
            file(
                "aaa",
                "<base>",
                "-- Create Date: 2026-11-21 09:30:00+00:00\n-- alembic:upgrade\nCREATE TABLE ä (x);\n",
            ),
            file(
                "bbb",
                "aaa",
                "-- Branch Labels: left\n-- Transaction: none\n-- alembic:upgrade mysql sqlite\nA;\n-- alembic:upgrade\nB;\n-- alembic:downgrade\n",
            ),
            file(
                "ccc",
                "aaa",
                "-- Depends On: left\n-- Foreign Keys: off\n-- Row Security: on\n-- alembic:upgrade\nC;\n-- alembic:irreversible: why\n",
            ),
        ]
    }

    #[test]
    fn what_is_embedded_reads_back() {
        let scripts = scripts();
        let graph = Graph::new(scripts.iter().map(|(path, script)| script.revision(path)).collect()).unwrap();
        let settings = Settings {
            version_table: VersionTable::new("ops.v"),
            transaction: TransactionMode::PerMigration,
            lock_timeout: Duration::from_millis(1500),
            lock_retries: 7,
            statement_timeout: Duration::from_secs(60),
            naming: Naming { index: "idx_{columns}".into(), ..Naming::default() },
        };
        let locations = ["migrations".to_owned()];
        let find = |path: &str| scripts.iter().find(|(p, _)| p == path).map(|(_, s)| s.clone()).unwrap();
        let (text, table) = encode(&graph, &settings, &locations, |revision| find(&revision.path));
        let image = Image::new(&text, &table);
        assert_eq!(image.settings().unwrap(), settings);
        assert_eq!(image.len(), 3);
        let heads: Vec<_> = image.heads().collect();
        assert_eq!(heads, [("ccc", graph.node_hash(graph.heads()[0]))]);
        let again = image.graph().unwrap();
        for node in graph.nodes() {
            assert_eq!(again.revision(node), graph.revision(node));
            assert_eq!(again.node_hash(node), graph.node_hash(node));
            let (read, written) = (image.script(node).unwrap(), find(&graph.revision(node).path));
            assert_eq!(read.header, written.header);
            let trimmed = |sections: &[Section]| -> Vec<Section> {
                sections.iter().map(|s| Section { sql: s.sql.trim_end().to_owned(), ..s.clone() }).collect()
            };
            assert_eq!(read.upgrade, trimmed(&written.upgrade));
            assert_eq!(read.downgrade_checksum(), written.downgrade_checksum());
        }
        let sql: usize = 60;
        let overhead = (text.len() + table.len() - sql) / 3;
        assert!(overhead < 140, "{overhead} bytes for each of three revisions, the header included");
    }

    #[test]
    fn damage_is_an_error() {
        assert!(Image::new("", &[]).graph().is_err());
        assert!(Image::new("", &[1, 0, 0, 0, 9]).graph().is_err());
    }
}
