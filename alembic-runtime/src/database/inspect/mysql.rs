//! The catalogs of MySQL and MariaDB: names from `information_schema`, all else from what `SHOW CREATE …` says.

use alembic_schema::{
    Name, Other, Schema, Table,
    mysql::{self, Surroundings},
};
use alembic_sql::Dialect;
use diesel::{QueryResult, connection::LoadConnection, result::Error};

use super::{Inspection, Names, table_of};
use crate::database::{MigrationBackend, Shown, answer, json::rows};

pub(super) fn schema<C>(conn: &mut C, scope: &Inspection, dialect: Dialect) -> QueryResult<Schema>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let names = Names { current: answer(conn, "SELECT DATABASE() AS answer")?.unwrap_or_default() };
    let literal = |schema: &String| Dialect::Mysql.literal(schema);
    let schemas = std::iter::once(&names.current).chain(&scope.schemas).map(literal).collect::<Vec<_>>().join(", ");
    let query = |sql: &str| sql.replace("$SCHEMAS", &schemas);
    let around = surroundings(conn, &names, &schemas, dialect)?;
    let mut schema = Schema::default();
    for (database, name, kind, is_readable) in rows::<C, (String, String, String, u8)>(conn, &query(RELATIONS))? {
        let (name, place) = (names.name(&database, &name), Name { schema: Some(database), name });
        match kind.as_str() {
            "BASE TABLE" => {
                let table = table(conn, &name, &place, &around)?;
                schema.tables.push(table);
            }
            _ => {
                let definition =
                    if is_readable == 1 { definition(conn, &kind, &place, &around) } else { String::new() };
                schema.others.push(Other { kind: kind.to_lowercase(), name, definition });
            }
        }
    }
    schema.tables.sort_by(|a, b| a.name.cmp(&b.name));
    let own_database = format!("{}.", Dialect::Mysql.quote(&names.current));
    let other = |kind: String, database: &str, name: &str, definition: &str| {
        // The server says in which database what is named is.
        let definition = definition.replace(&own_database, "");
        Other { kind, name: names.name(database, name), definition: without_end(&definition).to_owned() }
    };
    for (database, table, name, head, body) in
        rows::<C, (String, String, String, String, String)>(conn, &query(TRIGGERS))?
    {
        let place = Name { schema: Some(database.clone()), name: name.clone() };
        let body = trigger_body(conn, &place, &around).unwrap_or(body);
        let trigger = other("trigger".to_owned(), &database, &name, &format!("{head}{body}"));
        match table_of(&mut schema.tables, &names.name(&database, &table)) {
            Some(table) => table.others.push(trigger),
            None => schema.others.push(trigger),
        }
    }
    for (kind, database, name, definition) in rows::<C, (String, String, String, String)>(conn, &query(OTHERS))? {
        schema.others.push(other(kind, &database, &name, &definition));
    }
    schema.others.sort_unstable();
    Ok(schema)
}

/// Returns a text without what ended it: a body that other statements of the message followed has kept that.
pub(super) fn without_end(text: &str) -> &str {
    text.trim_end_matches(|c: char| c == ';' || c.is_whitespace())
}

pub(super) fn surroundings<C>(conn: &mut C, names: &Names, schemas: &str, dialect: Dialect) -> QueryResult<Surroundings>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let collations = COLLATIONS.replace("$SCHEMAS", schemas);
    Ok(Surroundings {
        dialect,
        database: names.current.clone(),
        collations: rows::<C, (String, String)>(conn, &collations)?.into_iter().collect(),
        character_sets: rows::<C, (String, String)>(conn, CHARACTER_SETS)?.into_iter().collect(),
        engine: answer(conn, "SELECT @@default_storage_engine AS answer")?.unwrap_or_default(),
    })
}

/// Returns the body of a trigger as it was written: the catalog has the literals in it without their escapes.
fn trigger_body<C>(conn: &mut C, place: &Name, around: &Surroundings) -> Option<String>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let statement = format!("SHOW CREATE TRIGGER {}", place.sql(Dialect::Mysql));
    let text = mysql::text(C::Backend::shown(conn, Shown::Trigger, &statement).ok()?);
    mysql::trigger_body(&text, around)
}

