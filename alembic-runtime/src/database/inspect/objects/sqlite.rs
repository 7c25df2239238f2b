//! Views and triggers of SQLite, which remembers their statements.

use alembic_schema::{Name, Object, ObjectKey, Other, Schema};
use alembic_sql::Dialect;

pub(super) fn objects(schema: &Schema) -> Vec<Object> {
    let of_tables = schema.tables.iter().flat_map(|table| table.others.iter().map(|other| (other, Some(&table.name))));
    let others = schema.others.iter().map(|other| (other, None)).chain(of_tables);
    others.filter(|(other, _)| ["view", "trigger"].contains(&other.kind.as_str())).map(object).collect()
}

fn object((other, table): (&Other, Option<&Name>)) -> Object {
    let key = ObjectKey { table: table.cloned(), ..ObjectKey::new(&other.kind, other.name.clone()) };
    let drop = format!("DROP {} {}", key.kind.to_uppercase(), key.name.sql(Dialect::Sqlite));
    Object::new(key, other.definition.clone(), drop)
}
