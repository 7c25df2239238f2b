//! Parts of tables that have no value of their own: what is asked for is the statement that makes each.

use alembic_schema::{Other, Schema};
use diesel::{QueryResult, connection::LoadConnection};

use super::super::{Names, table_of};
use crate::database::{MigrationBackend, json::rows};

/// Schema, relation, kind and name of the part, and what makes it.
type Part = (String, String, String, String, String);

/// Adds the parts to their tables. Those of what is no table are objects of their own.
pub(super) fn add<C>(
    conn: &mut C,
    schema: &mut Schema,
    names: &Names,
    query: impl Fn(&str) -> String,
) -> QueryResult<()>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    for (namespace, relation, kind, name, definition) in rows::<C, Part>(conn, &query(PARTS))? {
        let relation = names.name(&namespace, &relation);
        match table_of(&mut schema.tables, &relation) {
            Some(table) => table.others.push(Other { kind, name: relation.beside(&name), definition }),
            None => {
                let name = if is_named_by_schema(&kind) { name } else { format!("{}.{name}", relation.name) };
                schema.others.push(Other { kind, name: relation.beside(&name), definition });
            }
        }
    }
    Ok(())
}

/// Returns whether what is of this kind is told from others by its name, or goes by that of its relation.
fn is_named_by_schema(kind: &str) -> bool {
    ["trigger", "rule", "policy", "row security", "statistics"].contains(&kind)
}

