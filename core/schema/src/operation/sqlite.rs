//! SQLite, which can alter little of a table and rebuilds it for the rest.

use alembic_sql::Dialect;

use super::{
    AlterColumn, BatchAlterTable, Operation, Recreate,
    batch::Change,
    ddl::{Conditional, Ddl, Unsupported, Written},
    rebuild,
    writer::DdlWriter,
};
use crate::{
    Check, Column, Constraint, ConstraintKind, Index, Name, Naming, Table, Type, literals,
    sqlite::text::{Clause, ClauseKind, ColumnText, TableText},
};

pub(super) const SQLITE: Dialect = Dialect::Sqlite;

pub(super) struct Sqlite<'n> {
    pub(super) naming: &'n Naming,
}

impl DdlWriter for Sqlite<'_> {
    fn dialect(&self) -> Dialect {
        SQLITE
    }

    fn naming(&self) -> &Naming {
        self.naming
    }

    fn table_comment(&self, _table: &Name, _comment: Option<&str>) -> Result<Ddl, Unsupported> {
        Err(self.no_comments())
    }

    /// SQLite adds a column without reading the rows, so every row must satisfy the column as it is.
    fn add_column(&self, table: &Name, column: &Column, if_not_exists: bool) -> Written {
        self.condition(Conditional::AddColumn, if_not_exists)?;
        if let Some(why) = why_not_added(column) {
            return Err(self.needs_batch(&format!("adding the column `{}`: {why}", column.name)));
        }
        let mut action = format!("ADD COLUMN {}", self.column(column)?);
        for constraint in &column.constraints {
            action = format!("{action} {}", self.column_constraint(table, constraint)?);
        }
        if let Some(check) = enum_check(&column.column_type, table, &column.name) {
            action = format!("{action} {}", self.constraint(table, &check.into())?);
        }
        Ok(vec![Ddl::action(table, action)])
    }

    fn alter_column(&self, change: &AlterColumn) -> Written {
        if change.comment.is_some() {
            return Err(self.no_comments());
        }
        if change.changes_more_than_the_name() {
            return Err(self.needs_batch(&format!("changing the column `{}`", change.column)));
        }
        let column = self.quote(&change.column);
        let rename =
            |name: &String| Ddl::action(&change.table, format!("RENAME COLUMN {column} TO {}", self.quote(name)));
        Ok(change.rename.iter().map(rename).collect())
    }

    fn add_constraint(&self, _table: &Name, constraint: &Constraint) -> Result<String, Unsupported> {
        Err(self.needs_batch(&format!("ALTER TABLE … ADD of a {}", constraint.kind())))
    }

    fn drop_constraint(&self, _: &str, kind: ConstraintKind, _if_exists: bool) -> Result<String, Unsupported> {
        Err(self.needs_batch(&format!("ALTER TABLE … DROP of a {kind}")))
    }

    fn no_enum_types(&self) -> Unsupported {
        let instead = "`Type::Enum` makes a check of it there; change it with `op.batch_alter_table`";
        self.unsupported("enumeration types of their own", instead)
    }

    fn batch(&self, batch: &BatchAlterTable) -> Written {
        if !batch.needs_rebuild() {
            let each = |operation: Operation| match operation {
                Operation::DropColumn { .. } => self.write(&operation),
                other => self
                    .write(&other)
                    .map_err(|error| Unsupported { instead: "leave `Recreate::Never` out".into(), ..error }),
            };
            return Ok(batch.operations().map(each).collect::<Result<Vec<_>, _>>()?.concat());
        }
        if batch.table.schema.as_ref().is_some_and(|schema| schema != "main") {
            let what = format!("rebuilding `{}`, a table of an attached database", batch.table);
            return Err(self.unsupported(&what, "connect to that database itself"));
        }
        let Some(source) = &batch.source else {
            let what = format!("changing the table `{}` without its description", batch.table);
            let instead = "describe it with `copy_from`, or run the revision on the database";
            return Err(self.unsupported(&what, instead));
        };
        rebuild::rebuild(self, batch, source)
    }

    fn table_elements(&self, table: &Table) -> Result<Vec<String>, Unsupported> {
        let text = self.table_text(table)?;
        // A column without type keeps the space before it: fingerprints of schemas are made of this text.
        let column = |column: ColumnText| {
            let clauses = column.clauses.into_iter().map(|clause| clause.text);
            [column.quoted, column.column_type].into_iter().chain(clauses).collect::<Vec<_>>().join(" ")
        };
        let constraints = text.constraints.into_iter().map(|clause| clause.text);
        Ok(text.columns.into_iter().map(column).chain(constraints).collect())
    }

    /// Only a column of exactly the type `INTEGER` is an alias of the rowid.
    fn column_type(&self, column: &Column) -> String {
        match column.identity {
            Some(_) if column.column_type.is_integer() => "INTEGER".to_owned(),
            _ => column.column_type.sql(SQLITE),
        }
    }

    /// Expressions must be in parentheses.
    fn default_expression(&self, sql: &str) -> String {
        format!("({sql})")
    }

    /// Rows are numbered by the primary key.
    fn identity(&self, _column: &Column) -> Option<String> {
        None
    }

    fn own_clauses(&self, column: &Column) -> Result<Vec<String>, Unsupported> {
        if column.comment.is_some() { Err(self.no_comments()) } else { Ok(Vec::new()) }
    }

    fn defers(&self, kind: ConstraintKind) -> bool {
        kind == ConstraintKind::ForeignKey
    }

    fn index_and_table(&self, index: &Index) -> (String, String) {
        (self.name(&index.table.beside(&self.naming.index(index, SQLITE))), self.quote(&index.table.name))
    }

    fn index_definition(&self, index: &Index) -> Result<String, Unsupported> {
        self.check_include(index)?;
        if index.method.is_some() {
            return Err(self.unsupported("kinds of indexes", "leave `using` out"));
        }
        let predicate = index.predicate.as_ref().map(|predicate| format!(" WHERE {predicate}")).unwrap_or_default();
        Ok(format!("({}){predicate}", self.index_keys(index)))
    }

    fn takes(&self, conditional: Conditional) -> bool {
        !matches!(conditional, Conditional::AddColumn | Conditional::DropColumn)
    }
}

