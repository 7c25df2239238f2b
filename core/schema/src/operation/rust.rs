//! Operations → Rust, as a person would write them.

use super::{
    AlterColumn, Operation,
    batch::Change,
    postgres::{self, POSTGRES},
};
use crate::{
    Action, Column, Constraint, ConstraintKind, DefaultValue, ForeignKey, Identity, Index, IndexKey, Initially, Name,
    Table, Type, Value,
};

/// Returns the calls of an operation on `op`, each with a question mark and a semicolon; none for rows, which are no
/// part of a schema.
#[must_use]
pub fn rust(operation: &Operation) -> Option<String> {
    Some(match operation {
        Operation::CreateTable(table) => {
            let create = format!("op.create_table(\n    {},\n)?;", indent(&create_table(table)));
            let indexes = table.indexes.iter().map(|index| format!("op.create_index({})?;", of_index(index)));
            std::iter::once(create).chain(indexes).collect::<Vec<_>>().join("\n")
        }
        Operation::DropTable { table, .. } => format!("op.drop_table({})?;", name(table)),
        Operation::RenameTable { table, to } => format!("op.rename_table({}, {to:?})?;", name(table)),
        Operation::TableComment { table, comment: Some(comment) } => {
            format!("op.create_table_comment({}, {comment:?})?;", name(table))
        }
        Operation::TableComment { table, comment: None } => format!("op.drop_table_comment({})?;", name(table)),
        Operation::AddColumn { table, column, .. } => {
            format!("op.add_column({}, {})?;", name(table), of_column(column))
        }
        Operation::AlterColumn(change) => {
            format!(
                "op.alter_column({}, {:?}, |column| column{})?;",
                name(&change.table),
                change.column,
                alterations(change)
            )
        }
        Operation::DropColumn { table, column, .. } => format!("op.drop_column({}, {column:?})?;", name(table)),
        Operation::CreateIndex(index) => format!("op.create_index({})?;", of_index(index)),
        Operation::DropIndex { table, index, concurrently: false, .. } => {
            format!("op.drop_index({index:?}, {})?;", name(table))
        }
        Operation::CreateConstraint { table, constraint } => create_constraint(table, constraint),
        Operation::ValidateConstraint { table, constraint } => {
            format!("op.validate_constraint({constraint:?}, {})?;", name(table))
        }
        Operation::DropConstraint { table, constraint, kind, .. } => {
            format!("op.drop_constraint({constraint:?}, {}, {})?;", name(table), of_kind(*kind))
        }
        Operation::CreateEnum { name: of, values } => format!("op.create_enum({}, {values:?})?;", name(of)),
        Operation::AddEnumValue { name: of, value, before: None, .. } => {
            format!("op.add_enum_value({}, {value:?})?;", name(of))
        }
        Operation::DropEnum { name: of, .. } => format!("op.drop_enum({})?;", name(of)),
        Operation::Batch(batch) => {
            let changes: Vec<String> =
                batch.changes.iter().map(|change| format!("\n        {}", in_batch(change))).collect();
            format!("op.batch_alter_table({}, |batch| {{\n    batch{}\n}})?;", name(&batch.table), changes.concat())
        }
        // `op` has no functions for these, which PostgreSQL alone has.
        Operation::DropIndex { .. } | Operation::AddEnumValue { .. } | Operation::RenameEnumValue { .. } => {
            postgres::in_sql(operation)?.iter().map(execute).collect()
        }
        Operation::Execute(sql) => execute(sql),
        Operation::BulkInsert(_) => return None,
    })
}

fn execute(sql: &String) -> String {
    format!("op.execute({sql:?})?;")
}

fn create_constraint(table: &Name, constraint: &Constraint) -> String {
    let function = match constraint {
        Constraint::PrimaryKey(_) => "create_primary_key",
        Constraint::Unique(_) => "create_unique_constraint",
        Constraint::ForeignKey(_) => "create_foreign_key",
        Constraint::Check(_) => "create_check_constraint",
    };
    format!("op.{function}({}, {})?;", name(table), of_constraint(constraint))
}

fn indent(text: &str) -> String {
    text.replace('\n', "\n    ")
}

/// A name with a point in it is one of a schema only if it has one.
fn name(name: &Name) -> String {
    match (&name.schema, name.name.contains('.')) {
        (None, true) => format!("Name::from_plain({:?})", name.name),
        _ => format!("{:?}", name.to_string()),
    }
}

