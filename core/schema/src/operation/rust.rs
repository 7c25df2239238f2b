//! Operations → Rust, as a person would write it.

use super::{
    AlterColumn, Operation,
    batch::Change,
    postgres::{self, POSTGRES},
};
use crate::{
    Action, Column, Constraint, ConstraintKind, DefaultValue, ForeignKey, Identity, Index, IndexKey, Initially, Name,
    Sequence, Table, Type, Value,
};

/// Returns the calls on `op` that an operation is, each with `?` and a semicolon; `None` for rows, which are not
/// part of a schema.
#[must_use]
pub fn rust(operation: &Operation) -> Option<String> {
    Some(match operation {
        Operation::CreateTable(table) => {
            let create = format!("op.create_table(\n    {},\n)?;", indent(&table_expr(table)));
            let indexes = table.indexes.iter().map(|index| format!("op.create_index({})?;", index_expr(index)));
            std::iter::once(create).chain(indexes).collect::<Vec<_>>().join("\n")
        }
        Operation::DropTable { table, .. } => format!("op.drop_table({})?;", name_expr(table)),
        Operation::RenameTable { .. } | Operation::RenameIndex { .. } | Operation::RenameConstraint { .. } => {
            rename(operation)?
        }
        Operation::TableComment { table, comment: Some(comment) } => {
            format!("op.create_table_comment({}, {comment:?})?;", name_expr(table))
        }
        Operation::TableComment { table, comment: None } => format!("op.drop_table_comment({})?;", name_expr(table)),
        Operation::AddColumn { table, column, .. } => {
            format!("op.add_column({}, {})?;", name_expr(table), column_expr(column))
        }
        Operation::AlterColumn(change) => {
            format!(
                "op.alter_column({}, {:?}, |column| column{})?;",
                name_expr(&change.table),
                change.column,
                alter_calls(change)
            )
        }
        Operation::DropColumn { table, column, .. } => format!("op.drop_column({}, {column:?})?;", name_expr(table)),
        Operation::CreateIndex(index) => format!("op.create_index({})?;", index_expr(index)),
        Operation::DropIndex { table, index, concurrently: false, .. } => {
            format!("op.drop_index({index:?}, {})?;", name_expr(table))
        }
        Operation::CreateConstraint { table, constraint } => create_constraint(table, constraint),
        Operation::CreateUniqueUsingIndex { table, index, deferrable } => {
            let deferrable = deferrable.map(initially_expr).map_or("None".to_owned(), |when| format!("Some({when})"));
            format!("op.create_unique_constraint_using_index({}, {index:?}, {deferrable})?;", name_expr(table))
        }
        Operation::ValidateConstraint { table, constraint } => {
            format!("op.validate_constraint({constraint:?}, {})?;", name_expr(table))
        }
        Operation::DropConstraint { table, constraint, kind, .. } => {
            format!("op.drop_constraint({constraint:?}, {}, {})?;", name_expr(table), kind_expr(*kind))
        }
        Operation::CreateSchema(_) | Operation::DropSchema(_) => schema(operation)?,
        Operation::CreateEnum { .. }
        | Operation::AddEnumValue { .. }
        | Operation::RenameEnumValue { .. }
        | Operation::RenameEnum { .. }
        | Operation::DropEnum { .. } => enumeration(operation)?,
        Operation::Batch(batch) => {
            let changes: Vec<String> =
                batch.changes.iter().map(|change| format!("\n        {}", batch_call(change))).collect();
            format!(
                "op.batch_alter_table({}, |batch| {{\n    batch{}\n}})?;",
                name_expr(&batch.table),
                changes.concat()
            )
        }
        Operation::DropIndex { .. } => in_sql(operation)?,
        Operation::Execute(sql) => execute(sql),
        Operation::BulkInsert(_) => return None,
    })
}

fn rename(operation: &Operation) -> Option<String> {
    Some(match operation {
        Operation::RenameTable { table, to } => format!("op.rename_table({}, {to:?})?;", name_expr(table)),
        Operation::RenameIndex { table, index, to } => {
            format!("op.rename_index({index:?}, {}, {to:?})?;", name_expr(table))
        }
        Operation::RenameConstraint { table, constraint, kind, to } => {
            format!("op.rename_constraint({constraint:?}, {}, {}, {to:?})?;", name_expr(table), kind_expr(*kind))
        }
        other => in_sql(other)?,
    })
}

fn schema(operation: &Operation) -> Option<String> {
    Some(match operation {
        Operation::CreateSchema(name) => format!("op.create_schema({name:?})?;"),
        Operation::DropSchema(name) => format!("op.drop_schema({name:?})?;"),
        other => in_sql(other)?,
    })
}

