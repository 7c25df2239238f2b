//! Rebuild of an SQLite table: create a new one, copy the rows, drop the old one, rename the new one.

mod columns;
mod constraints;
#[cfg(test)]
mod tests;

use alembic_sql::wording::joined;

use super::{
    BatchAlterTable, Unsupported,
    batch::Change,
    ddl::{Ddl, Written},
    sqlite::{SQLITE, Sqlite},
    writer::DdlWriter,
};
use crate::sqlite::{
    TableSource,
    text::{self, ClauseKind, ColumnText, TableText},
    words::mentions,
};

/// Source of a rebuild, the table parsed.
struct Parts {
    table: TableText,
    indexes: Vec<(String, String)>,
    triggers: Vec<String>,
    other_triggers: Vec<String>,
    views: Vec<(String, String)>,
}

/// Column that is copied, and the expression over the old table that it gets its value from.
struct ColumnCopy {
    column: String,
    value: String,
}

pub(super) fn rebuild(writer: &Sqlite<'_>, batch: &BatchAlterTable, source: &TableSource) -> Written {
    let mut rebuild = Rebuild::new(writer, batch, source)?;
    for change in &batch.changes {
        rebuild.apply(change)?;
    }
    rebuild.reorder(&batch.order)?;
    Ok(rebuild.statements())
}

struct Rebuild<'r> {
    writer: &'r Sqlite<'r>,
    batch: &'r BatchAlterTable,
    parts: Parts,
    copies: Vec<ColumnCopy>,
    was_autoincrement: bool,
    /// Clauses that can only be applied to the finished table.
    afterwards: Vec<Ddl>,
}

impl<'r> Rebuild<'r> {
    fn new(writer: &'r Sqlite<'r>, batch: &'r BatchAlterTable, source: &TableSource) -> Result<Self, Unsupported> {
        let parts = Parts::new(writer, batch, source)?;
        let stored = |column: &&ColumnText| !column.has(ClauseKind::Generated);
        let copies = parts.table.columns.iter().filter(stored);
        let copies =
            copies.map(|column| ColumnCopy { column: column.quoted.clone(), value: column.quoted.clone() }).collect();
        let was_autoincrement = parts.table.is_autoincrement();
        Ok(Self { writer, batch, parts, copies, was_autoincrement, afterwards: Vec::new() })
    }

    fn error(&self, what: impl Into<String>, instead: impl Into<String>) -> Unsupported {
        self.writer.unsupported(&format!("this change of `{}`: {}", self.batch.table, what.into()), &instead.into())
    }

    fn apply(&mut self, change: &Change) -> Result<(), Unsupported> {
        match change {
            Change::AddColumn(column) => self.add_column(column),
            Change::AlterColumn(change) => self.alter_column(change),
            Change::DropColumn(column) => self.drop_column(column),
            Change::CreateConstraint(constraint) => self.create_constraint(constraint),
            Change::DropConstraint(name, kind) => self.drop_constraint(name, *kind),
            Change::CreateIndex(index) => {
                self.afterwards.push(Ddl::Statement(self.writer.create_index(index)?));
                Ok(())
            }
            Change::DropIndex(name) => self.drop_index(name),
        }
    }

    /// Returns the statements, in the order of <https://www.sqlite.org/lang_altertable.html#otheralter>.
    fn statements(self) -> Vec<Ddl> {
        let name = &self.batch.table;
        let temporary = name.beside(&format!("_alembic_tmp_{}", name.name));
        let (old, new) = (name.sql(SQLITE), temporary.sql(SQLITE));
        let table = &self.parts.table;
        let mut columns: Vec<&str> = self.copies.iter().map(|copy| copy.column.as_str()).collect();
        let mut values: Vec<&str> = self.copies.iter().map(|copy| copy.value.as_str()).collect();
        if let Some(hidden) = table.implicit_rowid() {
            columns.insert(0, hidden);
            values.insert(0, hidden);
        }
        let mut statements = vec![table.render(&new)];
        statements.push(format!("INSERT INTO {new} ({}) SELECT {} FROM {old}", joined(columns), joined(values)));
        if self.was_autoincrement && table.is_autoincrement() {
            let sequence = name.beside("sqlite_sequence").sql(SQLITE);
            let (before, after) = (SQLITE.literal(&name.name), SQLITE.literal(&temporary.name));
            statements.push(format!("DELETE FROM {sequence} WHERE name = {after}"));
            statements.push(format!(
                "INSERT INTO {sequence} (name, seq) SELECT {after}, seq FROM {sequence} WHERE name = {before}"
            ));
        }
        statements.push(format!("DROP TABLE {old}"));
        // Views and triggers name a table that does not exist at this moment.
        statements.push("PRAGMA legacy_alter_table = ON".into());
        statements.push(format!("ALTER TABLE {new} RENAME TO {}", SQLITE.quote(&name.name)));
        statements.push("PRAGMA legacy_alter_table = OFF".into());
        statements.extend(self.parts.indexes.into_iter().map(|(_, sql)| sql));
        statements.extend(self.parts.triggers);
        // Fails if a view no longer works.
        let views = self.parts.views.iter().filter(|(_, sql)| mentions(sql, &name.name));
        let views = views.map(|(view, _)| Ddl::Statement(format!("SELECT 1 FROM {} LIMIT 0", SQLITE.quote(view))));
        statements.into_iter().map(Ddl::Statement).chain(self.afterwards).chain(views).collect()
    }
}

impl Parts {
    fn new(writer: &Sqlite<'_>, batch: &BatchAlterTable, source: &TableSource) -> Result<Self, Unsupported> {
        match source {
            TableSource::Table(table) => {
                let indexes = table
                    .indexes
                    .iter()
                    .map(|index| Ok((writer.naming.index(index, SQLITE), writer.create_index(index)?)));
                Ok(Self {
                    table: writer.table_text(table)?,
                    indexes: indexes.collect::<Result<_, _>>()?,
                    triggers: Vec::new(),
                    other_triggers: Vec::new(),
                    views: Vec::new(),
                })
            }
            TableSource::Catalog { create, indexes, triggers, other_triggers, views } => {
                let table = text::parse(create).ok_or_else(|| {
                    let what = format!("rebuilding `{}`, which is not an ordinary table", batch.table);
                    writer.unsupported(&what, "write it as SQL")
                })?;
                Ok(Self {
                    table,
                    indexes: indexes.clone(),
                    triggers: triggers.clone(),
                    other_triggers: other_triggers.clone(),
                    views: views.clone(),
                })
            }
        }
    }
}
