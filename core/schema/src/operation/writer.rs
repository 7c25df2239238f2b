//! The writer of a database's SQL.

use std::slice;

use alembic_sql::{Dialect, wording::joined};

use super::{
    AlterColumn, BatchAlterTable, BulkInsert, Conflict, Operation,
    ddl::{Conditional, Ddl, Unsupported, Written, if_exists, if_not_exists},
    insert::in_statements,
};
use crate::{
    Check, Column, Constraint, ConstraintKind, DefaultValue, ForeignKey, Identity, Index, IndexKey, Initially, Name,
    Naming, Table, Type, Unique, Value,
};

const SCHEMAS_ARE_DATABASES: &str = "a schema is a database of its own there: make it outside of the revisions";

/// Writes operations as a database takes them.
///
/// The default methods are the standard's SQL, with what most databases have beyond it. A database overrides what it
/// writes differently, and refuses what it does not support. The first methods write operations, the others the clauses
/// that operations consist of.
pub(super) trait DdlWriter {
    /// Returns the database.
    fn dialect(&self) -> Dialect;

    /// Returns the convention for objects without a name.
    fn naming(&self) -> &Naming;

    /// Writes any operation.
    fn write(&self, operation: &Operation) -> Written {
        let statement = |sql| Ok(vec![Ddl::Statement(sql)]);
        match operation {
            Operation::CreateTable(table) => self.create_table(table),
            Operation::DropTable { table, if_exists: absent } => {
                statement(format!("DROP TABLE {}{}", if_exists(*absent), self.name(table)))
            }
            Operation::RenameTable { table, to } => Ok(vec![self.rename_table(table, to)]),
            Operation::TableComment { table, comment } => Ok(vec![self.table_comment(table, comment.as_deref())?]),
            Operation::AddColumn { table, column, if_not_exists } => self.add_column(table, column, *if_not_exists),
            Operation::AlterColumn(change) => self.alter_column(change),
            Operation::DropColumn { table, column, if_exists } => {
                let condition = self.condition(Conditional::DropColumn, *if_exists)?;
                Ok(vec![Ddl::action(table, format!("DROP COLUMN {condition}{}", self.quote(column)))])
            }
            Operation::CreateIndex(index) => statement(self.create_index(index)?),
            Operation::DropIndex { table, index, if_exists, concurrently } => {
                statement(self.drop_index(table, index, *if_exists, *concurrently)?)
            }
            Operation::CreateConstraint { table, constraint } => {
                Ok(vec![Ddl::action(table, self.add_constraint(table, constraint)?)])
            }
            Operation::CreateUniqueUsingIndex { table, index, deferrable } => {
                Ok(vec![Ddl::action(table, self.create_unique_using_index(index, *deferrable)?)])
            }
            Operation::ValidateConstraint { table, constraint } => {
                Ok(vec![Ddl::action(table, self.validate_constraint(constraint)?)])
            }
            Operation::DropConstraint { table, constraint, kind, if_exists } => {
                Ok(vec![Ddl::action(table, self.drop_constraint(constraint, *kind, *if_exists)?)])
            }
            Operation::RenameIndex { table, index, to } => Ok(vec![self.rename_index(table, index, to)?]),
            Operation::RenameConstraint { table, constraint, kind, to } => {
                Ok(vec![self.rename_constraint(table, constraint, *kind, to)?])
            }
            Operation::CreateSchema(name) => statement(self.create_schema(name)?),
            Operation::DropSchema(name) => statement(self.drop_schema(name)?),
            Operation::CreateEnum { name, values } => statement(self.create_enum(name, values)?),
            Operation::AddEnumValue { name, value, before, if_not_exists } => {
                statement(self.add_enum_value(name, value, before.as_deref(), *if_not_exists)?)
            }
            Operation::RenameEnumValue { name, value, to } => statement(self.rename_enum_value(name, value, to)?),
            Operation::RenameEnum { name, to } => statement(self.rename_enum(name, to)?),
            Operation::DropEnum { name, if_exists } => statement(self.drop_enum(name, *if_exists)?),
            Operation::BulkInsert(insert) => self.bulk_insert(insert),
            Operation::Batch(batch) => self.batch(batch),
            Operation::Execute(sql) => statement(sql.clone()),
        }
    }