fn create_table(table: &Table) -> String {
    let mut text = format!("Table::new({})", name(&table.name));
    let mut add = |call: String| text = format!("{text}\n    {call}");
    for column in &table.columns {
        add(format!(".column({})", of_column(column)));
    }
    for constraint in &table.constraints {
        add(format!(".constraint({})", of_constraint(constraint)));
    }
    for option in &table.options {
        add(format!(".option(Dialect::{:?}, {:?})", option.dialect, option.sql));
    }
    if let Some(comment) = &table.comment {
        add(format!(".comment({comment:?})"));
    }
    text
}

fn of_type(column_type: &Type) -> String {
    match column_type {
        Type::Native(name) => format!("Type::native({name:?})"),
        Type::Enum(name, values) => format!("Type::enumeration({:?}, {values:?})", name.to_string()),
        Type::Numeric(precision, scale) => format!("Type::Numeric({precision}, {scale})"),
        Type::Varchar(length) => format!("Type::Varchar({length})"),
        Type::Char(length) => format!("Type::Char({length})"),
        other => format!("Type::{other:?}"),
    }
}

fn of_default(default: &DefaultValue) -> String {
    match default {
        DefaultValue::Value(Value::Text(text)) => format!("{text:?}"),
        DefaultValue::Value(Value::Integer(number)) => format!("{number}_i64"),
        DefaultValue::Value(Value::Boolean(value)) => value.to_string(),
        DefaultValue::Value(Value::Null) => "Value::Null".to_owned(),
        DefaultValue::Value(Value::Expression(sql)) => format!("Value::expression({sql:?})"),
        DefaultValue::Now => "DefaultValue::Now".to_owned(),
        DefaultValue::Expression(sql) => format!("DefaultValue::expression({sql:?})"),
        DefaultValue::Value(value) => {
            let sql = value.sql(POSTGRES).unwrap_or_default();
            format!("DefaultValue::expression({sql:?})")
        }
    }
}

fn of_identity(identity: Identity) -> &'static str {
    match identity {
        Identity::ByDefault => "Identity::ByDefault",
        Identity::Always => "Identity::Always",
        Identity::Serial => "Identity::Serial",
    }
}

fn of_column(column: &Column) -> String {
    let mut text = format!("Column::new({:?}, {})", column.name, of_type(&column.column_type));
    let mut add = |call: &str| text.push_str(call);
    match column.identity {
        Some(Identity::ByDefault) => add(".identity()"),
        Some(other) => add(&format!(".numbered({})", of_identity(other))),
        None if !column.nullable => add(".not_null()"),
        None => {}
    }
    if let Some(default) = &column.default {
        add(&format!(".default({})", of_default(default)));
    }
    if let Some(generated) = &column.generated {
        let kind = if generated.stored { "stored" } else { "virtual" };
        add(&format!(".generated_{kind}({:?})", generated.expression));
    }
    if let Some(collation) = &column.collation {
        add(&format!(".collation({collation:?})"));
    }
    if let Some(expression) = &column.on_update {
        add(&format!(".on_update({expression:?})"));
    }
    if let Some(comment) = &column.comment {
        add(&format!(".comment({comment:?})"));
    }
    for constraint in &column.constraints {
        add(&format!(".constraint({})", of_constraint(constraint)));
    }
    text
}

fn alterations(change: &AlterColumn) -> String {
    let mut text = String::new();
    let mut add = |call: String| text.push_str(&call);
    if let Some(column_type) = &change.column_type {
        add(format!(".column_type({})", of_type(column_type)));
    }
    if let Some(using) = &change.postgres_using {
        add(format!(".postgres_using({using:?})"));
    }
    match change.nullable {
        Some(true) => add(".nullable()".to_owned()),
        Some(false) => add(".not_null()".to_owned()),
        None => {}
    }
    match &change.default {
        Some(Some(default)) => add(format!(".default({})", of_default(default))),
        Some(None) => add(".drop_default()".to_owned()),
        None => {}
    }
    if let Some(identity) = change.identity {
        let identity = identity.map_or("None".to_owned(), |identity| format!("Some({})", of_identity(identity)));
        add(format!(".numbered({identity})"));
    }
    match &change.collation {
        Some(Some(collation)) => add(format!(".collation({collation:?})")),
        Some(None) => add(".drop_collation()".to_owned()),
        None => {}
    }
    if let Some(on_update) = &change.on_update {
        add(format!(".on_update({:?})", on_update.as_deref()));
    }
    match &change.comment {
        Some(Some(comment)) => add(format!(".comment({comment:?})")),
        Some(None) => add(".drop_comment()".to_owned()),
        None => {}
    }
    if let Some(name) = &change.rename {
        add(format!(".rename({name:?})"));
    }
    if let Some(existing) = &change.existing {
        add(format!(".existing({})", of_column(existing)));
    }
    text
}

