//! The catalogs of MySQL and MariaDB.

use alembic_schema::{
    Action, Check, Column, Constraint, DefaultValue, ForeignKey, Generated, Identity, Index, IndexKey, Other,
    PrimaryKey, Schema, Table, Type, Unique, Value,
};
use alembic_sql::Dialect;
use diesel::{QueryResult, connection::LoadConnection};

use super::{Inspection, Names, table_of, unwrapped};
use crate::database::{MigrationBackend, answer, json::rows};

pub(super) fn schema<C>(conn: &mut C, scope: &Inspection, dialect: Dialect) -> QueryResult<Schema>
where
    C: LoadConnection,
    C::Backend: MigrationBackend,
{
    let names = Names { current: answer(conn, "SELECT DATABASE() AS answer")?.unwrap_or_default() };
    let literal = |schema: &String| Dialect::Mysql.literal(schema);
    let schemas = std::iter::once(&names.current).chain(&scope.schemas).map(literal).collect::<Vec<_>>().join(", ");
    let query = |sql: &str| sql.replace("$SCHEMAS", &schemas);
    let mut schema = Schema::default();
    for (database, table, kind, comment) in rows::<C, (String, String, String, String)>(conn, &query(TABLES))? {
        let name = names.name(&database, &table);
        if kind == "BASE TABLE" {
            let comment = (!comment.is_empty()).then_some(comment);
            schema.tables.push(Table { comment, ..Table::new(name) });
        } else if !kind.contains("VIEW") {
            // Sequences, and tables that keep their history.
            schema.others.push(Other { kind: kind.to_lowercase(), name, definition: String::new() });
        }
    }
    schema.tables.sort_by(|a, b| a.name.cmp(&b.name));
    let expression = if dialect == Dialect::Mysql { "s.expression" } else { "NULL" };
    let indexes = query(INDEXES).replace("$EXPRESSION", expression);
    for row in rows::<C, ColumnRow>(conn, &query(COLUMNS))? {
        if let Some(table) = table_of(&mut schema.tables, &names.name(&row.0, &row.1)) {
            table.columns.push(column_of(row, dialect));
        }
    }
    for row in rows::<C, IndexRow>(conn, &indexes)? {
        if let Some(table) = table_of(&mut schema.tables, &names.name(&row.0, &row.1)) {
            add_index_key(table, &mut schema.others, row, dialect);
        }
    }
    for table in &mut schema.tables {
        let (unique, indexes) = std::mem::take(&mut table.indexes).into_iter().partition(is_constraint);
        table.indexes = indexes;
        table.constraints.extend(unique.into_iter().map(constraint_of));
    }
    for row in rows::<C, KeyRow>(conn, &query(FOREIGN_KEYS))? {
        if let Some(table) = table_of(&mut schema.tables, &names.name(&row.0, &row.1)) {
            add_foreign_key(table, &names, row);
        }
    }
    let checks = if dialect == Dialect::Mysql { MYSQL_CHECKS } else { MARIADB_CHECKS };
    for (database, table, name, clause) in rows::<C, (String, String, String, String)>(conn, &query(checks))? {
        if let Some(table) = table_of(&mut schema.tables, &names.name(&database, &table)) {
            add_check(table, &name, &unescaped(clause, dialect));
        }
    }
    for (kind, database, name, definition) in rows::<C, (String, String, String, String)>(conn, &query(OTHERS))? {
        // The server says in which database what a view names is.
        let definition = definition.replace(&format!("{}.", Dialect::Mysql.quote(&names.current)), "");
        // A body that other statements of the message followed has kept what ended it.
        let definition = definition.trim_end_matches(|c: char| c == ';' || c.is_whitespace()).to_owned();
        schema.others.push(Other { kind, name: names.name(&database, &name), definition });
    }
    schema.others.sort_unstable();
    Ok(schema)
}

const TABLES: &str = "SELECT CAST(JSON_ARRAY(table_schema, table_name, table_type, table_comment) AS CHAR) AS answer \
    FROM information_schema.tables WHERE table_schema IN ($SCHEMAS)";

type ColumnRow = (
    String,
    String,
    String,
    String,
    String,
    Option<String>,
    String,
    Option<String>,
    String,
    Option<String>,
    Option<String>,
);

const COLUMNS: &str = "SELECT CAST(JSON_ARRAY(c.table_schema, c.table_name, c.column_name, c.column_type, c.is_nullable, \
    c.column_default, c.extra, c.collation_name, c.column_comment, c.generation_expression, t.table_collation) AS CHAR) \
    AS answer FROM information_schema.columns c JOIN information_schema.tables t ON t.table_schema = c.table_schema \
    AND t.table_name = c.table_name WHERE c.table_schema IN ($SCHEMAS) AND t.table_type = 'BASE TABLE' \
    ORDER BY c.table_name, c.ordinal_position";

