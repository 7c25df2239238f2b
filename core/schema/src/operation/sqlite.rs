//! What SQLite says its own way: little of a table can be altered, so it is rebuilt.

use alembic_sql::Dialect;

use super::{
    AlterColumn, BatchAlterTable, Operation, Recreate,
    batch::Change,
    rebuild,
    render::{Unsupported, Writer, unsupported},
};
use crate::{Column, Constraint, Name, Table};

const SQLITE: Dialect = Dialect::Sqlite;

pub(super) fn no_comments() -> Unsupported {
    unsupported(SQLITE, "comments", "leave it out there: `if op.dialect() != Dialect::Sqlite`")
}

pub(super) fn needs_batch(what: impl Into<String>) -> Unsupported {
    unsupported(SQLITE, what, "use `op.batch_alter_table`, which rebuilds the table")
}

/// Returns the column that is the row's own number, if there is one: a single integer.
pub(super) fn rowid_key(table: &Table, dialect: Dialect) -> Option<&str> {
    let key = table.all_constraints().find(|constraint| matches!(constraint, Constraint::PrimaryKey(_)))?;
    let [only] = key.columns() else { return None };
    let column = table.columns.iter().find(|column| column.name == *only)?;
    (dialect == SQLITE && column.column_type.is_integer()).then_some(column.name.as_str())
}

pub(super) fn alter_column(writer: Writer<'_>, change: &AlterColumn) -> Result<Vec<String>, Unsupported> {
    if change.comment.is_some() {
        return Err(no_comments());
    }
    if change.changes_more_than_the_name() {
        return Err(needs_batch(format!("changing the column `{}`", change.column)));
    }
    let rename = change.rename.iter().map(|name| {
        let (column, name) = (SQLITE.quote(&change.column), SQLITE.quote(name));
        format!("{} RENAME COLUMN {column} TO {name}", writer.alter(&change.table))
    });
    Ok(rename.collect())
}

/// SQLite adds a column without touching the rows, so each must be right without being looked at.
pub(super) fn add_column(writer: Writer<'_>, table: &Name, column: &Column) -> Result<Vec<String>, Unsupported> {
    if let Some(why) = why_not_added(column) {
        return Err(needs_batch(format!("adding the column `{}`: {why}", column.name)));
    }
    let mut sql = format!("{} ADD COLUMN {}", writer.alter(table), writer.column(column)?);
    for constraint in &column.constraints {
        let text = writer.constraint(table, constraint)?;
        // In a column the columns are not named again.
        let text = match constraint {
            Constraint::ForeignKey(_) => {
                text.replacen(&format!("FOREIGN KEY ({}) ", SQLITE.quote(&column.name)), "", 1)
            }
            _ => text,
        };
        sql = format!("{sql} {text}");
    }
    if let Some(check) = column.column_type.check(table, &column.name, SQLITE) {
        sql = format!("{sql} {}", writer.constraint(table, &check.into())?);
    }
    Ok(vec![sql])
}

fn why_not_added(column: &Column) -> Option<&'static str> {
    let constant = column.default.as_ref().map(|default| default.is_constant());
    if column.identity.is_some() {
        return Some("rows are numbered by the primary key only");
    }
    if column.generated.as_ref().is_some_and(|generated| generated.stored) {
        return Some("it is stored in every row");
    }
    if constant == Some(false) {
        return Some("its default is not a constant");
    }
    if !column.nullable && constant.is_none() && column.generated.is_none() {
        return Some("it may not be NULL, and has no default");
    }
    column.constraints.iter().find_map(|constraint| match constraint {
        Constraint::PrimaryKey(_) => Some("it is a primary key"),
        Constraint::Unique(_) => Some("it is unique"),
        // Only NULL refers to nothing for sure.
        Constraint::ForeignKey(_) if constant.is_some() => Some("it refers to another table, and has a default"),
        _ => None,
    })
}

impl BatchAlterTable {
    /// Returns whether SQLite has to rebuild the table for these changes.
    #[must_use]
    pub fn needs_rebuild(&self) -> bool {
        let needs = |change: &Change| match change {
            Change::AddColumn(column) => why_not_added(column).is_some(),
            Change::AlterColumn(change) => change.changes_more_than_the_name(),
            Change::DropColumn(_) | Change::CreateConstraint(_) | Change::DropConstraint(..) => true,
            Change::CreateIndex(_) | Change::DropIndex(_) => false,
        };
        match self.recreate {
            Recreate::Always => true,
            Recreate::Never => false,
            Recreate::Auto => !self.order.is_empty() || self.changes.iter().any(needs),
        }
    }
}

