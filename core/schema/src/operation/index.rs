//! Indexes.

use alembic_sql::{Dialect, wording::joined};

use super::{
    mysql,
    render::{Statements, Unsupported, Writer, exists, not_exists, unsupported},
};
use crate::{Index, IndexKey, Name, shortened};

impl Writer<'_> {
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
            IndexKey::Written(key) => key.clone(),
        };
        let keys = joined(index.keys.iter().map(key));
        let name = self.naming.index(index);
        // SQLite looks for the table beside the index, PostgreSQL puts the index beside the table.
        let (name, table) = match dialect {
            Dialect::Sqlite => (index.table.beside(&name).sql(dialect), dialect.quote(&index.table.name)),
            _ => (dialect.quote(&name), index.table.sql(dialect)),
        };
        if index.method.is_some() && dialect == Dialect::Sqlite {
            return Err(unsupported(dialect, "kinds of indexes", "leave `using` out"));
        }
        let method = index.method.as_ref().map(|method| format!(" USING {method}")).unwrap_or_default();
        let (before, after) = if dialect.is_mysql_family() { ("", method.as_str()) } else { (method.as_str(), "") };
        let unique = if index.unique { "UNIQUE " } else { "" };
        let concurrently = if index.concurrently { "CONCURRENTLY " } else { "" };
        let condition = not_exists(index.if_not_exists);
        let include = match index.include.as_slice() {
            [] => String::new(),
            columns => format!(" INCLUDE ({})", joined(columns.iter().map(|column| dialect.quote(column)))),
        };
        let predicate = index.predicate.as_ref().map(|predicate| format!(" WHERE {predicate}")).unwrap_or_default();
        Ok(format!(
            "CREATE {unique}INDEX {concurrently}{condition}{name} ON {table}{before} ({keys}){after}{include}{predicate}"
        ))
    }

    pub(super) fn drop_index(self, table: &Name, index: &str, if_exists: bool, concurrently: bool) -> Statements {
        let dialect = self.dialect;
        if concurrently {
            self.postgres_only("dropping an index `concurrently`", "leave it out")?;
        }
        let (exists, index) = (exists(if_exists), &shortened(index));
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
