//! Views, routines, triggers, rules and policies of PostgreSQL, with what they depend on.

use alembic_schema::{Name, Object, ObjectKey, ObjectPart};
use alembic_sql::Dialect;
use diesel::{QueryResult, connection::LoadConnection};
use serde::Deserialize;

use super::super::{Inspection, Names};
use crate::database::{MigrationBackend, answer, json::rows};

#[derive(Deserialize)]
struct Row {
    key: Key,
    create: String,
    drop: String,
    shape: Option<String>,
    is_held: bool,
    /// What makes each part, and what takes it back.
    parts: Vec<(String, String)>,
    needs: Vec<Key>,
    /// Schema, table, column.
    columns: Vec<(String, String, Option<String>)>,
}

/// Kind, schema, name, arguments, and the table that it belongs to.
#[derive(Deserialize)]
struct Key(String, String, String, Option<String>, Option<String>);

pub(super) fn objects<C>(conn: &mut C, scope: &Inspection) -> QueryResult<Vec<Object>>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let current = answer(conn, "SELECT current_schema()::text AS answer")?.unwrap_or_else(|| "public".to_owned());
    let names = Names { current };
    let literal = |text: &String| Dialect::Postgres.literal(text);
    let schemas = std::iter::once(&names.current).chain(&scope.schemas).map(literal).collect::<Vec<_>>().join(", ");
    let own = scope.own_tables().iter().map(literal).collect::<Vec<_>>().join(", ");
    let found = rows::<C, Row>(conn, &OBJECTS.replace("$SCHEMAS", &schemas).replace("$OWN", &own))?;
    Ok(found.into_iter().map(|row| object(row, &names)).collect())
}

fn object(row: Row, names: &Names) -> Object {
    let key = |Key(kind, schema, name, arguments, table): Key| {
        let name: Name = names.name(&schema, &name);
        ObjectKey { kind, table: table.map(|table| name.beside(&table)), name, arguments }
    };
    let mut needs: Vec<ObjectKey> = row.needs.into_iter().map(key).collect();
    needs.sort_unstable();
    needs.dedup();
    let key_of_it = key(row.key);
    Object {
        loses_grants: key_of_it.table.is_none(),
        key: key_of_it,
        create: row.create,
        drop: row.drop,
        shape: row.shape,
        is_held: row.is_held,
        parts: row.parts.into_iter().map(|(make, unmake)| ObjectPart { make, unmake }).collect(),
        needs,
        columns: row.columns.into_iter().map(|(schema, table, column)| (names.name(&schema, &table), column)).collect(),
    }
}