fn of_action(action: Action) -> String {
    format!("Action::{action:?}")
}

fn of_initially(initially: Initially) -> String {
    format!("Initially::{initially:?}")
}

fn of_key(key: &ForeignKey) -> String {
    let mut text =
        format!("ForeignKey::new({:?}, {}, {:?})", key.columns, name(&key.referred_table), key.referred_columns);
    for (event, action) in [("delete", key.on_delete), ("update", key.on_update)] {
        if let Some(action) = action {
            text = format!("{text}.on_{event}({})", of_action(action));
        }
    }
    if let Some(initially) = key.deferrable {
        text = format!("{text}.deferrable({})", of_initially(initially));
    }
    if key.not_valid { format!("{text}.not_valid()") } else { text }
}

fn of_constraint(constraint: &Constraint) -> String {
    let text = match constraint {
        Constraint::PrimaryKey(key) => format!("PrimaryKey::new({:?})", key.columns),
        Constraint::Unique(unique) => {
            let deferrable = unique.deferrable.map(|initially| format!(".deferrable({})", of_initially(initially)));
            format!("Unique::new({:?}){}", unique.columns, deferrable.unwrap_or_default())
        }
        Constraint::ForeignKey(key) => of_key(key),
        Constraint::Check(check) => {
            format!("Check::new({:?}){}", check.expression, if check.not_valid { ".not_valid()" } else { "" })
        }
    };
    constraint.own_name().map_or(text.clone(), |name| format!("{text}.named({name:?})"))
}

fn of_kind(kind: ConstraintKind) -> &'static str {
    match kind {
        ConstraintKind::PrimaryKey => "ConstraintKind::PrimaryKey",
        ConstraintKind::Unique => "ConstraintKind::Unique",
        ConstraintKind::ForeignKey => "ConstraintKind::ForeignKey",
        ConstraintKind::Check => "ConstraintKind::Check",
    }
}

fn of_index(index: &Index) -> String {
    let plain = index.keys.iter().all(|key| matches!(key, IndexKey::Column(_)));
    let key = |key: &IndexKey| match key {
        IndexKey::Column(name) if plain => format!("{name:?}"),
        IndexKey::Column(name) => format!("IndexKey::Column({name:?}.into())"),
        IndexKey::Descending(name) => format!("IndexKey::Descending({name:?}.into())"),
        IndexKey::Expression(sql) => format!("IndexKey::Expression({sql:?}.into())"),
        IndexKey::Written(sql) => format!("IndexKey::Written({sql:?}.into())"),
    };
    let keys: Vec<String> = index.keys.iter().map(key).collect();
    let mut text = format!("Index::new({}, [{}])", name(&index.table), keys.join(", "));
    let mut add = |call: String| text.push_str(&call);
    if let Some(name) = &index.name {
        add(format!(".named({name:?})"));
    }
    if index.unique {
        add(".unique()".to_owned());
    }
    if let Some(predicate) = &index.predicate {
        add(format!(".only_where({predicate:?})"));
    }
    if !index.include.is_empty() {
        add(format!(".include({:?})", index.include));
    }
    if let Some(method) = &index.method {
        add(format!(".using({method:?})"));
    }
    if index.concurrently {
        add(".concurrently()".to_owned());
    }
    text
}

fn in_batch(change: &Change) -> String {
    match change {
        Change::AddColumn(column) => format!(".add_column({})", of_column(column)),
        Change::AlterColumn(change) => {
            format!(".alter_column({:?}, |column| column{})", change.column, alterations(change))
        }
        Change::DropColumn(column) => format!(".drop_column({column:?})"),
        Change::CreateIndex(index) => format!(".create_index({})", of_index(index)),
        Change::DropIndex(index) => format!(".drop_index({index:?})"),
        Change::CreateConstraint(constraint) => format!(".create_constraint({})", of_constraint(constraint)),
        Change::DropConstraint(name, kind) => format!(".drop_constraint({name:?}, {})", of_kind(*kind)),
    }
}