fn column_of(row: ColumnRow, dialect: Dialect) -> Column {
    let (_, _, name, column_type, nullable, default, extra, collation, comment, expression, of_table) = row;
    let mut column = Column::new(&name, Type::Native(column_type));
    let extra = extra.to_lowercase();
    column.nullable = nullable == "YES";
    column.collation =
        collation.filter(|_| column_type_has_words(&column)).filter(|own| Some(own) != of_table.as_ref());
    column.comment = (!comment.is_empty()).then_some(comment);
    column.identity = extra.contains("auto_increment").then_some(Identity::ByDefault);
    column.on_update = extra.split_once("on update ").map(|(_, expression)| expression.trim().to_owned());
    let expression = expression.filter(|expression| !expression.is_empty()).map(|text| unescaped(text, dialect));
    column.generated = expression.map(|expression| Generated {
        expression: unwrapped(&expression),
        stored: extra.contains("stored") || extra.contains("persistent"),
    });
    column.default = default.filter(|_| column.generated.is_none()).and_then(|default| match dialect {
        // MariaDB writes SQL.
        Dialect::Mariadb if default == "NULL" => None,
        Dialect::Mariadb => Some(DefaultValue::written(&default, dialect)),
        _ if extra.contains("default_generated") => {
            Some(DefaultValue::expression(&unwrapped(&unescaped(default, dialect))))
        }
        _ if default.starts_with("b'") || default.starts_with("0x") => Some(DefaultValue::expression(&default)),
        _ => Some(DefaultValue::Value(Value::Text(default))),
    });
    column
}

/// MySQL writes expressions as if for a string, with the character set of each literal.
fn unescaped(text: String, dialect: Dialect) -> String {
    match dialect {
        Dialect::Mysql => text.replace("_utf8mb4\\'", "\\'").replace("_utf8mb3\\'", "\\'").replace("\\'", "'"),
        _ => text,
    }
}

fn column_type_has_words(column: &Column) -> bool {
    let Type::Native(name) = &column.column_type else { return false };
    ["char", "text", "enum", "set"].iter().any(|kind| name.contains(kind))
}

type IndexRow = (String, String, String, u8, Option<String>, Option<String>, Option<u32>, String, Option<String>);

const INDEXES: &str = "SELECT CAST(JSON_ARRAY(s.table_schema, s.table_name, s.index_name, s.non_unique, s.column_name, \
    s.collation, s.sub_part, s.index_type, $EXPRESSION) AS CHAR) AS answer FROM information_schema.statistics s \
    WHERE s.table_schema IN ($SCHEMAS) ORDER BY s.table_name, s.index_name, s.seq_in_index";

/// The key that MySQL calls so.
const PRIMARY: &str = "PRIMARY";

fn add_index_key(table: &mut Table, others: &mut Vec<Other>, row: IndexRow, dialect: Dialect) {
    let (_, _, name, non_unique, column, order, prefix, kind, expression) = row;
    if kind == "FULLTEXT" || kind == "SPATIAL" {
        let name = table.name.beside(&format!("{}.{name}", table.name.name));
        let kind = format!("{} index", kind.to_lowercase());
        let definition = column.unwrap_or_default();
        return others.push(Other { kind, name, definition });
    }
    let quoted = |column: &str| Dialect::Mysql.quote(column);
    let key = match (column, prefix, order.as_deref()) {
        (Some(column), Some(prefix), _) => IndexKey::Written(format!("{}({prefix})", quoted(&column))),
        (Some(column), None, Some("D")) => IndexKey::Descending(column),
        (Some(column), None, _) => IndexKey::Column(column),
        (None, ..) => IndexKey::Written(format!("({})", unescaped(expression.unwrap_or_default(), dialect))),
    };
    match table.indexes.last_mut().filter(|last| last.name.as_ref() == Some(&name)) {
        Some(index) => index.keys.push(key),
        None => {
            let mut index = Index::new(&table.name, [key]).named(&name);
            index.unique = non_unique == 0;
            index.method = (kind != "BTREE").then(|| kind.to_lowercase());
            table.indexes.push(index);
        }
    }
}

/// A unique constraint is an index there; one over something else than columns is no constraint elsewhere.
fn is_constraint(index: &Index) -> bool {
    index.unique && index.method.is_none() && index.keys.iter().all(|key| matches!(key, IndexKey::Column(_)))
}

fn constraint_of(index: Index) -> Constraint {
    let column = |key: IndexKey| match key {
        IndexKey::Column(name) | IndexKey::Descending(name) | IndexKey::Expression(name) | IndexKey::Written(name) => {
            name
        }
    };
    let columns: Vec<String> = index.keys.into_iter().map(column).collect();
    if index.name.as_deref() == Some(PRIMARY) {
        return PrimaryKey { name: None, columns }.into();
    }
    Unique { name: index.name, columns, deferrable: None }.into()
}

type KeyRow = (String, String, String, String, String, String, String, String, String);

