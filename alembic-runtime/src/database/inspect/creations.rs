//! How what is no table is made: in the database's own words, as statements.

use std::collections::BTreeMap;

use alembic_schema::{Name, Schema};
use alembic_sql::Dialect;
use diesel::{QueryResult, connection::LoadConnection};

use super::{Inspection, Names};
use crate::database::{MigrationBackend, Reading, answer, json::rows, reading};

/// A statement that makes an object which is no table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Creation {
    /// What it is: `view`, `trigger`, `function`, …
    pub kind: String,
    /// Its name.
    pub name: Name,
    /// Makes it; empty if the catalog does not tell how.
    pub create: String,
    /// Takes it away; empty for what stays, or goes with its table.
    pub drop: String,
}

/// Returns how to make what a database holds besides tables, as far as its catalog tells. `schema` is what was found
/// there. Changes nothing.
///
/// # Errors
///
/// Those of the database.
pub fn creations<C>(conn: &mut C, scope: &Inspection, schema: &Schema) -> QueryResult<Vec<Creation>>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let dialect = C::Backend::dialect(conn)?;
    reading(conn, Reading::Catalog, |conn| match dialect {
        Dialect::Sqlite => Ok(of_sqlite(schema)),
        Dialect::Postgres => on_server(conn, scope, "SELECT current_schema()::text AS answer", POSTGRES),
        Dialect::Mysql | Dialect::Mariadb => {
            let others = on_server(conn, scope, "SELECT DATABASE() AS answer", MYSQL)?;
            Ok(shown_by_mysql(schema).chain(others).collect())
        }
    })
}

fn on_server<C>(conn: &mut C, scope: &Inspection, current: &str, sql: &str) -> QueryResult<Vec<Creation>>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let names = Names { current: answer(conn, current)?.unwrap_or_default() };
    let family = C::Backend::FAMILY;
    let schemas = std::iter::once(&names.current).chain(&scope.schemas).map(|schema| family.literal(schema));
    let schemas = schemas.collect::<Vec<_>>().join(", ");
    let mut found = rows::<C, (String, String, String, String, String)>(conn, &sql.replace("$SCHEMAS", &schemas))?;
    if family == Dialect::Mysql {
        fill_in_parameters(conn, &schemas, &mut found)?;
    }
    let creation = |(kind, schema, name, create, drop): (String, String, String, String, String)| Creation {
        kind,
        name: names.name(&schema, &name),
        create,
        drop,
    };
    Ok(found.into_iter().map(creation).collect())
}

/// Those of which MySQL and MariaDB show the statement.
fn shown_by_mysql(schema: &Schema) -> impl Iterator<Item = Creation> {
    schema.others.iter().filter_map(|other| {
        let drop = match other.kind.as_str() {
            "view" | "sequence" => format!("DROP {} {}", other.kind.to_uppercase(), other.name.sql(Dialect::Mysql)),
            _ => return None,
        };
        let create = other.definition.clone();
        Some(Creation { kind: other.kind.clone(), name: other.name.clone(), create, drop })
    })
}

/// SQLite remembers the statements.
fn of_sqlite(schema: &Schema) -> Vec<Creation> {
    let creation = |other: &alembic_schema::Other| Creation {
        kind: other.kind.clone(),
        name: other.name.clone(),
        create: other.definition.clone(),
        drop: format!(
            "DROP {} {}",
            other.kind.trim_start_matches("virtual ").to_uppercase(),
            Dialect::Sqlite.quote(&other.name.name)
        ),
    };
    schema.all_others().map(creation).collect()
}

