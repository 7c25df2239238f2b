//! Did a statement take effect? The catalog knows, if the statement made or removed something.

use alembic_sql::{Dialect, Effect, Name, Object};
use diesel::{QueryResult, connection::LoadConnection};

use super::{MigrationBackend, answer, snapshot};

/// What the catalog tells of a statement that was interrupted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ProbeResult {
    /// It took effect.
    Applied,
    /// It did not.
    NotApplied,
    /// It left an index that is invalid: this removes it, and then it did not take effect.
    Invalid {
        /// The statement to run first.
        cleanup: String,
    },
    /// The catalog cannot tell.
    Unclear,
}

/// Compares the catalog with what the statement would leave there.
pub(crate) fn probe<C>(conn: &mut C, dialect: Dialect, effects: &[Effect]) -> QueryResult<ProbeResult>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let mut applied = 0;
    for effect in effects {
        let sql = match dialect {
            Dialect::Postgres => postgres(&effect.object),
            Dialect::Mysql | Dialect::Mariadb => Some(mysql(&effect.object)),
            Dialect::Sqlite => None,
        };
        let Some(sql) = sql else { return Ok(ProbeResult::Unclear) };
        let found = snapshot(conn, |conn| answer(conn, &sql))?;
        if let (Some(index), true) = (found.as_deref().and_then(|found| found.strip_prefix("invalid ")), effect.exists)
        {
            return Ok(ProbeResult::Invalid { cleanup: format!("DROP INDEX CONCURRENTLY IF EXISTS {index}") });
        }
        applied += usize::from(found.is_some() == effect.exists);
    }
    Ok(match applied {
        0 => ProbeResult::NotApplied,
        n if n == effects.len() => ProbeResult::Applied,
        _ => ProbeResult::Unclear,
    })
}

/// Only an index can be built outside a transaction; everything else shares one with its note. It is in
/// the schema of its table.
fn postgres(object: &Object) -> Option<String> {
    let Object::Index(table, index) = object else {
        return None;
    };
    let literal = |name: &Name| Dialect::Postgres.literal(&qualified(Dialect::Postgres, name));
    let condition = match table {
        Some(table) => {
            format!(
                "i.indrelid = to_regclass({}) AND c.relname = {}",
                literal(table),
                Dialect::Postgres.literal(&index.name)
            )
        }
        None => format!("i.indexrelid = to_regclass({})", literal(index)),
    };
    Some(format!(
        "SELECT CASE WHEN i.indisvalid THEN 'valid' ELSE format('invalid %I.%I', n.nspname, c.relname) END AS answer \
         FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE {condition}"
    ))
}

fn mysql(object: &Object) -> String {
    let literal = |text: &str| Dialect::Mysql.literal(text);
    let schema = |name: &Name| name.schema.as_deref().map_or_else(|| "DATABASE()".to_owned(), literal);
    let in_table = |table: &Name| format!("table_schema = {} AND table_name = {}", schema(table), literal(&table.name));
    let (view, condition) = match object {
        Object::Relation(name) => ("tables", in_table(name)),
        Object::Column(table, column) => {
            ("columns", format!("{} AND column_name = {}", in_table(table), literal(column)))
        }
        Object::Index(table, index) => {
            let table = table.as_ref().unwrap_or(index);
            ("statistics", format!("{} AND index_name = {}", in_table(table), literal(&index.name)))
        }
        Object::Constraint(table, name) => {
            ("table_constraints", format!("{} AND constraint_name = {}", in_table(table), literal(name)))
        }
        Object::PrimaryKey(table) => ("statistics", format!("{} AND index_name = 'PRIMARY'", in_table(table))),
        Object::Routine(name) => {
            ("routines", format!("routine_schema = {} AND routine_name = {}", schema(name), literal(&name.name)))
        }
        Object::Trigger(name) => {
            ("triggers", format!("trigger_schema = {} AND trigger_name = {}", schema(name), literal(&name.name)))
        }
    };
    format!("SELECT '1' AS answer FROM information_schema.{view} WHERE {condition} LIMIT 1")
}

fn qualified(dialect: Dialect, name: &Name) -> String {
    let schema = name.schema.as_ref().map(|schema| format!("{}.", dialect.quote(schema)));
    format!("{}{}", schema.unwrap_or_default(), dialect.quote(&name.name))
}