fn enumeration(operation: &Operation) -> Option<String> {
    Some(match operation {
        Operation::CreateEnum { name: of, values } => format!("op.create_enum({}, {values:?})?;", name_expr(of)),
        Operation::AddEnumValue { name: of, value, before: None, .. } => {
            format!("op.add_enum_value({}, {value:?})?;", name_expr(of))
        }
        Operation::RenameEnumValue { name: of, value, to } => {
            format!("op.rename_enum_value({}, {value:?}, {to:?})?;", name_expr(of))
        }
        Operation::RenameEnum { name: of, to } => format!("op.rename_enum({}, {to:?})?;", name_expr(of)),
        Operation::DropEnum { name: of, .. } => format!("op.drop_enum({})?;", name_expr(of)),
        other => in_sql(other)?,
    })
}

/// Prints what only PostgreSQL has and `op` has no function for.
fn in_sql(operation: &Operation) -> Option<String> {
    Some(postgres::in_sql(operation)?.iter().map(execute).collect())
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
    format!("op.{function}({}, {})?;", name_expr(table), constraint_expr(constraint))
}

fn indent(text: &str) -> String {
    text.replace('\n', "\n    ")
}

/// A dot would be taken for that between schema and name.
fn name_expr(name: &Name) -> String {
    match (&name.schema, name.name.contains('.')) {
        (None, true) => format!("Name::from_plain({:?})", name.name),
        _ => format!("{:?}", name.to_string()),
    }
}

fn table_expr(table: &Table) -> String {
    let mut text = format!("Table::new({})", name_expr(&table.name));
    let mut add = |call: String| text = format!("{text}\n    {call}");
    for column in &table.columns {
        add(format!(".column({})", column_expr(column)));
    }
    for constraint in &table.constraints {
        add(format!(".constraint({})", constraint_expr(constraint)));
    }
    for option in &table.options {
        add(format!(".option(Dialect::{:?}, {:?})", option.dialect, option.sql));
    }
    if let Some(comment) = &table.comment {
        add(format!(".comment({comment:?})"));
    }
    text
}

fn type_expr(column_type: &Type) -> String {
    match column_type {
        Type::Native(name) => format!("Type::native({name:?})"),
        Type::Enum(name, values) => format!("Type::enumeration({:?}, {values:?})", name.to_string()),
        Type::Numeric(precision, scale) => format!("Type::Numeric({precision}, {scale})"),
        Type::Varchar(length) => format!("Type::Varchar({length})"),
        Type::Char(length) => format!("Type::Char({length})"),
        other => format!("Type::{other:?}"),
    }
}

fn default_expr(default: &DefaultValue) -> String {
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

fn identity_expr(identity: Identity) -> &'static str {
    match identity {
        Identity::ByDefault => "Identity::ByDefault",
        Identity::Always => "Identity::Always",
        Identity::Serial => "Identity::Serial",
    }
}

fn sequence_expr(sequence: &Sequence) -> String {
    let data_type = sequence.data_type.as_ref().map(|of| format!("data_type: Some({of:?}.into())"));
    let numbers =
        sequence.numbers().into_iter().filter_map(|(name, number)| Some(format!("{name}: Some({})", number?)));
    let cycle = sequence.cycle.then(|| "cycle: true".to_owned());
    let fields: Vec<String> = data_type.into_iter().chain(numbers).chain(cycle).collect();
    match fields.is_empty() {
        true => "Sequence::default()".to_owned(),
        false => format!("Sequence {{ {}, ..Sequence::default() }}", fields.join(", ")),
    }
}