    fn create_table(&self, table: &Table) -> Written {
        let condition = if_not_exists(table.if_not_exists);
        let elements = self.table_elements(table)?.join(",\n    ");
        let mut sql = format!("CREATE TABLE {condition}{} (\n    {elements}\n)", self.name(&table.name));
        for option in self.table_options(table) {
            sql = format!("{sql} {option}");
        }
        let mut written = vec![Ddl::Statement(sql)];
        written.extend(self.comments(&table.name, table.comment.as_deref(), &table.columns)?);
        for index in &table.indexes {
            let if_not_exists = table.if_not_exists && self.takes(Conditional::CreateIndex);
            written.push(Ddl::Statement(self.create_index(&Index { if_not_exists, ..index.clone() })?));
        }
        Ok(written)
    }

    fn rename_table(&self, table: &Name, to: &str) -> Ddl {
        Ddl::action(table, format!("RENAME TO {}", self.quote(to)))
    }

    fn table_comment(&self, table: &Name, comment: Option<&str>) -> Result<Ddl, Unsupported> {
        let comment = comment.map_or_else(|| "NULL".to_owned(), |comment| self.dialect().literal(comment));
        Ok(Ddl::Statement(format!("COMMENT ON TABLE {} IS {comment}", self.name(table))))
    }

    fn column_comment(&self, table: &Name, column: &str, comment: Option<&str>) -> Ddl {
        let comment = comment.map_or_else(|| "NULL".to_owned(), |comment| self.dialect().literal(comment));
        Ddl::Statement(format!("COMMENT ON COLUMN {}.{} IS {comment}", self.name(table), self.quote(column)))
    }

    /// Writes what new columns and their new table have beside their definitions: comments, options of sequences.
    fn comments(&self, table: &Name, comment: Option<&str>, columns: &[Column]) -> Written {
        let of_table = comment.map(|comment| self.table_comment(table, Some(comment))).transpose()?;
        let of_columns = columns.iter().filter_map(|column| {
            column.comment.as_ref().map(|comment| self.column_comment(table, &column.name, Some(comment)))
        });
        let sequences = columns.iter().filter_map(|column| self.sequence_options(table, column));
        Ok(of_table.into_iter().chain(of_columns).chain(sequences).collect())
    }

    /// Writes the options of the sequence of a new column, if it has any of its own.
    fn sequence_options(&self, _table: &Name, _column: &Column) -> Option<Ddl> {
        None
    }

    fn add_column(&self, table: &Name, column: &Column, if_not_exists: bool) -> Written {
        let condition = self.condition(Conditional::AddColumn, if_not_exists)?;
        let mut actions = vec![format!("ADD COLUMN {condition}{}", self.column(column)?)];
        for constraint in &column.constraints {
            actions.push(self.add_constraint(table, constraint)?);
        }
        let mut written = vec![Ddl::action(table, joined(actions))];
        written.extend(self.comments(table, None, slice::from_ref(column))?);
        Ok(written)
    }

    fn alter_column(&self, change: &AlterColumn) -> Written;

    /// Returns what renames a column together with all that names it, and makes the table what it is afterwards. Most
    /// databases see to what names it themselves.
    fn rename_column(&self, table: &mut Table, column: &str, to: &str) -> Operation {
        table.rename_column(column, to);
        Operation::AlterColumn(AlterColumn::new(&table.name, column).rename(to))
    }

    fn create_index(&self, index: &Index) -> Result<String, Unsupported> {
        let unique = if index.unique { "UNIQUE " } else { "" };
        let concurrently = self.concurrently("building an index", index.concurrently)?;
        let condition = self.condition(Conditional::CreateIndex, index.if_not_exists)?;
        let (name, table) = self.index_and_table(index);
        let definition = self.index_definition(index)?;
        Ok(format!("CREATE {unique}INDEX {concurrently}{condition}{name} ON {table} {definition}"))
    }

    fn drop_index(
        &self,
        table: &Name,
        index: &str,
        if_exists: bool,
        concurrently: bool,
    ) -> Result<String, Unsupported> {
        let concurrently = self.concurrently("dropping an index", concurrently)?;
        let condition = self.condition(Conditional::DropIndex, if_exists)?;
        Ok(format!("DROP INDEX {concurrently}{condition}{}", self.name(&table.beside(index))))
    }

    fn add_constraint(&self, table: &Name, constraint: &Constraint) -> Result<String, Unsupported> {
        Ok(format!("ADD {}", self.constraint(table, constraint)?))
    }

    fn validate_constraint(&self, _constraint: &str) -> Result<String, Unsupported> {
        Err(self.unsupported("VALIDATE CONSTRAINT", "constraints are always valid there: leave it out"))
    }

