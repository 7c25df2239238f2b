//! Columns of a table that is rebuilt.

use alembic_sql::wording::quoted;

use super::Rebuild;
use crate::{
    Column, Type,
    operation::{
        AlterColumn, Unsupported,
        ddl::Ddl,
        sqlite::{SQLITE, enum_check},
        writer::DdlWriter,
    },
    sqlite::{
        semantics::{after_on, columns_of, inside},
        text::{Clause, ClauseKind, ColumnText},
        words::mentions,
    },
};

impl Rebuild<'_> {
    pub(super) fn add_column(&mut self, column: &Column) -> Result<(), Unsupported> {
        if self.parts.table.column(&column.name).is_some() {
            return Err(self.error(format!("there is a column `{}`", column.name), "use another name"));
        }
        self.parts.table.columns.push(self.writer.column_text(column)?);
        for constraint in &column.constraints {
            self.create_constraint(constraint)?;
        }
        self.check_enumeration(&column.name, &column.column_type)
    }

    pub(super) fn alter_column(&mut self, change: &AlterColumn) -> Result<(), Unsupported> {
        let keeps_type = self.check_alterable(change)?;
        let default = change.default.as_ref().and_then(Option::as_ref);
        let default = default.map(|default| self.writer.default_value(default, change.column_type.as_ref()));
        let default = default.transpose()?.map(|default| format!("DEFAULT {default}"));
        let column = self.column(&change.column)?;
        let (name, written) = (column.name.clone(), column.quoted.clone());
        if let Some(column_type) = change.column_type.as_ref().filter(|_| !keeps_type) {
            column.column_type = column_type.sql(SQLITE);
        }
        // A clause that need not change may have more: `NOT NULL ON CONFLICT …`.
        let differs = |nullable: &bool| *nullable == column.has(ClauseKind::NotNull);
        if let Some(nullable) = change.nullable.filter(differs) {
            column.set(ClauseKind::Null, None);
            column.set(ClauseKind::NotNull, (!nullable).then(|| "NOT NULL".to_owned()));
        }
        if let Some(collation) = &change.collation {
            let collation = collation.as_ref().map(|collation| format!("COLLATE {}", SQLITE.quote(collation)));
            column.set(ClauseKind::Collate, collation);
        }
        if change.default.is_some() {
            column.set(ClauseKind::Default, default);
        }
        if let Some(column_type) = &change.column_type {
            self.check_enumeration(&name, column_type)?;
        }
        if let Some(using) = &change.sqlite_using
            && let Some(copy) = self.copies.iter_mut().find(|copy| copy.column == written)
        {
            copy.value = format!("({using})");
        }
        if let Some(to) = &change.rename {
            let action = format!("RENAME COLUMN {written} TO {}", SQLITE.quote(to));
            self.afterwards.push(Ddl::action(&self.batch.table, action));
        }
        Ok(())
    }

    /// Refuses what a rebuild cannot change, and returns whether the column is an alias of the rowid: only a column of
    /// exactly the type `INTEGER` is one, so that it keeps its type.
    fn check_alterable(&mut self, change: &AlterColumn) -> Result<bool, Unsupported> {
        if change.comment.is_some() {
            return Err(self.writer.no_comments());
        }
        if change.identity.is_some() {
            return Err(self.error("only a new table can number its rows", "create a table, and copy the rows"));
        }
        let name = self.column(&change.column)?.name.clone();
        let is_rowid_alias = self.parts.table.rowid_alias() == Some(&name);
        if is_rowid_alias && change.column_type.as_ref().is_some_and(|column_type| !column_type.is_integer()) {
            let what = format!("the column `{}` is an alias of the rowid, which is an integer", change.column);
            return Err(self.error(what, "create a table, and copy the rows"));
        }
        Ok(is_rowid_alias)
    }

    pub(super) fn drop_column(&mut self, name: &str) -> Result<(), Unsupported> {
        let column = self.column(name)?.clone();
        self.check_clauses_without(&column, name)?;
        self.check_objects_without(name)?;
        self.parts.table.columns.retain(|other| other.name != column.name);
        self.copies.retain(|copy| copy.column != column.quoted);
        Ok(())
    }

    /// Refuses to drop a column that a constraint or another column names.
    fn check_clauses_without(&self, column: &ColumnText, name: &str) -> Result<(), Unsupported> {
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
        let Some((other, clause)) = of_table.chain(of_others).find(|(_, clause)| names_it(clause)) else {
            return Ok(());
        };
        let constraint = self.clause_name(clause, other);
        Err(self.error(
            format!("the constraint `{constraint}` names the column `{name}`"),
            format!("drop it before in the same batch: `drop_constraint(\"{constraint}\", …)`"),
        ))
    }

    /// Refuses to drop a column that a trigger, a view or an index names.
    fn check_objects_without(&self, name: &str) -> Result<(), Unsupported> {
        let table_name = &self.batch.table.name;
        let both = |sql: &&String| mentions(sql, table_name) && mentions(sql, name);
        let views = self.parts.views.iter().map(|(_, sql)| sql);
        let others = self.parts.other_triggers.iter().chain(views).filter(both);
        if let Some(sql) = self.parts.triggers.iter().filter(|sql| mentions(sql, name)).chain(others).next() {
            let first_line = sql.lines().next().unwrap_or_default();
            let instead = "drop it before, and create it again after";
            return Err(self.error(format!("`{first_line}` names the column `{name}`"), instead));
        }
        match self.parts.indexes.iter().find(|(_, sql)| mentions(after_on(sql), name)) {
            Some((index, _)) => Err(self.error(
                format!("the index `{index}` names the column `{name}`"),
                format!("drop it before in the same batch: `drop_index(\"{index}\")`"),
            )),
            None => Ok(()),
        }
    }

    pub(super) fn reorder(&mut self, order: &[String]) -> Result<(), Unsupported> {
        for name in order {
            self.column(name)?;
        }
        let place = |column: &ColumnText| {
            order.iter().position(|name| name.eq_ignore_ascii_case(&column.name)).unwrap_or(order.len())
        };
        self.parts.table.columns.sort_by_key(place);
        Ok(())
    }

    fn column(&mut self, name: &str) -> Result<&mut ColumnText, Unsupported> {
        let known = quoted(self.parts.table.columns.iter().map(|column| &column.name));
        let error = self.error(format!("there is no column `{name}`"), format!("it has {known}; renames come last"));
        let mut columns = self.parts.table.columns.iter_mut();
        columns.find(|column| column.name.eq_ignore_ascii_case(name)).ok_or(error)
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
}
