//! Objects that are known as text.

/// Functions, aggregates, domains, composite types, ranges, sequences of nobody, collations, operators and their classes, text
/// search, comments of all of these, extensions. What an extension brought is the extension's.
pub(super) const OBJECTS: &str = "SELECT json_build_array('function', n.nspname, p.proname, CASE WHEN p.prokind = 'a' THEN (SELECT \
    concat_ws(' ', pg_get_function_identity_arguments(p.oid), a.aggkind, a.aggtransfn, a.aggfinalfn, a.aggcombinefn, \
    a.aggserialfn, a.aggdeserialfn, a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn, format_type(a.aggtranstype, NULL), \
    a.agginitval, a.aggminitval, a.aggsortop::regoperator, p.proparallel) FROM pg_catalog.pg_aggregate a \
    WHERE a.aggfnoid = p.oid) ELSE pg_get_functiondef(p.oid) END)::text AS answer \
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname IN ($SCHEMAS) \
    AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e') \
    UNION ALL SELECT json_build_array('range type', n.nspname, t.typname, concat_ws(' ', \
    format_type(r.rngsubtype, NULL), r.rngcollation::regcollation, (SELECT opcname FROM pg_catalog.pg_opclass \
    WHERE oid = r.rngsubopc), r.rngcanonical, r.rngsubdiff))::text \
    FROM pg_catalog.pg_range r JOIN pg_catalog.pg_type t ON t.oid = r.rngtypid \
    JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE n.nspname IN ($SCHEMAS) AND NOT EXISTS (SELECT 1 FROM \
    pg_catalog.pg_depend d WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e') \
    UNION ALL SELECT json_build_array('domain', n.nspname, t.typname, format_type(t.typbasetype, t.typtypmod) || \
    CASE WHEN t.typcollation <> 0 THEN ' COLLATE ' || t.typcollation::regcollation ELSE '' END || CASE WHEN t.typnotnull THEN ' NOT NULL ' ELSE ' ' END || coalesce('DEFAULT ' || t.typdefault || ' ', '') || \
    coalesce((SELECT string_agg('CONSTRAINT ' || k.conname || ' ' || pg_get_constraintdef(k.oid), ' ' ORDER BY k.conname) FROM pg_catalog.pg_constraint k \
    WHERE k.contypid = t.oid AND k.contype <> 'n'), ''))::text FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace \
    WHERE t.typtype = 'd' AND n.nspname IN ($SCHEMAS) \
    UNION ALL SELECT json_build_array(CASE c.relkind WHEN 'c' THEN 'composite type' ELSE 'sequence' END, n.nspname, c.relname, \
    CASE c.relkind WHEN 'c' THEN (SELECT string_agg(concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod), \
    CASE WHEN a.attcollation <> 0 THEN a.attcollation::regcollation END), ', ' ORDER BY a.attnum) FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) \
    ELSE (SELECT concat_ws(' ', format_type(q.seqtypid, NULL), q.seqstart, q.seqincrement, q.seqmin, q.seqmax, q.seqcache, \
    CASE WHEN q.seqcycle THEN 'CYCLE' END) FROM pg_catalog.pg_sequence q WHERE q.seqrelid = c.oid) END)::text \
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
    WHERE c.relkind IN ('c', 'S') AND n.nspname IN ($SCHEMAS) AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d \
    WHERE CASE c.relkind WHEN 'c' THEN d.classid = 'pg_type'::regclass AND d.objid = c.reltype AND d.deptype = 'e' \
    ELSE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i', 'e') END) \
    UNION ALL SELECT json_build_array(o.kind, n.nspname, o.name, o.definition)::text FROM (SELECT \
    'pg_collation'::regclass AS class, l.oid, l.collnamespace AS schema, 'collation' AS kind, l.collname AS name, \
    (to_jsonb(l) - '{oid,collname,collnamespace,collowner,collversion}'::text[])::text AS definition FROM pg_catalog.pg_collation l \
    WHERE l.collnamespace = ANY ($HERE) UNION ALL SELECT 'pg_operator'::regclass, o.oid, o.oprnamespace, 'operator', o.oprname, \
    concat_ws(' ', o.oid::regoperator, o.oprcode, o.oprrest, o.oprjoin, o.oprcanmerge, o.oprcanhash) FROM pg_catalog.pg_operator o \
    WHERE o.oprnamespace = ANY ($HERE) \
    UNION ALL SELECT 'pg_opclass'::regclass, o.oid, o.opcnamespace, 'operator class', o.opcname, \
    concat_ws(' ', m.amname, format_type(o.opcintype, NULL), o.opcdefault, (SELECT string_agg(p.amopstrategy || ' ' || \
    p.amopopr::regoperator, ', ' ORDER BY p.amopstrategy, p.amopopr::regoperator::text) FROM pg_catalog.pg_amop p \
    WHERE p.amopfamily = o.opcfamily), (SELECT string_agg(p.amprocnum || ' ' || p.amproc, ', ' ORDER BY p.amprocnum, \
    p.amproc::text) FROM pg_catalog.pg_amproc p WHERE p.amprocfamily = o.opcfamily)) FROM pg_catalog.pg_opclass o \
    JOIN pg_catalog.pg_am m ON m.oid = o.opcmethod WHERE o.opcnamespace = ANY ($HERE) \
    UNION ALL SELECT 'pg_ts_config'::regclass, c.oid, c.cfgnamespace, 'text search configuration', c.cfgname, \
    (SELECT string_agg(m.maptokentype || ' ' || m.mapdict::regdictionary, ', ' ORDER BY m.maptokentype, m.mapseqno) \
    FROM pg_catalog.pg_ts_config_map m WHERE m.mapcfg = c.oid) FROM pg_catalog.pg_ts_config c \
    WHERE c.cfgnamespace = ANY ($HERE) \
    UNION ALL SELECT 'pg_ts_dict'::regclass, d.oid, d.dictnamespace, 'text search dictionary', d.dictname, \
    (SELECT t.tmplname FROM pg_catalog.pg_ts_template t WHERE t.oid = d.dicttemplate) || ' ' || coalesce(d.dictinitoption, '') \
    FROM pg_catalog.pg_ts_dict d WHERE d.dictnamespace = ANY ($HERE)) o JOIN pg_catalog.pg_namespace n ON n.oid = o.schema WHERE \
    NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE e.classid = o.class AND e.objid = o.oid AND e.deptype = 'e') \
    UNION ALL SELECT json_build_array('comment', n.nspname, o.name, format('COMMENT ON %s %s IS %L', o.kind, o.called, \
    d.description))::text FROM (SELECT 'pg_type'::regclass AS class, t.oid, t.typnamespace AS schema, t.typname AS name, \
    CASE t.typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END AS kind, format_type(t.oid, NULL) AS called FROM pg_catalog.pg_type t \
    WHERE t.typnamespace = ANY ($HERE) UNION ALL SELECT 'pg_proc'::regclass, p.oid, p.pronamespace, p.proname, CASE p.prokind WHEN 'p' THEN 'PROCEDURE' \
    WHEN 'a' THEN 'AGGREGATE' ELSE 'FUNCTION' END, p.oid::regprocedure::text FROM pg_catalog.pg_proc p \
    WHERE p.pronamespace = ANY ($HERE) \
    UNION ALL SELECT 'pg_class'::regclass, c.oid, c.relnamespace, c.relname, 'SEQUENCE', c.oid::regclass::text \
    FROM pg_catalog.pg_class c WHERE c.relkind = 'S' AND c.relnamespace = ANY ($HERE)) o JOIN pg_catalog.pg_namespace n ON n.oid = o.schema \
    JOIN pg_catalog.pg_description d ON d.classoid = o.class AND d.objoid = o.oid AND d.objsubid = 0 \
    WHERE NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE e.classid = o.class \
    AND e.objid = o.oid AND e.deptype = 'e') \
    UNION ALL SELECT json_build_array('extension', n.nspname, x.extname, '')::text FROM pg_catalog.pg_extension x \
    JOIN pg_catalog.pg_namespace n ON n.oid = x.extnamespace WHERE n.nspname IN ($SCHEMAS)";