    fn drop_constraint(&self, constraint: &str, kind: ConstraintKind, if_exists: bool) -> Result<String, Unsupported> {
        let condition = self.condition(Conditional::DropConstraint(kind), if_exists)?;
        Ok(format!("DROP CONSTRAINT {condition}{}", self.quote(constraint)))
    }

    fn rename_index(&self, _table: &Name, _index: &str, _to: &str) -> Result<Ddl, Unsupported> {
        Err(self.unsupported("RENAME INDEX", "drop it, and create it under the new name"))
    }

    fn rename_constraint(
        &self,
        _table: &Name,
        _constraint: &str,
        kind: ConstraintKind,
        _to: &str,
    ) -> Result<Ddl, Unsupported> {
        Err(self.unsupported(&format!("RENAME of a {kind}"), "drop it, and create it under the new name"))
    }

    fn create_unique_using_index(&self, _index: &str, _initially: Option<Initially>) -> Result<String, Unsupported> {
        Err(self.unsupported("UNIQUE USING INDEX", "add the unique constraint itself"))
    }

    fn create_schema(&self, _name: &str) -> Result<String, Unsupported> {
        Err(self.unsupported("CREATE SCHEMA", SCHEMAS_ARE_DATABASES))
    }

    fn drop_schema(&self, _name: &str) -> Result<String, Unsupported> {
        Err(self.unsupported("DROP SCHEMA", SCHEMAS_ARE_DATABASES))
    }

    fn create_enum(&self, _name: &Name, _values: &[String]) -> Result<String, Unsupported> {
        Err(self.no_enum_types())
    }

    fn add_enum_value(
        &self,
        _name: &Name,
        _value: &str,
        _before: Option<&str>,
        _if_not_exists: bool,
    ) -> Result<String, Unsupported> {
        Err(self.no_enum_types())
    }

    fn rename_enum_value(&self, _name: &Name, _value: &str, _to: &str) -> Result<String, Unsupported> {
        Err(self.no_enum_types())
    }

    fn rename_enum(&self, _name: &Name, _to: &str) -> Result<String, Unsupported> {
        Err(self.no_enum_types())
    }

    fn drop_enum(&self, _name: &Name, _if_exists: bool) -> Result<String, Unsupported> {
        Err(self.no_enum_types())
    }

    fn no_enum_types(&self) -> Unsupported {
        let instead = "the type of the column lists the values there: use `Type::Enum`, and `op.alter_column`";
        self.unsupported("enumeration types of their own", instead)
    }

    fn bulk_insert(&self, insert: &BulkInsert) -> Written {
        let head = format!("INSERT INTO {} ({}) VALUES", self.name(&insert.table), self.columns(&insert.rows.columns));
        let value = |value: &Value| {
            let refused = |what: String| self.unsupported(&what, "leave it out, or write it another way");
            value.sql(self.dialect()).map_err(refused)
        };
        let row = |row: &Vec<Value>| row.iter().map(value).collect::<Result<Vec<_>, _>>();
        let rows = insert.rows.rows.iter().map(row).collect::<Result<Vec<_>, _>>()?;
        Ok(in_statements(&head, &rows, &self.on_conflict(insert)).into_iter().map(Ddl::Statement).collect())
    }

    /// Writes what to do when a row exists, with a space before.
    fn on_conflict(&self, insert: &BulkInsert) -> String {
        match &insert.conflict {
            Conflict::Fail => String::new(),
            Conflict::Update { key } if !insert.columns_beside(key).is_empty() => {
                let set = insert.columns_beside(key).into_iter().map(|column| {
                    let column = self.quote(column);
                    format!("{column} = excluded.{column}")
                });
                format!(" ON CONFLICT ({}) DO UPDATE SET {}", self.columns(key), joined(set))
            }
            Conflict::DoNothing | Conflict::Update { .. } => " ON CONFLICT DO NOTHING".to_owned(),
        }
    }

    fn batch(&self, batch: &BatchAlterTable) -> Written {
        self.check_order(batch)?;
        Ok(batch.operations().map(|operation| self.write(&operation)).collect::<Result<Vec<_>, _>>()?.concat())
    }

    /// Refuses another order of columns.
    fn check_order(&self, batch: &BatchAlterTable) -> Result<(), Unsupported> {
        let instead = "use `column_order` on SQLite only";
        if batch.order.is_empty() { Ok(()) } else { Err(self.unsupported("another order of columns", instead)) }
    }

