//! PostgreSQL's catalog.

mod objects;
mod parts;

use alembic_schema::{
    Action, Check, Column, Constraint, DefaultValue, Enumeration, ForeignKey, Generated, Identity, Index, IndexKey,
    Initially, Name, Other, PrimaryKey, Schema, Sequence, Table, TableOption, Type, Unique,
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
    let here = "ARRAY(SELECT oid FROM pg_catalog.pg_namespace WHERE nspname IN ($SCHEMAS))";
    let query = |sql: &str| sql.replace("$HERE", here).replace("$SCHEMAS", &schemas).replace("$OWN", &own);
    let mut schema = Schema { current: Some(names.current.clone()), ..Schema::default() };
    for (namespace, name, kind, comment, definition) in rows::<C, Relation>(conn, &query(RELATIONS))? {
        let name = names.name(&namespace, &name);
        match kind.as_str() {
            "table" => {
                let option = |sql| TableOption { dialect: Dialect::Postgres, sql };
                let options = definition.map(option).into_iter().collect();
                schema.tables.push(Table { comment, options, ..Table::new(name) });
            }
            _ => schema.others.push(Other { kind, name, definition: definition.unwrap_or_default() }),
        }
    }
    schema.tables.sort_by(|a, b| a.name.cmp(&b.name));
    for column in rows::<C, ColumnRow>(conn, &query(COLUMNS))? {
        if let Some(table) = table_of(&mut schema.tables, &names.name(&column.0, &column.1)) {
            table.columns.push(column_of(column));
        }
    }
    for row in rows::<C, ConstraintRow>(conn, &query(CONSTRAINTS).replace("$ACTIONS", ACTIONS))? {
        if let Some(table) = table_of(&mut schema.tables, &names.name(&row.schema, &row.table)) {
            // What columns a key has is known in any case.
            if row.is_known || row.kind == "p" {
                table.constraints.extend(constraint_of(&row, &names));
            }
            if !row.is_known {
                let kind = if row.kind == "p" { "primary key" } else { "constraint" };
                let name = table.name.beside(&row.name);
                table.others.push(Other { kind: kind.to_owned(), name, definition: row.creation });
            }
        }
    }
    for row in rows::<C, IndexRow>(conn, &query(INDEXES))? {
        if let Some(table) = table_of(&mut schema.tables, &names.name(&row.schema, &row.table)) {
            match row.is_known {
                true => table.indexes.push(index_of(row, &table.name)),
                false => {
                    let name = table.name.beside(&row.name);
                    table.others.push(Other { kind: row.kind, name, definition: row.creation });
                }
            }
        }
    }
    for (namespace, name, values) in rows::<C, (String, String, Vec<String>)>(conn, &query(ENUMS))? {
        schema.enums.push(Enumeration { name: names.name(&namespace, &name), values });
    }
    schema.enums.sort_unstable();
    parts::add(conn, &mut schema, &names, query)?;
    for (kind, namespace, name, definition) in
        rows::<C, (String, String, String, String)>(conn, &query(objects::OBJECTS))?
    {
        schema.others.push(Other { kind, name: names.name(&namespace, &name), definition });
    }
    schema.others.sort_unstable();
    Ok(schema)
}

type Relation = (String, String, String, Option<String>, Option<String>);