const POSTGRES: &str = "SELECT json_build_array('extension', n.nspname, x.extname, \
    format('CREATE EXTENSION IF NOT EXISTS %I%s', x.extname, \
    CASE WHEN n.nspname <> current_schema() THEN format(' SCHEMA %I', n.nspname) END), format('DROP EXTENSION %I', x.extname))::text AS answer FROM pg_catalog.pg_extension x \
    JOIN pg_catalog.pg_namespace n ON n.oid = x.extnamespace WHERE n.nspname IN ($SCHEMAS) \
    UNION ALL SELECT json_build_array('sequence', n.nspname, c.relname, format('CREATE SEQUENCE %I.%I AS %s INCREMENT %s \
    MINVALUE %s MAXVALUE %s START %s CACHE %s%s', n.nspname, c.relname, format_type(s.seqtypid, NULL), s.seqincrement, \
    s.seqmin, s.seqmax, s.seqstart, s.seqcache, CASE WHEN s.seqcycle THEN ' CYCLE' ELSE '' END), \
    format('DROP SEQUENCE %I.%I', n.nspname, c.relname))::text FROM pg_catalog.pg_sequence s \
    JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
    WHERE n.nspname IN ($SCHEMAS) AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE \
    d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i', 'e')) \
    UNION ALL SELECT json_build_array('domain', n.nspname, t.typname, format('CREATE DOMAIN %I.%I AS %s%s%s%s%s', \
    n.nspname, t.typname, format_type(t.typbasetype, t.typtypmod), (SELECT format(' COLLATE %s%I', CASE WHEN NOT pg_collation_is_visible(l.oid) \
    THEN quote_ident(ln.nspname) || '.' END, l.collname) FROM pg_catalog.pg_collation l \
    JOIN pg_catalog.pg_namespace ln ON ln.oid = l.collnamespace JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype WHERE l.oid = t.typcollation \
    AND t.typcollation <> b.typcollation), ' DEFAULT ' || t.typdefault, CASE WHEN t.typnotnull THEN ' NOT NULL' END, \
    (SELECT string_agg(format(' CONSTRAINT %I %s', k.conname, pg_get_constraintdef(k.oid)), '' ORDER BY k.conname) \
    FROM pg_catalog.pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c')), \
    format('DROP DOMAIN %I.%I', n.nspname, t.typname))::text FROM pg_catalog.pg_type t \
    JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype = 'd' AND n.nspname IN ($SCHEMAS) \
    AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid \
    AND d.deptype = 'e') \
    UNION ALL SELECT json_build_array('composite type', n.nspname, c.relname, format('CREATE TYPE %I.%I AS (%s)', \
    n.nspname, c.relname, (SELECT string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' \
    ORDER BY a.attnum) FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)), \
    format('DROP TYPE %I.%I', n.nspname, c.relname))::text FROM pg_catalog.pg_class c \
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'c' AND n.nspname IN ($SCHEMAS) \
    AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid \
    AND d.deptype = 'e') \
    UNION ALL SELECT json_build_array('function', n.nspname, p.proname, pg_get_functiondef(p.oid), \
    format('DROP ROUTINE %s', p.oid::regprocedure))::text FROM pg_catalog.pg_proc p \
    JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE p.prokind <> 'a' AND n.nspname IN ($SCHEMAS) \
    AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid \
    AND d.deptype = 'e') \
    UNION ALL SELECT json_build_array(v.kind, n.nspname, c.relname, format(E'CREATE %s %I.%I%s AS\\n%s%s', upper(v.kind), \
    n.nspname, c.relname, ' WITH (' || array_to_string(c.reloptions, ', ') || ')', \
    pg_get_viewdef(c.oid), concat((SELECT string_agg(E'\\n' || pg_get_indexdef(i.indexrelid) || ';', '' \
    ORDER BY i.indexrelid) FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid), CASE WHEN d.said IS NOT NULL THEN \
    format(E'\\nCOMMENT ON %s %I.%I IS %L;', upper(v.kind), n.nspname, c.relname, d.said) END)), \
    format('DROP %s %I.%I', upper(v.kind), n.nspname, c.relname))::text \
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
    JOIN (VALUES ('v', 'view'), ('m', 'materialized view')) AS v (relkind, kind) ON v.relkind = c.relkind::text \
    CROSS JOIN LATERAL (SELECT obj_description(c.oid, 'pg_class')) AS d (said) \
    WHERE n.nspname IN ($SCHEMAS) AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d \
    WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e') \
    UNION ALL SELECT json_build_array('trigger', n.nspname, g.tgname, pg_get_triggerdef(g.oid) || CASE g.tgenabled \
    WHEN 'O' THEN '' ELSE format(E';\\nALTER TABLE %I.%I %s TRIGGER %I', n.nspname, c.relname, CASE g.tgenabled \
    WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END, g.tgname) END, \
    format('DROP TRIGGER %I ON %I.%I', g.tgname, n.nspname, c.relname))::text FROM pg_catalog.pg_trigger g \
    JOIN pg_catalog.pg_class c ON c.oid = g.tgrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
    WHERE NOT g.tgisinternal AND n.nspname IN ($SCHEMAS) \
    UNION ALL SELECT json_build_array('row security', n.nspname, c.relname, format('ALTER TABLE %I.%I ENABLE ROW LEVEL \
    SECURITY%s', n.nspname, c.relname, CASE WHEN c.relforcerowsecurity THEN ', FORCE ROW LEVEL SECURITY' END), '')::text \
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
    WHERE c.relrowsecurity AND n.nspname IN ($SCHEMAS) \
    UNION ALL SELECT json_build_array('policy', o.schemaname, o.policyname, format('CREATE POLICY %I ON %I.%I AS %s \
    FOR %s TO %s%s%s', o.policyname, o.schemaname, o.tablename, o.permissive, o.cmd, (SELECT string_agg(CASE r \
    WHEN 'public' THEN 'PUBLIC' ELSE quote_ident(r) END, ', ') FROM unnest(o.roles) AS r), ' USING (' || o.qual || ')', \
    ' WITH CHECK (' || o.with_check || ')'), format('DROP POLICY %I ON %I.%I', o.policyname, o.schemaname, \
    o.tablename))::text FROM pg_catalog.pg_policies o WHERE o.schemaname IN ($SCHEMAS) \
    UNION ALL SELECT json_build_array('rule', n.nspname, r.rulename, pg_get_ruledef(r.oid), '')::text \
    FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = r.ev_class \
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE r.rulename <> '_RETURN' AND n.nspname IN ($SCHEMAS) \
    UNION ALL SELECT json_build_array('statistics', n.nspname, s.stxname, pg_get_statisticsobjdef(s.oid), '')::text \
    FROM pg_catalog.pg_statistic_ext s JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace WHERE n.nspname IN ($SCHEMAS) \
    UNION ALL SELECT json_build_array('range type', n.nspname, t.typname, '', '')::text FROM pg_catalog.pg_type t \
    JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype = 'r' AND n.nspname IN ($SCHEMAS) \
    AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid \
    AND d.deptype = 'e') \
    UNION ALL SELECT json_build_array('collation', n.nspname, l.collname, '', '')::text FROM pg_catalog.pg_collation l \
    JOIN pg_catalog.pg_namespace n ON n.oid = l.collnamespace WHERE n.nspname IN ($SCHEMAS) \
    UNION ALL SELECT json_build_array('operator', n.nspname, o.oprname, '', '')::text FROM pg_catalog.pg_operator o \
    JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace WHERE n.nspname IN ($SCHEMAS) AND NOT EXISTS (SELECT 1 FROM \
    pg_catalog.pg_depend d WHERE d.classid = 'pg_operator'::regclass AND d.objid = o.oid AND d.deptype = 'e') \
    UNION ALL SELECT json_build_array('text search configuration', n.nspname, k.cfgname, '', '')::text \
    FROM pg_catalog.pg_ts_config k JOIN pg_catalog.pg_namespace n ON n.oid = k.cfgnamespace WHERE n.nspname IN ($SCHEMAS) \
    UNION ALL SELECT json_build_array('event trigger', current_schema(), e.evtname, '', '')::text \
    FROM pg_catalog.pg_event_trigger e \
    UNION ALL SELECT json_build_array('publication', current_schema(), p.pubname, '', '')::text FROM pg_catalog.pg_publication p \
    UNION ALL SELECT json_build_array('privileges on', n.nspname, c.relname, '', '')::text FROM pg_catalog.pg_class c \
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relacl IS NOT NULL AND n.nspname IN ($SCHEMAS) \
    UNION ALL SELECT json_build_array('schema', current_schema(), n.nspname, '', '')::text FROM pg_catalog.pg_namespace n \
    WHERE n.nspname NOT IN ($SCHEMAS) AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' \
    AND EXISTS (SELECT 1 FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid AND NOT EXISTS (SELECT 1 FROM \
    pg_catalog.pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'))";

