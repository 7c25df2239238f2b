//! Tables and their columns.

use alembic_sql::Dialect;

use super::{
    numbering::serial,
    postgres,
    render::{Statements, Unsupported, Writer, not_exists, unsupported},
    sqlite,
};
use crate::{Column, Constraint, DefaultValue, Identity, Index, Name, Table, Type};

impl Writer<'_> {
    pub(super) fn create_table(self, table: &Table) -> Statements {
        let dialect = self.dialect;
        let key = sqlite::rowid_key(table, dialect);
        let counted = |column: &Column| column.identity.is_some() && key == Some(column.name.as_str());
        let is_key = |constraint: &&Constraint| matches!(constraint, Constraint::PrimaryKey(_));
        let mut lines = Vec::new();
        for column in &table.columns {
            if dialect == Dialect::Sqlite && column.identity.is_some() && !counted(column) {
                let what = format!("numbering `{}`, which is not the only column of the primary key", column.name);
                return Err(unsupported(dialect, what, "make it the primary key, or leave `identity` out"));
            }
            let line = self.column(column)?;
            // Rows are numbered in the column only.
            let key = table.all_constraints().find(is_key).filter(|_| counted(column));
            lines.push(key.map_or_else(
                || line.clone(),
                |key| {
                    let name = dialect.quote(&self.naming.constraint(&table.name, key));
                    format!("{line} CONSTRAINT {name} PRIMARY KEY AUTOINCREMENT")
                },
            ));
        }
        let in_column = table.columns.iter().any(counted);
        for constraint in table.all_constraints().filter(|constraint| !(in_column && is_key(constraint))) {
            lines.push(self.constraint(&table.name, constraint)?);
        }
        for column in &table.columns {
            if let Some(check) = column.column_type.check(&table.name, &column.name, dialect) {
                lines.push(self.constraint(&table.name, &check.into())?);
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
            sql = format!("{sql} {}", option.sql);
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
            let index = Index { if_not_exists: table.if_not_exists && dialect != Dialect::Mysql, ..index.clone() };
            statements.push(self.create_index(&index)?);
        }
        Ok(statements)
    }

    pub(super) fn table_comment(self, table: &Name, comment: Option<&str>) -> Statements {
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

    pub(super) fn add_column(self, table: &Name, column: &Column, if_not_exists: bool) -> Statements {
        if if_not_exists && !self.knows_if_exists() {
            return Err(self.no_condition("ADD COLUMN IF NOT EXISTS"));
        }
        if self.dialect == Dialect::Sqlite {
            return sqlite::add_column(self, table, column);
        }
        let mut actions = vec![format!("ADD COLUMN {}{}", not_exists(if_not_exists), self.column(column)?)];
        for constraint in &column.constraints {
            actions.push(format!("ADD {}", self.constraint(table, constraint)?));
        }
        let mut statements = vec![format!("{} {}", self.alter(table), actions.join(", "))];
        statements.extend(self.column_comment(table, column));
        Ok(statements)
    }

    /// Returns a column as it stands in `CREATE TABLE`, without its constraints.
    pub(super) fn column(self, column: &Column) -> Result<String, Unsupported> {
        let dialect = self.dialect;
        let mysql = dialect.is_mysql_family();
        let column_type = match dialect {
            // Only a column of exactly this type is the row's own number.
            Dialect::Sqlite if column.identity.is_some() && column.column_type.is_integer() => "INTEGER".to_owned(),
            Dialect::Postgres if column.identity == Some(Identity::Serial) => serial(&column.column_type),
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
            false if dialect == Dialect::Mariadb && column.generated.is_some() => {
                let instead = "leave `not_null` out, and add a check";
                return Err(unsupported(dialect, "computed columns that are NOT NULL", instead));
            }
            false => add("NOT NULL"),
            // Some servers make the first column of this type another one.
            true if mysql && column.generated.is_none() && is_timestamp(&column.column_type) => add("NULL"),
            _ => {}
        }
        if let Some(default) = &column.default {
            add(&format!("DEFAULT {}", self.default(default, Some(&column.column_type))?));
        }
        match (column.identity, dialect) {
            (Some(Identity::ByDefault), Dialect::Postgres) => add("GENERATED BY DEFAULT AS IDENTITY"),
            (Some(Identity::Always), Dialect::Postgres) => add("GENERATED ALWAYS AS IDENTITY"),
            (Some(_), Dialect::Mysql | Dialect::Mariadb) => add("AUTO_INCREMENT"),
            _ => {}
        }
        if let Some(expression) = column.on_update.as_ref().filter(|_| mysql) {
            add(&format!("ON UPDATE {expression}"));
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
}

fn is_timestamp(column_type: &Type) -> bool {
    match column_type {
        Type::TimestampTz => true,
        Type::Native(name) => name.to_lowercase().starts_with("timestamp"),
        _ => false,
    }
}
