//! How what is no table is made: in the database's own words, as statements.

use alembic_schema::{Name, Schema, mysql};
use alembic_sql::Dialect;
use diesel::{QueryResult, connection::LoadConnection};

use super::{
    Inspection, Names,
    mysql::{surroundings, without_end},
};
use crate::database::{MigrationBackend, Reading, Shown, answer, json::rows, reading};

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
        Dialect::Postgres => on_postgres(conn, scope),
        Dialect::Mysql | Dialect::Mariadb => on_mysql(conn, scope, schema, dialect),
    })
}

fn on_postgres<C>(conn: &mut C, scope: &Inspection) -> QueryResult<Vec<Creation>>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let names = Names { current: answer(conn, "SELECT current_schema()::text AS answer")?.unwrap_or_default() };
    let schemas = std::iter::once(&names.current).chain(&scope.schemas).map(|schema| Dialect::Postgres.literal(schema));
    let schemas = schemas.collect::<Vec<_>>().join(", ");
    let sql = POSTGRES.replace("$SCHEMAS", &schemas);
    let found = rows::<C, (String, String, String, String, String)>(conn, &sql)?;
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

/// Routines and events, with what goes without saying in the text of an event: that it began when it was made.
const MYSQL: &str = "SELECT CAST(JSON_ARRAY(LOWER(routine_type), routine_schema, routine_name, '') AS CHAR) AS answer \
    FROM information_schema.routines WHERE routine_schema IN ($SCHEMAS) AND routine_type IN ('FUNCTION', 'PROCEDURE') \
    UNION ALL SELECT CAST(JSON_ARRAY('event', event_schema, event_name, COALESCE(CASE WHEN starts = created \
    THEN CONCAT(' STARTS ', QUOTE(starts)) END, '')) AS CHAR) FROM information_schema.events WHERE event_schema IN ($SCHEMAS)";

/// Returns routines and events as the server shows them; those that the role may not read have no text.
fn on_mysql<C>(conn: &mut C, scope: &Inspection, schema: &Schema, dialect: Dialect) -> QueryResult<Vec<Creation>>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let names = Names { current: answer(conn, "SELECT DATABASE() AS answer")?.unwrap_or_default() };
    let literal = |schema: &String| dialect.literal(schema);
    let schemas = std::iter::once(&names.current).chain(&scope.schemas).map(literal).collect::<Vec<_>>().join(", ");
    let around = surroundings(conn, &names, &schemas, dialect)?;
    let mut found: Vec<Creation> = shown_by_mysql(schema).collect();
    for (kind, database, name, implied) in
        rows::<C, (String, String, String, String)>(conn, &MYSQL.replace("$SCHEMAS", &schemas))?
    {
        let shown = match kind.as_str() {
            "function" => Shown::Function,
            "procedure" => Shown::Procedure,
            _ => Shown::Event,
        };
        let (word, place) = (kind.to_uppercase(), Name { schema: Some(database.clone()), name: name.clone() });
        let statement = format!("SHOW CREATE {word} {}", place.sql(dialect));
        let text = C::Backend::shown(conn, shown, &statement).map(mysql::text).unwrap_or_default();
        let name = names.name(&database, &name);
        let drop = format!("DROP {word} {}", name.sql(dialect));
        let create = mysql::plain(&text.replacen(&implied, "", 1), &around);
        found.push(Creation { kind, name, create: without_end(&create).to_owned(), drop });
    }
    Ok(found)
}
