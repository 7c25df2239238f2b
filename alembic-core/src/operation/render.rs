//! Operations → SQL.

use super::{Operation, mysql, postgres, sqlite};
use crate::{
    Dialect,
    schema::{Column, Constraint, DefaultValue, ForeignKey, Index, IndexKey, Initially, Name, Naming, Table, Type},
    wording::joined,
};

/// A database cannot do what an operation says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{dialect} has no way for {what}")]
pub struct Unsupported {
    /// The database.
    pub dialect: Dialect,
    /// What it cannot do.
    pub what: String,
    /// What to do instead.
    pub instead: String,
}

pub(super) fn unsupported(dialect: Dialect, what: impl Into<String>, instead: impl Into<String>) -> Unsupported {
    Unsupported { dialect, what: what.into(), instead: instead.into() }
}

/// What an operation has to be said in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Writer<'n> {
    pub(super) dialect: Dialect,
    pub(super) naming: &'n Naming,
}

type Statements = Result<Vec<String>, Unsupported>;

/// Returns the statements of an operation, in their order.
///
/// # Errors
///
/// [`Unsupported`], with what to do instead. Nothing is left out silently.
pub fn render(operation: &Operation, dialect: Dialect, naming: &Naming) -> Statements {
    Writer { dialect, naming }.operation(operation)
}

