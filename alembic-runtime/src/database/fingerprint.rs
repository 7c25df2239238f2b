//! What a schema looks like, as lines that can be compared.

use alembic_core::{Dialect, sql::spelled_alike, version_table::VersionTable};
use diesel::{QueryResult, connection::LoadConnection};

use super::{MigrationBackend, snapshot};

/// Every object of the current schema in the database's own words, sorted; ours are left out.
pub(crate) fn fingerprint<C>(conn: &mut C, dialect: Dialect, table: &VersionTable) -> QueryResult<Vec<String>>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let queries: &[&str] = match dialect {
        Dialect::Sqlite => &SQLITE,
        Dialect::Postgres => &POSTGRES,
        Dialect::Mysql | Dialect::Mariadb => &MYSQL,
    };
    let own = [table.name().to_owned(), table.log_name(), table.lock_name()];
    let is_ours = |line: &String| line.split(' ').nth(1).is_some_and(|name| own.iter().any(|own| own == name));
    let mut lines = Vec::new();
    for query in queries {
        let found = snapshot(conn, |conn| C::Backend::answers(conn, query))?;
        let found = found.into_iter().flatten().filter(|line| !is_ours(line));
        // SQLite remembers every space.
        lines.extend(found.map(|line| if dialect == Dialect::Sqlite { spelled_alike(&line, dialect) } else { line }));
    }
    lines.sort_unstable();
    Ok(lines)
}

/// Each line begins with a kind and the table or object that it belongs to.
const SQLITE: [&str; 1] = ["SELECT type || ' ' || tbl_name || ' ' || name || ' ' || coalesce(sql, '') AS answer \
     FROM sqlite_master WHERE name <> 'sqlite_sequence'"];

const POSTGRES: [&str; 8] = [
    "SELECT 'table ' || c.relname || ' ' || c.relkind::text || ' ' || coalesce(obj_description(c.oid), '') || ' ' || \
     coalesce(c.relacl::text, '') AS answer FROM pg_class c \
     WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'f')",
    "SELECT 'column ' || c.relname || ' ' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull \
     || ' ' || a.attidentity::text || a.attgenerated::text || ' ' || coalesce(pg_get_expr(d.adbin, d.adrelid), '') || ' ' || \
     coalesce(col_description(c.oid, a.attnum), '') AS answer FROM pg_class c \
     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
     LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum \
     WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'f')",
    "SELECT 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) AS answer \
     FROM pg_constraint WHERE connamespace = current_schema()::regnamespace AND conrelid <> 0",
    "SELECT 'index ' || tablename || ' ' || indexdef AS answer FROM pg_indexes WHERE schemaname = current_schema()",
    "SELECT 'view ' || c.relname || ' ' || pg_get_viewdef(c.oid) AS answer FROM pg_class c \
     WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('v', 'm')",
    "SELECT 'function ' || p.proname || ' ' || pg_get_functiondef(p.oid) AS answer FROM pg_proc p \
     WHERE p.pronamespace = current_schema()::regnamespace AND p.prokind <> 'a'",
    "SELECT 'trigger ' || tgrelid::regclass || ' ' || pg_get_triggerdef(t.oid) AS answer FROM pg_trigger t \
     JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT tgisinternal AND c.relnamespace = current_schema()::regnamespace",
    "SELECT 'type ' || t.typname || ' ' || coalesce(string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder), '') AS answer \
     FROM pg_type t LEFT JOIN pg_enum e ON e.enumtypid = t.oid \
     WHERE t.typnamespace = current_schema()::regnamespace AND t.typtype IN ('e', 'd') GROUP BY t.oid, t.typname",
];

const MYSQL: [&str; 7] = [
    "SELECT CONCAT('table ', table_name, ' ', COALESCE(engine, ''), ' ', COALESCE(table_collation, ''), ' ', table_comment) \
     AS answer FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'",
    "SELECT CONCAT('column ', table_name, ' ', ordinal_position, ' ', column_name, ' ', column_type, ' ', is_nullable, ' ', \
     COALESCE(column_default, ''), ' ', extra, ' ', column_comment, ' ', COALESCE(collation_name, '')) AS answer \
     FROM information_schema.columns WHERE table_schema = DATABASE()",
    "SELECT CONCAT('index ', table_name, ' ', index_name, ' ', seq_in_index, ' ', COALESCE(column_name, ''), ' ', non_unique, \
     ' ', index_type) AS answer FROM information_schema.statistics WHERE table_schema = DATABASE()",
    "SELECT CONCAT('reference ', k.table_name, ' ', k.constraint_name, ' ', k.column_name, ' ', k.referenced_table_name, ' ', \
     k.referenced_column_name, ' ', r.delete_rule, ' ', r.update_rule) AS answer \
     FROM information_schema.key_column_usage k JOIN information_schema.referential_constraints r \
     ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name \
     WHERE k.table_schema = DATABASE() AND k.referenced_table_name IS NOT NULL",
    "SELECT CONCAT('constraint ', table_name, ' ', constraint_name, ' ', constraint_type) AS answer \
     FROM information_schema.table_constraints WHERE table_schema = DATABASE()",
    "SELECT CONCAT('view ', table_name, ' ', view_definition) AS answer FROM information_schema.views \
     WHERE table_schema = DATABASE()",
    "SELECT CONCAT('trigger ', event_object_table, ' ', trigger_name, ' ', action_timing, ' ', event_manipulation, ' ', \
     action_statement) AS answer FROM information_schema.triggers WHERE trigger_schema = DATABASE() \
     UNION ALL SELECT CONCAT('routine ', routine_name, ' ', routine_type, ' ', COALESCE(routine_definition, '')) \
     FROM information_schema.routines WHERE routine_schema = DATABASE()",
];
