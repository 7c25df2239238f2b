//! Views and triggers of SQLite, which remembers their statements.

use alembic_schema::{Name, Object, ObjectKey, Other, Schema};
use alembic_sql::Dialect;

pub(super) fn objects(schema: &Schema) -> Vec<Object> {
    let of_tables = schema.tables.iter().flat_map(|table| table.others.iter().map(|other| (other, Some(&table.name))));
    let others = schema.others.iter().map(|other| (other, None)).chain(of_tables);
    others.filter(|(other, _)| ["view", "trigger"].contains(&other.kind.as_str())).map(object).collect()
}

fn object((other, table): (&Other, Option<&Name>)) -> Object {
    let key = ObjectKey { kind: other.kind.clone(), name: other.name.clone(), arguments: None, table: table.cloned() };
    Object {
        drop: format!("DROP {} {}", key.kind.to_uppercase(), key.name.sql(Dialect::Sqlite)),
        key,
        create: other.definition.clone(),
        shape: None,
        parts: Vec::new(),
        needs: Vec::new(),
        columns: Vec::new(),
        is_held: false,
        loses_grants: false,
    }
}