/// Tables that extensions brought are theirs. A partitioned table is a table, which its partitions follow; they and what
/// else is no table are described by their columns, constraints and indexes.
const RELATIONS: &str = "SELECT json_build_array(n.nspname, c.relname, \
    CASE WHEN c.relispartition THEN 'partition' WHEN c.relkind = 'v' THEN 'view' WHEN c.relkind = 'm' \
    THEN 'materialized view' WHEN c.relkind = 'f' THEN 'foreign table' WHEN EXISTS (SELECT 1 FROM pg_catalog.pg_inherits h \
    WHERE h.inhrelid = c.oid) THEN 'inherited table' ELSE 'table' END, obj_description(c.oid, 'pg_class'), \
    CASE WHEN c.relkind IN ('r', 'p') AND NOT c.relispartition AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_inherits h \
    WHERE h.inhrelid = c.oid) THEN 'PARTITION BY ' || pg_get_partkeydef(c.oid) ELSE concat_ws('; ', \
    CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) ELSE (SELECT string_agg(concat_ws(' ', a.attname, \
    format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN 'NOT NULL' END, pg_get_expr(d.adbin, d.adrelid)), ', ' \
    ORDER BY a.attname) FROM pg_catalog.pg_attribute a LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid \
    AND d.adnum = a.attnum WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) END, \
    pg_get_partkeydef(c.oid), pg_get_expr(c.relpartbound, c.oid), \
    (SELECT concat_ws(' ', v.srvname, f.ftoptions) FROM pg_catalog.pg_foreign_table f JOIN pg_catalog.pg_foreign_server v \
    ON v.oid = f.ftserver WHERE f.ftrelid = c.oid), \
    (SELECT string_agg(k.conname || ' ' || pg_get_constraintdef(k.oid), ', ' ORDER BY k.conname) \
    FROM pg_catalog.pg_constraint k WHERE k.conrelid = c.oid AND k.contype <> 'n'), \
    (SELECT string_agg(pg_get_indexdef(x.indexrelid), ', ' ORDER BY pg_get_indexdef(x.indexrelid)) \
    FROM pg_catalog.pg_index x WHERE x.indrelid = c.oid)) END)::text AS answer \
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
    WHERE n.nspname IN ($SCHEMAS) AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT EXISTS (SELECT 1 FROM \
    pg_catalog.pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')";

type ColumnRow = (
    String,
    String,
    String,
    String,
    bool,
    Option<String>,
    String,
    String,
    Option<String>,
    Option<String>,
    Option<OwnedSequence>,
);

/// A sequence with all its options.
#[derive(Deserialize)]
struct OwnedSequence {
    /// Its type, if it is not that of the column.
    data_type: Option<String>,
    /// How many bytes its type has.
    width: u32,
    start: i64,
    increment: i64,
    min: i64,
    max: i64,
    cache: i64,
    cycle: bool,
}

impl OwnedSequence {
    /// Returns the options that are not what the server chooses.
    fn stated(self) -> Sequence {
        let (least, greatest) = (i64::MIN >> (64 - 8 * self.width), i64::MAX >> (64 - 8 * self.width));
        let (min, max) = if self.increment < 0 { (least, -1) } else { (1, greatest) };
        let other = |is: i64, chosen: i64| (is != chosen).then_some(is);
        Sequence {
            data_type: self.data_type,
            start: other(self.start, if self.increment < 0 { self.max } else { self.min }),
            increment: other(self.increment, 1),
            min: other(self.min, min),
            max: other(self.max, max),
            cache: other(self.cache, 1),
            cycle: self.cycle,
        }
    }
}

/// `DEFAULT NULL` is no default, but for the column of a domain that has one.
const COLUMNS: &str = "SELECT json_build_array(n.nspname, c.relname, a.attname, \
    format_type(a.atttypid, a.atttypmod), a.attnotnull AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_constraint k \
    WHERE k.conrelid = c.oid AND k.contype = 'n' AND k.conkey = ARRAY[a.attnum] AND (NOT k.convalidated OR k.connoinherit)), \
    CASE WHEN a.attgenerated = '' AND t.typtype <> 'd' AND pg_get_expr(d.adbin, d.adrelid) ~ '^NULL(::|$)' THEN NULL \
    ELSE pg_get_expr(d.adbin, d.adrelid) END, a.attidentity, \
    a.attgenerated, (SELECT CASE WHEN pg_collation_is_visible(l.oid) THEN l.collname \
    ELSE format('\"%s\".\"%s\"', replace(ln.nspname, '\"', '\"\"'), replace(l.collname, '\"', '\"\"')) END FROM pg_catalog.pg_collation l \
    JOIN pg_catalog.pg_namespace ln ON ln.oid = l.collnamespace WHERE l.oid = a.attcollation \
    AND a.attcollation <> t.typcollation), col_description(c.oid, a.attnum), s.options)::text AS answer \
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
    LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum \
    LEFT JOIN LATERAL (SELECT json_build_object('data_type', CASE WHEN q.seqtypid <> coalesce(nullif(t.typbasetype, 0), t.oid) \
    THEN format_type(q.seqtypid, NULL) END, 'width', y.typlen, 'start', q.seqstart, 'increment', q.seqincrement, \
    'min', q.seqmin, 'max', q.seqmax, 'cache', q.seqcache, 'cycle', q.seqcycle) AS options FROM pg_catalog.pg_depend o \
    JOIN pg_catalog.pg_sequence q ON q.seqrelid = o.objid JOIN pg_catalog.pg_type y ON y.oid = q.seqtypid \
    WHERE o.classid = 'pg_class'::regclass AND o.refclassid = 'pg_class'::regclass AND o.refobjid = c.oid \
    AND o.refobjsubid = a.attnum AND o.deptype IN ('a', 'i') ORDER BY o.deptype DESC, o.objid LIMIT 1) s ON true \
    WHERE n.nspname IN ($SCHEMAS) AND c.relkind IN ('r', 'p') ORDER BY c.oid, a.attnum";

fn column_of(row: ColumnRow) -> Column {
    let (_, _, name, column_type, not_null, default, identity, generated, collation, comment, sequence) = row;
    let mut column = Column::new(&name, Type::Native(column_type));
    column.nullable = !not_null;
    column.collation = collation;
    column.comment = comment;
    let counts = default.as_ref().is_some_and(|default| default.starts_with("nextval("));
    column.identity = match identity.as_str() {
        "a" => Some(Identity::Always),
        "d" => Some(Identity::ByDefault),
        _ => (sequence.is_some() && counts).then_some(Identity::Serial),
    };
    column.sequence = sequence.filter(|_| column.identity.is_some()).map(OwnedSequence::stated).unwrap_or_default();
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
    /// Whether the fields say all of it.
    is_known: bool,
    creation: String,
}

const CONSTRAINTS: &str = "SELECT json_build_object('schema', n.nspname, 'table', c.relname, 'name', k.conname, \
    'kind', k.contype, 'columns', ARRAY(SELECT a.attname FROM unnest(k.conkey) WITH ORDINALITY u(num, at) \
    JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.num ORDER BY u.at), \
    'referred_schema', fn.nspname, 'referred_table', f.relname, 'referred_columns', \
    ARRAY(SELECT a.attname FROM unnest(k.confkey) WITH ORDINALITY u(num, at) \
    JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.num ORDER BY u.at), \
    'on_delete', k.confdeltype, 'on_update', k.confupdtype, 'deferrable', k.condeferrable, 'deferred', k.condeferred, \
    'valid', k.convalidated, 'expression', pg_get_expr(k.conbin, k.conrelid), 'is_known', \
    pg_get_constraintdef(k.oid) = concat(CASE k.contype WHEN 'c' THEN 'CHECK (' || pg_get_expr(k.conbin, k.conrelid) || ')' \
    WHEN 'p' THEN 'PRIMARY KEY ' WHEN 'u' THEN 'UNIQUE ' ELSE 'FOREIGN KEY ' END, (SELECT '(' || string_agg(quote_ident(\
    a.attname), ', ' ORDER BY u.at) || ')' FROM unnest(CASE WHEN k.contype <> 'c' THEN k.conkey END) WITH ORDINALITY u(num, at) \
    JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.num), (SELECT ' REFERENCES ' || \
    k.confrelid::regclass || '(' || string_agg(quote_ident(a.attname), ', ' ORDER BY u.at) || ')' FROM unnest(k.confkey) \
    WITH ORDINALITY u(num, at) JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.num), \
    ' ON UPDATE ' || CASE k.confupdtype $ACTIONS END, ' ON DELETE ' || CASE k.confdeltype $ACTIONS END, \
    CASE WHEN k.condeferrable THEN ' DEFERRABLE' END, CASE WHEN k.condeferred THEN ' INITIALLY DEFERRED' END, \
    CASE WHEN NOT k.convalidated THEN ' NOT VALID' END), \
    'creation', format('ALTER TABLE %s %sADD CONSTRAINT %I %s', c.oid::regclass, CASE WHEN k.contype = 'p' \
    THEN format('DROP CONSTRAINT %I, ', k.conname) END, k.conname, pg_get_constraintdef(k.oid)))::text AS answer \
    FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid \
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_catalog.pg_class f ON f.oid = k.confrelid \
    LEFT JOIN pg_catalog.pg_namespace fn ON fn.oid = f.relnamespace \
    WHERE n.nspname IN ($SCHEMAS) AND c.relkind IN ('r', 'p') AND k.contype IN ('p', 'u', 'f', 'c', 'x') \
    AND k.conparentid = 0 ORDER BY k.oid";

/// What PostgreSQL says of the actions of a foreign key.
const ACTIONS: &str =
    "WHEN 'r' THEN 'RESTRICT' WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT'";

fn constraint_of(row: &ConstraintRow, names: &Names) -> Option<Constraint> {
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
    /// The column if it is one, its SQL, its operator class and collation, its order.
    keys: Vec<(Option<String>, String, String, u8)>,
    include: Vec<String>,
    kind: String,
    /// Whether the fields say all of it.
    is_known: bool,
    creation: String,
}

/// A collation that a key has anyway goes without saying. What backs a constraint is the constraint's. An index that was not built to its end is known as text.
const INDEXES: &str = "SELECT json_build_object('schema', x.schema, 'table', x.table, 'name', x.name, 'unique', x.indisunique, \
    'method', x.method, 'predicate', x.predicate, 'keys', x.keys, 'include', x.include, 'kind', CASE WHEN x.indisvalid \
    THEN 'index' ELSE 'invalid index' END, 'is_known', x.indisvalid AND x.definition = concat('CREATE ', CASE WHEN x.indisunique THEN 'UNIQUE ' END, 'INDEX ', quote_ident(x.name), ' ON ', \
    x.qualified, ' USING ', quote_ident(x.method), ' (', (SELECT string_agg(concat(k->>1, k->>2, \
    (ARRAY['', ' DESC NULLS LAST', ' NULLS FIRST', ' DESC'])[(k->>3)::int + 1]), ', ' ORDER BY at) \
    FROM unnest(x.keys) WITH ORDINALITY u(k, at)), ')', (SELECT ' INCLUDE (' || string_agg(quote_ident(c), ', ' ORDER BY at) \
    || ')' FROM unnest(x.include) WITH ORDINALITY u(c, at)), ' WHERE ' || x.predicate), 'creation', \
    replace(x.definition, format(' ON %s ', x.qualified), format(' ON %s ', x.called)))::text AS answer \
    FROM (SELECT n.nspname AS schema, t.relname AS table, i.relname AS name, x.indisunique, x.indisvalid, m.amname AS method, \
    format('%I.%I', n.nspname, t.relname) AS qualified, t.oid::regclass::text AS called, \
    replace(pg_get_indexdef(i.oid), ' ON ONLY ', ' ON ') AS definition, pg_get_expr(x.indpred, x.indrelid) AS predicate, \
    ARRAY(SELECT json_build_array(a.attname, pg_get_indexdef(i.oid, k, false), \
    coalesce((SELECT said FROM (SELECT ' COLLATE ' || CASE WHEN pg_collation_is_visible(l.oid) THEN '' \
    ELSE quote_ident(ln.nspname) || '.' END || quote_ident(l.collname) AS said FROM pg_catalog.pg_collation l \
    JOIN pg_catalog.pg_namespace ln ON ln.oid = l.collnamespace WHERE l.oid = x.indcollation[k - 1]) l \
    WHERE strpos(pg_get_indexdef(i.oid), pg_get_indexdef(i.oid, k, false) || said) > 0), '') || \
    coalesce((SELECT ' ' || CASE WHEN pg_opclass_is_visible(o.oid) THEN '' ELSE quote_ident(os.nspname) || '.' END \
    || quote_ident(o.opcname) || coalesce(' (' || p.parameters || ')', '') FROM pg_catalog.pg_opclass o \
    JOIN pg_catalog.pg_namespace os ON os.oid = o.opcnamespace CROSS JOIN LATERAL (SELECT string_agg(format('%s=%L', \
    split_part(v, '=', 1), substr(v, strpos(v, '=') + 1)), ', ') FROM pg_catalog.pg_attribute ia, unnest(ia.attoptions) v \
    WHERE ia.attrelid = i.oid AND ia.attnum = k) p (parameters) WHERE o.oid = x.indclass[k - 1] \
    AND (NOT o.opcdefault OR p.parameters IS NOT NULL)), ''), \
    x.indoption[k - 1]) FROM generate_series(1, x.indnkeyatts::int) k LEFT JOIN pg_catalog.pg_attribute a \
    ON a.attrelid = x.indrelid AND a.attnum = x.indkey[k - 1] AND a.attnum > 0 ORDER BY k) AS keys, \
    ARRAY(SELECT a.attname FROM generate_series(x.indnkeyatts + 1, x.indnatts::int) k \
    JOIN pg_catalog.pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[k - 1] ORDER BY k) AS include \
    FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid \
    JOIN pg_catalog.pg_class t ON t.oid = x.indrelid JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace \
    JOIN pg_catalog.pg_am m ON m.oid = i.relam WHERE n.nspname IN ($SCHEMAS) AND t.relkind IN ('r', 'p') \
    AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_constraint k WHERE k.conindid = x.indexrelid \
    AND k.contype IN ('p', 'u', 'x'))) x ORDER BY x.name";

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
