//! Any `CREATE TABLE` of SQLite's catalog is a table, or is known as text.
#![no_main]

use alembic_schema::sqlite::{Master, inspect, source};

libfuzzer_sys::fuzz_target!(|text: &str| {
    for sql in [text.to_owned(), format!("CREATE TABLE t (id INTEGER PRIMARY KEY, {text})"), format!("CREATE TABLE t ({text}")] {
        let row = |kind: &str, name: &str, sql: &str| Master {
            kind: kind.to_owned(),
            name: name.to_owned(),
            table: "t".to_owned(),
            sql: sql.to_owned(),
        };
        let rows = [row("table", "t", &sql), row("index", "i", text), row("trigger", "r", text), row("view", "v", text)];
        let schema = inspect(&rows[..1]);
        let kept = schema.tables.iter().any(|table| table.name.name == "t") || !schema.others.is_empty();
        assert!(kept, "{sql}");
        drop(inspect(&rows));
        assert!(source(&rows, "T").is_some(), "{sql}");
    }
});
