//! Views, routines, triggers and events of MySQL and MariaDB.

use alembic_schema::{Name, Object, ObjectKey, Schema};
use alembic_sql::Dialect;
use diesel::{QueryResult, connection::LoadConnection};

use super::super::{Creation, Inspection, creations};
use crate::database::MigrationBackend;

/// Kinds of what `creations` tells.
const KINDS: [&str; 4] = ["view", "function", "procedure", "event"];

pub(super) fn objects<C>(conn: &mut C, scope: &Inspection, schema: &Schema) -> QueryResult<Vec<Object>>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let made = creations(conn, scope, schema)?.into_iter();
    let made = made.filter(|it| KINDS.contains(&it.kind.as_str()) && !it.create.is_empty());
    let objects = made.map(|Creation { kind, name, create, drop }| match kind.as_str() {
        // A view is replaced in place, whatever its columns are: what names it asks for them each time.
        "view" => {
            let create = create.replacen("CREATE", "CREATE OR REPLACE", 1);
            Object { shape: Some(String::new()), ..object(&kind, &name, None, create, drop) }
        }
        _ => object(&kind, &name, None, create, drop),
    });
    let triggers = schema.tables.iter().flat_map(|table| {
        let triggers = table.others.iter().filter(|other| other.kind == "trigger");
        triggers.map(|trigger| {
            let drop = format!("DROP TRIGGER {}", trigger.name.sql(Dialect::Mysql));
            object(&trigger.kind, &trigger.name, Some(&table.name), trigger.definition.clone(), drop)
        })
    });
    Ok(objects.chain(triggers).collect())
}

fn object(kind: &str, name: &Name, table: Option<&Name>, create: String, drop: String) -> Object {
    Object::new(ObjectKey { table: table.cloned(), ..ObjectKey::new(kind, name.clone()) }, create, drop)
}