    /// Writes the columns and constraints of a new table.
    fn table_elements(&self, table: &Table) -> Result<Vec<String>, Unsupported> {
        let columns = table.columns.iter().map(|column| self.column(column));
        let constraints = table.all_constraints().map(|constraint| self.constraint(&table.name, constraint));
        columns.chain(constraints).collect()
    }

    /// Writes what follows the elements of a new table.
    fn table_options(&self, table: &Table) -> Vec<String> {
        table.options_for(self.dialect()).map(str::to_owned).collect()
    }

    /// Writes a column as `CREATE TABLE` has it, without its constraints.
    fn column(&self, column: &Column) -> Result<String, Unsupported> {
        let mut sql = format!("{} {}", self.quote(&column.name), self.column_type(column));
        let clauses = [
            self.collation(column),
            self.generated(column)?,
            self.nullability(column)?,
            self.default_clause(column)?,
            self.identity(column),
        ];
        for clause in clauses.into_iter().flatten().chain(self.own_clauses(column)?) {
            sql = format!("{sql} {clause}");
        }
        Ok(sql)
    }

    fn column_type(&self, column: &Column) -> String {
        column.column_type.sql(self.dialect())
    }

    fn collation(&self, column: &Column) -> Option<String> {
        column.collation.as_ref().map(|collation| format!("COLLATE {}", self.quote(collation)))
    }

    fn generated(&self, column: &Column) -> Result<Option<String>, Unsupported> {
        Ok(column.generated.as_ref().map(|generated| {
            let kind = if generated.stored { "STORED" } else { "VIRTUAL" };
            format!("GENERATED ALWAYS AS ({}) {kind}", generated.expression)
        }))
    }

    fn nullability(&self, column: &Column) -> Result<Option<String>, Unsupported> {
        Ok((!column.nullable).then(|| "NOT NULL".to_owned()))
    }

    fn default_clause(&self, column: &Column) -> Result<Option<String>, Unsupported> {
        let default = column.default.as_ref().map(|default| self.default_value(default, Some(&column.column_type)));
        Ok(default.transpose()?.map(|default| format!("DEFAULT {default}")))
    }

    /// Writes a default for a column of a type, if that is known.
    fn default_value(&self, default: &DefaultValue, column_type: Option<&Type>) -> Result<String, Unsupported> {
        match default {
            DefaultValue::Value(value) => self.constant(value),
            DefaultValue::Expression(sql) => Ok(self.default_expression(sql)),
            DefaultValue::Now => Ok(match column_type {
                Some(Type::Date) => "CURRENT_DATE".to_owned(),
                Some(Type::Time) => "CURRENT_TIME".to_owned(),
                _ => "CURRENT_TIMESTAMP".to_owned(),
            }),
        }
    }

    fn default_expression(&self, sql: &str) -> String {
        sql.to_owned()
    }

    /// Writes a constant as a default.
    fn constant(&self, value: &Value) -> Result<String, Unsupported> {
        let refused = |what: String| self.unsupported(&format!("{what} as a default"), "use another default");
        value.sql(self.dialect()).map_err(refused)
    }

    fn identity(&self, column: &Column) -> Option<String> {
        match column.identity? {
            Identity::ByDefault => Some("GENERATED BY DEFAULT AS IDENTITY".to_owned()),
            Identity::Always => Some("GENERATED ALWAYS AS IDENTITY".to_owned()),
            Identity::Serial => None,
        }
    }

    /// Writes the clauses of a column that the standard does not have.
    fn own_clauses(&self, _column: &Column) -> Result<Vec<String>, Unsupported> {
        Ok(Vec::new())
    }

    /// Writes a constraint with its name, for `CREATE TABLE` and for `ADD`.
    fn constraint(&self, table: &Name, constraint: &Constraint) -> Result<String, Unsupported> {
        let body = match constraint {
            Constraint::PrimaryKey(key) => format!("PRIMARY KEY ({})", self.columns(&key.columns)),
            Constraint::Unique(unique) => self.unique(unique)?,
            Constraint::ForeignKey(key) => {
                format!("FOREIGN KEY ({}) {}", self.columns(&key.columns), self.references(key)?)
            }
            Constraint::Check(check) => self.check(check)?,
        };
        Ok(format!("CONSTRAINT {} {body}", self.quote(&self.naming().constraint(table, constraint, self.dialect()))))
    }

    fn unique(&self, unique: &Unique) -> Result<String, Unsupported> {
        let deferrable = self.deferrable(unique.deferrable, ConstraintKind::Unique)?;
        Ok(format!("UNIQUE ({}){deferrable}", self.columns(&unique.columns)))
    }