/// `$PARAMETERS` stands for the parameters of a routine, which another query tells.
const MYSQL: &str = "SELECT CAST(JSON_ARRAY(LOWER(routine_type), routine_schema, routine_name, CONCAT('CREATE ', routine_type, ' `', \
    REPLACE(routine_name, '`', '``'), '`($PARAMETERS)', CASE routine_type WHEN 'FUNCTION' THEN CONCAT(' RETURNS ', \
    dtd_identifier, COALESCE(CONCAT(' CHARACTER SET ', character_set_name), '')) ELSE '' END, CASE is_deterministic WHEN 'YES' THEN ' DETERMINISTIC ' ELSE ' ' END, sql_data_access, \
    ' SQL SECURITY ', security_type, ' ', routine_definition), CONCAT('DROP ', routine_type, ' `', \
    REPLACE(routine_name, '`', '``'), '`')) AS CHAR) AS answer FROM information_schema.routines \
    WHERE routine_schema IN ($SCHEMAS) AND routine_definition <> ''";

const PARAMETERS: &str = "SELECT CAST(JSON_ARRAY(LOWER(routine_type), specific_schema, specific_name, CONCAT( \
    CASE routine_type WHEN 'PROCEDURE' THEN CONCAT(parameter_mode, ' ') ELSE '' END, '`', \
    REPLACE(parameter_name, '`', '``'), '` ', dtd_identifier, COALESCE(CONCAT(' CHARACTER SET ', character_set_name), '')), \
    ordinal_position) AS CHAR) AS answer FROM information_schema.parameters \
    WHERE specific_schema IN ($SCHEMAS) AND ordinal_position > 0";

fn fill_in_parameters<C>(
    conn: &mut C,
    schemas: &str,
    found: &mut [(String, String, String, String, String)],
) -> QueryResult<()>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let mut lists: BTreeMap<_, BTreeMap<u32, String>> = BTreeMap::new();
    let sql = PARAMETERS.replace("$SCHEMAS", schemas);
    for (kind, schema, name, parameter, at) in rows::<C, (String, String, String, String, u32)>(conn, &sql)? {
        lists.entry((kind, schema, name)).or_default().insert(at, parameter);
    }
    for (kind, schema, name, create, _) in found {
        let list = lists.get(&(kind.clone(), schema.clone(), name.clone()));
        let list = list.map(|list| list.values().map(String::as_str).collect::<Vec<_>>().join(", "));
        *create = create.replacen("$PARAMETERS", &list.unwrap_or_default(), 1);
    }
    Ok(())
}
