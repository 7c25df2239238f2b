//! Rebuild of an SQLite table: create a new one, copy the rows, drop the old one, rename the new one.

use alembic_sql::wording::{joined, quoted};

use super::{
    AlterColumn, BatchAlterTable, Unsupported,
    batch::Change,
    ddl::{Ddl, Written},
    sqlite::{SQLITE, Sqlite, enum_check},
    writer::DdlWriter,
};
use crate::{
    Column, Constraint, ConstraintKind, Type,
    sqlite::{
        TableSource,
        semantics::{after_on, columns_of, constraint, constraint_kind, inside},
        text::{self, Clause, ClauseKind, ColumnText, TableText},
        words::mentions,
    },
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

    fn add_column(&mut self, column: &Column) -> Result<(), Unsupported> {
        if self.parts.table.column(&column.name).is_some() {
            return Err(self.error(format!("there is a column `{}`", column.name), "use another name"));
        }
        self.parts.table.columns.push(self.writer.column_text(column)?);
        for constraint in &column.constraints {
            self.create_constraint(constraint)?;
        }
        self.check_enumeration(&column.name, &column.column_type)
    }

    /// Replaces the check of an enumeration column. A check of that name that is not one of ours is kept.
    fn check_enumeration(&mut self, name: &str, column_type: &Type) -> Result<(), Unsupported> {
        let ours = format!(" CHECK ({} IN (", SQLITE.quote(name));
        let constraint = format!("ck_{}_{name}", self.batch.table.name);
        let named = |clause: &Clause| clause.name.as_ref() == Some(&constraint);
        // The column may have had another name when the check was created.
        let prefix = format!("ck_{}_", self.batch.table.name);
        let is_ours = |clause: &Clause| {
            clause.text.contains(&ours) && clause.name.as_ref().is_some_and(|name| name.starts_with(&prefix))
        };
        let columns = self.parts.table.columns.iter_mut().map(|column| &mut column.clauses);
        for clauses in columns.chain([&mut self.parts.table.constraints]) {
            clauses.retain(|clause| !is_ours(clause));
        }
        match enum_check(column_type, &self.batch.table, name) {
            Some(_) if self.parts.table.constraints.iter().any(named) => {
                Err(self.error(format!("there is a constraint `{constraint}`"), "drop it before in the same batch"))
            }
            Some(check) => self.create_constraint(&check.into()),
            None => Ok(()),
        }
    }

    fn column(&mut self, name: &str) -> Result<&mut ColumnText, Unsupported> {
        let known = quoted(self.parts.table.columns.iter().map(|column| &column.name));
        let error = self.error(format!("there is no column `{name}`"), format!("it has {known}; renames come last"));
        let mut columns = self.parts.table.columns.iter_mut();
        columns.find(|column| column.name.eq_ignore_ascii_case(name)).ok_or(error)
    }

    fn alter_column(&mut self, change: &AlterColumn) -> Result<(), Unsupported> {
        if change.comment.is_some() {
            return Err(self.writer.no_comments());
        }
        if change.identity.is_some() {
            return Err(self.error("only a new table can number its rows", "create a table, and copy the rows"));
        }
        let default = match &change.default {
            Some(Some(default)) => {
                Some(format!("DEFAULT {}", self.writer.default_value(default, change.column_type.as_ref())?))
            }
            _ => None,
        };
        let rowid_alias = self.parts.table.rowid_alias().map(str::to_owned);
        let is_rowid_alias = Some(&self.column(&change.column)?.name) == rowid_alias.as_ref();
        if is_rowid_alias && change.column_type.as_ref().is_some_and(|column_type| !column_type.is_integer()) {
            let what = format!("the column `{}` is an alias of the rowid, which is an integer", change.column);
            return Err(self.error(what, "create a table, and copy the rows"));
        }
        let column = self.column(&change.column)?;
        let (name, in_quotes) = (column.name.clone(), column.quoted.clone());
        // Only a column of exactly the type INTEGER is an alias of the rowid.
        if let Some(column_type) = change.column_type.as_ref().filter(|_| !is_rowid_alias) {
            column.column_type = column_type.sql(SQLITE);
        }
        // The existing clause may have more: `ON CONFLICT`.
        let differs = |nullable: &bool| *nullable == column.has(ClauseKind::NotNull);
        if let Some(nullable) = change.nullable.filter(differs) {
            column.remove(ClauseKind::NotNull);
            column.remove(ClauseKind::Null);
            if !nullable {
                column.add(ClauseKind::NotNull, "NOT NULL".into());
            }
        }
        if let Some(collation) = &change.collation {
            column.remove(ClauseKind::Collate);
            if let Some(collation) = collation {
                column.add(ClauseKind::Collate, format!("COLLATE {}", SQLITE.quote(collation)));
            }
        }
        if change.default.is_some() {
            column.remove(ClauseKind::Default);
            if let Some(default) = default {
                column.add(ClauseKind::Default, default);
            }
        }
        if let Some(column_type) = &change.column_type {
            self.check_enumeration(&name, column_type)?;
        }
        if let Some(using) = &change.sqlite_using
            && let Some(copy) = self.copies.iter_mut().find(|copy| copy.column == in_quotes)
        {
            copy.value = format!("({using})");
        }
        if let Some(to) = &change.rename {
            let action = format!("RENAME COLUMN {in_quotes} TO {}", SQLITE.quote(to));
            self.afterwards.push(Ddl::action(&self.batch.table, action));
        }
        Ok(())
    }

    fn drop_column(&mut self, name: &str) -> Result<(), Unsupported> {
        let column = self.column(name)?.clone();
        let table = &self.parts.table;
        let of_table = table.constraints.iter().map(|clause| (None, clause));
        let others = table.columns.iter().filter(|other| other.name != column.name);
        let of_others =
            others.flat_map(|other| other.clauses.iter().map(move |clause| (Some(other.name.as_str()), clause)));
        let names_it = |clause: &Clause| match clause.kind {
            ClauseKind::Check | ClauseKind::Generated => mentions(inside(&clause.text), name),
            ClauseKind::PrimaryKey | ClauseKind::Unique | ClauseKind::References => {
                columns_of(clause).iter().any(|own| own.eq_ignore_ascii_case(name))
            }
            ClauseKind::NotNull | ClauseKind::Null | ClauseKind::Default | ClauseKind::Collate => false,
        };
        if let Some((other, clause)) = of_table.chain(of_others).find(|(_, clause)| names_it(clause)) {
            let constraint = self.clause_name(clause, other);
            return Err(self.error(
                format!("the constraint `{constraint}` names the column `{name}`"),
                format!("drop it before in the same batch: `drop_constraint(\"{constraint}\", …)`"),
            ));
        }
        let table_name = &self.batch.table.name;
        let both = |sql: &&String| mentions(sql, table_name) && mentions(sql, name);
        let views = self.parts.views.iter().map(|(_, sql)| sql);
        let others = self.parts.other_triggers.iter().chain(views).filter(both);
        if let Some(sql) = self.parts.triggers.iter().filter(|sql| mentions(sql, name)).chain(others).next() {
            let first_line = sql.lines().next().unwrap_or_default();
            return Err(self.error(
                format!("`{first_line}` names the column `{name}`"),
                "drop it before, and create it again after",
            ));
        }
        if let Some((index, _)) = self.parts.indexes.iter().find(|(_, sql)| mentions(after_on(sql), name)) {
            return Err(self.error(
                format!("the index `{index}` names the column `{name}`"),
                format!("drop it before in the same batch: `drop_index(\"{index}\")`"),
            ));
        }
        self.parts.table.columns.retain(|other| other.name != column.name);
        self.copies.retain(|copy| copy.column != column.quoted);
        Ok(())
    }

    fn create_constraint(&mut self, constraint: &Constraint) -> Result<(), Unsupported> {
        self.parts.table.constraints.push(self.writer.clause(&self.batch.table, constraint)?);
        Ok(())
    }

    /// Drops a constraint. One without a name is found by that of the naming convention.
    fn drop_constraint(&mut self, name: &str, kind: ConstraintKind) -> Result<(), Unsupported> {
        let mut known = Vec::new();
        let mut found = None;
        let table = &self.parts.table;
        let of_columns = table.columns.iter().enumerate();
        let of_columns =
            of_columns.flat_map(|(at, column)| column.clauses.iter().map(move |clause| (Some(at), clause)));
        for (at, clause) in of_columns.chain(table.constraints.iter().map(|clause| (None, clause))) {
            if constraint_kind(clause.kind) != Some(kind) {
                continue;
            }
            let column = at.map(|at| table.columns[at].name.as_str());
            let called = self.clause_name(clause, column);
            if called.eq_ignore_ascii_case(name) {
                found = Some((at, clause.clone()));
            }
            known.push(called);
        }
        let Some((at, clause)) = found else {
            let known = if known.is_empty() { "it has none".to_owned() } else { format!("it has {}", quoted(known)) };
            return Err(self.error(format!("there is no {kind} `{name}`"), known));
        };
        let clauses = match at {
            Some(at) => &mut self.parts.table.columns[at].clauses,
            None => &mut self.parts.table.constraints,
        };
        clauses.retain(|other| *other != clause);
        Ok(())
    }

    fn clause_name(&self, clause: &Clause, column: Option<&str>) -> String {
        let unnamed = || self.writer.naming.constraint(&self.batch.table, &constraint(clause, column));
        clause.name.clone().unwrap_or_else(unnamed)
    }

    fn drop_index(&mut self, name: &str) -> Result<(), Unsupported> {
        let before = self.parts.indexes.len();
        self.parts.indexes.retain(|(index, _)| !index.eq_ignore_ascii_case(name));
        if self.parts.indexes.len() < before {
            return Ok(());
        }
        let known = quoted(self.parts.indexes.iter().map(|(index, _)| index));
        Err(self.error(format!("there is no index `{name}`"), format!("it has {known}")))
    }

    fn reorder(&mut self, order: &[String]) -> Result<(), Unsupported> {
        for name in order {
            self.column(name)?;
        }
        let place = |column: &ColumnText| {
            order.iter().position(|name| name.eq_ignore_ascii_case(&column.name)).unwrap_or(order.len())
        };
        self.parts.table.columns.sort_by_key(place);
        Ok(())
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
                let indexes =
                    table.indexes.iter().map(|index| Ok((writer.naming.index(index), writer.create_index(index)?)));
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

#[cfg(test)]
mod tests;