pub(super) fn batch(writer: Writer<'_>, batch: &BatchAlterTable) -> Result<Vec<String>, Unsupported> {
    if !batch.needs_rebuild() {
        let each = |operation: Operation| match operation {
            Operation::DropColumn { .. } => writer.operation(&operation),
            other => writer
                .operation(&other)
                .map_err(|error| Unsupported { instead: "leave `Recreate::Never` out".into(), ..error }),
        };
        return Ok(batch.operations().map(each).collect::<Result<Vec<_>, _>>()?.concat());
    }
    if batch.table.schema.as_ref().is_some_and(|schema| schema != "main") {
        let what = format!("rebuilding `{}`, a table of an attached database", batch.table);
        return Err(unsupported(SQLITE, what, "connect to that database itself"));
    }
    let Some(source) = &batch.source else {
        let what = format!("changing the table `{}` without knowing how it is", batch.table);
        return Err(unsupported(SQLITE, what, "say how it is with `copy_from`, or run the revision on the database"));
    };
    rebuild::rebuild(writer, batch, source)
}

#[cfg(test)]
mod tests {
    use alembic_sql::Dialect;
    use insta::assert_debug_snapshot;

    use crate::{
        Naming,
        operation::{Operation, render},
        sqlite::{Master, inspect},
    };

    fn master(kind: &str, name: &str, table: &str, sql: &str) -> Master {
        Master { kind: kind.into(), name: name.into(), table: table.into(), sql: sql.into() }
    }

    fn catalog() -> Vec<Master> {
        vec![
            master(
                "table",
                "users",
                "users",
                "CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, \
                email VARCHAR ( 20 ) NOT NULL DEFAULT 'it''s' UNIQUE COLLATE nocase, age int DEFAULT (1 + 1) CHECK (age > 0), \
                total AS (age * 2) STORED, score NUMERIC(5,2) DEFAULT -1.50)",
            ),
            master(
                "table",
                "posts",
                "posts",
                "CREATE TABLE \"posts\" (a INT, b INT REFERENCES users ON DELETE CASCADE, \
                CONSTRAINT pk PRIMARY KEY (a, b), CONSTRAINT fk FOREIGN KEY (a) REFERENCES [users](id) ON UPDATE SET NULL \
                ON DELETE NO ACTION DEFERRABLE INITIALLY DEFERRED) WITHOUT ROWID",
            ),
            master(
                "index",
                "ix",
                "posts",
                "CREATE UNIQUE INDEX ix ON posts (a DESC, lower(b), b COLLATE nocase) WHERE a > 0",
            ),
            master("table", "search", "search", "CREATE VIRTUAL TABLE search USING fts5(x)"),
            master(
                "table",
                "search_data",
                "search_data",
                "CREATE TABLE 'search_data'(id INTEGER PRIMARY KEY, block BLOB)",
            ),
            master("view", "v", "v", "CREATE VIEW v AS SELECT 1"),
        ]
    }

    #[test]
    fn a_table_read_from_its_statement_is_written_again() {
        let schema = inspect(&catalog());
        let sql: Vec<String> = schema
            .tables
            .iter()
            .flat_map(|table| {
                render(&Operation::CreateTable(table.clone()), Dialect::Sqlite, &Naming::default()).unwrap()
            })
            .collect();
        insta::assert_snapshot!(sql.join(";\n"), @r#"
        CREATE TABLE "posts" (
            "a" INT NOT NULL,
            "b" INT NOT NULL,
            CONSTRAINT "fk_posts_b_users" FOREIGN KEY ("b") REFERENCES "users" ("id") ON DELETE CASCADE,
            CONSTRAINT "pk" PRIMARY KEY ("a", "b"),
            CONSTRAINT "fk" FOREIGN KEY ("a") REFERENCES "users" ("id") ON UPDATE SET NULL DEFERRABLE INITIALLY DEFERRED
        ) WITHOUT ROWID;
        CREATE UNIQUE INDEX "ix" ON "posts" ("a" DESC, lower(b), b COLLATE nocase) WHERE a > 0;
        CREATE TABLE "users" (
            "id" INTEGER NOT NULL CONSTRAINT "pk_users" PRIMARY KEY AUTOINCREMENT,
            "email" VARCHAR(20) COLLATE "NOCASE" NOT NULL DEFAULT 'it''s',
            "age" INT DEFAULT (1 + 1),
            "total"  GENERATED ALWAYS AS (age * 2) STORED,
            "score" NUMERIC(5, 2) DEFAULT -1.50,
            CONSTRAINT "uq_users_email" UNIQUE ("email"),
            CONSTRAINT "ck_users_268a5f" CHECK (age > 0)
        )
        "#);
        assert_debug_snapshot!(schema.others.iter().map(|other| format!("{} {}", other.kind, other.name)).collect::<Vec<_>>(), @r#"
        [
            "view v",
            "virtual table search",
        ]
        "#);
    }
}