impl Sqlite<'_> {
    pub(super) fn no_comments(&self) -> Unsupported {
        self.unsupported("comments", "leave it out there: `if op.dialect() != Dialect::Sqlite`")
    }

    fn needs_batch(&self, what: &str) -> Unsupported {
        self.unsupported(what, "use `op.batch_alter_table`, which rebuilds the table")
    }

    /// Writes a constraint as a clause of its column, where a foreign key does not name the column again.
    fn column_constraint(&self, table: &Name, constraint: &Constraint) -> Result<String, Unsupported> {
        let Constraint::ForeignKey(key) = constraint else { return self.constraint(table, constraint) };
        let name = self.quote(&self.naming.constraint(table, constraint, SQLITE));
        Ok(format!("CONSTRAINT {name} {}", self.references(key)?))
    }

    /// Returns a table in its clauses, which a rebuild changes.
    pub(super) fn table_text(&self, table: &Table) -> Result<TableText, Unsupported> {
        let rowid = rowid_key(table);
        let mut columns = Vec::new();
        for column in &table.columns {
            let mut text = self.column_text(column)?;
            match rowid.filter(|(key_column, _)| *key_column == column.name) {
                Some((_, key)) if column.identity.is_some() => text.clauses.push(self.autoincrement(table, key)),
                None if column.identity.is_some() => {
                    let what = format!("numbering `{}`, which is not the only column of the primary key", column.name);
                    return Err(self.unsupported(&what, "make it the primary key, or leave `identity` out"));
                }
                _ => {}
            }
            columns.push(text);
        }
        if table.comment.is_some() {
            return Err(self.no_comments());
        }
        let counted = columns.iter().any(|column| column.has(ClauseKind::PrimaryKey));
        let constraints =
            table.all_constraints().filter(|constraint| !(counted && constraint.kind() == ConstraintKind::PrimaryKey));
        let checks = table
            .columns
            .iter()
            .filter_map(|column| enum_check(&column.column_type, &table.name, &column.name).map(Constraint::from));
        let constraints = constraints.cloned().chain(checks);
        Ok(TableText {
            columns,
            constraints: constraints
                .map(|constraint| self.clause(&table.name, &constraint))
                .collect::<Result<_, _>>()?,
            options: self.table_options(table).join(" "),
        })
    }

    /// Returns a column in its clauses, without its constraints.
    pub(super) fn column_text(&self, column: &Column) -> Result<ColumnText, Unsupported> {
        let clauses = [
            (ClauseKind::Collate, self.collation(column)),
            (ClauseKind::Generated, self.generated(column)?),
            (ClauseKind::NotNull, self.nullability(column)?),
            (ClauseKind::Default, self.default_clause(column)?),
        ];
        self.own_clauses(column)?;
        let clause = |(kind, text): (ClauseKind, Option<String>)| Some(Clause { kind, name: None, text: text? });
        Ok(ColumnText {
            name: column.name.clone(),
            quoted: self.quote(&column.name),
            column_type: self.column_type(column),
            clauses: clauses.into_iter().filter_map(clause).collect(),
        })
    }

    /// Returns a constraint of a table.
    pub(super) fn clause(&self, table: &Name, constraint: &Constraint) -> Result<Clause, Unsupported> {
        Ok(Clause {
            kind: constraint.kind().into(),
            name: Some(self.naming.constraint(table, constraint, SQLITE)),
            text: self.constraint(table, constraint)?,
        })
    }

    /// Returns a primary key that numbers rows, as a clause of its column.
    fn autoincrement(&self, table: &Table, key: &Constraint) -> Clause {
        let name = self.naming.constraint(&table.name, key, SQLITE);
        let text = format!("CONSTRAINT {} PRIMARY KEY AUTOINCREMENT", self.quote(&name));
        Clause { kind: ClauseKind::PrimaryKey, name: Some(name), text }
    }
}

/// Returns the column that is an alias of the row id, a single integer, with the key that makes it one.
fn rowid_key(table: &Table) -> Option<(&str, &Constraint)> {
    let key = table.all_constraints().find(|constraint| constraint.kind() == ConstraintKind::PrimaryKey)?;
    let [only] = key.columns() else { return None };
    let column = table.columns.iter().find(|column| column.name == *only)?;
    column.column_type.is_integer().then_some((column.name.as_str(), key))
}

/// Returns the check of a column whose type lists its values.
pub(super) fn enum_check(column_type: &Type, table: &Name, column: &str) -> Option<Check> {
    let Type::Enum(_, values) = column_type else { return None };
    let condition = format!("{} IN ({})", SQLITE.quote(column), literals(values, SQLITE));
    Some(Check::new(&condition).named(&format!("ck_{}_{column}", table.name)))
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