const FOREIGN_KEYS: &str = "SELECT CAST(JSON_ARRAY(k.table_schema, k.table_name, k.constraint_name, k.column_name, \
    k.referenced_table_schema, k.referenced_table_name, k.referenced_column_name, r.delete_rule, r.update_rule) AS CHAR) \
    AS answer FROM information_schema.key_column_usage k JOIN information_schema.referential_constraints r \
    ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name AND r.table_name = k.table_name \
    WHERE k.table_schema IN ($SCHEMAS) AND k.referenced_table_name IS NOT NULL \
    ORDER BY k.table_name, k.constraint_name, k.ordinal_position";

fn add_foreign_key(table: &mut Table, names: &Names, row: KeyRow) {
    let (_, _, name, column, schema, referred, referred_column, on_delete, on_update) = row;
    if let Some(Constraint::ForeignKey(last)) = table.constraints.last_mut()
        && last.name.as_ref() == Some(&name)
    {
        last.columns.push(column);
        last.referred_columns.push(referred_column);
        return;
    }
    let key = ForeignKey {
        name: Some(name),
        columns: vec![column],
        referred_table: names.name(&schema, &referred),
        referred_columns: vec![referred_column],
        on_delete: action(&on_delete),
        on_update: action(&on_update),
        deferrable: None,
        not_valid: false,
    };
    table.constraints.push(key.into());
}

/// To refuse at once or later is the same there.
fn action(rule: &str) -> Option<Action> {
    match rule {
        "CASCADE" => Some(Action::Cascade),
        "SET NULL" => Some(Action::SetNull),
        "SET DEFAULT" => Some(Action::SetDefault),
        _ => None,
    }
}

const MARIADB_CHECKS: &str = "SELECT CAST(JSON_ARRAY(constraint_schema, table_name, constraint_name, check_clause) AS CHAR) \
    AS answer FROM information_schema.check_constraints WHERE constraint_schema IN ($SCHEMAS) ORDER BY constraint_name";

const MYSQL_CHECKS: &str = "SELECT CAST(JSON_ARRAY(t.table_schema, t.table_name, k.constraint_name, k.check_clause) AS CHAR) \
    AS answer FROM information_schema.check_constraints k JOIN information_schema.table_constraints t \
    ON t.constraint_schema = k.constraint_schema AND t.constraint_name = k.constraint_name \
    WHERE k.constraint_schema IN ($SCHEMAS) AND t.constraint_type = 'CHECK' ORDER BY k.constraint_name";

/// MariaDB's type for JSON is text that is checked.
fn add_check(table: &mut Table, name: &str, clause: &str) {
    if let Some(column) = table.columns.iter_mut().find(|column| column.name == name)
        && clause == format!("json_valid({})", Dialect::Mariadb.quote(name))
    {
        column.column_type = Type::native("json");
        column.collation = None;
        return;
    }
    table.constraints.push(Check::new(&unwrapped(clause)).named(name).into());
}

/// What the role may not read has no definition. Events are said without their dates, which are those of their making.
const OTHERS: &str = "SELECT CAST(JSON_ARRAY('view', table_schema, table_name, CASE WHEN COALESCE(view_definition, '') = '' THEN '' \
    ELSE CONCAT(view_definition, IF(check_option = 'NONE', '', CONCAT(' CHECK ', check_option)), \
    IF(security_type = 'INVOKER', ' INVOKER', '')) END) AS CHAR) AS answer \
    FROM information_schema.views WHERE table_schema IN ($SCHEMAS) \
    UNION ALL SELECT CAST(JSON_ARRAY('trigger', trigger_schema, trigger_name, CONCAT_WS(' ', action_timing, event_manipulation, \
    event_object_table, action_statement)) AS CHAR) FROM information_schema.triggers WHERE trigger_schema IN ($SCHEMAS) \
    UNION ALL SELECT CAST(JSON_ARRAY(LOWER(r.routine_type), r.routine_schema, r.routine_name, \
    CASE WHEN COALESCE(r.routine_definition, '') = '' THEN '' ELSE CONCAT_WS(' ', (SELECT GROUP_CONCAT(CONCAT_WS(' ', \
    p.parameter_mode, p.parameter_name, p.dtd_identifier) ORDER BY p.ordinal_position) FROM information_schema.parameters p \
    WHERE p.specific_schema = r.routine_schema AND p.specific_name = r.specific_name AND p.routine_type = r.routine_type), \
    r.is_deterministic, r.sql_data_access, r.security_type, r.routine_definition) END) AS CHAR) \
    FROM information_schema.routines r WHERE r.routine_schema IN ($SCHEMAS) \
    UNION ALL SELECT CAST(JSON_ARRAY('event', event_schema, event_name, CONCAT_WS(' ', event_type, interval_value, interval_field, \
    IF(status = 'DISABLED', 'DISABLED', NULL), event_definition)) AS CHAR) \
    FROM information_schema.events WHERE event_schema IN ($SCHEMAS)";