    fn check(&self, check: &Check) -> Result<String, Unsupported> {
        Ok(format!("CHECK ({}){}", check.expression, self.not_valid(check.not_valid)?))
    }

    /// Writes a foreign key from `REFERENCES` on.
    fn references(&self, key: &ForeignKey) -> Result<String, Unsupported> {
        let not_valid = self.not_valid(key.not_valid)?;
        let deferrable = self.deferrable(key.deferrable, ConstraintKind::ForeignKey)?;
        let mut sql =
            format!("REFERENCES {} ({})", self.name(&key.referred_table), self.columns(&key.referred_columns));
        for (event, action) in [("DELETE", key.on_delete), ("UPDATE", key.on_update)] {
            if let Some(action) = action {
                sql = format!("{sql} ON {event} {}", action.sql());
            }
        }
        Ok(format!("{sql}{deferrable}{not_valid}"))
    }

    /// Returns whether constraints of a kind can be deferrable.
    fn defers(&self, _kind: ConstraintKind) -> bool {
        true
    }

    /// Writes when a constraint is checked, with a space before.
    fn deferrable(&self, initially: Option<Initially>, kind: ConstraintKind) -> Result<String, Unsupported> {
        match initially {
            Some(_) if !self.defers(kind) => {
                Err(self.unsupported(&format!("deferrable {kind}s"), "leave `deferrable` out"))
            }
            Some(initially) => Ok(format!(" {}", initially.sql())),
            None => Ok(String::new()),
        }
    }

    /// Writes `NOT VALID` with a space before.
    fn not_valid(&self, not_valid: bool) -> Result<&'static str, Unsupported> {
        let refused = || self.unsupported("constraints that are not valid yet", "leave `not_valid` out");
        if not_valid { Err(refused()) } else { Ok("") }
    }

    /// Writes the names of an index and of its table, one of them with the schema.
    fn index_and_table(&self, index: &Index) -> (String, String) {
        (self.quote(&self.naming().index(index, self.dialect())), self.name(&index.table))
    }

    /// Writes what follows the table in `CREATE INDEX`.
    fn index_definition(&self, index: &Index) -> Result<String, Unsupported>;

    fn index_keys(&self, index: &Index) -> String {
        joined(index.keys.iter().map(|key| match key {
            IndexKey::Column(column) => self.quote(column),
            IndexKey::Descending(column) => format!("{} DESC", self.quote(column)),
            IndexKey::Expression(expression) => format!("({expression})"),
            IndexKey::Written(key) => key.clone(),
        }))
    }

    /// Refuses columns that are included without being keys.
    fn check_include(&self, index: &Index) -> Result<(), Unsupported> {
        let refused = || self.unsupported("indexes that include other columns", "add them to the keys");
        if index.include.is_empty() { Ok(()) } else { Err(refused()) }
    }

    /// Writes `CONCURRENTLY` with a space after.
    fn concurrently(&self, doing: &str, concurrently: bool) -> Result<&'static str, Unsupported> {
        let refused = || self.unsupported(&format!("{doing} `concurrently`"), "leave it out");
        if concurrently { Err(refused()) } else { Ok("") }
    }

    /// Returns whether a clause can be conditional.
    fn takes(&self, _conditional: Conditional) -> bool {
        true
    }

    /// Writes a condition with a space after, if it is wanted.
    fn condition(&self, conditional: Conditional, wanted: bool) -> Result<&'static str, Unsupported> {
        if wanted && !self.takes(conditional) {
            let instead = "leave the condition out: the revision knows what is there";
            return Err(self.unsupported(&conditional.to_string(), instead));
        }
        Ok(if wanted { conditional.condition() } else { "" })
    }

    fn quote(&self, identifier: &str) -> String {
        self.dialect().quote(identifier)
    }

    fn name(&self, name: &Name) -> String {
        name.sql(self.dialect())
    }

    fn columns(&self, columns: &[String]) -> String {
        joined(columns.iter().map(|column| self.quote(column)))
    }

    fn unsupported(&self, what: &str, instead: &str) -> Unsupported {
        Unsupported { dialect: self.dialect(), what: what.to_owned(), instead: instead.to_owned() }
    }
}

/// Returns statements.
pub(super) fn statements(written: Vec<Ddl>, dialect: Dialect) -> Vec<String> {
    written.into_iter().map(|ddl| ddl.into_sql(dialect)).collect()
}
