//! PostgreSQL's catalog.

use alembic_schema::{
    Action, Check, Column, Constraint, DefaultValue, Enumeration, ForeignKey, Generated, Identity, Index, IndexKey,
    Initially, Name, Other, PrimaryKey, Schema, Table, Type, Unique,
};
use alembic_sql::Dialect;
use diesel::{QueryResult, connection::LoadConnection};
use serde::Deserialize;

use super::{Inspection, Names, table_of, unwrapped};
use crate::database::{MigrationBackend, answer, json::rows};

pub(super) fn schema<C>(conn: &mut C, scope: &Inspection) -> QueryResult<Schema>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let current = answer(conn, "SELECT current_schema()::text AS answer")?.unwrap_or_else(|| "public".to_owned());
    let names = Names { current };
    let literal = |schema: &String| Dialect::Postgres.literal(schema);
    let schemas = std::iter::once(&names.current).chain(&scope.schemas).map(literal).collect::<Vec<_>>().join(", ");
    let own = scope.own_tables().iter().map(literal).collect::<Vec<_>>().join(", ");
    let query = |sql: &str| sql.replace("$SCHEMAS", &schemas).replace("$OWN", &own);
    let mut schema = Schema::default();
    for (namespace, name, kind, comment, definition) in rows::<C, Relation>(conn, &query(RELATIONS))? {
        let name = names.name(&namespace, &name);
        match kind.as_str() {
            "r" => schema.tables.push(Table { comment, ..Table::new(name) }),
            _ => schema.others.push(Other { kind, name, definition: definition.unwrap_or_default() }),
        }
    }
    schema.tables.sort_by(|a, b| a.name.cmp(&b.name));
    for column in rows::<C, ColumnRow>(conn, &query(COLUMNS))? {
        if let Some(table) = table_of(&mut schema.tables, &names.name(&column.0, &column.1)) {
            table.columns.push(column_of(column));
        }
    }
    for row in rows::<C, ConstraintRow>(conn, &query(CONSTRAINTS))? {
        if let Some(table) = table_of(&mut schema.tables, &names.name(&row.schema, &row.table)) {
            match constraint_of(&row, &names) {
                Some(constraint) => table.constraints.push(constraint),
                None => {
                    let name = table.name.beside(&row.name);
                    schema.others.push(Other { kind: "constraint".into(), name, definition: row.definition });
                }
            }
        }
    }
    for row in rows::<C, IndexRow>(conn, &query(INDEXES))? {
        if let Some(table) = table_of(&mut schema.tables, &names.name(&row.schema, &row.table)) {
            let index = index_of(row, &table.name);
            table.indexes.push(index);
        }
    }
    for (namespace, name, values) in rows::<C, (String, String, Vec<String>)>(conn, &query(ENUMS))? {
        schema.enums.push(Enumeration { name: names.name(&namespace, &name), values });
    }
    schema.enums.sort_unstable();
    for (kind, namespace, name, definition) in rows::<C, (String, String, String, String)>(conn, &query(OTHERS))? {
        schema.others.push(Other { kind, name: names.name(&namespace, &name), definition });
    }
    schema.others.sort_unstable();
    Ok(schema)
}

type Relation = (String, String, String, Option<String>, Option<String>);