/// In the order in which they can be made: what the table is, its columns, its indexes, and what is attached to them. The
/// role of a scratch database is in no other one. `NOT NULL` has a name since PostgreSQL 18, and may hold for new rows only.
const PARTS: &str = "SELECT json_build_array(schema, relation, kind, name, definition)::text AS answer FROM (\
    WITH relations AS (SELECT c.*, n.nspname, c.oid::regclass::text AS called FROM pg_catalog.pg_class c \
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ($SCHEMAS) \
    AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relname NOT IN ($OWN) AND NOT EXISTS (SELECT 1 FROM \
    pg_catalog.pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')), \
    columns AS (SELECT r.nspname, r.relname, r.called, a.*, quote_ident(a.attname) AS col FROM relations r \
    JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped), \
    indexes AS (SELECT r.nspname, r.relname, r.called, x.*, i.relname AS index, i.oid::regclass::text AS index_called, \
    i.reloptions FROM relations r JOIN pg_catalog.pg_index x ON x.indrelid = r.oid \
    JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid) \
    \
    SELECT 1 AS rank, nspname AS schema, relname AS relation, 'persistence' AS kind, 'unlogged' AS name, \
    format('ALTER TABLE %s SET UNLOGGED', called) AS definition FROM relations WHERE relpersistence = 'u' \
    UNION ALL SELECT 2, nspname, relname, 'row type', t.typname, format('ALTER TABLE %s OF %s', called, \
    format_type(t.oid, NULL)) FROM relations JOIN pg_catalog.pg_type t ON t.oid = reloftype \
    UNION ALL SELECT 2, nspname, relname, 'access method', m.amname, format('ALTER TABLE %s SET ACCESS METHOD %I', called, \
    m.amname) FROM relations JOIN pg_catalog.pg_am m ON m.oid = relam WHERE relkind IN ('r', 'm') AND m.amname <> 'heap' \
    UNION ALL SELECT 2, nspname, relname, 'tablespace', s.spcname, format('ALTER TABLE %s SET TABLESPACE %I', called, \
    s.spcname) FROM relations JOIN pg_catalog.pg_tablespace s ON s.oid = reltablespace \
    UNION ALL SELECT 3 + at / 1000.0, nspname, relname, 'storage parameter', o.option_name, format('ALTER %s %s SET (%s = %L)', \
    CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END, called, o.option_name, \
    o.option_value) FROM relations, pg_catalog.pg_options_to_table(reloptions) WITH ORDINALITY o(option_name, option_value, at) \
    UNION ALL SELECT 3 + at / 1000.0, nspname, relations.relname, 'storage parameter', 'toast.' || o.option_name, \
    format('ALTER TABLE %s SET (toast.%s = %L)', called, o.option_name, o.option_value) FROM relations \
    JOIN pg_catalog.pg_class t ON t.oid = relations.reltoastrelid, pg_catalog.pg_options_to_table(t.reloptions) WITH ORDINALITY o(option_name, option_value, at) \
    UNION ALL SELECT 4, nspname, relname, 'column storage', attname, format('ALTER TABLE %s ALTER COLUMN %s SET STORAGE %s', \
    called, col, CASE attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END) \
    FROM columns JOIN pg_catalog.pg_type t ON t.oid = atttypid WHERE attstorage <> t.typstorage \
    UNION ALL SELECT 4, nspname, relname, 'column compression', attname, \
    format('ALTER TABLE %s ALTER COLUMN %s SET COMPRESSION %s', called, col, CASE attcompression WHEN 'p' THEN 'pglz' \
    ELSE 'lz4' END) FROM columns WHERE attcompression <> '' \
    UNION ALL SELECT 4, nspname, relname, 'statistics target', attname, \
    format('ALTER TABLE %s ALTER COLUMN %s SET STATISTICS %s', called, col, attstattarget) FROM columns \
    WHERE attstattarget >= 0 \
    UNION ALL SELECT 4 + at / 1000.0, nspname, relname, 'column parameter', attname || '.' || o.option_name, \
    format('ALTER TABLE %s ALTER COLUMN %s SET (%s = %L)', called, col, o.option_name, o.option_value) \
    FROM columns, pg_catalog.pg_options_to_table(attoptions) WITH ORDINALITY o(option_name, option_value, at) \
    UNION ALL SELECT 5, nspname, relname, 'constraint', k.conname, CASE WHEN k.convalidated AND NOT k.connoinherit \
    THEN format('ALTER TABLE %s RENAME CONSTRAINT %I TO %I', called, relname || '_' || attname || '_not_null', k.conname) \
    ELSE format('ALTER TABLE %s ADD CONSTRAINT %I %s', called, k.conname, pg_get_constraintdef(k.oid)) END FROM columns \
    JOIN pg_catalog.pg_constraint k ON k.conrelid = attrelid AND k.contype = 'n' AND k.conkey = ARRAY[attnum] \
    WHERE NOT k.convalidated OR k.connoinherit OR k.conname <> relname || '_' || attname || '_not_null' \
    AND octet_length(relname || attname) <= 53 \
    UNION ALL SELECT 5 + at / 1000.0, nspname, relname, 'index parameter', index || '.' || o.option_name, \
    format('ALTER INDEX %s SET (%s = %L)', index_called, o.option_name, o.option_value) FROM indexes, \
    pg_catalog.pg_options_to_table(reloptions) WITH ORDINALITY o(option_name, option_value, at) WHERE EXISTS (SELECT 1 FROM pg_catalog.pg_constraint k \
    WHERE k.conindid = indexrelid AND k.contype IN ('p', 'u', 'x')) \
    UNION ALL SELECT 5, nspname, relname, 'statistics target', index || '.' || a.attnum, \
    format('ALTER INDEX %s ALTER COLUMN %s SET STATISTICS %s', index_called, a.attnum, a.attstattarget) FROM indexes \
    JOIN pg_catalog.pg_attribute a ON a.attrelid = indexrelid WHERE a.attstattarget >= 0 \
    UNION ALL SELECT 6, nspname, relname, 'replica identity', CASE relreplident WHEN 'f' THEN 'full' ELSE 'nothing' END, \
    format('ALTER TABLE %s REPLICA IDENTITY %s', called, CASE relreplident WHEN 'f' THEN 'FULL' ELSE 'NOTHING' END) \
    FROM relations WHERE relkind IN ('r', 'p') AND relreplident IN ('f', 'n') \
    UNION ALL SELECT 6, nspname, relname, 'replica identity', index, \
    format('ALTER TABLE %s REPLICA IDENTITY USING INDEX %I', called, index) FROM indexes WHERE indisreplident \
    UNION ALL SELECT 6, nspname, relname, 'clustering', index, format('ALTER TABLE %s CLUSTER ON %I', called, index) \
    FROM indexes WHERE indisclustered \
    UNION ALL SELECT 7, nspname, relname, 'statistics', s.stxname, replace(pg_get_statisticsobjdef(s.oid), \
    format('%I.%I', s.stxnamespace::regnamespace, s.stxname), CASE WHEN pg_statistics_obj_is_visible(s.oid) \
    THEN quote_ident(s.stxname) ELSE format('%I.%I', s.stxnamespace::regnamespace::text, s.stxname) END) || \
    CASE WHEN s.stxstattarget >= 0 THEN format('; ALTER STATISTICS %I SET STATISTICS %s', s.stxname, s.stxstattarget) ELSE '' END \
    FROM relations JOIN pg_catalog.pg_statistic_ext s ON s.stxrelid = relations.oid \
    UNION ALL SELECT 8, nspname, relname, 'trigger', g.tgname, concat_ws('; ', pg_get_triggerdef(g.oid, true), \
    CASE WHEN g.tgenabled <> 'O' THEN format('ALTER TABLE %s %s TRIGGER %I', called, CASE g.tgenabled WHEN 'D' \
    THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END, g.tgname) END) \
    FROM relations JOIN pg_catalog.pg_trigger g ON g.tgrelid = relations.oid WHERE NOT g.tgisinternal \
    UNION ALL SELECT 8, nspname, relname, 'rule', w.rulename, concat_ws('; ', rtrim(pg_get_ruledef(w.oid, true), '; '), \
    CASE WHEN w.ev_enabled <> 'O' THEN format('ALTER TABLE %s %s RULE %I', called, CASE w.ev_enabled WHEN 'D' \
    THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END, w.rulename) END) \
    FROM relations JOIN pg_catalog.pg_rewrite w ON w.ev_class = relations.oid WHERE w.rulename <> '_RETURN' \
    UNION ALL SELECT 9, nspname, relname, 'policy', o.polname, format('CREATE POLICY %I ON %s AS %s FOR %s TO %s%s%s', \
    o.polname, called, CASE WHEN o.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END, CASE o.polcmd \
    WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END, \
    (SELECT string_agg(CASE WHEN role = 0 THEN 'PUBLIC' WHEN pg_get_userbyid(role) LIKE 'alembic\\_scratch\\_%' \
    THEN 'CURRENT_USER' ELSE quote_ident(pg_get_userbyid(role)) END, ', ' \
    ORDER BY pg_get_userbyid(role)) FROM unnest(o.polroles) role), \
    ' USING (' || pg_get_expr(o.polqual, o.polrelid, true) || ')', \
    ' WITH CHECK (' || pg_get_expr(o.polwithcheck, o.polrelid, true) || ')') \
    FROM relations JOIN pg_catalog.pg_policy o ON o.polrelid = relations.oid \
    UNION ALL SELECT 10, nspname, relname, 'row security', relname, concat_ws('; ', \
    CASE WHEN relrowsecurity THEN format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', called) END, \
    CASE WHEN relforcerowsecurity THEN format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', called) END) \
    FROM relations WHERE relrowsecurity OR relforcerowsecurity \
    UNION ALL SELECT 11, nspname, relname, 'comment', relname, format('COMMENT ON %s %s IS %L', CASE relkind WHEN 'v' \
    THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'FOREIGN TABLE' END, called, obj_description(oid, 'pg_class')) \
    FROM relations WHERE relkind IN ('v', 'm', 'f') AND obj_description(oid, 'pg_class') IS NOT NULL \
    UNION ALL SELECT 11, columns.nspname, columns.relname, 'comment', attname, format('COMMENT ON COLUMN %s.%s IS %L', \
    columns.called, col, col_description(attrelid, attnum)) FROM columns JOIN relations ON relations.oid = attrelid \
    WHERE relkind IN ('v', 'm', 'f') AND col_description(attrelid, attnum) IS NOT NULL \
    UNION ALL SELECT 11, nspname, relname, 'comment', k.conname, format('COMMENT ON CONSTRAINT %I ON %s IS %L', \
    k.conname, called, d.description) FROM relations JOIN pg_catalog.pg_constraint k ON k.conrelid = relations.oid \
    JOIN pg_catalog.pg_description d ON d.classoid = 'pg_constraint'::regclass AND d.objoid = k.oid \
    UNION ALL SELECT 11, nspname, relname, 'comment', index, format('COMMENT ON INDEX %s IS %L', index_called, \
    d.description) FROM indexes JOIN pg_catalog.pg_description d ON d.classoid = 'pg_class'::regclass \
    AND d.objoid = indexrelid AND d.objsubid = 0 \
    UNION ALL SELECT 11, nspname, relname, 'comment', g.tgname, format('COMMENT ON TRIGGER %I ON %s IS %L', g.tgname, \
    called, d.description) FROM relations JOIN pg_catalog.pg_trigger g ON g.tgrelid = relations.oid \
    JOIN pg_catalog.pg_description d ON d.classoid = 'pg_trigger'::regclass AND d.objoid = g.oid \
    UNION ALL SELECT 11, nspname, relname, 'comment', o.polname, format('COMMENT ON POLICY %I ON %s IS %L', o.polname, \
    called, d.description) FROM relations JOIN pg_catalog.pg_policy o ON o.polrelid = relations.oid \
    JOIN pg_catalog.pg_description d ON d.classoid = 'pg_policy'::regclass AND d.objoid = o.oid \
    UNION ALL SELECT 11, nspname, relname, 'comment', w.rulename, format('COMMENT ON RULE %I ON %s IS %L', w.rulename, \
    called, d.description) FROM relations JOIN pg_catalog.pg_rewrite w ON w.ev_class = relations.oid \
    JOIN pg_catalog.pg_description d ON d.classoid = 'pg_rewrite'::regclass AND d.objoid = w.oid \
    UNION ALL SELECT 11, nspname, relname, 'comment', s.stxname, format('COMMENT ON STATISTICS %I IS %L', s.stxname, \
    d.description) FROM relations JOIN pg_catalog.pg_statistic_ext s ON s.stxrelid = relations.oid \
    JOIN pg_catalog.pg_description d ON d.classoid = 'pg_statistic_ext'::regclass AND d.objoid = s.oid\
    ) parts ORDER BY rank, schema, relation, kind, name";