fn table<C>(conn: &mut C, name: &Name, place: &Name, around: &Surroundings) -> QueryResult<Table>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let statement = format!("SHOW CREATE TABLE {}", place.sql(Dialect::Mysql));
    let text = mysql::text(C::Backend::shown(conn, Shown::Table, &statement)?);
    mysql::table(name, &text, around)
        .ok_or_else(|| Error::DeserializationError(format!("`{statement}` answers with `{text}`").into()))
}

/// Returns what makes a view, a sequence, or a table that keeps its history. A role may see one of which it is not told.
fn definition<C>(conn: &mut C, kind: &str, place: &Name, around: &Surroundings) -> String
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let (what, word) = match kind {
        "VIEW" => (Shown::View, "VIEW"),
        "SEQUENCE" => (Shown::Table, "SEQUENCE"),
        _ => (Shown::Table, "TABLE"),
    };
    let statement = format!("SHOW CREATE {word} {}", place.sql(Dialect::Mysql));
    let shown = C::Backend::shown(conn, what, &statement).map(mysql::text);
    shown.map(|text| mysql::plain(&text, around)).unwrap_or_default()
}

const COLLATIONS: &str = "SELECT CAST(JSON_ARRAY(schema_name, default_collation_name) AS CHAR) AS answer \
    FROM information_schema.schemata WHERE schema_name IN ($SCHEMAS)";

const CHARACTER_SETS: &str = "SELECT CAST(JSON_ARRAY(character_set_name, default_collate_name) AS CHAR) AS answer \
    FROM information_schema.character_sets";

/// Tables, views and the like, and whether a role may be told what makes them.
const RELATIONS: &str = "SELECT CAST(JSON_ARRAY(t.table_schema, t.table_name, t.table_type, \
    CASE WHEN v.table_name IS NULL OR v.view_definition <> '' THEN 1 ELSE 0 END) AS CHAR) AS answer \
    FROM information_schema.tables t LEFT JOIN information_schema.views v ON v.table_schema = t.table_schema \
    AND v.table_name = t.table_name WHERE t.table_schema IN ($SCHEMAS)";

/// In the order in which they run.
const TRIGGERS: &str = "SELECT CAST(JSON_ARRAY(t.trigger_schema, t.event_object_table, t.trigger_name, CONCAT('CREATE TRIGGER `', \
    REPLACE(t.trigger_name, '`', '``'), '` ', t.action_timing, ' ', t.event_manipulation, ' ON `', \
    REPLACE(t.event_object_table, '`', '``'), '` FOR EACH ROW ', CASE WHEN p.trigger_name IS NULL THEN '' \
    ELSE CONCAT('FOLLOWS `', REPLACE(p.trigger_name, '`', '``'), '` ') END), t.action_statement) AS CHAR) AS answer \
    FROM information_schema.triggers t LEFT JOIN information_schema.triggers p ON p.trigger_schema = t.trigger_schema \
    AND p.event_object_table = t.event_object_table AND p.event_manipulation = t.event_manipulation \
    AND p.action_timing = t.action_timing AND p.action_order = t.action_order - 1 WHERE t.trigger_schema IN ($SCHEMAS) \
    ORDER BY t.trigger_schema, t.event_object_table, t.event_manipulation, t.action_timing, t.action_order";

/// What the role may not read has no definition. Events are said without their dates, which are those of their making.
const OTHERS: &str = "SELECT CAST(JSON_ARRAY(LOWER(r.routine_type), r.routine_schema, r.routine_name, \
    CASE WHEN COALESCE(r.routine_definition, '') = '' THEN '' ELSE CONCAT_WS(' ', (SELECT GROUP_CONCAT(CONCAT_WS(' ', \
    p.parameter_mode, p.parameter_name, p.dtd_identifier) ORDER BY p.ordinal_position) FROM information_schema.parameters p \
    WHERE p.specific_schema = r.routine_schema AND p.specific_name = r.specific_name AND p.routine_type = r.routine_type), \
    r.is_deterministic, r.sql_data_access, r.security_type, r.routine_definition) END) AS CHAR) AS answer \
    FROM information_schema.routines r WHERE r.routine_schema IN ($SCHEMAS) \
    UNION ALL SELECT CAST(JSON_ARRAY('event', event_schema, event_name, CONCAT_WS(' ', event_type, interval_value, interval_field, \
    IF(status = 'DISABLED', 'DISABLED', NULL), event_definition)) AS CHAR) \
    FROM information_schema.events WHERE event_schema IN ($SCHEMAS)";
