//! Whether views, virtual tables and triggers of SQLite work, which lets go what they name.

use std::collections::BTreeSet;

use alembic_schema::{Other, Schema, Table};
use alembic_sql::{Dialect, mentioned};

use super::Trial;

const SQLITE: Dialect = Dialect::Sqlite;

pub(super) fn trials(schema: &Schema) -> Vec<Trial> {
    let readable = schema.others.iter().filter(|other| ["view", "virtual table"].contains(&other.kind.as_str()));
    let triggers = schema.all_others().filter(|other| other.kind == "trigger");
    let triggering: BTreeSet<String> = triggers.flat_map(|trigger| mentioned(&trigger.definition, SQLITE)).collect();
    let triggering = |table: &&Table| triggering.contains(&table.name.name);
    readable.map(reading).chain(schema.tables.iter().filter(triggering).map(writing)).collect()
}

/// A row is asked for: what a full-text index refers to is only looked at when one is read.
fn reading(other: &Other) -> Trial {
    Trial {
        kind: other.kind.clone(),
        name: other.name.clone(),
        statement: format!("SELECT * FROM {} LIMIT 1", other.name.sql(SQLITE)),
    }
}

/// A plan for writing has the triggers in it.
fn writing(table: &Table) -> Trial {
    let name = table.name.sql(SQLITE);
    let columns = table.columns.iter().filter(|column| column.generated.is_none());
    let same = columns.map(|column| format!("{0} = {0}", SQLITE.quote(&column.name)));
    let same = same.collect::<Vec<_>>().join(", ");
    Trial {
        kind: "trigger of".to_owned(),
        name: table.name.clone(),
        statement: format!(
            "EXPLAIN INSERT INTO {name} DEFAULT VALUES; EXPLAIN UPDATE {name} SET {same}; EXPLAIN DELETE FROM {name}"
        ),
    }
}