/// Tables that extensions brought are theirs. What is no plain table is described by its columns, constraints, indexes
/// and options.
const RELATIONS: &str = "SELECT json_build_array(n.nspname, c.relname, \
    CASE WHEN c.relkind = 'r' AND NOT c.relispartition AND EXISTS (SELECT 1 FROM pg_catalog.pg_inherits h \
    WHERE c.oid IN (h.inhrelid, h.inhparent)) THEN 'inherited table' \
    WHEN c.relkind = 'r' AND NOT c.relispartition THEN 'r' WHEN c.relkind = 'v' THEN 'view' \
    WHEN c.relkind = 'm' THEN 'materialized view' WHEN c.relkind = 'f' THEN 'foreign table' \
    WHEN c.relkind = 'p' THEN 'partitioned table' ELSE 'partition' END, obj_description(c.oid, 'pg_class'), \
    CASE WHEN c.relkind = 'r' AND NOT c.relispartition AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_inherits h \
    WHERE c.oid IN (h.inhrelid, h.inhparent)) THEN NULL ELSE concat_ws('; ', \
    CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) ELSE (SELECT string_agg(concat_ws(' ', a.attname, \
    format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN 'NOT NULL' END, pg_get_expr(d.adbin, d.adrelid)), ', ' \
    ORDER BY a.attname) FROM pg_catalog.pg_attribute a LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid \
    AND d.adnum = a.attnum WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) END, \
    pg_get_partkeydef(c.oid), pg_get_expr(c.relpartbound, c.oid), \
    (SELECT string_agg(k.conname || ' ' || pg_get_constraintdef(k.oid), ', ' ORDER BY k.conname) \
    FROM pg_catalog.pg_constraint k WHERE k.conrelid = c.oid AND k.contype <> 'n'), \
    (SELECT string_agg(pg_get_indexdef(x.indexrelid), ', ' ORDER BY pg_get_indexdef(x.indexrelid)) \
    FROM pg_catalog.pg_index x WHERE x.indrelid = c.oid), array_to_string(c.reloptions, ' ')) END)::text AS answer \
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
    WHERE n.nspname IN ($SCHEMAS) AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT EXISTS (SELECT 1 FROM \
    pg_catalog.pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')";

type ColumnRow =
    (String, String, String, String, bool, Option<String>, String, String, Option<String>, Option<String>, bool);

const COLUMNS: &str = "SELECT json_build_array(n.nspname, c.relname, a.attname, \
    format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid), a.attidentity, \
    a.attgenerated, (SELECT l.collname FROM pg_catalog.pg_collation l WHERE l.oid = a.attcollation \
    AND a.attcollation <> t.typcollation), col_description(c.oid, a.attnum), s.refobjid IS NOT NULL)::text AS answer \
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
    LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum \
    LEFT JOIN (SELECT o.refobjid, o.refobjsubid FROM pg_catalog.pg_depend o JOIN pg_catalog.pg_class q \
    ON q.oid = o.objid AND q.relkind = 'S' WHERE o.classid = 'pg_class'::regclass AND o.deptype = 'a') s \
    ON s.refobjid = c.oid AND s.refobjsubid = a.attnum \
    WHERE n.nspname IN ($SCHEMAS) AND c.relkind = 'r' ORDER BY c.oid, a.attnum";

fn column_of(row: ColumnRow) -> Column {
    let (_, _, name, column_type, not_null, default, identity, generated, collation, comment, owns_sequence) = row;
    let mut column = Column::new(&name, Type::Native(column_type));
    column.nullable = !not_null;
    column.collation = collation;
    column.comment = comment;
    let counts = default.as_ref().is_some_and(|default| default.starts_with("nextval("));
    column.identity = match identity.as_str() {
        "a" => Some(Identity::Always),
        "d" => Some(Identity::ByDefault),
        _ => (owns_sequence && counts).then_some(Identity::Serial),
    };
    match default {
        Some(expression) if !generated.is_empty() => {
            column.generated = Some(Generated { expression: unwrapped(&expression), stored: generated == "s" });
        }
        Some(default) if column.identity.is_none() => {
            column.default = Some(DefaultValue::written(&default, Dialect::Postgres));
        }
        _ => {}
    }
    column
}

#[derive(Deserialize)]
struct ConstraintRow {
    schema: String,
    table: String,
    name: String,
    kind: String,
    columns: Vec<String>,
    referred_schema: Option<String>,
    referred_table: Option<String>,
    referred_columns: Vec<String>,
    on_delete: String,
    on_update: String,
    deferrable: bool,
    deferred: bool,
    valid: bool,
    expression: Option<String>,
    definition: String,
}

const CONSTRAINTS: &str = "SELECT json_build_object('schema', n.nspname, 'table', c.relname, 'name', k.conname, \
    'kind', k.contype, 'columns', ARRAY(SELECT a.attname FROM unnest(k.conkey) WITH ORDINALITY u(num, at) \
    JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.num ORDER BY u.at), \
    'referred_schema', fn.nspname, 'referred_table', f.relname, 'referred_columns', \
    ARRAY(SELECT a.attname FROM unnest(k.confkey) WITH ORDINALITY u(num, at) \
    JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.num ORDER BY u.at), \
    'on_delete', k.confdeltype, 'on_update', k.confupdtype, 'deferrable', k.condeferrable, 'deferred', k.condeferred, \
    'valid', k.convalidated, 'expression', pg_get_expr(k.conbin, k.conrelid), \
    'definition', pg_get_constraintdef(k.oid))::text AS answer \
    FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid \
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_catalog.pg_class f ON f.oid = k.confrelid \
    LEFT JOIN pg_catalog.pg_namespace fn ON fn.oid = f.relnamespace \
    WHERE n.nspname IN ($SCHEMAS) AND c.relkind = 'r' AND k.contype IN ('p', 'u', 'f', 'c', 'x') ORDER BY k.oid";

/// What a constraint may say that no value of ours says.
const MORE: [&str; 6] =
    ["NULLS NOT DISTINCT", " MATCH FULL", " INCLUDE (", "SET NULL (", "SET DEFAULT (", "NO INHERIT"];

fn constraint_of(row: &ConstraintRow, names: &Names) -> Option<Constraint> {
    if MORE.iter().any(|more| row.definition.contains(more)) {
        return None;
    }
    let initially = if row.deferred { Initially::Deferred } else { Initially::Immediate };
    let (name, columns) = (Some(row.name.clone()), row.columns.clone());
    let deferrable = row.deferrable.then_some(initially);
    Some(match row.kind.as_str() {
        "p" => PrimaryKey { name, columns }.into(),
        "u" => Unique { name, columns, deferrable }.into(),
        "f" => ForeignKey {
            name,
            columns,
            referred_table: names.name(row.referred_schema.as_deref()?, row.referred_table.as_deref()?),
            referred_columns: row.referred_columns.clone(),
            on_delete: action(&row.on_delete),
            on_update: action(&row.on_update),
            deferrable,
            not_valid: !row.valid,
        }
        .into(),
        "c" => Check { name, expression: unwrapped(row.expression.as_deref()?), not_valid: !row.valid }.into(),
        _ => return None,
    })
}

fn action(letter: &str) -> Option<Action> {
    match letter {
        "r" => Some(Action::Restrict),
        "c" => Some(Action::Cascade),
        "n" => Some(Action::SetNull),
        "d" => Some(Action::SetDefault),
        _ => None,
    }
}

#[derive(Deserialize)]
struct IndexRow {
    schema: String,
    table: String,
    name: String,
    unique: bool,
    method: String,
    predicate: Option<String>,
    /// The column if it is one, how it stands in SQL, its operator class and collation, its order.
    keys: Vec<(Option<String>, String, String, u8)>,
    include: Vec<String>,
}

/// What backs a constraint is the constraint's.
const INDEXES: &str = "SELECT json_build_object('schema', n.nspname, 'table', t.relname, 'name', i.relname, \
    'unique', x.indisunique, 'method', m.amname, 'predicate', pg_get_expr(x.indpred, x.indrelid), \
    'keys', ARRAY(SELECT json_build_array(a.attname, pg_get_indexdef(i.oid, k, false), \
    coalesce((SELECT ' COLLATE ' || quote_ident(l.collname) FROM pg_catalog.pg_collation l WHERE l.oid = x.indcollation[k - 1] \
    AND l.oid <> coalesce(a.attcollation, 100)), '') || \
    coalesce((SELECT ' ' || o.opcname FROM pg_catalog.pg_opclass o WHERE o.oid = x.indclass[k - 1] AND NOT o.opcdefault), ''), \
    x.indoption[k - 1]) FROM generate_series(1, x.indnkeyatts::int) k LEFT JOIN pg_catalog.pg_attribute a \
    ON a.attrelid = x.indrelid AND a.attnum = x.indkey[k - 1] AND a.attnum > 0 ORDER BY k), \
    'include', ARRAY(SELECT a.attname FROM generate_series(x.indnkeyatts + 1, x.indnatts::int) k \
    JOIN pg_catalog.pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[k - 1] ORDER BY k))::text AS answer \
    FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid \
    JOIN pg_catalog.pg_class t ON t.oid = x.indrelid JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace \
    JOIN pg_catalog.pg_am m ON m.oid = i.relam WHERE n.nspname IN ($SCHEMAS) AND t.relkind = 'r' \
    AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_constraint k WHERE k.conindid = x.indexrelid AND k.contype IN ('p', 'u', 'x')) \
    ORDER BY i.relname";

fn index_of(row: IndexRow, table: &Name) -> Index {
    let key = |(column, written, kind, option): (Option<String>, String, String, u8)| match (column, option) {
        (Some(column), 0) if kind.is_empty() => IndexKey::Column(column),
        (Some(column), 3) if kind.is_empty() => IndexKey::Descending(column),
        (_, option) => {
            let order = ["", " DESC NULLS LAST", " NULLS FIRST", " DESC"][usize::from(option & 3)];
            IndexKey::Written(format!("{written}{kind}{order}"))
        }
    };
    let mut index = Index::new(table, row.keys.into_iter().map(key)).named(&row.name);
    index.unique = row.unique;
    index.predicate = row.predicate.map(|predicate| unwrapped(&predicate));
    index.include = row.include;
    index.method = (row.method != "btree").then_some(row.method);
    index
}

const ENUMS: &str = "SELECT json_build_array(n.nspname, t.typname, json_agg(e.enumlabel ORDER BY e.enumsortorder))::text \
    AS answer FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace \
    JOIN pg_catalog.pg_enum e ON e.enumtypid = t.oid WHERE n.nspname IN ($SCHEMAS) AND NOT EXISTS (SELECT 1 FROM \
    pg_catalog.pg_depend d WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e') \
    GROUP BY n.nspname, t.typname";

/// Functions, triggers, rules, policies and whether they are heeded, domains, composite types, ranges, statistics,
/// sequences of nobody, extensions.
const OTHERS: &str = "SELECT json_build_array('function', n.nspname, p.proname, CASE WHEN p.prokind = 'a' \
    THEN pg_get_function_identity_arguments(p.oid) ELSE pg_get_functiondef(p.oid) END)::text AS answer \
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname IN ($SCHEMAS) \
    AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e') \
    UNION ALL SELECT json_build_array('trigger', n.nspname, g.tgname, pg_get_triggerdef(g.oid) || \
    CASE g.tgenabled WHEN 'O' THEN '' WHEN 'D' THEN ' disabled' ELSE ' enabled ' || g.tgenabled::text END)::text \
    FROM pg_catalog.pg_trigger g JOIN pg_catalog.pg_class c ON c.oid = g.tgrelid \
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE NOT g.tgisinternal AND n.nspname IN ($SCHEMAS) \
    AND c.relname NOT IN ($OWN) \
    UNION ALL SELECT json_build_array('rule', n.nspname, w.rulename, pg_get_ruledef(w.oid))::text \
    FROM pg_catalog.pg_rewrite w JOIN pg_catalog.pg_class c ON c.oid = w.ev_class \
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE w.rulename <> '_RETURN' AND n.nspname IN ($SCHEMAS) \
    UNION ALL SELECT json_build_array('row security', n.nspname, c.relname, \
    CASE WHEN c.relforcerowsecurity THEN 'forced' ELSE '' END)::text FROM pg_catalog.pg_class c \
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE (c.relrowsecurity OR c.relforcerowsecurity) \
    AND n.nspname IN ($SCHEMAS) AND c.relname NOT IN ($OWN) \
    UNION ALL SELECT json_build_array('statistics', n.nspname, s.stxname, pg_get_statisticsobjdef(s.oid))::text \
    FROM pg_catalog.pg_statistic_ext s JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace \
    WHERE n.nspname IN ($SCHEMAS) \
    UNION ALL SELECT json_build_array('range type', n.nspname, t.typname, format_type(r.rngsubtype, NULL))::text \
    FROM pg_catalog.pg_range r JOIN pg_catalog.pg_type t ON t.oid = r.rngtypid \
    JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE n.nspname IN ($SCHEMAS) AND NOT EXISTS (SELECT 1 FROM \
    pg_catalog.pg_depend d WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e') \
    UNION ALL SELECT json_build_array('policy', n.nspname, o.polname, c.relname || ' ' || o.polcmd::text || ' ' || \
    CASE WHEN o.polpermissive THEN '' ELSE 'restrictive ' END || coalesce((SELECT string_agg('to ' || r.rolname || ' ', '' \
    ORDER BY r.rolname) FROM pg_catalog.pg_roles r WHERE r.oid = ANY (o.polroles)), '') || coalesce(pg_get_expr(o.polqual, o.polrelid), '') || ' ' || coalesce(pg_get_expr(o.polwithcheck, o.polrelid), ''))::text \
    FROM pg_catalog.pg_policy o JOIN pg_catalog.pg_class c ON c.oid = o.polrelid \
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ($SCHEMAS) AND c.relname NOT IN ($OWN) \
    UNION ALL SELECT json_build_array('domain', n.nspname, t.typname, format_type(t.typbasetype, t.typtypmod) || \
    CASE WHEN t.typnotnull THEN ' NOT NULL ' ELSE ' ' END || coalesce('DEFAULT ' || t.typdefault || ' ', '') || \
    coalesce((SELECT string_agg(pg_get_constraintdef(k.oid), ' ' ORDER BY k.conname) FROM pg_catalog.pg_constraint k \
    WHERE k.contypid = t.oid AND k.contype <> 'n'), ''))::text FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace \
    WHERE t.typtype = 'd' AND n.nspname IN ($SCHEMAS) \
    UNION ALL SELECT json_build_array(CASE c.relkind WHEN 'c' THEN 'composite type' ELSE 'sequence' END, n.nspname, c.relname, \
    CASE c.relkind WHEN 'c' THEN (SELECT string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' \
    ORDER BY a.attnum) FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) \
    ELSE (SELECT concat_ws(' ', format_type(q.seqtypid, NULL), q.seqstart, q.seqincrement, q.seqmin, q.seqmax, q.seqcache, \
    CASE WHEN q.seqcycle THEN 'CYCLE' END) FROM pg_catalog.pg_sequence q WHERE q.seqrelid = c.oid) END)::text \
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
    WHERE c.relkind IN ('c', 'S') AND n.nspname IN ($SCHEMAS) AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d \
    WHERE CASE c.relkind WHEN 'c' THEN d.classid = 'pg_type'::regclass AND d.objid = c.reltype AND d.deptype = 'e' \
    ELSE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i', 'e') END) \
    UNION ALL SELECT json_build_array('extension', n.nspname, x.extname, '')::text FROM pg_catalog.pg_extension x \
    JOIN pg_catalog.pg_namespace n ON n.oid = x.extnamespace WHERE n.nspname IN ($SCHEMAS)";