/// A view depends on what its rule `_RETURN` names. What names the row type of a relation depends on the relation. A routine
/// in its schema's path is named without the schema, as all else is. One that a range type has made is the type's.
const OBJECTS: &str = r"
WITH relations AS (
    SELECT c.*, n.nspname, c.oid::regclass::text AS called, CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN
    'materialized view' ELSE 'table' END AS kind, CASE c.relkind WHEN 'v' THEN 'VIEW' ELSE 'MATERIALIZED VIEW' END AS word
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname IN ($SCHEMAS) AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relname NOT IN ($OWN)
    AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid
    AND e.deptype = 'e')
), routines AS (
    SELECT p.*, n.nspname, p.oid::regprocedure::text AS called, oidvectortypes(p.proargtypes) AS arguments,
    CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END AS kind,
    CASE p.prokind WHEN 'p' THEN 'PROCEDURE' WHEN 'a' THEN 'ROUTINE' ELSE 'FUNCTION' END AS word,
    CASE WHEN NOT pg_function_is_visible(p.oid) THEN quote_ident(n.nspname) || '.' ELSE '' END
    || quote_ident(p.proname) AS plain, format('%I.%I', n.nspname, p.proname) AS qualified
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname IN ($SCHEMAS)
    AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid
    AND e.deptype IN ('e', 'i'))
), objects (class, oid, kind, schema, name, arguments, relation, creation, dropping, shape) AS (
    SELECT 'pg_class'::regclass::oid, oid, kind, nspname, relname, NULL, NULL::name, concat('CREATE ',
    CASE relkind WHEN 'v' THEN 'OR REPLACE ' END, word, ' ', called, ' WITH (' || array_to_string(reloptions, ', ') || ')',
    E' AS\n', rtrim(pg_get_viewdef(oid), ';')), format('DROP %s %s', word, called),
    CASE relkind WHEN 'v' THEN (SELECT string_agg(concat_ws(' ', attname, format_type(atttypid, atttypmod),
    nullif(attcollation, 0)), ', ' ORDER BY attnum) FROM pg_catalog.pg_attribute WHERE attrelid = relations.oid AND attnum > 0) END
    FROM relations WHERE relkind IN ('v', 'm')
    UNION ALL SELECT 'pg_proc'::regclass, oid, kind, nspname, proname, arguments, NULL, concat('CREATE OR REPLACE ', word, ' ',
    plain, substr(rtrim(pg_get_functiondef(oid), E'\n'), length('CREATE OR REPLACE ' || word || ' ' || qualified) + 1)),
    format('DROP %s %s', word, called), concat(pg_get_function_arguments(oid), ' -> ', pg_get_function_result(oid))
    FROM routines WHERE prokind <> 'a'
    UNION ALL SELECT 'pg_proc'::regclass, r.oid, kind, nspname, proname, arguments, NULL, format(
    'CREATE OR REPLACE AGGREGATE %s(%s) (%s)', plain, CASE WHEN pronargs = 0 THEN '*' ELSE pg_get_function_arguments(r.oid) END,
    concat_ws(', ', 'SFUNC = ' || aggtransfn, 'STYPE = ' || format_type(aggtranstype, NULL),
    'SSPACE = ' || nullif(aggtransspace, 0), 'FINALFUNC = ' || nullif(aggfinalfn::oid, 0)::regproc,
    CASE WHEN aggfinalextra THEN 'FINALFUNC_EXTRA' END, 'COMBINEFUNC = ' || nullif(aggcombinefn::oid, 0)::regproc,
    'SERIALFUNC = ' || nullif(aggserialfn::oid, 0)::regproc, 'DESERIALFUNC = ' || nullif(aggdeserialfn::oid, 0)::regproc,
    'INITCOND = ' || quote_literal(agginitval), 'MSFUNC = ' || nullif(aggmtransfn::oid, 0)::regproc,
    'MINVFUNC = ' || nullif(aggminvtransfn::oid, 0)::regproc, 'MSTYPE = ' || format_type(nullif(aggmtranstype, 0), NULL),
    'MSSPACE = ' || nullif(aggmtransspace, 0), 'MFINALFUNC = ' || nullif(aggmfinalfn::oid, 0)::regproc,
    CASE WHEN aggmfinalextra THEN 'MFINALFUNC_EXTRA' END, 'MINITCOND = ' || quote_literal(aggminitval),
    'SORTOP = ' || (SELECT format('OPERATOR(%I.%s)', n.nspname, o.oprname) FROM pg_catalog.pg_operator o
    JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace WHERE o.oid = aggsortop),
    CASE proparallel WHEN 's' THEN 'PARALLEL = SAFE' WHEN 'r' THEN 'PARALLEL = RESTRICTED' END,
    CASE WHEN aggkind = 'h' THEN 'HYPOTHETICAL' END)), format('DROP %s %s', word, called),
    concat(pg_get_function_arguments(r.oid), ' -> ', pg_get_function_result(r.oid), ' ', aggkind)
    FROM routines r JOIN pg_catalog.pg_aggregate a ON a.aggfnoid = r.oid
    UNION ALL SELECT 'pg_trigger'::regclass, g.oid, 'trigger', nspname, g.tgname, NULL, relname, pg_get_triggerdef(g.oid, true),
    format('DROP TRIGGER %I ON %s', g.tgname, called), NULL FROM relations JOIN pg_catalog.pg_trigger g
    ON g.tgrelid = relations.oid WHERE NOT g.tgisinternal AND g.tgparentid = 0
    UNION ALL SELECT 'pg_rewrite'::regclass, w.oid, 'rule', nspname, w.rulename, NULL, relname,
    rtrim(pg_get_ruledef(w.oid, true), '; '), format('DROP RULE %I ON %s', w.rulename, called), NULL
    FROM relations JOIN pg_catalog.pg_rewrite w ON w.ev_class = relations.oid WHERE w.rulename <> '_RETURN'
    UNION ALL SELECT 'pg_policy'::regclass, o.oid, 'policy', nspname, o.polname, NULL, relname,
    format('CREATE POLICY %I ON %s AS %s FOR %s TO %s%s%s', o.polname, called,
    CASE WHEN o.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END, CASE o.polcmd WHEN 'r' THEN 'SELECT'
    WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
    (SELECT string_agg(CASE WHEN role = 0 THEN 'PUBLIC' WHEN pg_get_userbyid(role) LIKE 'alembic\_scratch\_%'
    THEN 'CURRENT_USER' ELSE quote_ident(pg_get_userbyid(role)) END, ', ' ORDER BY pg_get_userbyid(role))
    FROM unnest(o.polroles) role), ' USING (' || pg_get_expr(o.polqual, o.polrelid, true) || ')',
    ' WITH CHECK (' || pg_get_expr(o.polwithcheck, o.polrelid, true) || ')'),
    format('DROP POLICY %I ON %s', o.polname, called), NULL
    FROM relations JOIN pg_catalog.pg_policy o ON o.polrelid = relations.oid
    UNION ALL SELECT 0, oid, 'row security', nspname, relname, NULL, relname,
    format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', called), format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY', called), NULL
    FROM relations WHERE relrowsecurity
    UNION ALL SELECT 1, oid, 'forced row security', nspname, relname, NULL, relname,
    format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', called), format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY', called), NULL
    FROM relations WHERE relforcerowsecurity
), parts (class, oid, rank, make, unmake) AS (
    SELECT 'pg_class'::regclass::oid, r.oid, 1, pg_get_indexdef(i.indexrelid, 0, true),
    format('DROP INDEX %s', i.indexrelid::regclass) FROM relations r JOIN pg_catalog.pg_index i ON i.indrelid = r.oid
    WHERE r.relkind = 'm'
    UNION ALL SELECT 'pg_class'::regclass, r.oid, 2, format('COMMENT ON INDEX %s IS %L', i.indexrelid::regclass, d.description),
    format('COMMENT ON INDEX %s IS NULL', i.indexrelid::regclass) FROM relations r
    JOIN pg_catalog.pg_index i ON i.indrelid = r.oid JOIN pg_catalog.pg_description d ON d.classoid = 'pg_class'::regclass
    AND d.objoid = i.indexrelid AND d.objsubid = 0 WHERE r.relkind = 'm'
    UNION ALL SELECT 'pg_class'::regclass, r.oid, 3, format('ALTER VIEW %s ALTER COLUMN %I SET DEFAULT %s', called, a.attname,
    pg_get_expr(d.adbin, d.adrelid)), format('ALTER VIEW %s ALTER COLUMN %I DROP DEFAULT', called, a.attname)
    FROM relations r JOIN pg_catalog.pg_attrdef d ON d.adrelid = r.oid JOIN pg_catalog.pg_attribute a
    ON a.attrelid = r.oid AND a.attnum = d.adnum WHERE r.relkind = 'v'
    UNION ALL SELECT 'pg_class'::regclass, r.oid, 4, format('COMMENT ON %s %s IS %L', t.what, t.called, d.description),
    format('COMMENT ON %s %s IS NULL', t.what, t.called) FROM relations r JOIN pg_catalog.pg_description d
    ON d.classoid = 'pg_class'::regclass AND d.objoid = r.oid LEFT JOIN pg_catalog.pg_attribute a
    ON a.attrelid = r.oid AND a.attnum = d.objsubid AND d.objsubid > 0 CROSS JOIN LATERAL (SELECT
    CASE WHEN a.attnum IS NULL THEN word ELSE 'COLUMN' END, concat_ws('.', r.called, quote_ident(a.attname))) AS t (what, called)
    WHERE r.relkind IN ('v', 'm')
    UNION ALL SELECT 'pg_proc'::regclass, r.oid, 4, format('COMMENT ON %s %s IS %L', word, called, d.description),
    format('COMMENT ON %s %s IS NULL', word, called) FROM routines r JOIN pg_catalog.pg_description d
    ON d.classoid = 'pg_proc'::regclass AND d.objoid = r.oid
    UNION ALL SELECT d.classoid, d.objoid, 4, format('COMMENT ON %s %I ON %s IS %L', upper(o.kind), o.name, r.called, d.description),
    format('COMMENT ON %s %I ON %s IS NULL', upper(o.kind), o.name, r.called) FROM objects o JOIN relations r
    ON r.nspname = o.schema AND r.relname = o.relation JOIN pg_catalog.pg_description d ON d.classoid = o.class
    AND d.objoid = o.oid
    UNION ALL SELECT 'pg_class'::regclass, r.oid, 5, format('GRANT %s ON %s TO %s%s', g.privileges, called, g.grantee, g.with_option),
    format('REVOKE %s ON %s FROM %s', g.privileges, called, g.grantee) FROM relations r CROSS JOIN LATERAL (
    SELECT string_agg(privilege_type, ', ' ORDER BY privilege_type), CASE grantee WHEN 0 THEN 'PUBLIC'
    ELSE quote_ident(pg_get_userbyid(grantee)) END, CASE WHEN is_grantable THEN ' WITH GRANT OPTION' END
    FROM aclexplode(r.relacl) WHERE grantee <> r.relowner GROUP BY grantee, is_grantable) AS g (privileges, grantee, with_option)
    WHERE r.relkind IN ('v', 'm')
    UNION ALL SELECT 'pg_class'::regclass, r.oid, 6, format('GRANT %s ON %s TO %s%s', g.privileges, called, g.grantee, g.with_option),
    format('REVOKE %s ON %s FROM %s', g.privileges, called, g.grantee) FROM relations r JOIN pg_catalog.pg_attribute a
    ON a.attrelid = r.oid CROSS JOIN LATERAL (SELECT string_agg(format('%s (%I)', privilege_type, a.attname), ', '
    ORDER BY privilege_type), CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,
    CASE WHEN is_grantable THEN ' WITH GRANT OPTION' END FROM aclexplode(a.attacl) WHERE grantee <> r.relowner
    GROUP BY grantee, is_grantable) AS g (privileges, grantee, with_option) WHERE r.relkind IN ('v', 'm')
    UNION ALL SELECT 'pg_proc'::regclass, r.oid, 5, format('REVOKE ALL ON %s %s FROM PUBLIC', word, called),
    format('GRANT EXECUTE ON %s %s TO PUBLIC', word, called) FROM routines r WHERE proacl IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM aclexplode(proacl) WHERE grantee = 0)
    UNION ALL SELECT 'pg_proc'::regclass, r.oid, 6, format('GRANT EXECUTE ON %s %s TO %I%s', word, called,
    pg_get_userbyid(g.grantee), CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' END),
    format('REVOKE EXECUTE ON %s %s FROM %I', word, called, pg_get_userbyid(g.grantee))
    FROM routines r CROSS JOIN LATERAL aclexplode(r.proacl) g WHERE g.grantee NOT IN (0, r.proowner)
    UNION ALL SELECT o.class, o.oid, 7, format('ALTER TABLE %s %s TRIGGER %I', r.called, CASE g.tgenabled WHEN 'D' THEN 'DISABLE'
    WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END, g.tgname), format('ALTER TABLE %s ENABLE TRIGGER %I', r.called, g.tgname)
    FROM objects o JOIN pg_catalog.pg_trigger g ON o.class = 'pg_trigger'::regclass AND g.oid = o.oid
    JOIN relations r ON r.oid = g.tgrelid WHERE g.tgenabled <> 'O'
    UNION ALL SELECT o.class, o.oid, 7, format('ALTER TABLE %s %s RULE %I', r.called, CASE w.ev_enabled WHEN 'D' THEN 'DISABLE'
    WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END, w.rulename), format('ALTER TABLE %s ENABLE RULE %I', r.called, w.rulename)
    FROM objects o JOIN pg_catalog.pg_rewrite w ON o.class = 'pg_rewrite'::regclass AND w.oid = o.oid
    JOIN relations r ON r.oid = w.ev_class WHERE w.ev_enabled <> 'O'
), uses (class, oid, refclass, refoid, refcolumn) AS (
    SELECT o.class, o.oid, d.refclassid, d.refobjid, d.refobjsubid FROM objects o JOIN pg_catalog.pg_depend d
    ON d.classid = o.class AND d.objid = o.oid
    UNION SELECT o.class, o.oid, d.refclassid, d.refobjid, d.refobjsubid FROM objects o JOIN pg_catalog.pg_rewrite w
    ON o.class = 'pg_class'::regclass AND w.ev_class = o.oid AND w.rulename = '_RETURN' JOIN pg_catalog.pg_depend d
    ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid WHERE d.refobjid <> o.oid
    UNION SELECT class, oid, 'pg_class'::regclass, oid, 0 FROM objects WHERE class < 2
), resolved AS (
    SELECT u.class, u.oid, CASE WHEN t.oid IS NULL THEN u.refclass ELSE 'pg_class'::regclass END AS refclass,
    coalesce(t.typrelid, u.refoid) AS refoid, u.refcolumn FROM uses u LEFT JOIN LATERAL (
    SELECT coalesce(e.oid, t.oid) AS oid, coalesce(e.typrelid, t.typrelid) AS typrelid FROM pg_catalog.pg_type t
    LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND e.typrelid <> 0 WHERE u.refclass = 'pg_type'::regclass
    AND t.oid = u.refoid AND (t.typrelid <> 0 OR e.oid IS NOT NULL)) t ON true
), parts_of AS MATERIALIZED (
    SELECT class, oid, json_agg(json_build_array(make, unmake) ORDER BY rank, make) AS parts FROM parts GROUP BY class, oid
), needs_of AS MATERIALIZED (
    SELECT u.class, u.oid, json_agg(json_build_array(n.kind, n.schema, n.name, n.arguments, n.relation)) AS needs
    FROM resolved u JOIN objects n ON n.class = u.refclass AND n.oid = u.refoid
    WHERE (n.class, n.oid) <> (u.class, u.oid) GROUP BY u.class, u.oid
), columns_of AS MATERIALIZED (
    SELECT u.class, u.oid, json_agg(json_build_array(r.nspname, r.relname, a.attname)) AS columns FROM resolved u
    JOIN relations r ON u.refclass = 'pg_class'::regclass AND r.oid = u.refoid AND r.kind = 'table'
    LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum = u.refcolumn AND u.refcolumn > 0
    GROUP BY u.class, u.oid
)
SELECT json_build_object('key', json_build_array(o.kind, o.schema, o.name, o.arguments, o.relation),
    'create', o.creation, 'drop', o.dropping, 'shape', o.shape, 'is_held', o.class = 'pg_proc'::regclass AND EXISTS (
    SELECT 1 FROM pg_catalog.pg_depend d WHERE d.refclassid = o.class AND d.refobjid = o.oid AND d.deptype IN ('n', 'a')
    AND d.classid NOT IN ('pg_proc'::regclass, 'pg_trigger'::regclass, 'pg_policy'::regclass, 'pg_rewrite'::regclass)),
    'parts', coalesce(parts, '[]'), 'needs', coalesce(needs, '[]'), 'columns', coalesce(columns, '[]'))::text AS answer
    FROM objects o LEFT JOIN parts_of USING (class, oid) LEFT JOIN needs_of USING (class, oid)
    LEFT JOIN columns_of USING (class, oid)";