fn column_expr(column: &Column) -> String {
    let mut text = format!("Column::new({:?}, {})", column.name, type_expr(&column.column_type));
    let mut add = |call: &str| text.push_str(call);
    match column.identity {
        Some(Identity::ByDefault) => add(".identity()"),
        Some(other) => add(&format!(".identity_as({})", identity_expr(other))),
        None if !column.nullable => add(".not_null()"),
        None => {}
    }
    if column.sequence != Sequence::default() {
        add(&format!(".sequence({})", sequence_expr(&column.sequence)));
    }
    if let Some(default) = &column.default {
        add(&format!(".default({})", default_expr(default)));
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
    if let Some(attributes) = &column.attributes {
        add(&format!(".attributes({attributes:?})"));
    }
    if let Some(comment) = &column.comment {
        add(&format!(".comment({comment:?})"));
    }
    for constraint in &column.constraints {
        add(&format!(".constraint({})", constraint_expr(constraint)));
    }
    text
}

fn alter_calls(change: &AlterColumn) -> String {
    let mut text = String::new();
    let mut add = |call: String| text.push_str(&call);
    if let Some(column_type) = &change.column_type {
        add(format!(".column_type({})", type_expr(column_type)));
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
        Some(Some(default)) => add(format!(".default({})", default_expr(default))),
        Some(None) => add(".drop_default()".to_owned()),
        None => {}
    }
    if let Some(identity) = change.identity {
        let identity = identity.map_or("None".to_owned(), |identity| format!("Some({})", identity_expr(identity)));
        add(format!(".identity_as({identity})"));
    }
    if let Some(sequence) = &change.sequence {
        add(format!(".sequence({})", sequence_expr(sequence)));
    }
    match &change.collation {
        Some(Some(collation)) => add(format!(".collation({collation:?})")),
        Some(None) => add(".drop_collation()".to_owned()),
        None => {}
    }
    if let Some(on_update) = &change.on_update {
        add(format!(".on_update({:?})", on_update.as_deref()));
    }
    if let Some(attributes) = &change.attributes {
        add(format!(".attributes({:?})", attributes.as_deref()));
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
        add(format!(".existing({})", column_expr(existing)));
    }
    text
}

fn action_expr(action: Action) -> String {
    format!("Action::{action:?}")
}

fn initially_expr(initially: Initially) -> String {
    format!("Initially::{initially:?}")
}

fn foreign_key_expr(key: &ForeignKey) -> String {
    let mut text =
        format!("ForeignKey::new({:?}, {}, {:?})", key.columns, name_expr(&key.referred_table), key.referred_columns);
    for (event, action) in [("delete", key.on_delete), ("update", key.on_update)] {
        if let Some(action) = action {
            text = format!("{text}.on_{event}({})", action_expr(action));
        }
    }
    if let Some(initially) = key.deferrable {
        text = format!("{text}.deferrable({})", initially_expr(initially));
    }
    if key.not_valid { format!("{text}.not_valid()") } else { text }
}

fn constraint_expr(constraint: &Constraint) -> String {
    let text = match constraint {
        Constraint::PrimaryKey(key) => format!("PrimaryKey::new({:?})", key.columns),
        Constraint::Unique(unique) => {
            let deferrable = unique.deferrable.map(|initially| format!(".deferrable({})", initially_expr(initially)));
            format!("Unique::new({:?}){}", unique.columns, deferrable.unwrap_or_default())
        }
        Constraint::ForeignKey(key) => foreign_key_expr(key),
        Constraint::Check(check) => {
            format!("Check::new({:?}){}", check.expression, if check.not_valid { ".not_valid()" } else { "" })
        }
    };
    constraint.own_name().map_or(text.clone(), |name| format!("{text}.named({name:?})"))
}

fn kind_expr(kind: ConstraintKind) -> &'static str {
    match kind {
        ConstraintKind::PrimaryKey => "ConstraintKind::PrimaryKey",
        ConstraintKind::Unique => "ConstraintKind::Unique",
        ConstraintKind::ForeignKey => "ConstraintKind::ForeignKey",
        ConstraintKind::Check => "ConstraintKind::Check",
    }
}

fn index_expr(index: &Index) -> String {
    let plain = index.keys.iter().all(|key| matches!(key, IndexKey::Column(_)));
    let key = |key: &IndexKey| match key {
        IndexKey::Column(name) if plain => format!("{name:?}"),
        IndexKey::Column(name) => format!("IndexKey::Column({name:?}.into())"),
        IndexKey::Descending(name) => format!("IndexKey::Descending({name:?}.into())"),
        IndexKey::Expression(sql) => format!("IndexKey::Expression({sql:?}.into())"),
        IndexKey::Written(sql) => format!("IndexKey::Written({sql:?}.into())"),
    };
    let keys: Vec<String> = index.keys.iter().map(key).collect();
    let mut text = format!("Index::new({}, [{}])", name_expr(&index.table), keys.join(", "));
    let mut add = |call: String| text.push_str(&call);
    if let Some(name) = &index.name {
        add(format!(".named({name:?})"));
    }
    if index.unique {
        add(".unique()".to_owned());
    }
    if let Some(predicate) = &index.predicate {
        add(format!(".filter({predicate:?})"));
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

fn batch_call(change: &Change) -> String {
    match change {
        Change::AddColumn(column) => format!(".add_column({})", column_expr(column)),
        Change::AlterColumn(change) => {
            format!(".alter_column({:?}, |column| column{})", change.column, alter_calls(change))
        }
        Change::DropColumn(column) => format!(".drop_column({column:?})"),
        Change::CreateIndex(index) => format!(".create_index({})", index_expr(index)),
        Change::DropIndex(index) => format!(".drop_index({index:?})"),
        Change::CreateConstraint(constraint) => format!(".create_constraint({})", constraint_expr(constraint)),
        Change::DropConstraint(name, kind) => format!(".drop_constraint({name:?}, {})", kind_expr(*kind)),
    }
}