impl Writer<'_> {
    pub(super) fn operation(self, operation: &Operation) -> Statements {
        let dialect = self.dialect;
        match operation {
            Operation::CreateTable(table) => self.create_table(table),
            Operation::DropTable { table, if_exists } => {
                Ok(vec![format!("DROP TABLE {}{}", exists(*if_exists), table.sql(dialect))])
            }
            Operation::RenameTable { table, to } => {
                let to = if dialect.is_mysql_family() { table.beside(to).sql(dialect) } else { dialect.quote(to) };
                Ok(vec![format!("{} RENAME TO {to}", self.alter(table))])
            }
            Operation::TableComment { table, comment } => self.table_comment(table, comment.as_deref()),
            Operation::AddColumn { table, column, if_not_exists } => self.add_column(table, column, *if_not_exists),
            Operation::AlterColumn(change) => match dialect {
                Dialect::Sqlite => sqlite::alter_column(self, change),
                Dialect::Postgres => postgres::alter_column(self, change),
                Dialect::Mysql | Dialect::Mariadb => mysql::alter_column(self, change),
            },
            Operation::DropColumn { table, column, if_exists } => {
                if *if_exists && !self.knows_if_exists() {
                    return Err(self.no_condition("DROP COLUMN IF EXISTS"));
                }
                Ok(vec![format!("{} DROP COLUMN {}{}", self.alter(table), exists(*if_exists), dialect.quote(column))])
            }
            Operation::CreateIndex(index) => Ok(vec![self.create_index(index)?]),
            Operation::DropIndex { table, index, if_exists, concurrently } => {
                self.drop_index(table, index, *if_exists, *concurrently)
            }
            Operation::CreateConstraint { table, constraint } => {
                if dialect == Dialect::Sqlite {
                    return Err(sqlite::needs_batch(format!("ALTER TABLE … ADD of a {}", constraint.kind())));
                }
                Ok(vec![format!("{} ADD {}", self.alter(table), self.constraint(table, constraint)?)])
            }
            Operation::ValidateConstraint { table, constraint } => {
                self.postgres_only("VALIDATE CONSTRAINT", "constraints are always valid there: leave it out")?;
                Ok(vec![format!("{} VALIDATE CONSTRAINT {}", self.alter(table), dialect.quote(constraint))])
            }
            Operation::DropConstraint { table, constraint, kind, if_exists } => {
                let dropped = match dialect {
                    Dialect::Sqlite => return Err(sqlite::needs_batch(format!("ALTER TABLE … DROP of a {kind}"))),
                    Dialect::Postgres => {
                        format!("DROP CONSTRAINT {}{}", exists(*if_exists), dialect.quote(constraint))
                    }
                    Dialect::Mysql | Dialect::Mariadb => mysql::drop_constraint(self, constraint, *kind, *if_exists)?,
                };
                Ok(vec![format!("{} {dropped}", self.alter(table))])
            }
            Operation::CreateEnum { .. }
            | Operation::AddEnumValue { .. }
            | Operation::RenameEnumValue { .. }
            | Operation::DropEnum { .. } => {
                let instead = match dialect {
                    Dialect::Sqlite => "`Type::Enum` makes a check of it there; change it with `op.batch_alter_table`",
                    _ => "the type of the column lists the values there: use `Type::Enum`, and `op.alter_column`",
                };
                self.postgres_only("enumeration types of their own", instead)?;
                Ok(vec![postgres::enumeration(operation)])
            }
            Operation::BulkInsert(insert) => insert.sql(dialect),
            Operation::Batch(batch) => match dialect {
                Dialect::Sqlite => sqlite::batch(self, batch),
                _ => Ok(batch.operations().map(|op| self.operation(&op)).collect::<Result<Vec<_>, _>>()?.concat()),
            },
        }
    }

    /// Returns `ALTER TABLE t`.
    pub(super) fn alter(self, table: &Name) -> String {
        format!("ALTER TABLE {}", table.sql(self.dialect))
    }

    fn postgres_only(self, what: &str, instead: &str) -> Result<(), Unsupported> {
        if self.dialect == Dialect::Postgres { Ok(()) } else { Err(unsupported(self.dialect, what, instead)) }
    }

    fn knows_if_exists(self) -> bool {
        matches!(self.dialect, Dialect::Postgres | Dialect::Mariadb)
    }

    fn no_condition(self, what: &str) -> Unsupported {
        unsupported(self.dialect, format!("`{what}`"), "leave the condition out: the revision knows what is there")
    }

    fn create_table(self, table: &Table) -> Statements {
        let dialect = self.dialect;
        let key = sqlite::rowid_key(table, dialect);
        let mut lines = Vec::new();
        for column in &table.columns {
            let mut line = self.column(column)?;
            if key == Some(column.name.as_str()) && column.identity {
                let name = table.all_constraints().find(|c| c.columns() == [column.name.clone()]);
                let name = name.map(|constraint| self.naming.constraint(&table.name, constraint)).unwrap_or_default();
                line.push_str(&format!(" CONSTRAINT {} PRIMARY KEY AUTOINCREMENT", dialect.quote(&name)));
            }
            lines.push(line);
        }
        for constraint in table.all_constraints() {
            let inline = matches!(constraint, Constraint::PrimaryKey(_))
                && table.columns.iter().any(|column| column.identity && key == Some(column.name.as_str()));
            if !inline {
                lines.push(self.constraint(&table.name, constraint)?);
            }
        }
        for column in &table.columns {
            if let Some(check) = column.column_type.check(&column.name, dialect) {
                let name = dialect.quote(&format!("ck_{}_{}", table.name.name, column.name));
                lines.push(format!("CONSTRAINT {name} CHECK ({check})"));
            }
        }
        let mut sql = format!(
            "CREATE TABLE {}{} (\n    {}\n)",
            not_exists(table.if_not_exists),
            table.name.sql(dialect),
            lines.join(",\n    ")
        );
        let own =
            |dialect_of: Dialect| dialect_of == dialect || dialect_of == Dialect::Mysql && dialect.is_mysql_family();
        for option in table.options.iter().filter(|option| own(option.dialect)) {
            sql.push(' ');
            sql.push_str(&option.sql);
        }
        let mut statements = Vec::new();
        match &table.comment {
            Some(comment) if dialect.is_mysql_family() => {
                statements.push(format!("{sql} COMMENT = {}", dialect.literal(comment)));
            }
            comment => {
                statements.push(sql);
                if let Some(comment) = comment {
                    statements.extend(self.table_comment(&table.name, Some(comment))?);
                }
            }
        }
        for column in &table.columns {
            statements.extend(self.column_comment(&table.name, column));
        }
        for index in &table.indexes {
            let index = Index { if_not_exists: table.if_not_exists && !dialect.is_mysql_family(), ..index.clone() };
            statements.push(self.create_index(&index)?);
        }
        Ok(statements)
    }

    fn table_comment(self, table: &Name, comment: Option<&str>) -> Statements {
        let dialect = self.dialect;
        match dialect {
            Dialect::Sqlite => Err(sqlite::no_comments()),
            Dialect::Postgres => {
                let comment = comment.map_or_else(|| "NULL".to_owned(), |comment| dialect.literal(comment));
                Ok(vec![format!("COMMENT ON TABLE {} IS {comment}", table.sql(dialect))])
            }
            Dialect::Mysql | Dialect::Mariadb => {
                Ok(vec![format!("{} COMMENT = {}", self.alter(table), dialect.literal(comment.unwrap_or_default()))])
            }
        }
    }

    /// PostgreSQL says them apart; MySQL in the column.
    pub(super) fn column_comment(self, table: &Name, column: &Column) -> Option<String> {
        let comment = column.comment.as_ref().filter(|_| self.dialect == Dialect::Postgres)?;
        Some(postgres::column_comment(table, &column.name, Some(comment)))
    }

    fn add_column(self, table: &Name, column: &Column, if_not_exists: bool) -> Statements {
        if if_not_exists && !self.knows_if_exists() {
            return Err(self.no_condition("ADD COLUMN IF NOT EXISTS"));
        }
        if self.dialect == Dialect::Sqlite {
            return sqlite::add_column(self, table, column);
        }
        let mut statements =
            vec![format!("{} ADD COLUMN {}{}", self.alter(table), not_exists(if_not_exists), self.column(column)?)];
        statements.extend(self.column_comment(table, column));
        for constraint in &column.constraints {
            statements.push(format!("{} ADD {}", self.alter(table), self.constraint(table, constraint)?));
        }
        Ok(statements)
    }

    /// Returns a column as it stands in `CREATE TABLE`, without its constraints.
    pub(super) fn column(self, column: &Column) -> Result<String, Unsupported> {
        let dialect = self.dialect;
        let mysql = dialect.is_mysql_family();
        let column_type = match dialect {
            // Only a column of exactly this type is the row's own number.
            Dialect::Sqlite if column.identity && column.column_type.is_integer() => "INTEGER".to_owned(),
            _ => column.column_type.sql(dialect),
        };
        let mut sql = format!("{} {column_type}", dialect.quote(&column.name));
        let mut add = |words: &str| {
            sql.push(' ');
            sql.push_str(words);
        };
        if let Some(collation) = &column.collation {
            add(&format!("COLLATE {}", if mysql { collation.clone() } else { dialect.quote(collation) }));
        }
        if let Some(generated) = &column.generated {
            if !generated.stored && dialect == Dialect::Postgres {
                return Err(unsupported(dialect, "columns computed when they are read", "use `generated_stored`"));
            }
            let kind = if generated.stored { "STORED" } else { "VIRTUAL" };
            add(&format!("GENERATED ALWAYS AS ({}) {kind}", generated.expression));
        }
        match column.nullable {
            // MariaDB takes no nullability of a computed column.
            false if dialect != Dialect::Mariadb || column.generated.is_none() => add("NOT NULL"),
            // Some servers make the first column of this type another one.
            true if mysql && column.column_type == Type::TimestampTz => add("NULL"),
            _ => {}
        }
        if let Some(default) = &column.default {
            add(&format!("DEFAULT {}", self.default(default, Some(&column.column_type))?));
        }
        match (column.identity, dialect) {
            (true, Dialect::Postgres) => add("GENERATED BY DEFAULT AS IDENTITY"),
            (true, Dialect::Mysql | Dialect::Mariadb) => add("AUTO_INCREMENT"),
            _ => {}
        }
        match &column.comment {
            Some(_) if dialect == Dialect::Sqlite => return Err(sqlite::no_comments()),
            Some(comment) if mysql => add(&format!("COMMENT {}", dialect.literal(comment))),
            _ => {}
        }
        Ok(sql)
    }

    pub(super) fn default(self, default: &DefaultValue, column_type: Option<&Type>) -> Result<String, Unsupported> {
        default
            .sql(column_type, self.dialect)
            .map_err(|what| unsupported(self.dialect, format!("{what} as a default"), "use another default"))
    }

    /// Returns a constraint with its name, as it stands in `CREATE TABLE` and after `ADD`.
    pub(super) fn constraint(self, table: &Name, constraint: &Constraint) -> Result<String, Unsupported> {
        let dialect = self.dialect;
        let columns = |columns: &[String]| joined(columns.iter().map(|column| dialect.quote(column)));
        let name = dialect.quote(&self.naming.constraint(table, constraint));
        let body = match constraint {
            Constraint::PrimaryKey(key) => format!("PRIMARY KEY ({})", columns(&key.columns)),
            Constraint::Unique(unique) => {
                if unique.deferrable.is_some() {
                    self.postgres_only("deferrable unique constraints", "leave `deferrable` out")?;
                }
                format!("UNIQUE ({}){}", columns(&unique.columns), deferrable(unique.deferrable))
            }
            Constraint::ForeignKey(key) => self.foreign_key(key, &columns)?,
            Constraint::Check(check) => {
                if check.not_valid {
                    self.postgres_only("constraints that are not valid yet", "leave `not_valid` out")?;
                }
                format!("CHECK ({}){}", check.expression, if check.not_valid { " NOT VALID" } else { "" })
            }
        };
        Ok(format!("CONSTRAINT {name} {body}"))
    }

    fn foreign_key(self, key: &ForeignKey, columns: &dyn Fn(&[String]) -> String) -> Result<String, Unsupported> {
        if key.not_valid {
            self.postgres_only("constraints that are not valid yet", "leave `not_valid` out")?;
        }
        if key.deferrable.is_some() && self.dialect.is_mysql_family() {
            return Err(unsupported(self.dialect, "deferrable foreign keys", "leave `deferrable` out"));
        }
        let mut sql = format!(
            "FOREIGN KEY ({}) REFERENCES {} ({})",
            columns(&key.columns),
            key.referred_table.sql(self.dialect),
            columns(&key.referred_columns)
        );
        for (event, action) in [("DELETE", key.on_delete), ("UPDATE", key.on_update)] {
            if let Some(action) = action {
                sql.push_str(&format!(" ON {event} {}", action.sql()));
            }
        }
        sql.push_str(deferrable(key.deferrable));
        if key.not_valid {
            sql.push_str(" NOT VALID");
        }
        Ok(sql)
    }

    pub(super) fn create_index(self, index: &Index) -> Result<String, Unsupported> {
        let dialect = self.dialect;
        if dialect.is_mysql_family() {
            mysql::check_index(self, index)?;
        }
        if index.concurrently {
            self.postgres_only("building an index `concurrently`", "leave it out")?;
        }
        if !index.include.is_empty() {
            self.postgres_only("indexes that include other columns", "add them to the keys")?;
        }
        let key = |key: &IndexKey| match key {
            IndexKey::Column(column) => dialect.quote(column),
            IndexKey::Descending(column) => format!("{} DESC", dialect.quote(column)),
            IndexKey::Expression(expression) => format!("({expression})"),
        };
        let keys = joined(index.keys.iter().map(key));
        let mut sql = "CREATE ".to_owned();
        if index.unique {
            sql.push_str("UNIQUE ");
        }
        sql.push_str("INDEX ");
        if index.concurrently {
            sql.push_str("CONCURRENTLY ");
        }
        sql.push_str(not_exists(index.if_not_exists));
        let name = self.naming.index(index);
        // SQLite looks for the table beside the index, PostgreSQL puts the index beside the table.
        let (name, table) = match dialect {
            Dialect::Sqlite => (index.table.beside(&name).sql(dialect), dialect.quote(&index.table.name)),
            _ => (dialect.quote(&name), index.table.sql(dialect)),
        };
        sql.push_str(&format!("{name} ON {table}"));
        match &index.method {
            Some(_) if dialect == Dialect::Sqlite => {
                return Err(unsupported(dialect, "kinds of indexes", "leave `using` out"));
            }
            Some(method) if dialect == Dialect::Postgres => sql.push_str(&format!(" USING {method}")),
            _ => {}
        }
        sql.push_str(&format!(" ({keys})"));
        if let Some(method) = index.method.as_ref().filter(|_| dialect.is_mysql_family()) {
            sql.push_str(&format!(" USING {method}"));
        }
        if !index.include.is_empty() {
            sql.push_str(&format!(" INCLUDE ({})", joined(index.include.iter().map(|column| dialect.quote(column)))));
        }
        if let Some(predicate) = &index.predicate {
            sql.push_str(&format!(" WHERE {predicate}"));
        }
        Ok(sql)
    }

    fn drop_index(self, table: &Name, index: &str, if_exists: bool, concurrently: bool) -> Statements {
        let dialect = self.dialect;
        if concurrently {
            self.postgres_only("dropping an index `concurrently`", "leave it out")?;
        }
        let exists = exists(if_exists);
        if dialect.is_mysql_family() {
            if if_exists && dialect == Dialect::Mysql {
                return Err(self.no_condition("DROP INDEX IF EXISTS"));
            }
            return Ok(vec![format!("DROP INDEX {exists}{} ON {}", dialect.quote(index), table.sql(dialect))]);
        }
        let concurrently = if concurrently { "CONCURRENTLY " } else { "" };
        Ok(vec![format!("DROP INDEX {concurrently}{exists}{}", table.beside(index).sql(dialect))])
    }
}

pub(super) fn exists(condition: bool) -> &'static str {
    if condition { "IF EXISTS " } else { "" }
}

pub(super) fn not_exists(condition: bool) -> &'static str {
    if condition { "IF NOT EXISTS " } else { "" }
}

fn deferrable(initially: Option<Initially>) -> &'static str {
    match initially {
        None => "",
        Some(Initially::Immediate) => " DEFERRABLE INITIALLY IMMEDIATE",
        Some(Initially::Deferred) => " DEFERRABLE INITIALLY DEFERRED",
    }
}
