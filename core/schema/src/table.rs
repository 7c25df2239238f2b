//! Tables.

use alembic_sql::Dialect;

use super::{Check, Column, Constraint, ForeignKey, Index, IndexKey, Name, Other};

/// Table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Name.
    pub name: Name,
    /// Columns, in order.
    pub columns: Vec<Column>,
    /// Table constraints; those of one column may be in the column instead.
    pub constraints: Vec<Constraint>,
    /// Indexes.
    pub indexes: Vec<Index>,
    /// Options after the columns, each for one database.
    pub options: Vec<TableOption>,
    /// Comment (`COMMENT ON`).
    pub comment: Option<String>,
    /// Statement that made it, which may say more than the columns and constraints do. SQLite only.
    pub definition: Option<String>,
    /// Parts that are known as the database's text: they are made again with the table, each after those before it.
    pub others: Vec<Other>,
    /// Emit `IF NOT EXISTS`.
    pub if_not_exists: bool,
}

/// Option after the columns, for one database: `STRICT`, `ENGINE = InnoDB`, …
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableOption {
    /// Database that takes it.
    pub dialect: Dialect,
    /// SQL of the option.
    pub sql: String,
}

impl Table {
    /// Returns a table without columns.
    #[must_use]
    pub fn new(name: impl Into<Name>) -> Self {
        Self {
            name: name.into(),
            columns: Vec::new(),
            constraints: Vec::new(),
            indexes: Vec::new(),
            options: Vec::new(),
            comment: None,
            definition: None,
            others: Vec::new(),
            if_not_exists: false,
        }
    }

    /// Adds a column.
    #[must_use]
    pub fn column(mut self, column: Column) -> Self {
        self.columns.push(column);
        self
    }

    /// Adds a constraint.
    #[must_use]
    pub fn constraint(mut self, constraint: impl Into<Constraint>) -> Self {
        self.constraints.push(constraint.into());
        self
    }

    /// Adds an index.
    #[must_use]
    pub fn index<'k>(mut self, columns: impl IntoIterator<Item = &'k str>) -> Self {
        self.indexes.push(Index::new(self.name.clone(), columns));
        self
    }

    /// Adds an option after the columns, for one database.
    #[must_use]
    pub fn option(mut self, dialect: Dialect, sql: &str) -> Self {
        self.options.push(TableOption { dialect, sql: sql.to_owned() });
        self
    }

    /// Sets the comment. Not on SQLite.
    #[must_use]
    pub fn comment(mut self, comment: &str) -> Self {
        self.comment = Some(comment.to_owned());
        self
    }

    /// Emits `IF NOT EXISTS`.
    #[must_use]
    pub fn if_not_exists(mut self) -> Self {
        self.if_not_exists = true;
        self
    }

    /// Returns the options for a database. MariaDB takes MySQL's.
    pub(crate) fn options_for(&self, dialect: Dialect) -> impl Iterator<Item = &str> {
        let applies = move |of: Dialect| of == dialect || of == Dialect::Mysql && dialect.is_mysql_family();
        self.options.iter().filter(move |option| applies(option.dialect)).map(|option| option.sql.as_str())
    }

    /// Calls a column otherwise, wherever the table names it but in expressions.
    pub(crate) fn rename_column(&mut self, column: &str, to: &str) {
        let respell = |name: &mut String| {
            if name == column {
                to.clone_into(name);
            }
        };
        self.columns.iter_mut().for_each(|known| respell(&mut known.name));
        self.constraints.iter_mut().flat_map(Constraint::columns_mut).for_each(respell);
        for index in &mut self.indexes {
            index.include.iter_mut().for_each(respell);
            index.keys.iter_mut().filter_map(IndexKey::column_mut).for_each(respell);
        }
    }

    /// Returns the columns of the primary key, in order; none if there is no key.
    #[must_use]
    pub fn primary_key(&self) -> &[String] {
        let key = self.all_constraints().find(|constraint| matches!(constraint, Constraint::PrimaryKey(_)));
        key.map(Constraint::columns).unwrap_or_default()
    }

    /// Returns the foreign keys of the table and of its columns.
    pub fn foreign_keys(&self) -> impl Iterator<Item = &ForeignKey> {
        self.all_constraints().filter_map(|constraint| match constraint {
            Constraint::ForeignKey(key) => Some(key),
            _ => None,
        })
    }

    /// Returns the checks of the table and of its columns.
    pub fn checks(&self) -> impl Iterator<Item = &Check> {
        self.all_constraints().filter_map(|constraint| match constraint {
            Constraint::Check(check) => Some(check),
            _ => None,
        })
    }

    /// Returns the constraints of the table and of its columns.
    pub(crate) fn all_constraints(&self) -> impl Iterator<Item = &Constraint> {
        self.columns.iter().flat_map(|column| &column.constraints).chain(&self.constraints)
    }
}
